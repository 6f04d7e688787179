"""Chapter 17: the flags of the exercises, and pictures of one's own, in the shortest runs that show what they do."""

import numpy as np
import pytest
from PIL import Image
from skimage import data


def save(array, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return str(path)


def test_h06_both_convolutions_normalised_and_nothing_distorted(run_example):
    flags = ("--batch-normalize", "both", "--no-distort", "--iterations", "2")
    run = run_example("h06", "--quick", "--sample-data", *flags)
    assert "network/layer_conv2/batch_normalize/moving_mean:0 (64,)" in run.out
    assert run.metric("trainable weights") == 731_658 + 64  # the second beta
    assert run.metric("different pictures among nine distortions of one") == 1


def test_h08_takes_digits_mirrored_and_a_second_dense_layer(run_example):
    flags = ("--dataset", "mnist", "--mirrored", "--layers", "2", "--fc-size", "32", "--pictures", "100")
    flags += ("--plotted", "64", "--tested", "32", "--iterations", "60", "--batch-size", "300")
    run = run_example(
        "h08", "--quick", *flags, "--learning-rate", "0.001"
    )  # a batch is 200 pictures then: there are no more
    assert "- Training-set:\t\t 200\n" in run.out
    assert run.metric("weights of the classifier") == 1280 * 32 + 32 + 32 * 32 + 32 + 32 * 10 + 10
    assert run.metric("training accuracy") > 0.5  # by chance 0.1
    values = [np.load(path) for path in sorted((run.outputs / "transfer-values").glob("*train*.npy"))]
    assert len(values) == 1
    plain, mirrored = np.split(values[0], 2)
    assert 0 < abs(plain - mirrored).mean() < abs(plain - np.roll(mirrored, 1, axis=0)).mean()  # the same digits


def test_h09_takes_folders_of_ones_own_as_many_pictures_of_each_class_and_one_picture(run_example, tmp_path):
    rng = np.random.default_rng(1)
    for colour, name, count in ((0, "red", 40), (2, "blue", 60)):
        for number in range(count):
            picture = rng.integers(0, 90, (40, 40, 3), dtype=np.uint8)
            picture[:, :, colour] += 150
            folder = tmp_path / "own" / name / ("test" if number < 8 else "")
            save(picture, folder / f"{number:02}.jpg")
    blue = save(np.full((50, 30, 3), (40, 40, 220), np.uint8), tmp_path / "one.png")
    flags = ("--images", str(tmp_path / "own"), "--per-class", "32", "--image", blue)
    run = run_example("h09", "--quick", *flags, "--image-size", "64", "--batch-size", "32")
    assert "- Training-set:\t\t 64 [32 32]\n" in run.out
    assert run.metric("test accuracy") == 1
    assert "one.png: blue " in run.out  # the likeliest class comes first


def test_h15_takes_two_pictures_adam_a_mixed_start_and_constant_weights(run_example, tmp_path):
    content = save(data.astronaut()[:200, :300], tmp_path / "content.png")
    style = save(data.coffee(), tmp_path / "style.png")
    flags = ("--content", content, "--style", style, "--optimizer", "adam", "--start", "mean", "--no-adjust")
    run = run_example("h15", "--quick", *flags)
    pixels = 85 * 128 * 3
    for iteration in (0, 4, 8, 11):  # what is printed is what the losses are multiplied with
        weights = [run.metric(f"adj_{name}, iteration {iteration}") for name in ("content", "style", "denoise")]
        assert weights == pytest.approx([1, 1, 1 / (20 * pixels)], rel=1e-5)
    assert "Weight Adj. for Content: 1.00e+00, Style: 1.00e+00, Denoise: 1.53e-06" in run.out
    first, last = run.metric("loss_style, at the start and the end")
    assert last < 0.7 * first
    assert {"content_mixed.png", "iteration_011.png", "losses.png"} <= set(run.result["figures"])
