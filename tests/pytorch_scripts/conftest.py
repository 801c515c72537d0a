"""The scripts are run by test_pytorch_script.py, and not imported while tests are collected."""

collect_ignore_glob = ["*.py"]
