"""Tutorials 01, 02, 04 and 05 on MNIST."""

import math
import re
import shutil
import signal

import numpy as np
import pytest

from utils.tf1 import tf

CLASS_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # of the test set


def images(run):
    """The names of the pictures in the run's TensorBoard log."""
    return {tag.removesuffix(".png").split("/")[-1] for tag in run.events().Tags()["images"]}


def figures(run):
    return {name.removesuffix(".png") for name in run.result["figures"]}


def test_h01_gives_the_printed_figures_exactly(quick):
    run = quick("h01")
    assert "Accuracy on test-set: 9.8% (980 / 10000) after 0 iterations" in run.out
    assert "Accuracy on test-set: 40.7% (4075 / 10000) after 1 iterations" in run.out
    assert "Accuracy on test-set: 78.2% (7821 / 10000) after 10 iterations" in run.out
    # the mean test cross-entropy of the specification, calculated apart in NumPy
    for iterations, cost in ((0, 2.3026), (1, 1.9399), (10, 0.8287)):
        assert run.metric(f"test cost, {iterations} iterations") == pytest.approx(cost, abs=1e-4)
    assert "weights from -0.0274 to 0.0402" in run.out
    assert "weights from -0.1540 to 0.1618" in run.out
    assert 0.91 < run.metric("test accuracy, 1000 iterations") < 0.9215  # 0.9125 to 0.9200 over 13 shuffles
    matrix = np.array(run.metric("confusion matrix"))
    assert matrix.sum(axis=1).tolist() == CLASS_COUNTS
    assert matrix.trace() / 10_000 == pytest.approx(run.metric("test accuracy, 1000 iterations"))


def test_h01_costs_agree_and_pictures_are_there(quick):
    run = quick("h01")
    assert run.metric("cost from class numbers, difference") < 1e-6
    assert "taken for a" in run.out
    stages = {f"errors_{stage}" for stage in (0, 1, 10, 1000)} | {f"weights_{stage}" for stage in (1, 10, 1000)}
    assert figures(run) == stages | {"test_images", "confusion_matrix", "exercises"}
    assert figures(run) <= images(run)
    assert [step for step, _ in run.scalars("test_accuracy")] == [0, 1, 10, 1000]


def test_h01_exercises_show_what_the_conditions_do(quick):
    run = quick("h01")
    book = run.metric("accuracy after 1, 10: as in the book")
    assert book == [0.4075, 0.7821]
    assert run.metric("accuracy after 1, 10: another shuffle") == book  # the first epoch is not shuffled
    assert run.metric("accuracy after 1, 10: learning rate 0.05")[0] == book[0]  # from zero, only the direction counts
    # all of this is the same in every run: 0.631, 0.239 and 0.813 after 10 steps
    assert run.metric("accuracy after 1, 10: learning rate 0.05")[1] == pytest.approx(0.631, abs=0.001)
    assert run.metric("accuracy after 1, 10: batches of 1")[1] == pytest.approx(0.239, abs=0.001)
    assert run.metric("accuracy after 1, 10: batches of 1000")[1] == pytest.approx(0.813, abs=0.001)


def test_h02_builds_the_network_of_the_tutorial(quick):
    run = quick("h02")
    for name, shape in (
        ("Relu:0", "(?, 14, 14, 16)"),
        ("Relu_1:0", "(?, 7, 7, 36)"),
        ("Reshape_1:0", "(?, 1764)"),
        ("Relu_2:0", "(?, 128)"),
        ("add_3:0", "(?, 10)"),
    ):
        assert f"{name:<14} {shape}" in run.out
    assert run.metric("weights") == 242_062
    # exercise 6: the order of ReLU and pooling matters for means only
    assert run.metric("ReLU before or after max pooling, difference") == 0
    assert run.metric("ReLU before or after average pooling, difference") > 0.01  # 0.094


def test_h02_learns_and_shows_what_the_layers_give(quick):
    run = quick("h02")
    assert run.metric("test accuracy, 0 iterations") < 0.2  # 0.098
    accuracy = run.metric("test accuracy, 100 iterations")
    assert accuracy > 0.55  # 0.685
    matrix = np.array(run.metric("confusion matrix"))
    assert matrix.sum(axis=1).tolist() == CLASS_COUNTS
    assert matrix.trace() / 10_000 == accuracy
    assert figures(run) == {
        *("test_images", "errors_100", "confusion_matrix", "two_images", "accuracy"),
        *("conv1_weights", "conv2_weights_channel_0", "conv2_weights_channel_1"),
        *(f"conv{layer}_output_image{number}" for layer in (1, 2) for number in (1, 2)),
    }
    assert figures(run) <= images(run)
    assert [step for step, _ in run.scalars("test_accuracy")] == [0, 1, 100]


