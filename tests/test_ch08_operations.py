"""Chapter 8: the operations one by one: convolution by hand, padding, outlines, pooling, queues, normalisation."""

import numpy as np
import pytest
from PIL import Image

from utils.photo import load_photo, package_photo


def measured(run):
    """Return the metrics of a run by name."""
    return {metric["name"]: metric["measured"] for metric in run.result["metrics"]}


def verdicts(run):
    """Return the verdicts of a run by name, of the metrics that stand beside a figure of the book's."""
    return {metric["name"]: metric["verdict"] for metric in run.result["metrics"] if metric["verdict"]}


# ---------------------------------------------------------------- 8.2


def test_8_2_counts_the_weights_of_dense_layers(quick):
    run = quick("8.2")
    assert run.metric("MNIST 784-256-256-10: weights") == 268_800
    assert run.metric("MNIST 784-256-256-10: biases") == 522
    assert run.metric("1000×1000 grey into 256: weights (rounded in the book)") == 256_000_000
    assert run.metric("1000×1000 colour into 256: weights (rounded in the book)") == 768_000_000
    differing = [name for name, verdict in verdicts(run).items() if verdict != "as the book"]
    assert len(differing) == 2
    assert all("rounded in the book" in name for name in differing)
    assert 0 < run.metric("slope through 6 sigmoids, at most 1/4 each") < 0.25**6


def test_8_2_convolves_by_hand_as_tensorflow_does(quick):
    run = quick("8.2")
    assert run.metric("figure 8-5: first two elements, stride 1") == [4, 3]
    assert run.metric("figure 8-5: stride 1") == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    assert run.metric("figure 8-5: stride 2") == [[4, 4], [2, 4]]
    assert run.metric("figure 8-5 by hand") is True
    assert run.metric("Sobel by hand is TensorFlow's") is True
    assert run.metric("Sobel for the screen, row 1") == [127, 127, 255, 255, 0, 0, 127, 127]
    assert run.metric("a picture of one value for the screen") == 0
    assert run.metric("sides of narrow, same, full") == run.metric("the rule's sides") == [3, 5, 7]
    ones = run.metric("full: 3×3 ones with 2×2 ones")
    assert ones == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]


def test_8_2_shows_the_slips_of_the_text(quick):
    run = quick("8.2")
    assert run.metric("transposed at stride 1 is full") is True
    assert run.metric("transposed at stride 2 is full") is False
    assert run.metric("channels: a slice for each, summed") is True
    assert run.metric("channels: one kernel for all") is False
    assert run.metric("average of 0, 0, 0 and 8") == 2  # not 8: zeros of the picture count
    assert run.metric("max-pooling sends the error to the winner") == [
        [0, 0, 0, 0],
        [10, 0, 20, 0],
        [0, 0, 0, 0],
        [0, 30, 40, 0],
    ]
    spread = [[2.5, 2.5, 5, 5], [7.5, 7.5, 10, 10]]
    assert run.metric("average pooling spreads the error") == [spread[0], spread[0], spread[1], spread[1]]


# ---------------------------------------------------------------- 8.4.2


def test_8_4_2_works_out_windows_and_zeros(quick):
    run = quick("8.4.2")
    assert run.metric("VALID: windows") == 2
    assert run.metric("VALID: elements dropped") == [12, 13]
    assert run.metric("SAME: windows") == 3
    assert run.metric("SAME: zeros before and behind") == [1, 2]
    assert run.metric("VALID: sums of the windows") == [21, 51]
    assert run.metric("SAME: sums of the windows") == [15, 45, 46]
    assert set(verdicts(run).values()) == {"as the book"}
    assert run.metric("of these as the formulas say") == run.metric("sizes, kernels and strides compared") > 200
    assert run.metric("strides at which SAME keeps the size") == [1]


def test_8_4_2_reads_the_rules_backwards(quick):
    run = quick("8.4.2")
    for padding, sizes in (("VALID", [16, 17, 18, 19, 20]), ("SAME", [11, 12, 13, 14, 15])):
        assert run.metric(f"transposed, {padding}: the sizes are as the rule says") is True
        assert run.metric(f"transposed, {padding}: the layer's size is as the rule says") is True
        assert run.metric(f"transposed, 3 elements, kernel 6, stride 5, {padding}") == sizes


# ---------------------------------------------------------------- 38


