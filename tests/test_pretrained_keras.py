"""The pretrained networks with Keras' weights: their files, where these come from, Keras' own networks beside ours."""

import hashlib
import http.server
import importlib
import inspect
import re
import threading

import h5py
import numpy as np
import pytest

from utils import pretrained
from utils.data import DataOptions
from utils.pretrained import TOP, keras_file, keras_networks, published
from utils.problems import Problem
from utils.tf1 import tf


@pytest.fixture(autouse=True)
def _no_download(monkeypatch, tmp_path):
    monkeypatch.setenv("TFBOOK_DOWNLOAD", "no")
    monkeypatch.setenv("TFBOOK_DATA", str(tmp_path))


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
    with pytest.raises(Problem, match="is not the file that is published under this name"):
        pretrained.load(DataOptions(), "vgg19", top=False)
    (tmp_path / "pretrained" / name).unlink()
    capsys.readouterr()
    assert pretrained.load(DataOptions(), "vgg19", top=False).name == "efficientnet_lite0"  # nobody serves it now
    assert re.search(r"notop\.h5 could not be downloaded: .*cannot be reached", capsys.readouterr().out)


def test_the_table_of_published_files_is_keras_own():
    for (name, _), file in published.PUBLISHED.items():
        if name == "inception_5h":
            continue  # not Keras'
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
