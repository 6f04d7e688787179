"""Chapter 13: the trained network at work, on a picture of the reader's own and as a slider."""

import importlib.util
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from utils import figures
from utils.data import DataOptions, celeba
from utils.paths import CHAPTERS
from utils.tf1 import tf

NAMES = list(celeba.ATTRIBUTES)


def module(name):
    path = CHAPTERS / "ch13_attgan" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"chapter_13_use_{name}", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


models, editing = module("models"), module("_editing")


def quick_faces(size=32):
    """The faces that the quick run of 55 has."""
    return celeba.load(DataOptions(sample=True), size=size, drawn=960)


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_slider_moves_one_label_only():
    own = np.random.default_rng(1).choice(np.float32([-0.5, 0.5]), 13)
    asked = editing.slider(own, 6, [0.7, 0.95, 1.2])
    assert asked.shape == (4, 1, 13) and asked.dtype == np.float32
    np.testing.assert_array_equal(asked[0, 0], own)
    np.testing.assert_array_equal(asked[1:, 0, 6], np.float32([0.7, 0.95, 1.2]))
    np.testing.assert_array_equal(np.delete(asked, 6, axis=2), np.broadcast_to(np.delete(own, 6), (4, 1, 12)))


def test_p55_edits_a_picture_with_the_network_trained_last(quick, run_example, tmp_path):
    trained = quick("p55")
    file = tmp_path / "me.png"
    photo = np.zeros((218, 178, 3), np.uint8)
    photo[:, :89], photo[:, 89:] = (230, 20, 20), (20, 20, 230)  # red on the left, blue on the right
    Image.fromarray(photo).save(file)
    before = (trained.outputs / "result.json").read_bytes()
    run = run_example.start("p55", "--image", str(file), root=trained.root).wait()
    assert (run.code, run.err) == (0, "")
    assert "the critic sees" in run.out
    face = celeba.crop(photo, 32)
    assert face[16, 2, 0] > 200 and face[16, -3, 2] > 200
    settings = json.loads((trained.checkpoints / "run.json").read_text(encoding="utf-8"))["settings"]
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as sess:
        editor = models.Editor(settings, len(NAMES))
        tf.train.Saver().restore(sess, str(trained.checkpoints / "attgan.ckpt"))
        has = editor.seen(sess, celeba.as_values(face[None]))
        asked = editing.wanted(has, NAMES, 0.5, 1.0)
        made = celeba.as_pictures(editing.edits(sess, editor, celeba.as_values(face[None]), asked)[:, 0])
    assert len({one.tobytes() for one in made}) == 14  # each attribute makes a picture of its own
    turned = [("no " if value else "") + name for name, value in zip(NAMES, has[0], strict=True)]
    labels = ["cropped", "reconstructed", *turned]
    buffer = io.BytesIO()
    figures.image_grid(np.concatenate([face[None], made]), labels, columns=5, size=1.8).savefig(buffer, dpi=100)
    drawn, expected = picture(trained.outputs / "edited-me.png"), picture(buffer)
    assert drawn.shape == expected.shape
    assert abs(drawn.astype(int) - expected).max() <= 2
    assert not list(trained.outputs.glob("*.part"))
    assert (trained.outputs / "result.json").read_bytes() == before
    none = run_example("p55", "--image", str(file), ok=False)
    assert none.code == 1
    assert "run `python run.py p55` first" in none.err
    size = run_example("p55", "--quick", "--size", "36", ok=False)
    assert size.code == 2
    assert "divisible by 8" in size.err


def test_p55_and_p56_say_in_one_line_that_the_networks_settings_are_gone(quick, run_example, tmp_path):
    trained = quick("p55")
    folder = tmp_path / "checkpoints" / "p55"
    folder.mkdir(parents=True)
    for path in trained.checkpoints.glob("attgan.ckpt.*"):
        shutil.copy(path, folder)
    photo = tmp_path / "me.png"
    Image.new("RGB", (178, 218), (180, 140, 120)).save(photo)
    for example, *more in (("p55", "--image", str(photo)), ("p56", "--quick", "--sample-data")):
        run = run_example(example, *more, ok=False)
        assert run.code == 1
        assert run.err.count("\n") == 1
        assert "run.json is missing: put it back beside the network, or run `python run.py p55` again" in run.err


