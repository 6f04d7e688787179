"""Chapter 4: saving, restoring and watching the linear regression (examples 9 to 13)."""

import hashlib
import signal

import pytest

from utils.tf1 import tf

LINE = ("W", "b", "cost")


def contents(folder):
    """What is in each file of `folder`, as a hash."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.is_file()}


def saved_step(run):
    """The step in the name of the newest checkpoint of `run`, None where there is none."""
    path = tf.train.latest_checkpoint(str(run.checkpoints))
    return path and int(path.rpartition("-")[2])


def test_09_restores_what_it_saved(run_example):
    run = run_example("9")
    z = run.metric("z(0.2) before saving")
    assert z == pytest.approx(0.4243275, abs=1e-4)  # example 1 with the same seed
    assert run.metric("z(0.2), restored") == z
    assert run.metric("z(0.2), restored without the initialiser") == z
    assert run.metric("restoring what is not there").startswith("ValueError: The passed save_path is not a valid")
    names = {"checkpoint", *(f"linermodel.cpkt.{end}" for end in ("data-00000-of-00001", "index", "meta"))}
    assert {file.name for file in run.checkpoints.iterdir()} == names | {"run.json"}

    before = contents(run.checkpoints)
    again = run_example("9", "--restore-only", "--seed", "5")  # other noise, other first values, the same model
    assert "Epoch" not in again.out
    assert again.metric("z(0.2), restored") == z
    assert contents(run.checkpoints) == before


def test_09_restore_only_needs_a_model(run_example):
    run = run_example("9", "--restore-only", ok=False)
    assert run.code == 1
    assert run.err.strip().endswith("run `python run.py 9` first")


def test_10_dumps_a_copy_and_saves_in_other_forms(run_example):
    nine = run_example("9")
    before = contents(nine.checkpoints)
    run = run_example("10")
    assert contents(nine.checkpoints) == before
    assert run.metric("weight of example 9") == [nine.metric("W")]
    assert run.metric("bias of example 9") == [nine.metric("b")]
    assert "tensor: weight (float32) [1]" in run.out
    assert (run.metric("bias, crossed"), run.metric("weight, crossed")) == (1.0, 2.0)
    for form in ("straight dictionary", "dictionary by v.op.name", "list"):
        assert run.metric(f"weight and bias, {form}") == [1.0, 2.0]
    assert run.metric("example 9's graph from the crossed checkpoint") == "InvalidArgumentError"

    crossed = tf.train.NewCheckpointReader(str(run.checkpoints / "crossed.cpkt"))
    assert (crossed.get_tensor("weight"), crossed.get_tensor("bias")) == (2.0, 1.0)


def test_10_says_what_it_needs(run_example):
    run = run_example("10", ok=False)
    assert run.code == 1
    assert run.err.strip().endswith("run `python run.py 9` first")
    assert "Traceback" not in run.err


def test_11_keeps_the_newest_and_restores_it(quick):
    run = quick("11")
    assert run.metric("index files kept") == ["linermodel.cpkt-18.index"]
    assert run.metric("the three ways agree") is True
    # Epoch 19 is trained after the save: W moves by about 3e-6.
    assert run.metric("z(0.2), restored") == pytest.approx(0.2 * run.metric("W") + run.metric("b"), abs=1e-5)
    assert [run.metric(name) for name in LINE] == pytest.approx((2.035896, 0.0171483, 0.0697428), abs=1e-4)
    assert "in a folder that is not there: None" in run.out
    assert run.metric("kept of 6 saves") == [1, 2, 3, 4, 5]
    assert run.metric("kept by a Saver that was told") == [2, 3, 4, 5, 6]
    assert run.metric("kept by a Saver that was not told") == [7]
    assert run.metric("on the disk at the end") == [2, 3, 4, 5, 6, 7]


def test_11_resumes_after_the_last_saved_epoch(run_example, quick):
    whole = quick("11")
    run = run_example("11", "--epochs", "10", "--max-to-keep", "3")
    assert run.metric("index files kept") == [f"linermodel.cpkt-{epoch}.index" for epoch in (4, 6, 8)]
    short = [run.metric(name) for name in LINE]
    resumed = run_example("11", "--epochs", "20", "--max-to-keep", "3", "--resume")
    assert "resumed after epoch 8" in resumed.out
    assert resumed.scalars("cost")[0][0] == 0  # --resume goes on with the log of the run before
    assert [resumed.metric(name) for name in LINE] == [whole.metric(name) for name in LINE]
    assert short != [whole.metric(name) for name in LINE]
    assert resumed.metric("index files kept") == [f"linermodel.cpkt-{epoch}.index" for epoch in (14, 16, 18)]


def test_11_resumes_after_a_kill(run_example, quick):
    run = run_example.start("11", "--epochs", "2000").until("Epoch: 5 ").kill()
    run.process.join()
    epoch = saved_step(run)
    assert epoch >= 4
    plain = run_example("11", "--epochs", str(epoch + 6), ok=False)
    assert plain.code == 2  # an interrupted run is never thrown away
    assert "--resume` goes on with it" in plain.err
    resumed = run_example("11", "--epochs", str(epoch + 6), "--resume")
    assert f"resumed after epoch {epoch}\n" in resumed.out
    assert resumed.metric("last saved epoch") == epoch + 4
    # The distance of W from its end shrinks by 0.2585 in two epochs, so that after 10 of them 1e-3 is left at most.
    assert resumed.metric("W") == pytest.approx(quick("11").metric("W"), abs=5e-3)


def test_12_goes_on_with_the_step_after_the_saved_one(run_example):
    first = run_example("12", "--quick")
    assert (first.metric("global step at the start"), first.metric("first step")) == (0, 1)
    last = first.metric("last step")
    assert first.metric("last saved step") == last == saved_step(first)  # an orderly end saves
    assert last > 100  # 600 to 2,100 steps a second on a busy machine
    assert (first.checkpoints / "graph.pbtxt").exists()

    again = run_example("12", "--quick", "--resume")
    assert (again.metric("global step at the start"), again.metric("first step")) == (last, last + 1)
    assert again.metric("a new op in the session") == "Graph is finalized and cannot be modified."
    assert again.metric("without a global step") == "Global step should be created to use StepCounterHook."

    fresh = run_example("12", "--quick", "--seconds", "0.5")
    assert fresh.metric("first step") == 1  # without --resume it starts anew, the earlier run is moved aside


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_12_goes_on_after_it_was_stopped(run_example, number, code):
    run = run_example.start("12", "--seconds", "60", "--save-checkpoint-secs", "0.2").until("step 2000\n").kill(number)
    run.process.join()
    assert run.code == code
    step = saved_step(run)
    assert step > 0  # 2,000 steps take about a second, a checkpoint is saved every 0.2
    again = run_example("12", "--seconds", "0.5", "--resume")
    assert (again.metric("global step at the start"), again.metric("first step")) == (step, step + 1)


def test_13_writes_summaries_of_the_whole_training_set(quick):
    run = quick("13")
    log = run.events()
    losses, histograms = log.Scalars("loss_function"), log.Histograms("z")
    assert [event.step for event in losses] == [event.step for event in histograms] == list(range(20))
    assert {event.histogram_value.num for event in histograms} == {100}  # the book feeds one point
    assert losses[-1].value == pytest.approx(0.0697428, abs=1e-4)  # example 1 with the same seed
    assert losses[-1].value == run.metric("cost")
    assert run.metric("loss_function fed as the book feeds it") < 0.05  # of the point x = 1 alone: 0.0244
    nodes = {node.name for node in log.Graph().node}
    assert {"weight", "bias", "loss_function", "z"} <= nodes


def test_13_shows_the_other_summaries(quick):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = quick("13")
    newest = sorted(run.outputs.glob("logs/run-*"))[-1]
    tags = EventAccumulator(str(newest / "table_4_3")).Reload().Tags()
    assert tags["images"] == [f"pictures/image/{number}" for number in range(3)]
    assert tags["audio"] == ["tone_440_hz/audio/0"]
    assert tags["scalars"] == ["by_hand"]
    assert tags["graph"]
    assert run.metric("pictures of 5 that were kept") == 3
