"""Chapter 9: recurrent networks."""

import signal

import pytest


def test_57_reads_a_picture_as_28_rows(quick):
    run = quick("57")
    assert "28 inputs (?, 28), 28 outputs (?, 128), the state LSTMStateTuple(c=" in run.out
    assert run.metric("recurrent weights") == 4 * 128 * (28 + 128 + 1) == 80_384
    assert run.metric("all weights") == 80_384 + 1_290


def test_57_learns_and_measures_all_test_pictures(quick):
    run = quick("57")
    loss = run.scalars("loss")
    assert [step for step, _ in loss] == [step for step, _ in run.scalars("accuracy")] == list(range(10, 100, 10))
    assert loss[0][1] < 2.3026  # the logarithm of 10: knowing nothing
    assert loss[-1][1] < 1.0  # 0.45 to 0.71 over five starts
    assert run.metric("test accuracy, all 10,000 pictures") > 0.72  # 0.80 to 0.84 over the same
    assert run.metric("test cross-entropy, all 10,000 pictures") < 0.85  # 0.54 to 0.65
    assert (128 * run.metric("test accuracy, first 128 pictures")).is_integer()  # what gives the book's measure away
    assert set(run.result["figures"]) == {"loss.png", "accuracy.png"}
    assert {metric["name"] for metric in run.result["metrics"]} >= {"loss, Iter 1280", "training accuracy, Iter 2560"}


def test_57_puts_the_books_figures_beside_its_own_setting_only(quick):
    run = quick("57")
    assert "Iter 1280, Minibatch Loss= " in run.out
    assert "book 1.957660" not in run.out
    early = [metric for metric in run.result["metrics"] if metric["name"] == "loss, Iter 1280"]
    assert [metric["verdict"] for metric in early] == ["not compared: quick run"]


def test_57_without_a_line_to_print_is_one_clear_line(run_example):
    run = run_example("57", "--training-iters", "1280", ok=False)
    assert run.code == 1
    assert run.err.strip() == "--training-iters 1280: the first line is of 1280 pictures, so take more"


def test_57_resumed_ends_where_the_uninterrupted_run_ends(quick, run_example):
    whole = quick("57")
    stopped = run_example.start("57", "--quick").until("Iter 2560").kill(signal.SIGTERM).wait()
    assert stopped.code == 128 + signal.SIGTERM, stopped.err
    resumed = run_example("57", "--quick", "--resume")
    assert "resumed from" in resumed.out
    assert "Iter 1280," not in resumed.out
    assert [step for step, _ in resumed.scalars("loss")] == list(range(10, 100, 10))
    for name in ("test accuracy, all 10,000 pictures", "test cross-entropy, all 10,000 pictures", "loss, Iter 1280"):
        assert resumed.metric(name) == pytest.approx(whole.metric(name), abs=1e-3), name  # two threads add up anyhow


def test_57_lstm_cell_is_the_same_network(run_example):
    run = run_example("57", "--quick", "--training-iters", "1500", "--cell", "LSTMCell")
    assert "rnn/lstm_cell/" in run.out
    assert run.metric("recurrent weights") == 80_384
    assert run.metric("test cross-entropy, all 10,000 pictures") < 2.3026  # batches: 2.08 to 2.16 after these 11 steps
