"""Chapter 12, super-resolution: ESPCN, the residual ESPCN and SRGAN."""

import json
import re
import signal
import sys
import time

import numpy as np
import pytest
from PIL import Image

from utils import paths
from utils.data import DataOptions
from utils.tf1 import tf

sys.path.insert(0, str(paths.CHAPTERS / "ch12_gan"))
import _super_resolution as graph_pieces
import _super_resolution_pictures as pictures
import _super_resolution_use as use

sys.path.pop(0)


@pytest.fixture
def evaluate():
    """Build something in a graph of its own and return its value."""

    def run(build, *arrays):
        with tf.Graph().as_default(), tf.Session() as sess:
            made = build(*(tf.constant(array, tf.float32) for array in arrays))
            sess.run(tf.global_variables_initializer())
            return sess.run(made)

    return run


RAMP = np.arange(64.0).reshape(1, 8, 8, 1)
SAME = np.full((1, 8, 8, 1), 100.0)


@pytest.mark.parametrize(
    ("one", "other", "mse", "psnr", "ssim"),
    [
        (SAME, SAME + 10, 100, 28.130804, 0.995476),
        (RAMP, RAMP + 4, 16, 36.089604, 0.992917),
        (RAMP, 63 - RAMP, 1365, 16.779477, -0.844325),
    ],
)
def test_the_books_measures_give_the_values_worked_out_by_hand(evaluate, one, other, mse, psnr, ssim):
    both = np.concatenate([one, other])
    assert evaluate(graph_pieces.batch_mse_psnr, both) == pytest.approx((mse, psnr), rel=1e-6)
    assert evaluate(graph_pieces.batch_ssim, both) == pytest.approx(ssim, abs=1e-6)


def test_the_books_brightness_weighs_the_channels(evaluate):
    one = np.full((1, 8, 8, 3), 100.0)
    both = np.concatenate([one, one + np.array([10, 5, 20])])
    mse, psnr = evaluate(graph_pieces.batch_mse_psnr, both)
    assert mse == pytest.approx(175)
    assert psnr == pytest.approx(28.130804)  # the mean of three PSNRs, not the PSNR of the mean MSE
    assert evaluate(graph_pieces.batch_y_psnr, both) == pytest.approx(29.907651)


def test_measures_are_scikit_images_and_means_over_pictures():
    originals = np.full((2, 16, 16, 3), 100, np.uint8)
    made = originals.copy()
    made[0] += 10
    made[1, ..., 0] += 10
    found = pictures.measure(originals, {"bicubic": originals + np.uint8(20), "ours": made})
    psnr = [20 * np.log10(25.5), 20 * np.log10(25.5) + 10 * np.log10(3)]
    assert found["ours"]["PSNR"] == pytest.approx(np.mean(psnr))
    y_psnr = [psnr[0], 20 * np.log10(255 / 2.99)]
    assert found["ours"]["Y-PSNR"] == pytest.approx(np.mean(y_psnr))
    assert found["ours"]["better"] == 1
    assert pictures.sharpness(originals, originals + np.arange(16, dtype=np.uint8)[:, None]) == 0


