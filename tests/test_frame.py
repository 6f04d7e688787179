"""What every script gets from the frame, tried on example 21: interruptions, wrong input, a full disk, two runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from utils import catalogue

# Six epochs of 55 batches: long enough to be interrupted, over in two seconds.
SHORT = ("--epochs", "6", "--batch-size", "1000")
TOLERANCE = 1e-4  # of a resumed run against an uninterrupted one: the order of two threads' additions


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The uninterrupted run that the resumed ones must equal."""
    from conftest import Runner

    return Runner(tmp_path_factory.mktemp("whole"))("21", *SHORT)


def _equals(run, whole):
    for metric in whole.result["metrics"]:
        if metric["name"] != "test accuracy from zero weights":  # trained after the loop that resumes
            assert run.metric(metric["name"]) == pytest.approx(metric["measured"], abs=TOLERANCE), metric["name"]
    state = json.loads((run.checkpoints / "train.ckpt-6.state.json").read_text(encoding="utf-8"))
    assert state["loops"] == {"loop 1": 6}
    assert [step for step, _ in state["history"]["cost"]] == [1, 2, 3, 4, 5, 6]
    assert [step for step, _ in run.scalars("cost")] == [1, 2, 3, 4, 5, 6]
    assert run.events().Tags()["graph"]


@pytest.mark.parametrize("moment", ["training pictures", "Epoch: 0001", "Epoch: 0003", "Accuracy:"])
def test_a_killed_run_resumes_and_ends_like_an_uninterrupted_one(run_example, whole, moment):
    killed = run_example.start("21", *SHORT).until(moment).kill().wait()
    assert killed.code == -signal.SIGKILL
    if moment == "Epoch: 0003":  # killed again, in the resumed run
        run_example.start("21", *SHORT, "--resume").until("Epoch: 0004").kill().wait()
    run = run_example("21", *SHORT, "--resume")
    if moment == "Epoch: 0003":
        assert "Epoch: 0002" not in run.out, "at most the epoch that was under way is lost"
    _equals(run, whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(run_example, whole, number, code):
    stopped = run_example.start("21", *SHORT).until("Epoch: 0002").kill(number).wait()
    assert stopped.code == code
    assert "python run.py 21 --epochs 6 --batch-size 1000 --resume" in stopped.err
    assert "Traceback" not in stopped.err
    assert not (stopped.outputs / "result.json").exists()
    refused = run_example("21", *SHORT, ok=False)
    assert refused.code == 2
    assert "--resume` goes on with it" in refused.err
    _equals(run_example("21", *SHORT, "--resume"), whole)


def test_a_signal_before_training_ends_at_once(run_example):
    run = run_example.start("21", "--quick").until("21 ·").kill(signal.SIGTERM).wait()
    assert run.code in (143, -signal.SIGTERM)
    assert "Traceback" not in run.err


def test_a_finished_run_is_moved_aside_not_deleted(run_example):
    first = run_example("21", *SHORT, "--epochs", "1")
    before = (first.checkpoints / "521model.ckpt.index").read_bytes()
    second = run_example("21", *SHORT, "--epochs", "1", "--seed", "2")
    aside = [path for path in (second.root / "checkpoints").iterdir() if path.name.startswith("21-")]
    assert len(aside) == 1
    assert (aside[0] / "521model.ckpt.index").read_bytes() == before
    assert f"kept in {aside[0]}" in second.out
    assert len(list(second.outputs.glob("logs/run-*"))) == 2
    longer = run_example("21", "--epochs", "2", "--batch-size", "1000", "--resume")
    assert "resumed from" in longer.out
    assert "Epoch: 0001" not in longer.out
    assert "Epoch: 0002" in longer.out


def test_a_moved_folder_still_resumes(run_example, whole, tmp_path):
    run_example.start("21", *SHORT).until("Epoch: 0002").kill().wait()
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "checkpoints").mkdir(parents=True)
    shutil.move(tmp_path / "checkpoints" / "21", elsewhere / "checkpoints" / "21")
    run = run_example.start("21", *SHORT, "--resume", root=elsewhere).wait()
    assert run.code == 0, run.err
    assert f"resumed from {elsewhere}" in run.out
    assert run.metric("test accuracy") == pytest.approx(whole.metric("test accuracy"), abs=TOLERANCE)


def test_a_damaged_checkpoint_folder_is_a_sentence(run_example):
    run = run_example.start("21", *SHORT).until("Epoch: 0003").kill().wait()
    (run.checkpoints / "training").write_text("", encoding="utf-8")
    again = run_example("21", *SHORT, "--resume", ok=False)
    assert again.code == 1
    assert "names no checkpoint that is there" in again.err
    assert "Traceback" not in again.err
    (run.checkpoints / "run.json").write_text("{", encoding="utf-8")
    again = run_example("21", *SHORT, "--resume", ok=False)
    assert again.code == 1
    assert "run.json is damaged" in again.err


def test_other_data_is_not_resumed_on(run_example):
    run_example.start("21", *SHORT).until("Epoch: 0002").kill().wait()
    run = run_example("21", *SHORT, "--resume", "--sample-data", ok=False)
    assert run.code == 1
    assert "use the same data, or start again with --fresh" in run.err


def test_the_books_figures_stand_only_beside_a_run_of_the_books_setting(quick, run_example):
    assert "(book 0.0633215," in quick("1").out  # an instant example: its quick run is the book's
    assert "(book" not in quick("21").out
    assert "(book" not in run_example("1", "--epochs", "10").out


