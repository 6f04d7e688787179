"""Chapter 16: files of models, read without their source (p61 to p63, p12.1.3 to p12.1.5)."""

import json

import numpy as np
import pytest

from utils.tf1 import tf

FROZEN = [
    ["Placeholder", "Placeholder"],
    ["weight", "Const"],
    ["weight/read", "Identity"],
    ["bias", "Const"],
    ["bias/read", "Identity"],
    ["Mul", "Mul"],
    ["add", "AddV2"],
]


def last(run, part):
    return [run.metric(f"{name}, {part}") for name in ("step", "cost", "W", "b")]


# p61
def test_p61_goes_on_where_the_first_part_ended(quick):
    run = quick("p61")
    assert last(run, "first part") == last(run, "restored")
    assert run.metric("step, restored") == 2000
    assert run.metric("step, second part") == 5800
    assert [step for step, _ in run.scalars("cost")] == list(range(1, 59))
    assert run.metric("optimizer") == ["GradientDescent", "AssignAdd"]
    assert run.metric("names of the nodes") == {
        "optimizer": "GradientDescent",
        "X": "Placeholder:0",
        "Y": "Placeholder_1:0",
        "cost": "Mean:0",
        "result": "add:0",
        "global_step": "global_step:0",
    }
    assert run.metric("collections and names give the same nodes") is True
    assert "variables in the checkpoint: bias global_step weight\n" in run.out
    # the least squares of seed 1 have 0.0697427; the loss has settled by the end of the first part
    assert run.metric("cost, second part") == pytest.approx(0.06974275, abs=1e-6)
    assert set(run.result["figures"]) == {"loss.png", "fit.png"}


def test_p61_leaves_the_files_of_the_book(quick):
    folder = quick("p61").checkpoints / "log2"
    ends = ("data-00000-of-00001", "index", "meta")
    names = {
        "checkpoint",
        "points.npz",
        "new_points.npz",
        "expert-graph.pb",
        *(f"linermodel.cpkt-5800.{end}" for end in ends),
    }
    assert {file.name for file in folder.iterdir()} == names
    assert str(folder) not in (folder / "checkpoint").read_text(encoding="utf-8")  # a moved folder still restores
    assert 'name: "GradientDescent"' in (folder / "expert-graph.pb").read_text(encoding="utf-8")


def test_p61_in_two_processes_ends_where_one_training_ends(run_example):
    """With momentum, and early, so that a lost slot or step would show."""
    flags = ("--momentum", "0.9", "--learning-rate", "0.0005", "--epochs")
    whole = last(run_example("p61", "--part", "first", *flags, "5"), "first part")
    first = last(run_example("p61", "--part", "first", *flags, "3"), "first part")
    assert first[1] > 1.02 * whole[1]  # it is still learning
    second = run_example("p61", "--part", "second", "--all-epochs", "5")
    assert "variables in the checkpoint: bias bias/Momentum global_step weight weight/Momentum\n" in second.out
    assert last(second, "restored") == first
    assert last(second, "second part") == whole
    assert second.metric("names of the nodes")["optimizer"] == "Momentum"
    assert second.metric("collections and names give the same nodes") is True
    assert_new_points(second)


def assert_new_points(run):
    """The points drawn anew have the same x and other noise, of the size that the training points have."""
    old, new = (np.load(run.checkpoints / "log2" / f"{name}.npz") for name in ("points", "new_points"))
    assert np.array_equal(old["X"], new["X"])
    assert (abs(old["Y"] - new["Y"]) > 1e-6).all()
    assert 0.2 < np.std(new["Y"] - 2 * new["X"]) < 0.4  # seed 1: 0.313; the noise is drawn with 0.3
    W, b = (run.metric(f"{name}, second part") for name in ("W", "b"))
    cost = np.mean((W * new["X"] + b - new["Y"]) ** 2)
    assert run.metric("cost on newly drawn points") == pytest.approx(cost, rel=1e-5)


def test_p61_new_points_are_not_those_of_the_training(quick):
    run = quick("p61")
    assert_new_points(run)
    assert run.metric("cost on newly drawn points") != pytest.approx(run.metric("cost, second part"), rel=0.01)