def test_h02_exercises_change_the_network(run_example):
    flags = ("--pooling", "stride", "--keep-prob", "1e-6", "--relu-on-last", "--iterations", "1", "--fc-size", "16")
    run = run_example("h02", "--quick", *flags)
    assert f"{'Relu_1:0':<14} (?, 7, 7, 36)" in run.out
    assert "dropout/" in run.out
    # Where the training drops all units of the dense layer, no gradient passes it; for the last biases there is one.
    trained = tf.train.load_checkpoint(str(run.checkpoints / "train.ckpt-1"))
    assert not trained.get_tensor("Variable/Adam").any()
    assert trained.get_tensor("Variable_7/Adam").any()
    assert run.metric("weights") == 16 * 26 + 36 * 401 + 1764 * 16 + 16 + 16 * 10 + 10


def test_h04_stops_early_and_restores_the_best_network(quick):
    run = quick("h04")
    assert "No improvement found in a while, stopping optimization." in run.out
    checks = dict(run.scalars("validation_accuracy"))
    best = max(checks.values())
    best_iteration = min(iteration for iteration, value in checks.items() if value == best)
    assert run.metric("iteration of the best") == best_iteration
    assert run.metric("iterations done") == best_iteration + 21  # the patience of the quick run is 20 iterations
    assert run.metric("best validation accuracy") == pytest.approx(best)
    # what was restored is the best network, neither the last one nor the one made anew
    assert run.metric("validation accuracy, restored") == run.metric("best validation accuracy")
    assert run.metric("test accuracy, restored") != run.metric("test accuracy, optimised")
    for state in ("untrained", "initialised again"):
        assert run.metric(f"test accuracy, {state}") < 0.2  # 0.066 to 0.108 over seeds 1 to 3
    assert run.metric("test accuracy, restored") > 0.85  # 0.929 to 0.952 over the same
    starred = [line for line in run.out.splitlines() if line.startswith("Iter:") and line.endswith("*")]
    assert f"Iter: {best_iteration:>6}" in starred[-1]


def test_h04_shows_the_weights_of_each_state(quick):
    run = quick("h04")
    # He's start; 400 weights give it to within 0.01
    assert run.metric("stdev of the conv1 weights, untrained") == pytest.approx(0.283, abs=0.04)
    assert run.metric("mean of the conv1 weights, untrained") != run.metric(
        "mean of the conv1 weights, initialised again"
    )
    assert run.metric("conv1: correlation with the start") > 0.9  # exercise 6; 0.959 to 0.973
    assert re.search(
        r"lhs shape= \[(1764,)?64\D.* rhs shape= \[(1764,)?128\D", run.metric("what does not fit in exercise 4")
    )
    states = ("untrained", "optimised", "initialised_again", "restored")
    assert {f"conv{layer}_weights_{state}" for layer in (1, 2) for state in states} <= figures(run)
    assert {"errors_optimised", "errors_restored", "confusion_matrix_restored", "accuracy"} <= figures(run)
    assert figures(run) <= images(run)


def test_h04_loads_the_saved_network_without_training(quick, run_example):
    trained = quick("h04")
    nothing = run_example("h04", "--quick", "--load", ok=False)
    assert nothing.code != 0
    assert "run `python run.py h04` first" in nothing.err
    # In a copy: other tests look at the log of the training
    shutil.copytree(trained.checkpoints, run_example.root / "checkpoints" / "h04", dirs_exist_ok=True)
    loaded = run_example("h04", "--quick", "--load")
    assert "Iter:" not in loaded.out
    line = next(line for line in trained.out.splitlines() if line.startswith("restored: "))
    assert line in loaded.out


