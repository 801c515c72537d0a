"""``python -m minitransfer`` is the same as ``minitransfer``."""

from minitransfer.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