def test_tensorflow_1_shrinks_by_leaving_pixels_out(evaluate):
    images = np.random.default_rng(0).uniform(0, 255, (1, 24, 24, 3)).astype(np.float32)
    for factor in (2, 4):
        kept = images[:, ::factor, ::factor]
        np.testing.assert_array_equal(evaluate(lambda x, f=factor: graph_pieces.shrink(x, f, "book"), images), kept)
        size = [24 // factor] * 2
        np.testing.assert_array_equal(evaluate(lambda x, s=size: tf.image.resize_bicubic(x, s), images), kept)
        means = images.reshape(1, 24 // factor, factor, 24 // factor, factor, 3).mean((2, 4))
        area = evaluate(lambda x, f=factor: graph_pieces.shrink(x, f, "area"), images)
        np.testing.assert_allclose(area, means, rtol=1e-5)


@pytest.mark.parametrize("how", ["book", "area"])
def test_what_is_enlarged_lies_where_the_original_did(evaluate, how):
    """A pixel too far down or right would be 1 or 2 off. TensorFlow 1's bicubic weights bend a ramp by up to 0.5625."""
    ramp = np.broadcast_to(np.arange(0, 48.0)[:, None] + 2 * np.arange(48.0), (1, 3, 48, 48)).transpose(0, 2, 3, 1)
    for name in ("bilinear", "bicubic"):
        made = evaluate(lambda x, n=name: graph_pieces.enlarge(graph_pieces.shrink(x, 4, how), 4, how)[n], ramp)
        np.testing.assert_allclose(made[:, 12:-12, 12:-12], ramp[:, 12:-12, 12:-12], atol=0.6)


def test_the_networks_are_those_of_the_listings():
    with tf.Graph().as_default():
        smalls = tf.placeholder(tf.float32, [16, 64, 64, 3])
        made = graph_pieces.residual_espcn(smalls, 16, True)
        assert made.shape == (16, 256, 256, 3)
        variables = tf.trainable_variables()
        assert len(variables) == 74
        assert sum(v.shape.num_elements() for v in variables) == 1_520_643
        judged = graph_pieces.discriminator(made)
        graph_pieces.discriminator(made)  # the same weights again
        assert judged.shape == (16, 16, 16, 1)
        variables = tf.trainable_variables("Discriminator")
        assert len(variables) == 20
        assert sum(v.shape.num_elements() for v in variables) == 5_210_177


def test_crops_hang_on_the_seed_and_the_place_alone(tmp_path):
    rng = np.random.default_rng(0)
    sizes = [(40, 30), (20, 50), (10, 12)]
    for number, size in enumerate(sizes):
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    files = [str(tmp_path / f"{number}.png") for number in range(3)]
    options = DataOptions()
    crops = pictures.Crops(options, files, 16)
    assert options.readers == [crops]
    assert [picture.shape for picture in crops.pictures] == [(40, 30, 3), (20, 50, 3), (16, 16, 3)]  # mirrored
    first, second = crops.next_batch(8), crops.next_batch(8)
    assert first.shape == (8, 16, 16, 3)
    assert first.dtype == np.uint8
    assert not np.array_equal(first, second)
    crops.position = 1
    np.testing.assert_array_equal(crops.next_batch(8), second)
    middles = pictures.middles(files, 16, 9)
    np.testing.assert_array_equal(middles[0], crops.pictures[0][12:28, 7:23])


def test_a_picture_goes_through_in_tiles_as_it_does_whole(monkeypatch):
    monkeypatch.setattr(use, "TILE", 16)
    monkeypatch.setattr(use, "MARGIN", 2)
    picture = np.random.default_rng(0).uniform(size=(37, 50, 3)).astype(np.float32)

    def run(batch):  # blurred as far as the margin, then enlarged by repetition
        far = np.pad(batch, ((0, 0), (2, 2), (2, 2), (0, 0)))
        blurred = sum(far[:, dy : dy + batch.shape[1], dx : dx + batch.shape[2]] for dy in range(5) for dx in range(5))
        return blurred.repeat(4, 1).repeat(4, 2)

    np.testing.assert_allclose(use.in_tiles(run, picture, 4), run(picture[None])[0], rtol=1e-5)


def gains(run, ours):
    """PSNR of nearest, bilinear, bicubic and of the network."""
    return [run.metric(f"PSNR, {method}") for method in ("nearest", "bilinear", "bicubic", ours)]


def test_93_is_sharper_than_interpolation(quick):
    run = quick("93")
    assert "(?, 28, 28, 1) 21,284 parameters" in run.out
    nearest, bilinear, bicubic, network = gains(run, "ESPCN")
    assert nearest < bilinear < bicubic
    assert network > bicubic + 0.4  # 0.83, 1.76 and 1.30 dB with seeds 1 to 3
    assert run.metric("PSNR gain over bicubic") == pytest.approx(network - bicubic)
    assert set(run.result["figures"]) == {"figure_12_13.png", "cost.png"}
    assert {"figures/figure_12_13", "figures/cost"} <= set(run.events().Tags()["images"])
    costs = [value for _, value in run.scalars("validation_cost")]
    assert len(costs) == 2
    assert costs[1] < costs[0]


def test_94_learns_what_bicubic_enlargement_lacks(quick):
    run = quick("94")
    assert run.metric("parameters") == 26_796
    nearest, bilinear, bicubic, network = gains(run, "ESPCN")
    assert nearest < bilinear < bicubic
    assert network > bicubic + 0.06  # 0.19, 0.24 and 0.13 dB with seeds 1 to 3; 0.71 in the default run
    assert run.metric("Y-PSNR gain over bicubic") > 0.08  # 0.24, 0.28, 0.17
    assert run.metric("SSIM gain over bicubic") > 0.001  # 0.0034, 0.0047, 0.0026
    assert run.metric("pictures better than bicubic's") > 0.6  # 1, 1, 5 of 6
    assert set(run.result["figures"]) == {"figure_12_14.png", "details.png", "psnr.png"}
    assert [step for step, _ in run.scalars("psnr")] == list(range(10, 61, 10))
    # Restored = trained: the last line of the log is of the same six pictures.
    for tag, name in (("cost", "cost"), ("psnr", "PSNR by channel"), ("ypsnr", "Y-PSNR"), ("ssim", "global SSIM")):
        assert run.metric(f"the book's {name}, ESPCN") == pytest.approx(run.scalars(tag)[-1][1], rel=1e-4)
    assert run.metric("the book's global SSIM, ESPCN") > run.metric("SSIM, ESPCN") + 0.03  # one window: higher


def test_95_is_better_than_bicubic_at_four_times_the_edges(quick):
    run = quick("95")
    nearest, bilinear, bicubic, network = gains(run, "ResESPCN")
    assert nearest < bilinear < bicubic
    assert network > bicubic + 0.03  # 0.070, 0.104 and 0.089 dB with seeds 1 to 3
    assert run.metric("the book's PSNR by channel, ResESPCN") == pytest.approx(run.scalars("psnr")[-1][1], rel=1e-4)
    assert set(run.result["figures"]) == {"exercise_5.png", "figure_12_16.png", "details.png", "psnr.png"}
    assert 0 < run.metric("values of bicubic pictures outside 0…255") < 0.01
    # At 4 times the edges less can be had back than at twice.
    assert run.metric("PSNR, bicubic") < quick("94").metric("PSNR, bicubic")


def test_96_starts_from_95_and_comes_nearer_in_features(quick):
    run = quick("96")
    assert run.metric("parameters of the discriminator") == 5_210_177
    assert run.metric("trainable tensors of the generator") == 14  # one residual block; 16 have 74
    assert run.metric("trainable tensors of the discriminator") == 20
    layer = "b6/expand of EfficientNet-Lite0"
    before, after = (run.metric(f"distance in {layer}, {method}") for method in ("ResESPCN", "SRGAN"))
    assert after < 0.96 * before  # 0.91 with seeds 1 and 2
    # 0.475 and 0.457 with seed 2
    assert run.metric("sharpness, SRGAN") > 1.01 * run.metric("sharpness, ResESPCN") > run.metric("sharpness, bilinear")
    assert run.metric("PSNR, ResESPCN") > run.metric("PSNR, bicubic")  # the network of 95
    content = [value for _, value in run.scalars("content_loss")]
    assert content[-1] < 0.97 * content[0]
    lines = (next(run.outputs.glob("logs/*/info.train"))).read_text(encoding="utf-8").splitlines()
    assert [int(re.search(r"step (\d+)", line)[1]) for line in lines] == [8, 16]
    assert set(run.result["figures"]) == {"figure_12_17.png", "details.png", "losses.png"}
    saved = tf.train.NewCheckpointReader(str(run.checkpoints / "srgan.ckpt")).get_variable_to_shape_map()
    assert all(name.startswith(("generator/", "Discriminator/", "global_step", "beta")) for name in saved)


def test_96_says_that_it_needs_95(run_example):
    run = run_example("96", "--quick", ok=False)
    assert run.code == 1
    assert "`python run.py 95` first" in run.err


@pytest.mark.parametrize(("example", "factor"), [("93", 2), ("94", 2), ("95", 4), ("96", 4)])
def test_a_picture_of_ones_own_is_enlarged(quick, run_example, tmp_path, example, factor):
    trained = quick(example)
    result = (trained.outputs / "result.json").read_bytes()
    logs = sorted(trained.outputs.rglob("events*"))
    file = tmp_path / "mine.png"
    columns = np.linspace(40, 220, 30).astype(np.uint8)
    Image.fromarray(np.stack([np.tile(columns, (20, 1))] * 3, 2)).save(file)
    run = run_example.start(example, "--image", str(file), root=trained.root).wait()
    assert run.code == 0, run.err
    made = np.asarray(Image.open(trained.outputs / "enlarged-mine.png"))
    assert made.shape[:2] == (20 * factor, 30 * factor)
    middle = made[4 * factor, 4 * factor : -4 * factor]
    middle = middle if example == "93" else middle.mean(-1)
    smooth = np.interp((np.arange(len(middle)) + 0.5) / factor - 0.5, np.arange(22), columns[4:-4])
    assert np.abs(middle - smooth).mean() < 25
    assert (trained.outputs / "enlarged-mine-detail.png").exists()
    assert (trained.outputs / "result.json").read_bytes() == result
    assert sorted(trained.outputs.rglob("events*")) == logs


def test_without_a_trained_network_the_command_that_makes_one_is_said(run_example, tmp_path):
    file = tmp_path / "mine.png"
    Image.new("RGB", (20, 20)).save(file)
    run = run_example("96", "--image", str(file), ok=False)
    assert run.code == 1
    assert "`python run.py 96` makes one" in run.err
    run = run_example("94", "--image", str(file), ok=False)
    assert run.code == 1
    assert "`python run.py 94` makes one" in run.err


def test_a_file_that_is_no_picture_is_a_wrong_flag(quick, run_example, tmp_path):
    file = tmp_path / "mine.png"
    file.write_text("no picture")
    run = run_example.start("94", "--image", str(file), root=quick("94").root).wait()
    assert run.code == 2
    assert "not a picture" in run.err
    assert "Traceback" not in run.err


def test_94_trains_on_a_folder_of_ones_own(run_example, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(rng.integers(0, 256, (60, 90, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    run = run_example("94", "--quick", "--steps", "2", "--images", str(tmp_path))
    assert "2 training pictures" in run.out
    assert run.result["data"][0]["ours"]


def kill_when_there(run, name, seconds):
    """Kill `run` some time after it wrote the file `name` of a checkpoint."""
    end = time.time() + 120
    while not (run.checkpoints / name).exists():
        assert time.time() < end, run.err
        assert run.process.is_alive(), run.err
        time.sleep(0.002)
    time.sleep(seconds)
    assert run.kill().wait().code == -signal.SIGKILL


def test_94_killed_and_resumed_ends_like_an_uninterrupted_run(quick, run_example):
    flags = ("94", "--quick", "--sample-data")
    kill_when_there(run_example.start(*flags), "train.ckpt-20.index", 0.2)
    resumed = run_example(*flags, "--resume")
    assert "resumed from" in resumed.out
    whole = quick("94")
    for name in ("PSNR, ESPCN", "SSIM, ESPCN", "the book's cost, ESPCN"):
        assert resumed.metric(name) == pytest.approx(whole.metric(name), rel=1e-3), name
    assert dict(resumed.scalars("psnr")) == pytest.approx(dict(whole.scalars("psnr")), rel=1e-3)
    assert json.loads((resumed.checkpoints / "run.json").read_text())["finished"]
