"""Chapter 15: a cat becomes a plate, and stays one when it is turned."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.tf1 import tf

CHAPTER = Path(__file__).parent.parent / "chapters" / "ch15_adversarial"


def test_rotation_turns_counter_clockwise_round_the_centre(monkeypatch):
    monkeypatch.syspath_prepend(str(CHAPTER))
    from _attack import rotate

    images = np.random.default_rng(1).random((3, 6, 6, 2)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        turned = sess.run(rotate(tf.constant(images), tf.constant([0, np.pi / 2, np.pi], tf.float32)))
    for quarters, (image, result) in enumerate(zip(images, turned, strict=True)):
        assert result == pytest.approx(np.rot90(image, [0, 1, 2][quarters]), abs=1e-5)


def test_p58_makes_a_plate_of_the_cat_within_the_band(quick):
    run = quick("p58")
    assert run.metric("class of the photo") in ("tiger cat", "Egyptian cat", "tabby")
    # nothing here hangs on the seed but the random rotations: 5.3e-5 before, 0.98 after
    assert run.metric("target before") < 1e-3
    assert run.metric("target after") > 0.9
    assert run.metric("target in the saved picture") > 0.9
    assert run.metric("loss, last") < 0.02
    assert run.metric("most that a pixel moved, of 255") == pytest.approx(2, abs=1e-3)
    assert run.metric("the same in the saved picture") == 2


def test_p58_the_bound_of_the_book_holds_nothing(quick):
    run = quick("p58")
    assert run.metric("most that a pixel moved, the book's bound") > 10  # 21.4
    assert run.metric("steps, the book's bound") < run.metric("steps")
    for tag, name in (("loss/band", "steps"), ("loss/book_bound", "steps, the book's bound")):
        losses = run.scalars(tag)
        assert [step for step, _ in losses] == list(range(1, run.metric(name) + 1))
        assert losses[-1][1] < 0.02 <= losses[-2][1]


def of_the_book(run):
    """The book's figures beside ours, each without a verdict: they are of another network and another photo."""
    beside = [metric for metric in run.result["metrics"] if metric["book"] is not None]
    assert {metric["verdict"] for metric in beside} == {"not compared: stand-in data"}
    return {metric["name"]: metric["book"] for metric in beside}


def test_p58_shows_the_figures_of_the_book_and_compares_none(quick):
    run = quick("p58")
    book = of_the_book(run)
    bounded = [name for name in book if name.startswith(("target", "loss", "steps")) and "the book's bound" not in name]
    assert bounded == []  # the published attack was under no bound
    assert book["its probability"] == 0.35189062
    assert book["loss at step 10, the book's bound"] == 5.29815
    assert book["its probability when turned by pi/8"] == 0.43900266
    step_10 = dict(run.scalars("loss/book_bound"))[10]
    assert run.metric("loss at step 10, the book's bound") == pytest.approx(step_10)


def test_p59_shows_the_figures_of_the_book_and_compares_none(quick):
    run = quick("p59")
    assert of_the_book(run)["loss at step 10"] == 5.33923
    assert run.metric("loss at step 10") == pytest.approx(dict(run.scalars("loss/robust"))[10])


def test_p58_turned_it_is_a_cat_again(quick):
    run = quick("p58")
    assert run.metric("class when turned by pi/8") == run.metric("class of the photo when turned by pi/8")
    assert run.metric("target when turned by pi/8") < 0.05
    assert run.metric("random rotations that leave it the target") <= 0.2


def test_p58_saves_the_picture_pixel_by_pixel(quick):
    run = quick("p58")
    assert set(run.result["figures"]) == {
        *("attacked.png", "photo.png", "attack_succeeds.png", "turned.png", "bounds.png", "loss.png")
    }
    with Image.open(run.outputs / "attacked.png") as image:
        assert image.size == (224, 224)
    event = run.events().Images("figures/attacked")[0]
    assert event.encoded_image_string == (run.outputs / "attacked.png").read_bytes()


def test_p58_takes_a_photo_and_a_target_of_the_readers_own(run_example, tmp_path):
    import skimage.data

    photo = tmp_path / "cup.png"
    Image.fromarray(skimage.data.coffee()).save(photo)
    run = run_example("p58", "--quick", "--image", str(photo), "--target", "umbrella")
    assert run.metric("class of the photo") == "espresso"
    assert "Towards umbrella" in run.out
    assert run.metric("target in the saved picture") > 0.9
    assert run.metric("the same in the saved picture") == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--target", "saucerr"), "'saucerr' is no class of ImageNet"),
        (("--image", "nowhere.jpg"), "--image nowhere.jpg: No such file"),
    ],
)
def test_p58_refuses_what_it_cannot_use_in_one_line(run_example, flags, words):
    run = run_example("p58", "--quick", *flags, ok=False)
    assert run.code == 2
    assert words in run.err
    assert len(run.err.splitlines()) == 1


def test_p59_stays_a_plate_at_every_angle_and_the_other_attack_does_not(quick):
    run = quick("p59")
    for name in ("rotation-robust", "not robust"):
        assert run.metric(f"{name}: most that a pixel moved, of 255") == 8
        assert run.metric(f"{name}: target upright") > 0.5
    assert run.metric("rotation-robust: random rotations that leave it the target") >= 0.8  # 1.0 with both seeds
    assert run.metric("not robust: random rotations that leave it the target") <= 0.2
    assert run.metric("the photo: random rotations that make it the target") == 0
    # 24 steps only: 0.70 and 0.36 over seeds 1 and 2; the attack without rotation does not hang on the seed: 7e-5
    assert run.metric("rotation-robust: target, least over the angles") > 0.1
    assert run.metric("not robust: target, least over the angles") < 0.05
    assert run.metric("rotation-robust: target, mean over the angles") > 0.5  # 0.95, 0.80; the other attack 0.11


def test_p59_draws_the_curve_and_saves_both_pictures(quick):
    run = quick("p59")
    assert {"angles.png", "rotation_robust.png", "not_robust.png"} <= set(run.result["figures"])
    with Image.open(run.outputs / "rotation_robust.png") as one, Image.open(run.outputs / "not_robust.png") as other:
        pictures = [np.asarray(image.convert("RGB"), int) for image in (one, other)]
    assert 8 < abs(pictures[0] - pictures[1]).max() <= 16  # each at most 8 from the photo
    assert [step for step, _ in run.scalars("loss/robust")] == list(range(1, run.metric("steps") + 1))
    assert run.scalars("loss/naive")[-1][1] < 0.02
