"""Tutorial 06 on CIFAR-10; the data is the stand-in."""

import re
import signal

import numpy as np
import pytest

from utils.tf1 import tf

SHAPES = """layer_conv1/weights:0 (5, 5, 3, 64)
layer_conv1/bias:0 (64,)
layer_conv1/batch_normalize/beta:0 (64,)
layer_conv2/weights:0 (5, 5, 64, 64)
layer_conv2/bias:0 (64,)
layer_fc1/weights:0 (2304, 256)
layer_fc1/bias:0 (256,)
layer_fc2/weights:0 (256, 128)
layer_fc2/bias:0 (128,)
fully_connected/weights:0 (128, 10)
fully_connected/bias:0 (10,)
layer_conv1/batch_normalize/moving_mean:0 (64,)
layer_conv1/batch_normalize/moving_variance:0 (64,)"""


def test_h06_both_graphs_share_the_variables_of_the_tutorial(quick):
    run = quick("h06")
    lines = [line for line in run.out.splitlines() if line.startswith("network/")]
    assert lines == [f"network/{line}" for line in SHAPES.splitlines()]
    assert run.metric("trainable weights") == 731_658
    assert run.metric("iterations in the checkpoint") == 100
    assert (run.checkpoints / "cifar10_cnn-100.index").exists()


def test_h06_learns(quick):
    run = quick("h06")
    # 0.289 to 0.462, seeds 1 to 4; chance is 0.1
    assert run.metric("test accuracy") > 0.2
    matrix = np.array(run.metric("confusion matrix"))
    assert matrix.sum() == 1000
    assert matrix.trace() / 1000 == pytest.approx(run.metric("test accuracy"))
    assert f"Accuracy on Test-Set: {run.metric('test accuracy'):.1%} ({matrix.trace()} / 1000)" in run.out


def test_h06_distorts_for_training_and_judges_each_picture_by_itself(quick):
    run = quick("h06")
    # With the moments of the batch, or with a random distortion, a picture's result would hang on its neighbours
    assert run.metric("different pictures among nine distortions of one") == 9
    assert run.metric("test picture 16 alone and among others, difference") < 1e-4
    assert run.metric("moving moments moved by a look at the layers") == 0
    assert run.metric("and by one at the training graph's, as in the book") > 1e-4  # 0.11


def test_h06_draws_pictures_layers_and_weights(quick):
    run = quick("h06")
    names = {name.removesuffix(".png") for name in run.result["figures"]}
    assert names == {
        *("test_images", "test_images_smooth", "errors", "confusion_matrix", "distortions", "raw_and_smooth"),
        *("conv1_weights_channel_0", "conv2_weights_channel_1", "conv1_output", "conv2_output", "training_accuracy"),
    }
    assert names <= {tag.removesuffix(".png").split("/")[-1] for tag in run.events().Tags()["images"]}
    assert [step for step, _ in run.scalars("training_accuracy")] == [50, 100]
    assert len(re.findall(r"  test picture \d, a", run.out)) == 9


def test_h06_resumed_and_looked_at_more_often_ends_where_the_uninterrupted_run_ends(quick, run_example):
    flags = ("--quick", "--sample-data", "--display-step", "10")  # quick: 50
    stopped = run_example.start("h06", *flags).until("Global Step:     50").kill(signal.SIGTERM).wait()
    assert stopped.code == 128 + signal.SIGTERM, stopped.err
    resumed = run_example("h06", *flags, "--resume")
    assert "Global Step:     50" not in resumed.out
    assert resumed.metric("iterations in the checkpoint") == 100
    # the same batches and the same distortions; two threads round differently
    assert dict(resumed.scalars("training_loss"))[100] == pytest.approx(
        dict(quick("h06").scalars("training_loss"))[100], rel=0.02
    )
    # A look at the accuracy does not run the training graph, which would move the moments: by 0.013 in 18 looks more
    looked, quiet = (
        tf.train.load_checkpoint(str(run.checkpoints / "cifar10_cnn-100")) for run in (resumed, quick("h06"))
    )
    for moment in ("moving_mean", "moving_variance"):
        name = f"network/layer_conv1/batch_normalize/{moment}"
        np.testing.assert_allclose(looked.get_tensor(name), quiet.get_tensor(name), atol=1e-3)
