"""Chapter 8 on CIFAR-10: 40, 41, 43, 44, 50 to 54, 8.5.5 and 8.5.6; the data is the stand-in where no other is there.

The quick runs train for a few seconds only: an untrained network has a cross-entropy of ln 10 = 2.303 or more and 10 %
of the test pictures right.
"""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from utils import checkpoints
from utils.data import cifar10
from utils.paths import CHAPTERS
from utils.tf1 import tf

sys.path.insert(0, str(CHAPTERS / "ch08_convolution"))
import _cifar10_input

sys.path.pop(0)

UNTRAINED = math.log(10)


def tensorboard_images(run, tag):
    """Return how many images of a tag the run's log holds."""
    return sum(name.startswith(tag) for name in run.events().Tags()["images"])


def test_40_standardises_the_pictures_of_the_queue(quick):
    run = quick("40")
    assert run.metric("largest difference from (x - mean) / deviation") < 1e-5
    assert set(run.result["figures"]) == {"picture.png", "batch.png"}
    assert "data_batch_5.bin" in run.out
    assert "test_batch.bin" in run.out


def test_41_reads_the_same_picture_both_ways(quick):
    run = quick("41")
    assert run.metric("shape, way 1") == [24, 24, 3]
    assert run.metric("shape, way 2") == [32, 32, 3]
    assert run.metric("way 1 is the central part of way 2") == "True"
    assert run.metric("pictures of each class") == [1000] * 10
    assert set(run.result["figures"]) == {"original.png", "ten_of_each_class.png"}


def test_43_closes_without_an_error(quick):
    run = quick("43")
    assert run.metric("threads") > 2
    assert run.metric("threads alive after join") == 0
    assert run.metric("errors logged at close") == 0


def test_8_5_6_hangs_fails_and_is_cured(quick):
    run = quick("8.5.6")
    assert run.metric("no thread fills the queue") == "DeadlineExceededError"
    for way in ("with session, closed first", "InteractiveSession, closed", "plain session, closed"):
        errors, alive = run.metric(way)
        assert errors >= 2, way
        assert alive == 0, way
    for way in ("InteractiveSession, open", "plain session, open"):
        assert run.metric(way) == [0, 2], way
    assert run.metric("Coordinator, after join") == [0, 0]  # the threads have ended while the session is still open
    assert run.metric("Coordinator, closed") == [0, 0]
    assert run.metric("batches that came") == [128] * 4
    assert "QueueRunner: Run call was cancelled" in run.out or "Enqueue operation was cancelled" in run.out


def test_44_learns_from_the_queue(quick):
    """0.61 measured after 60 steps, cross-entropy 1.63."""
    run = quick("44")
    assert run.metric("weights") == 123_338
    assert run.metric("weights in the head") == 16_010
    assert run.metric("cross-entropy on the last batch shown") < 0.9 * UNTRAINED
    assert run.metric("test accuracy, first 2,000") > 0.3


def test_44_with_a_dense_head_has_more_weights(run_example):
    run = run_example("44", "--quick", "--sample-data", "--head", "dense", "--steps", "5")
    assert run.metric("weights in the head") == 2304 * 256 + 256 + 256 * 10 + 10
    assert run.metric("weights") == 123_338 - 16_010 + run.metric("weights in the head")


def test_44_goes_on_where_it_was_interrupted(run_example):
    run_example("44", "--quick", "--sample-data", "--steps", "10")
    run = run_example("44", "--quick", "--sample-data", "--steps", "20", "--resume")
    assert "resumed from" in run.out
    assert "step 10," in run.out
    assert "step 0," not in run.out


def test_50_draws_what_each_layer_keeps(quick):
    """Likeness falls from layer to layer: 0.72, 0.47, 0.29 with seed 1."""
    run = quick("50")
    likeness = [run.metric(f"correlation with the picture, convolution {number}") for number in (1, 2, 3)]
    assert likeness[0] > 0.5
    assert likeness[0] > likeness[1] > likeness[2] - 0.05
    assert {"layers.png", "as_the_book.png", "conv1.png", "conv2.png", "conv3.png"} <= set(run.result["figures"])
    assert tensorboard_images(run, "source/cifar") == 3
    assert "(?, 6, 6, 64) (?, 12, 12, 64) (?, 12, 12, 64) (?, 12, 12, 64)" in run.out
    assert run.metric("test accuracy, first 2,000") > 0.2


def test_50_the_books_bias_shifts_all_pictures_alike(quick):
    run = quick("50")
    saved = tf.train.load_checkpoint(checkpoints.latest(run.checkpoints))
    W, b = saved.get_tensor("Variable"), saved.get_tensor("Variable_1")  # of the first convolution
    shift = run.metric("shift by the bias: red, green and blue at the middle")
    assert shift == pytest.approx(-np.einsum("hwco,o->c", W, b), abs=1e-4)
    assert max(map(abs, shift)) > 0.1
    assert run.metric("shift by the bias: largest difference between pictures") < 1e-4


def test_51_learns_with_the_layers_of_the_library(quick):
    run = quick("51")
    assert run.metric("weights") == 107_978
    assert "Conv_1/weights                   (5, 5, 64, 64)" in run.out
    assert run.metric("cross-entropy on the last batch shown") < 0.7 * UNTRAINED
    assert run.metric("test accuracy, first 2,000") > 0.4


def test_51_learns_the_digits_of_mnist(run_example):
    """Exercises 8.5.10 and 8.8.2: 0.62 after 100 small steps; 10 % is chance."""
    flags = ("--steps", "100", "--batch-size", "32", "--learning-rate", "0.005")
    run = run_example("51", "--quick", "--pictures", "mnist", *flags)
    assert run.metric("test accuracy, first 2,000") > 0.35
    assert [source["name"] for source in run.result["data"]] == ["MNIST"]