def test_p61_the_figures_of_the_book_stand_by_their_names(quick):
    lines = {line.split(" cost=")[0]: line for line in quick("p61").out.splitlines() if line.startswith("Epoch: ")}
    assert lines["Epoch: 1"].endswith("(book cost= 1.1687633 W= 0.5381455 b= 0.4353026)")
    assert lines["Epoch: 19"].endswith("(book cost= 0.10066107 W= 2.1154778 b= -0.03748273)")
    assert lines["Epoch: 21"].endswith("(book cost= 0.099750884)")


def test_p61_says_that_there_is_nothing_left_to_train(run_example):
    short = ("--epochs", "1", "--all-epochs", "2")
    run_example("p61", *short)
    for flags in (("--resume", *short), ("--part", "second", *short)):
        run = run_example("p61", *flags, ok=False)
        assert run.code == 1
        assert "is already at step 200, and --all-epochs 2 ends at step 200" in run.err
        assert len(run.err.splitlines()) == 1
    assert json.loads((run.checkpoints / "run.json").read_text(encoding="utf-8"))["finished"] is True
    first = run_example("p61", "--part", "first", "--epochs", "1", "--resume", ok=False)
    assert first.code == 1
    assert "is already at step 200, and --epochs 1 ends at step 100" in first.err
    more = run_example("p61", "--resume", "--epochs", "1", "--all-epochs", "3")
    assert last(more, "second part")[0] == 300


def test_p61_goes_on_after_a_first_part_alone(run_example):
    run_example("p61", "--part", "first", "--epochs", "2")
    run = run_example("p61", "--resume", "--epochs", "2", "--all-epochs", "3")
    assert last(run, "first part") == last(run, "restored")
    assert run.metric("step, second part") == 300


def test_p61_second_part_says_what_it_needs(run_example):
    run = run_example("p61", "--part", "second", ok=False)
    assert run.code == 1
    assert run.err.strip().endswith("run `python run.py p61 --part first` first")
    assert len(run.err.strip().splitlines()) == 1


def test_p61_refuses_an_end_before_the_second_part(run_example):
    run = run_example("p61", "--all-epochs", "20", ok=False)
    assert run.code == 2
    assert run.err == "--all-epochs 20: counts the first part's too, must be above --epochs 20\n"


# p62
def test_p62_freezes_to_the_bit(quick):
    run = quick("p62")
    assert run.metric("nodes") == FROZEN  # no variable is left
    assert run.metric("nodes, by hand") == FROZEN
    assert run.metric("nodes, lean") == [node for node in FROZEN if not node[0].endswith("/read")]
    assert run.metric("largest difference to the trained session") == 0
    assert run.metric("z(5), frozen") == run.metric("z(5), trained session")
    assert run.metric("z(5), frozen") == pytest.approx(run.metric("W · 5 + b"), rel=1e-6)
    checkpoint = tf.train.NewCheckpointReader(str(run.checkpoints / "linermodel.cpkt"))
    assert checkpoint.get_tensor("weight")[0] == np.float32(run.metric("W"))
    assert sorted(file.name for file in run.checkpoints.glob("*expert*")) == [
        "expert-graph-lean.pb",
        "expert-graph-yes.pb",
        "expert-graph.pb",
    ]
    assert run.result["figures"] == ["fit.png"]


def test_p62_says_what_is_not_there(quick):
    run = quick("p62")
    said = run.metric("wrong names")
    assert said["convert_variables_to_constants, output addition"] == "AssertionError: addition is not in graph"
    assert "refers to an Operation, not a Tensor" in said["get_tensor_by_name('add')"]
    assert said["get_tensor_by_name('sum:0')"].startswith("KeyError: ")
    assert all("\n" not in line for line in said.values())
    devices = run.metric("made for GPU 7")
    assert "Cannot assign a device for operation" in devices["kept"]
    assert devices["cleared"] == devices["kept, soft placement"] == run.metric("z(5), frozen")


def test_p62_restore_only(run_example):
    without = run_example("p62", "--restore-only", ok=False)
    assert without.code == 1
    assert without.err.strip().endswith("run `python run.py p62` first")

    trained = run_example("p62", "--epochs", "3")
    checkpoint = trained.checkpoints / "linermodel.cpkt.index"
    written = checkpoint.stat().st_mtime_ns
    answer, nodes = trained.metric("z(5), frozen"), trained.metric("nodes")
    (trained.checkpoints / "expert-graph-yes.pb").unlink()
    again = run_example("p62", "--restore-only")
    assert checkpoint.stat().st_mtime_ns == written  # nothing was trained
    assert (trained.checkpoints / "expert-graph-yes.pb").exists()
    assert again.metric("z(5), frozen") == answer
    assert again.metric("nodes") == nodes
    assert again.metric("largest difference to the trained session") == 0


