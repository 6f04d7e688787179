"""The scripts as a collection: headers, flags, one test each, and the kept results."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils import catalogue, flags, paths, results
from utils.problems import WrongFlag

ENTRIES = catalogue.entries()
TESTS = Path(__file__).parent


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_header_is_complete(entry):
    header = entry.header
    assert header.id == entry.id, "the docstring's number and the file's name differ"
    assert header.title_zh, "the docstring lacks the Chinese title"
    assert {"Book", "Data", "Shows"} <= set(header.fields)
    assert len(entry.path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_flags_can_be_read_without_running_and_finish_comes_last(entry):
    flags.parser_of(entry).parse_args([])
    last = entry.tree.body[-1]
    assert ast.unparse(last).endswith("ex.finish()") or isinstance(last, ast.If), "ex.finish() must be the last line"


def test_ids_are_unique():
    ids = [entry.id for entry in ENTRIES]
    assert len(ids) == len(set(ids))


def _texts(nodes: list[ast.AST]) -> set[str]:
    return {
        node.value
        for tree in nodes
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _tested_ids() -> set[str]:
    """The ids that a test function with an assertion of its own starts."""
    found: set[str] = set()
    for path in TESTS.glob("test_ch*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(function, ast.FunctionDef) and function.name.startswith("test_")):
                continue
            nodes = list(ast.walk(function))
            calls = [node for node in nodes if isinstance(node, ast.Call)]
            starts = [call for call in calls if ast.unparse(call.func) in ("quick", "run_example", "run_example.start")]
            if any(isinstance(node, ast.Assert) for node in nodes) and starts:
                found |= _texts([call.args[0] for call in starts]) | _texts(function.decorator_list)
    return found


def test_every_script_has_an_assertion_of_its_own():
    tested = _tested_ids()
    untested = [entry.id for entry in ENTRIES if entry.id not in tested]
    assert not untested, f"no test starts these examples and asserts something of them: {untested}"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_quick_run_ends_well(entry, quick):
    run = quick(entry.id)
    assert not run.err, "a run that ends well says nothing on stderr"
    assert run.result["preset"] in ("quick", "default")
    assert run.result["seconds"] > 0
    assert run.result["peak_memory_mb"] > 100
    for name in run.result["figures"]:
        assert (run.outputs / name).read_bytes().startswith(b"\x89PNG")


FORMS = """21 21, 021 21, ex21 21, H3 h03, h03 h03, sec4_1_7 4.1.7, P12.1.4 p12.1.4, psec12_1_4 p12.1.4, p57 p57,
9.7.6a 9.7.6a"""


@pytest.mark.parametrize("pair", FORMS.split(","))
def test_ids_are_understood_in_many_forms(pair):
    word, expected = pair.split()
    assert catalogue.normalise(word) == expected


def test_names_of_scripts_give_their_ids():
    names = [
        "ex07_a.py",
        "sec9_7_6a_nce.py",
        "psec12_1_3_x.py",
        "p57_rnn_wgan.py",
        "h06_cifar10.py",
        "f2_fgsm.py",
        "models.py",
    ]
    ids = [(catalogue.id_of(name) or [None])[0] for name in names]
    assert ids == ["7", "9.7.6a", "p12.1.3", "p57", "h06", "f2", None]


def test_a_wrong_id_suggests_near_ones(capsys):
    with pytest.raises(WrongFlag) as caught:
        catalogue.find("221")
    assert caught.value.code == 2
    assert "21" in capsys.readouterr().err


def test_list_is_quick_and_does_not_import_tensorflow():
    start = time.perf_counter()
    command = [sys.executable, "-X", "importtime", "run.py", "list"]
    listed = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    assert seconds < 0.5 * 4  # half a second on a quiet machine, with room for a busy one
    assert f"{len(ENTRIES)} examples" in listed.stdout
    for module in ("tensorflow", "numpy", "matplotlib"):
        assert f" {module}\n" not in listed.stderr


def test_help_and_a_wrong_flag_come_before_tensorflow():
    script = catalogue.find("21").path
    for flag, code in (("--help", 0), ("--epoch=1", 2)):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", str(script), flag], capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert " tensorflow\n" not in done.stderr


def test_results_page_is_in_step():
    assert paths.RESULTS_PAGE.read_text(encoding="utf-8") == results.page(), "run `python run.py results`"


def test_kept_results_are_real_runs_of_present_scripts():
    import json

    ids = {entry.id for entry in ENTRIES}
    for path in paths.RESULTS.glob("*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        assert result["id"] == path.stem
        assert result["id"] in ids
        assert results.is_real(result)
        assert result["preset"] in ("default", "book")