def test_52_counts_the_multiplications_and_equals_a_kernel_of_rank_1(quick):
    run = quick("52")
    assert run.metric("multiplications, 3×3 on 5×2") == 90
    assert run.metric("multiplications, 3×1 and 1×3 on 5×2") == 60
    assert run.metric("the same, padding left out") == [52, 46]
    assert run.metric("multiplications of conv2, split") / run.metric("multiplications of conv2, 5×5") == 10 / 25
    assert run.metric("largest difference for a kernel of rank 1") < 1e-5
    assert run.metric("weights") == 61_962
    trained = tf.train.load_checkpoint(checkpoints.latest(run.checkpoints)).get_variable_to_shape_map().values()
    assert [5, 1, 64, 64] in trained and [1, 5, 64, 64] in trained
    assert run.metric("test accuracy, first 2,000") > 0.3


def test_53_puts_kernels_side_by_side(quick):
    run = quick("53")
    assert run.metric("weights") == 413_194
    assert run.metric("cross-entropy on the last batch shown") < UNTRAINED
    assert run.metric("test accuracy, first 2,000") > 0.2


def test_53_with_the_books_fourth_kernel(run_example):
    run = run_example("53", "--quick", "--sample-data", "--fourth", "3x3", "--steps", "2")
    assert run.metric("weights") == 445_962


def test_54_switches_to_its_moving_averages(quick):
    """With moving averages it does not matter what else is in a picture's batch, with its own statistics it does."""
    run = quick("54")
    assert run.metric("weights") == 123_466
    own, moving = (
        run.metric("one test batch by its own statistics, as the book"),
        run.metric("test accuracy, one batch of 128"),
    )
    assert run.metric("test accuracy, first 2,000") > 0.45
    assert abs(own - moving) < 0.25  # both right: within the noise of 128 pictures
    assert run.metric("scores of a picture, alone or in a batch, moving averages") < 1e-3
    assert run.metric("scores of a picture, alone or in a batch, own statistics") > 0.05
    saved = tf.train.load_checkpoint(checkpoints.latest(run.checkpoints))
    for layer in ("batch_normalization", "batch_normalization_1"):  # they began at 0 and 1
        assert abs(saved.get_tensor(f"{layer}/moving_mean")).max() > 0.01
        assert abs(saved.get_tensor(f"{layer}/moving_variance") - 1).max() > 0.01
    assert run.metric("learning rate at the end") == pytest.approx(0.01 * 0.9**0.06, rel=1e-6)


def test_54_trains_on_distorted_pictures(run_example):
    run = run_example("54", "--quick", "--sample-data", "--steps", "2", "--input", "distorted")
    assert "Filling the queue with 500" in run.out
    assert np.isfinite(run.metric("cross-entropy on the last batch shown"))


def test_53_and_54_take_the_digits_of_mnist(run_example):
    """Exercise 8.9.5: conv1 has 1 channel to look at instead of 3, 3,200 weights fewer."""
    flags = ("--quick", "--pictures", "mnist", "--steps", "2", "--batch-size", "32")
    run = run_example("53", *flags)
    assert run.metric("weights") == 413_194 - 3_200
    assert [source["name"] for source in run.result["data"]] == ["MNIST"]
    run = run_example("54", *flags, "--second-layer", "multi-channel")
    assert run.metric("weights") == 413_194 - 3_200 + 64 + 256  # beta of each normalised channel
    assert [source["name"] for source in run.result["data"]] == ["MNIST"]


def test_8_5_5_distorts_within_the_stated_limits(quick):
    run = quick("8.5.5")
    assert 0.35 < run.metric("share flipped of 200") < 0.65  # four standard errors
    low, high = run.metric("grey levels added, least and most")
    assert -63 <= low < -40
    assert 40 < high <= 63
    low, high = run.metric("contrast factors, least and most")
    assert 0.199 <= low < 0.5
    assert 1.5 < high <= 1.801
    assert run.metric("different places cut out") > 60
    assert np.isfinite(run.metric("cross-entropy on the last batch shown"))
    assert run.metric("accuracy on 2,000 undistorted training pictures") > 0.15
    assert run.metric("test pictures of the queue, largest difference from the pictures as they are") < 1e-5


def test_8_5_5_the_queue_distorts_each_picture_anew_and_inputs_none(tmp_path):
    """On a file that holds one picture 300 times."""
    record = np.random.default_rng(0).integers(0, 256, cifar10.RECORD_BYTES).astype(np.uint8)
    record[0] = 7
    file = tmp_path / "data_batch_1.bin"
    np.tile(record, 300).tofile(file)
    part = SimpleNamespace(files=[str(file)])
    data = SimpleNamespace(train=part, test=part)
    with tf.Graph().as_default(), tf.Session() as sess:
        distorted = _cifar10_input.distorted_inputs(data, 32, least=50)
        plain = _cifar10_input.inputs(data, eval_data=True, batch_size=32)
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        (moved, labels), (as_it_is, _) = sess.run([distorted, plain])
        coord.request_stop()
        coord.join(threads)
    assert labels.tolist() == [7] * 32
    middle = record[1:].reshape(3, 32, 32).transpose(1, 2, 0)[4:28, 4:28].astype(np.float64)
    np.testing.assert_allclose(as_it_is, np.tile((middle - middle.mean()) / middle.std(), (32, 1, 1, 1)), atol=1e-5)
    assert len(np.unique(moved.reshape(32, -1), axis=0)) > 25  # 162 places and directions, and the light
    # One picture of 162 stays in the middle and is not turned round: four of 32 would be less than one run of 10,000.
    assert np.sort(abs(moved - as_it_is).max(axis=(1, 2, 3)))[3] > 0.1