def test_p56_slides_one_attribute_of_each_face(quick):
    run = quick("p56")
    folder = run.outputs / "sample_testing_slide_Eyeglasses"
    names = [f"{number:06}.png" for number in range(613, 617)]  # the test faces come after 600 + 12
    assert sorted(path.name for path in folder.iterdir()) == names
    faces = quick_faces().test.pictures(range(4))
    for name, face in zip(names, faces, strict=True):
        strip = picture(folder / name)
        assert strip.shape == (32, 32 + 3 + 10 * 32, 3)
        np.testing.assert_array_equal(strip[:, :32], face)
        assert f"{name} done!" in run.out
        slides = strip[:, 35:].reshape(32, 10, 32, 3).transpose(1, 0, 2, 3).astype(int)
        steps = [abs(slide - slides[0]).mean() for slide in slides]
        assert steps[-1] > 0
    assert run.metric("pixels of a strip, height and width") == [32, 355]
    assert run.metric("change of a pixel at 1.2, of 2") > run.metric("change of a pixel at 0.7, of 2") > 0
    assert set(run.result["figures"]) == {"figure_10_9.png", "changes.png"}
    assert len(run.events().Images("samples")) == 4
    network, _ = run.result["data"]
    assert network["name"] == "AttGAN" and network["source"].startswith("project 55, quick run on 960 drawn faces")
    assert not network["real"] and "ours" not in network  # so no strip of it is held against the book's


def test_p56_asks_for_the_faces_own_labels_but_for_the_one_it_slides(quick):
    """The strips are what the network of 55 draws when Eyeglasses alone goes from 0.7 to 1.2."""
    run = quick("p56")
    test = quick_faces().test
    network = run.root / "checkpoints" / "p55"
    settings = json.loads((network / "run.json").read_text(encoding="utf-8"))["settings"]
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as sess:
        editor = models.Editor(settings, len(NAMES))
        tf.train.Saver().restore(sess, str(network / "attgan.ckpt"))
        for place in range(4):
            labels = np.repeat(test.labels[place][None] - np.float32(0.5), 10, axis=0)
            labels[:, NAMES.index("Eyeglasses")] = np.linspace(0.7, 1.2, 10)
            face = celeba.as_values(test.pictures([place]))
            slides = editor.edit(sess, np.repeat(face, 10, axis=0), labels)
            expected = editing.strips(face, slides[:, None])
            strip = picture(run.outputs / "sample_testing_slide_Eyeglasses" / f"{test.files[place].stem}.png")
            assert abs(expected.astype(int) - strip).max() <= 1
            labels[:, NAMES.index("Male")] *= -1  # another label turned gives another strip
            other = editing.strips(face, editor.edit(sess, np.repeat(face, 10, axis=0), labels)[:, None])
            assert abs(other.astype(int) - strip).max() > 5


@pytest.mark.parametrize("preset", ["default", "book"])
def test_p56_holds_a_strip_against_the_books_only_where_55_was_trained_as_the_book_does(
    quick, run_example, tmp_path, preset
):
    folder = tmp_path / "checkpoints" / "p55"
    shutil.copytree(quick("p55").checkpoints, folder)
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    about["settings"] |= {"preset": preset, "data": [{"name": "CelebA", "source": "a folder", "real": True}]}
    (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
    run = run_example("p56", "--quick", "--sample-data", "--faces", "1", "--n-slide", "2")
    assert run.result["data"][0] == {
        "name": "AttGAN",
        "source": f"project 55, {preset} run on a folder",
        "real": preset == "book",
        "ours": True,
    }


def test_p56_without_a_network_says_how_to_make_one(run_example):
    run = run_example("p56", "--quick", ok=False)
    assert run.code == 1
    assert "run `python run.py p55` first" in run.err
    wrong = run_example("p56", "--quick", "--attribute", "Hat", ok=False)
    assert wrong.code == 2
    assert "--attribute Hat: there are Bald, Bangs" in wrong.err


def test_p56_takes_another_attribute_and_a_picture_of_ones_own(quick, run_example, tmp_path):
    file = tmp_path / "me.jpg"
    Image.new("RGB", (178, 218), (180, 140, 120)).save(file)
    run = run_example.start("p56", "--attribute", "mustache", "--image", str(file), root=quick("p55").root).wait()
    assert (run.code, run.err) == (0, "")
    assert picture(run.outputs / "sample_testing_slide_Mustache" / "me.png").shape == (32, 355, 3)
