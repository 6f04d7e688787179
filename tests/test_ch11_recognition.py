"""Chapter 11: a trained network called from code. Without a network the runs have EfficientNet-Lite0."""

import numpy as np
import pytest
from PIL import Image

# What EfficientNet-Lite0 gives for the square in the middle of the photos: (number, probability) of the likeliest five.
# An own program, checked against the network's PyTorch code, gave these; numerical noise is below 1e-5.
TOP5 = {
    "coffee": [(967, 0.9511), (968, 0.0150), (925, 0.0078), (960, 0.0040), (504, 0.0034)],
    "chelsea": [(282, 0.4084), (285, 0.3403), (281, 0.1669), (287, 0.0154), (904, 0.0012)],
    "camera": [(872, 0.9372), (593, 0.0104), (447, 0.0090), (650, 0.0067), (759, 0.0045)],
    "motorcycle": [(665, 0.5292), (670, 0.1276), (535, 0.0653), (518, 0.0476), (671, 0.0098)],
}
SQUEEZED = {"coffee": (967, 0.9002), "chelsea": (285, 0.7709), "camera": (872, 0.9489), "motorcycle": (665, 0.4678)}


@pytest.mark.parametrize("name", TOP5)
def test_85_recognises_the_photos(quick, name):
    run = quick("85")
    found = run.metric(f"{name}: the five likeliest")
    assert [number for number, _ in found] == [number for number, _ in TOP5[name]]
    np.testing.assert_allclose([p for _, p in found], [p for _, p in TOP5[name]], atol=0.002)
    number, probability = run.metric(f"{name}: squeezed, class and probability")
    assert number == SQUEEZED[name][0]
    assert probability == pytest.approx(SQUEEZED[name][1], abs=0.002)
    assert run.metric(f"{name}: probability") == pytest.approx(TOP5[name][0][1], abs=0.002)


def test_85_prints_probability_logit_and_both_numbers(quick):
    run = quick("85")
    lines = run.out.splitlines()
    at = lines.index("coffee")
    probability, logit = map(float, lines[at + 1].split())
    assert probability == pytest.approx(0.9511, abs=0.002)
    assert logit == pytest.approx(run.metric("coffee: logit"), abs=1e-3)
    assert lines[at + 2] == "967 967 espresso (with a background class: 968)"
    assert run.metric("classes") == 1000


def test_85_prints_the_books_figures_and_compares_nothing_with_them(quick):
    run = quick("85")
    for line in (
        "the book's, img.jpg, a tablet      0.61667    9.0568  621 laptop, laptop computer",
        "the book's, ps.jpg, a sheep       0.242343   8.80805  223 kuvasz",
    ):
        assert f"{line} (other photos: not compared)\n" in run.out
    printed = {metric["name"]: metric for metric in run.result["metrics"] if metric["book"] is not None}
    assert [metric["book"] for metric in printed.values()] == [[0.61667, 0.242343], [9.0568, 8.80805], [621, 223]]
    assert all(metric["verdict"].startswith("not compared") for metric in printed.values())
    assert printed["number with a background class, photo by photo"]["measured"] == [968, 283, 873, 666]


def test_85_pixels_out_of_range_ruin_the_answer(quick):
    run = quick("85")
    for name in TOP5:
        # 0.15 for the camera's tripod, below 0.003 for the others
        assert run.metric(f"{name}: probability with pixels 255 times too large") < 0.3 * TOP5[name][0][1]


def test_85_draws_each_photo(quick):
    run = quick("85")
    assert set(run.result["figures"]) == {f"recognised_{name}.png" for name in TOP5}
    tags = run.events().Tags()["images"]
    assert {f"figures/recognised_{name}" for name in TOP5} <= set(tags)


def test_85_takes_a_picture_of_the_readers_own(run_example, tmp_path):
    import skimage.data

    Image.fromarray(skimage.data.coffee()).save(tmp_path / "cup.png")
    run = run_example("85", "--quick", "--image", str(tmp_path / "cup.png"))
    assert run.metric("cup: class") == "espresso"
    assert run.result["figures"] == ["recognised_cup.png"]


@pytest.mark.parametrize("example", ["85", "86", "87"])
def test_a_file_that_is_no_picture_is_one_line(run_example, tmp_path, example):
    (tmp_path / "text.png").write_text("no picture")
    run = run_example(
        example,
        "--quick",
        "--steps=1" if example == "87" else "--photos=1",
        "--image",
        str(tmp_path / "text.png"),
        ok=False,
    )
    assert run.code == 2
    assert len(run.err.splitlines()) == 1
    assert "text.png" in run.err


# coffee: 51 of 140 places espresso (up to 1.00) at 448×298; Lite0 rounds the number of places up.
def test_86_maps_the_classes_of_each_place(quick):
    run = quick("86")
    assert run.metric("coffee, edge 448: places") == [10, 14]
    assert run.metric("coffee, edge 448: commonest class") == 967
    assert run.metric("coffee, edge 448: its places") == pytest.approx(51, abs=3)
    assert run.metric("coffee, edge 448: its largest probability") > 0.99
    assert run.metric("coffee, own size: places") == [13, 19]  # 400×600
    assert run.metric("chelsea, own size: places") == [10, 15]  # 300×451
    assert run.metric("chelsea, edge 448: commonest class") in (281, 282, 285, 287)
    for name in ("coffee", "chelsea"):
        # 30 and 48; more places are below, and those stay blank on the map
        assert 0 < run.metric(f"{name}, edge 448: places above 0.3") < 70


def test_86_whole_picture_is_the_mean_of_the_map(quick):
    run = quick("86")
    for name, number in (("coffee", 967), ("chelsea", 282)):
        assert run.metric(f"{name}, as trained: whole picture")[0] == number
        for size in ("as trained", "own size", "edge 448"):
            assert run.metric(f"{name}, {size}: mean of the map from the logits") < 1e-4
    assert run.metric("coffee, as trained: whole picture")[1] == pytest.approx(0.9511, abs=0.002)


def test_86_draws_the_maps(quick):
    run = quick("86")
    names = {f"map_{name}_{size}" for name in ("coffee", "chelsea") for size in ("own_size", "edge_448")}
    assert set(run.result["figures"]) == {f"{name}.png" for name in names}
    assert {f"figures/{name}" for name in names} <= set(run.events().Tags()["images"])
