"""run.py on a small project of its own: first start, later starts, updates, interruptions. No network is used."""

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLI = """
import sys
def needs_installation(arguments):
    return True
def main(arguments):
    return 0
if __name__ == "__main__":
    import tiny
    print("handed over to", sys.prefix, "with", sys.argv[1:], "tiny", tiny.VERSION)
    sys.exit(7)
"""
# Nothing here may ask a package index, so any attempt to do so fails.
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "https_proxy": "http://127.0.0.1:9",
}


def _wheel(folder: Path, version: str, files: int = 1) -> str:
    """Make a wheel of the package `tiny` and return the line that requires it."""
    path = folder / f"tiny-{version}-py3-none-any.whl"
    info = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny/__init__.py", f"VERSION = {version!r}\n")
        for number in range(files):
            wheel.writestr(f"tiny/part{number}.py", "X = 1\n" * 100)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return f"{path}\n"


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "utils").mkdir(parents=True)
        shutil.copy(ROOT / "run.py", folder)
        (folder / "utils" / "__init__.py").touch()
        (folder / "utils" / "cli.py").write_text(CLI, encoding="utf-8")
        self.require(_wheel(folder, "1.0"))

    def require(self, lines: str) -> None:
        (self.folder / "requirements.txt").write_text(lines, encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen:
        environment = {key: value for key, value in os.environ.items() if key not in ("TFBOOK_VENV", "PYTHONPATH")}
        return subprocess.Popen(
            [sys.executable, str(self.folder / "run.py"), *arguments],
            env=environment | OFFLINE,
            cwd=self.folder.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> tuple[Project, int, str]:
    project = Project(tmp_path_factory.mktemp("launcher") / "a folder with spaces")
    return project, *project.run("21", "--epochs", "3")


def test_the_first_start_installs_and_hands_over(installed):
    project, code, said = installed
    assert code == 7, said
    assert "installing what the examples need" in said
    assert f"handed over to {project.folder / '.venv'} with ['21', '--epochs', '3'] tiny 1.0" in said


def test_a_later_start_installs_nothing(installed):
    project, _, _ = installed
    (project.folder / ".venv" / "pip-is-gone").touch()
    pip = next((project.folder / ".venv").glob("lib/python*/site-packages/pip"))
    pip.rename(pip.with_name("pip-hidden"))  # any use of pip would now fail
    try:
        start = time.perf_counter()
        code, said = project.run("list")
        assert time.perf_counter() - start < 5
    finally:
        pip.with_name("pip-hidden").rename(pip)
    assert code == 7
    assert "installing" not in said


def test_changed_requirements_are_installed(installed):
    project, _, _ = installed
    project.require(_wheel(project.folder, "2.0"))
    code, said = project.run("21")
    assert code == 7, said
    assert "updating what the examples need" in said
    assert "tiny 2.0" in said
    assert (project.folder / ".venv" / "pip-is-gone").exists(), "an update keeps the environment"


def test_a_failed_installation_is_one_line_and_tried_again(installed):
    project, _, _ = installed
    project.require("no-such-package-anywhere==1.0\n")
    code, said = project.run("21")
    assert code == 1
    assert "run.py: `pip` failed (exit status 1): see above; the next start tries again" in said
    assert "handed over" not in said
    project.require(_wheel(project.folder, "3.0"))
    code, said = project.run("21")
    assert (code, "tiny 3.0" in said) == (7, True), said


def test_an_installation_killed_half_way_is_repaired(tmp_path):
    project = Project(tmp_path / "project")
    project.require(_wheel(project.folder, "1.0", files=300))
    process = project.start("21")
    end = time.time() + 60
    while not list((project.folder / ".venv").glob("lib/python*/site-packages/tiny/part*.py")):
        assert time.time() < end, "the installation never began"
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (project.folder / ".venv" / "installed.txt").exists()
    code, said = project.run("21")
    assert code == 7, said
    assert len(list((project.folder / ".venv").glob("lib/python*/site-packages/tiny/part*.py"))) == 300


def test_two_first_starts_at_once_install_once(tmp_path):
    project = Project(tmp_path / "project")
    processes = [project.start("21") for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [7, 7], said
    assert sum("installing what the examples need" in text for text in said) == 1
    assert sum("another run.py is installing; waiting for it" in text for text in said) == 1


def test_an_unfit_python_gets_one_line():
    code = (
        "import sys; sys.version_info = (3, 9, 18, 'final', 0); sys.argv = ['run.py', 'list'];"
        f"import runpy; runpy.run_path({str(ROOT / 'run.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "run.py: this is Python 3.9, TensorFlow needs 3.10 to 3.13: start run.py with one of those, "
        "for example `python3.13 run.py`\n"
    )


def _run_py(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """The real run.py, with this Python in the place of .venv's."""
    return subprocess.run(
        [sys.executable, "-m", "utils.cli", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_list_finds_by_id_words_and_chinese():
    for words in (["21"], ["blurred"], ["手写数字"], ["ch05"], ["mnist", "blurred"]):
        done = _run_py("list", *words)
        assert done.returncode == 0
        assert "Recognise blurred handwritten digits" in done.stdout, words
    assert _run_py("list", "no such thing").returncode == 1


def test_show_says_where_in_the_book_the_flags_and_the_figures():
    said = _run_py("show", "21").stdout
    for part in ("intro 5.1–5.7", "--epochs", "default 25, --quick 2", "test accuracy: 0.8316", "ex21_"):
        assert part in said
    assert _run_py("show", "999").returncode == 2


def test_wrong_flags_are_answered_before_an_installation(tmp_path):
    for arguments, said in ((["21", "--epochs", "x"], "needs a whole number"), (["221"], "did you mean")):
        done = subprocess.run(
            [sys.executable, "run.py", *arguments],
            cwd=ROOT,
            env=os.environ | {"TFBOOK_VENV": str(tmp_path / "venv")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert said in done.stderr
    assert not (tmp_path / "venv").exists()


def test_data_shows_what_is_there(tmp_path):
    done = _run_py("data", "mnist")
    assert done.returncode == 0
    assert done.stdout.split()[:2] == ["mnist", "real"]
    assert _run_py("data", "no-such-set").returncode == 2
    (tmp_path / "mnist").mkdir()
    for file in (ROOT / "datasets" / "mnist").glob("*.gz"):
        (tmp_path / "mnist" / file.name).write_bytes(file.read_bytes()[:1000])
    done = _run_py("data", "mnist", TFBOOK_DATA=str(tmp_path))
    assert done.returncode == 1
    assert "is damaged" in done.stderr


def test_doctor_says_what_it_sees():
    done = _run_py("doctor")
    for part in ("Python", "TensorFlow  2.", "memory", "disk", "mnist: real"):
        assert part in done.stdout
    assert done.returncode == (0 if "all is well" in done.stdout else 1)


def test_board_starts_tensorboard_on_the_log(quick):
    run = quick("21")
    assert "run `python run.py 21` first" in _run_py("board", "21", TFBOOK_RUNS=str(run.root / "none")).stderr
    environment = os.environ | {"TFBOOK_RUNS": str(run.root)}
    board = subprocess.Popen(
        [sys.executable, "-m", "utils.cli", "board", "21"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        address = next(word for word in board.stdout.readline().split() if word.startswith("http://127.0.0.1:"))
        assert _answers(f"{address}data/runs") == b'["run-001"]'
        assert b'"cost"' in _answers(f"{address}data/plugin/scalars/tags")
        assert b'"figures/cost"' in _answers(f"{address}data/plugin/images/tags")
    finally:
        board.kill()
        board.wait()


def _answers(address: str, seconds: float = 60) -> bytes:
    import urllib.request

    end = time.time() + seconds
    while True:
        try:
            with urllib.request.urlopen(address) as answer:
                content = answer.read()
                if content not in (b"[]", b"{}") or time.time() > end:
                    return content
        except OSError:
            if time.time() > end:
                raise
        time.sleep(0.2)
