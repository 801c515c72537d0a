import subprocess
import sys

from minitransfer.progress import progress_bar


def test_nothing_is_shown_unless_wanted(capfd):
    with progress_bar("counting", 3, wanted=False) as show:
        show(1)
        show(2, 3, "a name", text="so far")
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_there_is_one_line_in_the_end(capfd):
    with progress_bar("[counting]", 3) as show:
        for done in range(1, 4):
            show(done, text="[so far]")
    out, err = capfd.readouterr()
    assert out == ""
    assert [line for line in err.splitlines() if line.strip()] == err.splitlines()[-1:]
    assert "[counting]" in err
    assert "3/3" in err
    assert "[so far]" in err


def test_total_and_description_may_come_later(capfd):
    with progress_bar("first") as show:
        show(1, 7, "what a caller says besides", description="then")
    err = capfd.readouterr().err
    assert "then" in err
    assert "1/7" in err


def test_the_bar_s_library_is_not_imported_before_it_is_wanted():
    code = "import sys, minitransfer.progress as p\nwith p.progress_bar(wanted=False): pass\n"
    subprocess.run([sys.executable, "-c", f"{code}assert 'rich' not in sys.modules"], check=True)