def test_38_finds_the_outline(quick):
    run = quick("38")
    assert run.metric("black and 10, convolved") == [
        [0, 0, 90, 90, 0, -90],
        [0, 0, 120, 120, 0, -120],
        [0, 0, 120, 120, 0, -120],
        [0, 0, 90, 90, 0, -90],
    ]
    outer, inner = [127, 127, 223, 223, 127, 31], [127, 127, 255, 255, 127, 0]
    assert run.metric("black and 10, for the screen") == [outer, inner, inner, outer]
    assert run.metric("127.5, cut and rounded") == [127, 128]
    height, width, channels = run.metric("shape of the picture")
    assert channels == 3
    assert run.metric("shape and type of the outline") == [height, width, "uint8"]
    assert run.metric("outline: lowest and highest") == [0, 255]
    assert set(run.result["figures"]) == {"original.png", "outline.png", "both_directions.png", "border.png"}
    with Image.open(run.outputs / "outline.png") as picture:
        assert picture.width / picture.height == pytest.approx(width / height, rel=0.01)  # the axes are off


def test_38_cures_the_false_border(quick):
    run = quick("38")
    assert run.metric("black and 10, magnitude with its own edge") == [[0, 0, 120, 120, 0, 0]] * 4
    corner = run.metric("black and 10, magnitude with zeros round it")[0]
    assert corner == pytest.approx([0, 0, np.hypot(90, 30), np.hypot(90, 90), 120, np.hypot(90, 90)], abs=1e-3)
    border, inside = run.metric("mean magnitude with zeros: border, inside")
    assert border > 3 * inside  # china.jpg: 1693 and 263; nothing in it is random
    border, inside = run.metric("mean magnitude with its own edge: border, inside")
    assert border < inside
    assert run.metric("a picture of one colour: highest value with its own edge") == 0


def test_38_takes_a_picture_of_the_readers_own(run_example, tmp_path):
    path = tmp_path / "mine, turned.jpg"
    mine = Image.fromarray(np.full([20, 30], 200, np.uint8))  # grey, of one colour, to be turned upright
    exif = mine.getexif()
    exif[0x0112] = 6
    mine.save(path, exif=exif)
    run = run_example("38", "--image", str(path))
    assert not run.err
    assert run.metric("shape of the picture") == [30, 20, 3]
    assert run.metric("mean magnitude with its own edge: border, inside") == [0, 0]
    assert run.metric("mean magnitude with zeros: border, inside")[0] > 0
    assert run.result["preset"] == "custom"
    assert run.result["data"][0]["source"] == str(path)


@pytest.mark.parametrize("content", [None, "no picture"])
def test_38_says_in_one_line_what_is_wrong_with_a_picture(run_example, tmp_path, content):
    path = tmp_path / "wrong.png"
    if content:
        path.write_text(content, encoding="utf-8")
    run = run_example("38", "--image", str(path), ok=False)
    assert run.code == 2
    assert run.err.startswith(f"--image {path}: {'not a picture' if content else 'No such file'}")
    assert run.err.count("\n") == 1
    assert not (run.outputs / "result.json").exists()


