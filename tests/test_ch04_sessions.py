"""Chapter 4: sessions, feeding and fetching, devices, errors, eager execution, tf.data."""

import re

import pytest

CODES = {
    "CancelledError": 1,
    "UnknownError": 2,
    "InvalidArgumentError": 3,
    "DeadlineExceededError": 4,
    "NotFoundError": 5,
    "AlreadyExistsError": 6,
    "PermissionDeniedError": 7,
    "ResourceExhaustedError": 8,
    "FailedPreconditionError": 9,
    "AbortedError": 10,
    "OutOfRangeError": 11,
    "UnimplementedError": 12,
    "InternalError": 13,
    "UnavailableError": 14,
    "DataLossError": 15,
    "UnauthenticatedError": 16,
}
BATCHES = [[0, 1, 2, 3], [4, 5]]


def test_05_a_constant_has_a_value_in_a_session_only(quick):
    run = quick("5")
    assert run.metric("the node, not run") == 'Tensor("Const:0", shape=(), dtype=string)'
    assert run.metric("the node, run") == "b'Hello, TensorFlow!'"
    assert "\nb'Hello, TensorFlow!'\n" in run.out
    assert "closed Session" in run.metric("after close()")


def test_06_with_closes_the_session(quick):
    run = quick("6")
    assert run.metric("sum") == run.metric("sum by eval()") == 7
    assert run.metric("product") == 12
    assert "closed Session" in run.metric("outside the block")


def test_07_feeds_hold_for_one_call_and_int16_wraps(quick):
    run = quick("7")
    assert run.metric("sum") == 7
    assert run.metric("product") == 12
    assert "must feed a value for placeholder tensor 'b'" in run.metric("b not fed")
    assert run.metric("300 * 300") == 300 * 300 - 2**16 == 24464
    assert run.metric("70,000 fed").startswith(("TypeError", "OverflowError"))


def test_08_one_run_fetches_a_list_in_its_order(quick):
    run = quick("8")
    assert run.metric("[mul, add]") == [12, 7]
    assert run.metric("by name") == {"product": 12, "sum": 7}
    assert run.metric("type of the values") == "int16"
    assert "both: [12, 7]" in run.out


@pytest.mark.parametrize("example", ["5", "6", "7", "8"])
def test_the_figures_of_5_to_8_are_the_books(quick, example):
    compared = [metric["verdict"] for metric in quick(example).result["metrics"] if metric["book"] is not None]
    assert compared and set(compared) == {"as the book"}


def test_4_1_5_the_successor_goes_on_where_the_supervisor_stopped(quick):
    run = quick("4.1.5")
    stopped = run.metric("Supervisor, last step")
    assert run.metric("InteractiveSession, 3 + 4") == 7
    assert run.metric("Supervisor, first step") == 0 < stopped
    assert run.metric("Supervisor, checkpoints by the clock") >= 2
    assert run.metric("second Supervisor, restored step") == stopped
    assert run.metric("MonitoredTrainingSession, restored step") == stopped
    assert run.metric("MonitoredTrainingSession, last step") == stopped + run.result["settings"]["steps"]
    assert run.metric("MonitoredTrainingSession, saved step") == run.metric("MonitoredTrainingSession, last step")
    assert (run.checkpoints / f"model.ckpt-{stopped}.index").exists()
    # Relative paths: a moved folder still restores.
    assert '"model.ckpt-' in (run.checkpoints / "checkpoint").read_text(encoding="utf-8")


def test_4_1_5_a_second_run_starts_anew_or_resumes(run_example):
    first = run_example("4.1.5", "--steps", "3")
    assert "the earlier run is kept" not in first.out
    last = first.metric("MonitoredTrainingSession, last step")
    resumed = run_example("4.1.5", "--steps", "3", "--resume")
    assert resumed.metric("Supervisor, first step") == last
    anew = run_example("4.1.5", "--steps", "3")
    assert "the earlier run is kept" in anew.out
    assert anew.metric("Supervisor, first step") == 0


