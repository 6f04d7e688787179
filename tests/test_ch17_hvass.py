"""Chapter 17: Hvass Labs' tutorials."""

import signal

import numpy as np
import pytest

from utils.data import DataOptions, mnist

CLASS_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # of the test set: tutorials 01 to 05 and 12

FIGURES = {
    "test_images.png",
    "errors_100.png",
    "confusion_matrix.png",
    "conv1_weights.png",
    "conv2_weights_channel_0.png",
    "conv2_weights_channel_1.png",
    "accuracy.png",
}


def test_the_old_reader_gives_the_batches_behind_the_published_figures():
    digits = mnist.load(DataOptions(), loader="tf-0.12")
    weights, biases = np.zeros((784, 10), np.float32), np.zeros(10, np.float32)
    correct = {}
    for step in range(1, 11):  # tutorial 01: softmax regression from zero, learning rate 0.5, batches of 100
        images, labels = digits.train.next_batch(100)
        logits = images @ weights + biases
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = (exponents / exponents.sum(axis=1, keepdims=True) - labels) / 100
        weights -= 0.5 * images.T @ error
        biases -= 0.5 * error.sum(axis=0)
        correct[step] = ((digits.test.images @ weights + biases).argmax(axis=1) == digits.test.cls).sum()
    assert correct[1] == 4075  # printed as 40.7 %
    assert correct[10] == 7821  # printed as 78.2 %


def test_h03_prettytensor_builds_the_network_of_the_tutorial(quick):
    run = quick("h03")
    for line in (
        "layer_conv1/weights:0 (5, 5, 1, 16)",
        "layer_conv1/bias:0 (16,)",
        "layer_conv2/weights:0 (5, 5, 16, 36)",
        "layer_conv2/bias:0 (36,)",
        "layer_fc1/weights:0 (1764, 128)",
        "layer_fc1/bias:0 (128,)",
        "fully_connected/weights:0 (128, 10)",
        "fully_connected/bias:0 (10,)",
    ):
        assert line in run.out
    assert run.metric("weights") == 242_062
    # He's start: normal with stdev sqrt(2 / 25) = 0.283; 400 weights give it to within 0.01
    assert run.metric("stdev of the weights of layer_conv1") == pytest.approx(0.283, abs=0.04)
    # the tutorial could not find out which loss this is
    assert run.metric("loss of 256 test pictures") == pytest.approx(run.metric("their mean cross-entropy"), abs=1e-5)


def test_h03_learns_and_shows_its_errors(quick):
    run = quick("h03")
    assert run.metric("test accuracy, 0 iterations") < 0.2  # 0.07 to 0.10 over seeds 1 to 5
    accuracy = run.metric("test accuracy, 100 iterations")
    assert accuracy > 0.75  # 0.817 to 0.863 over the same
    matrix = np.array(run.metric("confusion matrix"))
    assert matrix.sum(axis=1).tolist() == CLASS_COUNTS
    assert matrix.trace() / 10_000 == accuracy
    assert f"Accuracy on Test-Set: {accuracy:.1%} ({matrix.trace()} / 10000) after 100 iterations" in run.out
    assert [step for step, _ in run.scalars("test_accuracy")] == [0, 1, 100]
    assert [step for step, _ in run.scalars("training_accuracy")] == [1]
    assert set(run.result["figures"]) == FIGURES
    assert all(m["verdict"] in ("", "not compared: quick run") for m in run.result["metrics"])


def test_h03_writes_its_pictures_into_the_log(quick):
    names = {tag.removesuffix(".png").split("/")[-1] for tag in quick("h03").events().Tags()["images"]}
    assert {name.removesuffix(".png") for name in FIGURES} <= names


def test_h03_resumed_ends_where_the_uninterrupted_run_ends(quick, run_example):
    stopped = run_example.start("h03", "--quick").until("after 1 iterations").kill(signal.SIGTERM).wait()
    assert stopped.code == 128 + signal.SIGTERM, stopped.err
    resumed = run_example("h03", "--quick", "--resume")
    assert "resumed from" in resumed.out
    assert "after 1 iterations" not in resumed.out
    for name in ("test accuracy, 0 iterations", "test accuracy, 1 iterations", "test accuracy, 100 iterations"):
        assert resumed.metric(name) == pytest.approx(quick("h03").metric(name), abs=2e-3), name  # of two threads