# p63
def test_p63_finds_out_what_the_graph_computes(quick):
    run = quick("p63")
    assert run.metric("names and kinds") == FROZEN
    assert (run.metric("inputs"), run.metric("outputs")) == (["Placeholder"], ["add"])
    values = run.metric("values")
    assert set(values) == {"weight", "bias"}
    assert values["weight"][0] == pytest.approx(2.0358977, abs=1e-4)  # p62 with the same seed
    assert run.metric("bytes of the constants") == 8
    assert run.metric("the log holds the graph of the file") is True
    assert [node.name for node in run.events().Graph().node] == [name for name, _ in FROZEN]
    assert run.result["figures"] == ["graph.png"]


def graph_file(path, build):
    with tf.Graph().as_default() as graph:
        build()
        path.write_bytes(graph.as_graph_def().SerializeToString())
    return str(path)


def test_p63_looks_into_a_graph_of_a_stranger(run_example, tmp_path):
    def build():
        pixels = tf.placeholder(tf.float32, [None, 4], name="pixels")
        tf.matmul(pixels, tf.constant(np.arange(12.0).reshape(4, 3), tf.float32, name="kernel"), name="scores")
        tf.constant(1.0, name="small")

    path = graph_file(tmp_path / "theirs.pb", build)
    run = run_example("p63", "--graph", path, "--node", "kernel")
    assert (run.metric("inputs"), run.metric("outputs")) == (["pixels"], ["scores"])
    assert run.metric("constants") == {"kernel": [4, 3], "small": []}
    assert "float32 (?, 3)" in run.out
    assert "[ 9. 10. 11.]" in run.out

    missing = run_example("p63", "--graph", path, "--node", "kernels", ok=False)
    assert missing.code == 2
    assert missing.err == "--node kernels is not in the graph; constants are, for instance: kernel\n"


def test_p63_again_with_resume_and_a_file_in_the_home_folder(run_example, tmp_path):
    before = graph_file(tmp_path / "before.pb", lambda: tf.constant(1.0, name="one"))
    graph_file(tmp_path / "theirs.pb", lambda: tf.constant(2.0, name="two"))
    (first,) = run_example("p63", "--graph", before).outputs.glob("logs/run-001/events.*")
    first.rename(first.with_name("events.out.tfevents.1000000000.before"))  # both runs may end within one second
    run = run_example("p63", "--graph", "~/theirs.pb", "--resume", HOME=str(tmp_path))
    assert run.metric("the log holds the graph of the file") is True
    assert len(list(run.outputs.glob("logs/run-001/events.*"))) == 2


def test_p63_runs_nothing(run_example, tmp_path):
    there = tmp_path / "written"
    path = graph_file(tmp_path / "evil.pb", lambda: tf.io.write_file(str(there), "this", name="out"))
    run = run_example("p63", "--graph", path, ok=False)
    assert run.code == 1
    assert "WriteFile (node out) reaches beyond the graph" in run.err
    assert len(run.err.strip().splitlines()) == 1
    assert not there.exists()


def test_p63_says_what_it_needs(run_example):
    run = run_example("p63", ok=False)
    assert run.code == 1
    assert run.err.strip().endswith("run `python run.py p62` first")


# p12.1.3
def test_1213_both_loaders_answer_as_the_session(quick):
    run = quick("p12.1.3")
    trained = run.metric("y of x = 5, 0.2, -1 in the session")
    assert trained[0] == pytest.approx(10.196637, abs=1e-4)  # p62 with the same seed
    assert run.metric("y, loaded by version 1") == trained
    assert run.metric("y, loaded by version 2") == pytest.approx(trained, abs=1e-5)
    assert run.metric("largest difference") <= 1e-6
    assert run.metric("version 2 is eager") is True
    assert "MetaGraphDef associated with tags 'train' could not be found" in run.metric("with the tag train")


def test_1213_the_newest_version_is_served(quick):
    run = quick("p12.1.3")
    assert run.metric("newest version") == "10"  # not "9", which comes later in the alphabet, nor "part-11"
    served = run.checkpoints / "line"
    assert sorted(path.name for path in served.iterdir()) == ["10", "9", "part-11"]
    assert (served / "10" / "saved_model.pb").exists()
    assert run.metric("y, version 9, after one epoch") != run.metric("y of x = 5, 0.2, -1 in the session")