def test_4_1_7_a_missing_device_fails_without_soft_placement_only(quick):
    run = quick("4.1.7")
    assert run.metric("without soft placement") == "InvalidArgumentError"
    assert "explicitly assigned" in run.metric("reason")
    assert run.metric("with soft placement") == 7
    assert run.metric("on /gpu:1 with soft placement") == 7
    assert run.metric("device asked for") == "/device:GPU:1"
    assert run.metric("device it ran on") in run.metric("devices")
    assert "device:CPU:0" in run.metric("devices")
    # TensorFlow's own line of log_device_placement
    assert re.search(r"^add: \(AddV2\): /job:localhost/replica:0/task:0/device:[CG]PU:\d$", run.out, re.MULTILINE)


def test_4_1_8_the_settings_are_made_and_accepted(quick):
    run = quick("4.1.8")
    assert run.metric("growth") is run.metric("growth_argument") is True
    assert run.metric("fraction") == 0.7
    assert run.metric("both ways to grow are one setting") is True
    assert [run.metric(f"{name}, 3 + 4") for name in ("fraction", "growth", "growth_argument")] == [7, 7, 7]
    limits = run.metric("memory limit of the GPUs")
    assert all(limit > 0 for limit in limits)
    assert run.out.count("no GPU, no effect") == (0 if limits else 3)


def test_4_1_8_first_says_which_session_is_opened_first(run_example):
    run = run_example("4.1.8", "--first", "growth", "--device", "cpu")
    assert re.findall(r"session with (\w+):", run.out) == ["growth", "fraction", "growth_argument"]


def test_4_2_8_codes_and_real_failures(quick):
    run = quick("4.2.8")
    assert run.metric("codes") == CODES
    provoked = {m["name"]: m["measured"] for m in run.result["metrics"] if m["name"] in CODES}
    by_hand = {"PermissionDeniedError", "UnavailableError", "UnauthenticatedError"}
    assert provoked == {name: code for name, code in CODES.items() if name not in by_hand}
    assert run.metric("op of the caught error") == ["product", "BatchMatMulV2", 3]
    for text in (
        "Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]",
        "Attempting to use uninitialized value",
        "OOM when allocating tensor",
        "Cast string to float is not supported",
        "corrupted record at 12",
    ):
        assert text in run.out


def test_4_6_eager_runs_at_once_and_graphs_still_work(quick):
    run = quick("4.6")
    assert "must be called at program startup" in run.metric("after the first op")
    assert run.metric("matmul") == run.metric("matmul, in a graph") == [[7.0]]
    assert "tf.Tensor([[7.]], shape=(1, 1), dtype=float32)" in run.out
    assert run.metric("constant 6 == 6") is False
    assert run.metric("tf.equal(constant 6, 6)") is True
    assert run.metric("steps from 6 to 1") == 8
    assert run.metric("gradient") == 6.0
    assert "not compatible with eager execution" in run.metric("placeholder")
    assert run.metric("two sessions") == [6.0, 8.0]
    assert run.metric("a graph again") == 'Tensor("MatMul:0", shape=(1, 1), dtype=float32)'


def test_4_7_three_ways_of_input_give_the_same_batches(quick):
    run = quick("4.7")
    for way in ("fed", "queued", "tf.data", "initialised", "eager"):
        assert run.metric(way) == BATCHES, way
    assert run.metric("queued, end") == run.metric("tf.data, end") == "OutOfRangeError"
    assert run.metric("initialised again") == [[10, 20, 30]]
    assert run.metric("map") == [[0, 1, 4, 9], [16, 25]]
    assert run.metric("repeat, then batch") == [[0, 1, 2, 3], [4, 5, 0, 1], [2, 3, 4, 5]]
    assert run.metric("batch, then repeat") == BATCHES + BATCHES
    assert [len(batch) for batch in run.metric("shuffle")] == [4, 2]
    assert sorted(number for batch in run.metric("shuffle") for number in batch) == [0, 1, 2, 3, 4, 5]