def test_photos_of_all_kinds_become_rgb(tmp_path):
    draw = np.random.RandomState(1)

    def loaded(array, name):
        Image.fromarray(array).save(tmp_path / name)
        photo, source = load_photo(str(tmp_path / name))
        assert source == str(tmp_path / name)
        assert photo.dtype == np.uint8
        return photo

    colour = draw.randint(0, 256, [4, 6, 3]).astype(np.uint8)
    assert np.array_equal(loaded(colour, "colour.png"), colour)
    grey = colour[..., 0]
    assert np.array_equal(loaded(grey, "grey.png"), np.stack([grey] * 3, axis=2))
    see_through = np.dstack([colour, np.tile(np.uint8([0, 255]), [4, 3])])
    flat = loaded(see_through, "see-through.png")
    assert (flat[:, 0::2] == 255).all()  # white where nothing is
    assert np.array_equal(flat[:, 1::2], colour[:, 1::2])
    deep = np.uint16([[1000, 2000], [1500, 3000]])
    assert loaded(deep, "deep.png")[..., 1].tolist() == [[0, 127], [63, 255]]
    assert (loaded(np.full([3, 3], 7, np.uint16), "flat.png") == 0).all()
    whole = (tmp_path / "colour.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SystemExit):
        load_photo(str(tmp_path / "half.png"))


@pytest.mark.parametrize("name, shape", [("china", (427, 640)), ("motorcycle", (500, 741)), ("camera", (512, 512))])
def test_a_package_photo_has_three_channels(name, shape):
    photo = package_photo(name)
    assert (photo.shape, photo.dtype) == ((*shape, 3), np.uint8)
    assert (np.ptp(photo, axis=2) > 0).any() == (name != "camera")  # the cameraman is grey


# ---------------------------------------------------------------- 39


def test_39_prints_every_tensor_of_the_book(quick):
    run = quick("39")
    assert run.metric("pooling") == [[[1, 5]] * 2, [[3, 7]] * 2]
    assert run.metric("pooling1") == [[[1, 5]] * 3, [[2, 6]] * 3, [[3, 7]] * 3]
    assert run.metric("pooling2") == [[[1, 5]] * 4, [[1.5, 5.5]] * 4, [[2, 6]] * 4, [[2.5, 6.5]] * 4]
    assert run.metric("pooling3") == [[[1.5, 5.5]]]
    assert run.metric("pooling4") == [1.5, 5.5]
    assert run.metric("flat") == [[0, 1, 2, 3] * 4, [4, 5, 6, 7] * 4]
    assert list(verdicts(run).values()) == ["as the book"] * 6
    for label, shape in (("reslut", "[1, 2, 2, 2]"), ("reslut1", "[1, 3, 3, 2]"), ("reslut2", "[1, 4, 4, 2]")):
        assert f"{label} (pooling{label[6:]}), shape {shape}" in run.out


def test_39_averages_over_what_is_inside_the_picture(quick):
    run = quick("39")
    assert run.metric("pooling2 divides by the elements inside the picture") is True
    assert run.metric("pooling2 divides by the non-zero elements") is False  # the text's rule
    assert run.metric("pooling2 divides by the elements of the window") is False
    assert run.metric("global average pooling is the mean") is True


# ---------------------------------------------------------------- 42


def test_42_stops_its_threads_without_an_error(quick):
    run = quick("42")
    numbers = run.metric("ten numbers")
    assert len(numbers) == 10
    assert numbers == sorted(numbers)  # neighbours may be equal: the two threads race
    assert all(number >= 0 and number == int(number) for number in numbers)
    assert run.out.count("-" * 25 + "\n") == 10
    for number in numbers:
        assert f"{'-' * 25}\n{number}\n" in run.out
    assert run.metric("threads alive after request_stop") > 0  # one of them waits half a second
    assert run.metric("threads alive after join") == 0
    assert run.metric("error at the close") == "none"
    assert not run.err


def test_42_counts_exactly_without_the_race(quick):
    assert quick("42").metric("ten numbers without the race") == list(range(1, 11))


# ---------------------------------------------------------------- 8.9.3


def test_8_9_3_steps_the_toy_nets(quick):
    run = quick("8.9.3")
    assert run.metric("toy: z of both nets") == pytest.approx([1, 1])
    assert run.metric("toy: updates of (0.01, 10000, 0.01)") == pytest.approx([100, 0.0001, 100])
    assert run.metric("toy: weights then, second net") == pytest.approx([100.01, 10000.0001, 100.01], rel=1e-12)
    assert run.metric("toy: next output, first net") == 8
    second = "toy: next output, second net (a slip of the book's)"
    assert run.metric(second) == pytest.approx(100.01 * 10000.0001 * 100.01, rel=1e-12)
    assert [name for name, verdict in verdicts(run).items() if verdict != "as the book"] == [second]
    assert run.metric("toy, normalised: both nets agree") is True


def test_8_9_3_normalises_by_the_biased_variance(quick):
    run = quick("8.9.3")
    assert run.metric("shape of the moments") == [12]
    assert run.metric("the variance is the biased one") is True
    assert run.metric("mean and variance of [[1, 2], [3, 6]]") == [[2, 4], [1, 4]]
    expected = np.array([[-0.9995004, -0.9998751], [0.9995005, 0.9998751]])
    assert run.metric("normalised [[1, 2], [3, 6]]") == pytest.approx(expected, abs=1e-6)
    assert run.metric("normalised by hand is the same") is True
    assert run.metric("our layer's output is tf.layers.batch_normalization's") is True


def test_8_9_3_uses_the_moving_averages(quick):
    run = quick("8.9.3")
    assert run.metric("moving average by hand") == pytest.approx([1, 2.9, 2.61, 2.849, 6.5641])
    assert run.metric("moving average by TensorFlow") == pytest.approx(run.metric("moving average by hand"), rel=1e-6)
    # Batches of 64 around 5 ± 3, decay 0.9: an average over about 19 batches, so the mean has a spread of
    # 3/√(64·19) = 0.09 and the variance of 9·√(2/(64·19)) = 0.36; four of them are allowed.
    mean, variance = run.metric("moving mean"), run.metric("moving variance")
    assert mean == pytest.approx(5, abs=0.36)
    assert variance == pytest.approx(9 * 63 / 64, abs=1.5)
    expected = (np.array([2, 5, 8]) - mean) / np.sqrt(variance + 0.001)
    assert run.metric("2, 5, 8 one by one, moving averages") == pytest.approx(expected, abs=1e-4)
    assert run.metric("2, 5, 8 one by one, their own statistics") == [0, 0, 0]