def test_stand_in_data_never_claims_the_books_figures(run_example):
    run = run_example("21", "--epochs", "25", "--batch-size", "5000", "--sample-data")
    assert "a stand-in, not the real data" in run.out
    assert {m["verdict"] for m in run.result["metrics"]} == {"", "not compared: stand-in data"}
    assert run.metric("test accuracy from zero weights") > 0.5  # guessing gives 0.1: the stand-in can be learnt


def test_a_loss_that_is_not_finite_stops_the_run(run_example):
    run = run_example("21", "--epochs", "3", "--batch-size", "1000", "--learning-rate", "1e38", ok=False)
    assert run.code == 1
    assert "cost is nan at step 1: nothing was saved yet" in run.err or "cost is inf" in run.err
    assert "Traceback" not in run.err


def test_two_runs_at_once_the_second_names_the_first(run_example):
    first = run_example.start("21", *SHORT).until("Epoch: 0001")
    second = run_example("21", *SHORT, ok=False)
    assert second.code == 1
    assert f"already running (process {first.process.pid} since" in second.err
    assert first.wait().code == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--epochs", "0"), "--epochs: must be above zero, not 0"),
        (("--epochs", "two"), "--epochs: needs a whole number, not 'two'"),
        (("--learning-rate", "nan"), "--learning-rate: needs a finite number"),
        (("--epoch", "3"), "unrecognized arguments: --epoch 3"),
        (("--device", "tpu"), "--device: must be auto, cpu, gpu or like /gpu:1"),
        (("--device", "/gpu:7"), "--device /gpu:7: this machine has only"),
        (("--seed", "-1"), "--seed: must be zero or more"),
        (("--data-dir", "/nowhere"), "--data-dir: no such folder: /nowhere"),
        (("--quick", "--book"), "not allowed with argument"),
    ],
)
def test_wrong_flags_are_one_line_and_exit_2(run_example, flags, said):
    run = run_example("21", *flags, ok=False)
    assert run.code == 2
    assert said in run.err
    assert len(run.err.strip().splitlines()) == 1
    assert not run.checkpoints.exists()


def test_a_notebook_kernels_arguments_are_not_ours(run_example):
    code = (
        "import sys; sys.argv = ['/usr/lib/python3/ipykernel_launcher.py', '-f', '/tmp/kernel-1.json'];"
        "from utils.example import Example;"
        "ex = Example('Example 21 · Title (中文)', epochs=25); assert ex.epochs == 25; ex.finish()"
    )
    environment = os.environ | {"TFBOOK_RUNS": str(run_example.root)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_cells_find_the_docstring_in_the_notebooks_history(monkeypatch):
    import types

    from utils import flags

    cell = '"""Example 21 · Title (中文)\n\nBook: x\n"""\nfrom utils.example import Example'
    shell = types.SimpleNamespace(user_ns={"In": ["", "1 + 1", cell]})
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    found = flags.own_docstring("Automatically created module for IPython interactive environment")
    assert catalogue.read_header(found).id == "21"


def test_a_script_runs_from_any_folder_without_run_py(tmp_path):
    environment = os.environ | {"TFBOOK_RUNS": str(tmp_path)}
    script = catalogue.find("21").path
    command = [sys.executable, str(script), "--quick", "--epochs", "1", "--batch-size", "5000"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip(), "a clean run says nothing on stderr"
    assert json.loads((tmp_path / "outputs" / "21" / "result.json").read_text(encoding="utf-8"))["preset"] == "custom"


def test_xla_gives_the_same_figures(run_example, whole):
    run = run_example("21", *SHORT, "--xla")
    assert run.metric("cost, last epoch") == pytest.approx(whole.metric("cost, last epoch"), rel=1e-3)


def test_a_file_in_the_place_of_the_outputs_folder_is_one_line(run_example):
    (run_example.root / "outputs").write_text("in the way", encoding="utf-8")
    run = run_example("21", "--quick", ok=False)
    assert run.code == 1
    assert "a file stands where a folder is needed" in run.err
    assert "Traceback" not in run.err


def test_an_outputs_folder_that_cannot_be_written_is_one_line(tmp_path):
    root = tmp_path / "root"
    root.mkdir(mode=0o555)
    if os.access(root, os.W_OK):  # the superuser may write anywhere but here
        root = "/proc/sys"
    command = [sys.executable, str(catalogue.find("21").path), "--quick"]
    environment = os.environ | {"TFBOOK_RUNS": str(root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(root) in done.stderr


@pytest.mark.parametrize("kilobytes", [30, 45])
def test_a_full_disk_is_one_line_and_leaves_no_half_result(run_example, kilobytes):
    """A limit on the size of files stands in for the full disk: the write fails in the same place."""
    run = run_example("21", "--quick", "--batch-size", "1000", ok=False, TEST_FILE_LIMIT=str(kilobytes * 1024))
    assert run.code == 1
    assert "Traceback" not in run.err
    assert "files may not grow that large here" in run.err
    assert not (run.outputs / "result.json").exists()


def test_equal_seeds_give_equal_figures(run_example, whole):
    start = time.time()
    again = run_example("21", *SHORT, "--fresh")
    assert time.time() > start
    for metric in whole.result["metrics"]:
        assert again.metric(metric["name"]) == pytest.approx(metric["measured"], abs=TOLERANCE)
    other = run_example("21", *SHORT, "--fresh", "--seed", "2")
    assert other.metric("cost, epoch 1") != pytest.approx(whole.metric("cost, epoch 1"), abs=TOLERANCE)