def test_1213_answers_as_the_rest_interface(quick):
    run = quick("p12.1.3")
    trained = run.metric("y of x = 5, 0.2, -1 in the session")
    answers = run.metric("answers")
    assert answers["rows"] == answers["rows, one input"]
    assert answers["rows"]["predictions"] == pytest.approx(trained, abs=1e-5)
    assert answers["columns"]["outputs"] == pytest.approx(trained, abs=1e-5)
    assert list(answers["neither"]) == list(answers["no such signature"]) == ["error"]
    assert json.dumps(answers["rows"]) in run.out
    assert "signature serving_default, method tensorflow/serving/predict" in run.out
    assert "  input x: float32 [-1], tensor Placeholder:0" in run.out


def test_1213_resume_exports_again(run_example):
    first = run_example("p12.1.3", "--epochs", "2")
    trained, saved = (
        first.metric("y of x = 5, 0.2, -1 in the session"),
        first.checkpoints / "line" / "10" / "saved_model.pb",
    )
    written = saved.stat().st_mtime_ns
    again = run_example("p12.1.3", "--epochs", "2", "--resume")
    assert again.metric("y, loaded by version 1") == trained
    assert saved.stat().st_mtime_ns > written
    assert sorted(path.name for path in (again.checkpoints / "line").iterdir()) == ["10", "9", "part-11"]


# p12.1.4
def test_1214_the_five_listings(quick):
    run = quick("p12.1.4")
    assert run.metric("1. plain and compiled") == [20.0, 20.0]
    assert run.metric("2. different numbers, plain") == 3
    assert run.metric("2. different numbers, compiled") == 1
    assert run.metric("2. prints of three calls, plain and compiled") == [3, 1]
    assert run.metric("2. different numbers, passed in") == 3
    assert run.metric("3. plain") == run.metric("3. compiled") == [400.0, 10.0]
    assert run.metric("3. graphs") == 2
    assert run.metric("4. plain, made inside") == [1.0, 1.0]
    assert run.metric("4. compiled, kept outside") == [1.0, 2.0]
    assert "ValueError: tf.function only supports singleton tf.Variables" in run.metric("4. compiled, made inside")
    expected = {"no signature": 3, "a signature": 1, "three Python numbers": 3, "and three tensors": 4}
    assert run.metric("5. graphs") == expected
    assert run.metric("5. a shape that does not fit") == "TypeError"
    assert run.metric("steps to 1") == {"6": [8, 8], "27": [111, 111]}


def test_1214_compiled_is_faster_where_there_is_much_python(quick):
    run = quick("p12.1.4")
    # 45 and 150 ms against 1 and 5, on a busy machine
    for task in ("200 small operations", "27 to 1 in a loop"):
        plain, compiled, first_call = run.metric(f"{task}: ms plain, compiled, first call")
        assert compiled < plain
        assert first_call > compiled
    assert run.result["figures"] == ["times.png"]


# p12.1.5
def test_1215_float_is_exact_and_smaller_numbers_are_near(quick):
    run = quick("p12.1.5")
    assert run.metric("test accuracy, session") > 0.85  # seed 1: 0.942
    assert run.metric("float: difference") < 1e-5
    assert run.metric("float: line difference") < 1e-6
    assert run.metric("float: accuracy") == pytest.approx(run.metric("test accuracy, session"), abs=1e-4)
    for variant in ("dynamic range", "float16", "full integer"):
        assert run.metric(f"{variant}: difference") > 1e-6  # it is another model
        assert run.metric(f"{variant}: same digit") > 0.98  # seed 1: 0.998 and more
    assert run.result["figures"] == ["sizes.png"]


def test_1215_sizes(quick):
    run = quick("p12.1.5")
    floats = run.metric("float: bytes")
    assert floats == pytest.approx(run.metric("bytes, frozen graph"), rel=0.05)
    assert 0.45 < run.metric("float16: bytes") / floats < 0.55
    assert 0.22 < run.metric("dynamic range: bytes") / floats < 0.32
    assert 0.22 < run.metric("full integer: bytes") / floats < 0.32
    written = {path.name: path.stat().st_size for path in run.checkpoints.glob("*.tflite")}
    assert written["digits-full-integer.tflite"] == run.metric("full integer: bytes")
    assert len(written) == 4