def test_h04_resumed_stops_where_the_uninterrupted_run_stops(quick, run_example):
    stopped = run_example.start("h04", "--quick").until("Iter:     20").kill(signal.SIGTERM).wait()
    assert stopped.code == 128 + signal.SIGTERM, stopped.err
    resumed = run_example("h04", "--quick", "--resume")
    assert "resumed from" in resumed.out
    assert "Iter:     20" not in resumed.out
    whole = dict(quick("h04").scalars("validation_accuracy"))
    again = dict(resumed.scalars("validation_accuracy"))
    assert again[40] == pytest.approx(whole[40], abs=0.01)  # 0.002 of two threads, times the quick run's large steps
    assert resumed.metric("validation accuracy, restored") == resumed.metric("best validation accuracy")


def test_h05_the_ensemble_beats_its_networks(quick):
    run = quick("h05")
    together = [run.metric(f"test accuracy of {count} networks together") for count in (1, 2, 3)]
    assert together[0] == pytest.approx(run.metric("test accuracy of the networks: mean"))
    assert together[1] - together[0] > 0.015  # 0.046
    assert together[2] > together[1]
    assert run.metric("ensemble: correct") == pytest.approx(2000 * together[2])
    better, worse = run.metric("only the ensemble is right"), run.metric("only the best network is right")
    assert run.metric("ensemble: correct") - run.metric("best network: correct") == better - worse
    # McNemar's test by its definition: so few heads, or fewer, in as many throws of a coin; both ends
    differ, fewer = better + worse, min(better, worse)
    tail = sum(math.comb(differ, heads) for heads in range(fewer + 1)) / 2**differ
    assert run.metric("McNemar's exact test, p") == pytest.approx(min(1, 2 * tail))


def test_wrong_flags_are_named_before_the_training(run_example):
    for example, flags, said in (
        ("h02", ("--keep-prob", "1.5"), "at most 1"),
        ("h05", ("--train-share", "1"), "0 to validate"),
        ("h12", ("--targets", "11"), "ten classes"),
    ):
        run = run_example.start(example, "--quick", *flags).wait()
        assert run.code == 2, run.err
        assert said in run.err and len(run.err.strip().splitlines()) == 1, run.err


def test_h05_no_network_is_judged_by_pictures_it_was_trained_on(quick):
    run = quick("h05")
    assert run.metric("pictures in both parts of a split") == 0
    for first, second in ((0, 1), (0, 2), (1, 2)):  # each network has its own pictures
        name = f"unseen pictures of network {second} that network {first} was trained on"
        assert run.metric(name) == pytest.approx(0.8, abs=0.02)
    assert "60000 pictures: 48000 to train, 12000 to validate" in run.out
    lines = [line for line in run.out.splitlines() if line.startswith("Network: ")]
    unseen = [float(line.split("unseen pictures: ")[1].split(",")[0]) for line in lines]
    tested = [float(line.rsplit("Test-Set: ", 1)[1]) for line in lines]
    assert len(set(tested)) == 3  # three networks, three starts, three checkpoints
    assert run.metric("best network by its unseen pictures") == int(np.argmax(unseen))
    # Unseen pictures tell of the test set, though its first 2,000 are not as easy as the rest: up to 0.083 apart
    assert np.array(unseen) == pytest.approx(np.array(tested), abs=0.12)
    assert figures(run) >= {"ensemble_better", "best_net_better", "networks_together", "training_accuracy"}
    assert figures(run) <= images(run)


def networks(run):
    """What the run prints of each network: the accuracies on its unseen pictures, validation set and test set."""
    lines = [line for line in run.out.splitlines() if line.startswith("Network: ")]
    return [[float(part.split(",")[0]) for part in line.split(": ")[2:]] for line in lines]


def test_h05_interrupted_in_the_second_and_third_network_ends_like_an_uninterrupted_run(quick, run_example):
    """In a new session the random start of the first network is drawn again: the third must not get it."""
    flags = ("--quick",)
    for number in (1, 2):
        stopped = run_example.start("h05", *flags).until(f"Neural network: {number}").kill(signal.SIGTERM).wait()
        assert stopped.code == 128 + signal.SIGTERM, stopped.err
        flags = ("--quick", "--resume")
    resumed = run_example("h05", *flags)
    assert "resumed from" in resumed.out
    assert "Neural network" not in resumed.out
    assert len(networks(resumed)) == 3
    for found, whole in zip(networks(resumed), networks(quick("h05")), strict=True):
        assert found == pytest.approx(whole, abs=0.01)  # of two threads; the networks differ by more
