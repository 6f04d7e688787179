"""Frozen graphs of strangers, and Inception 5h, which comes as one."""

import zipfile

import numpy as np
import pytest

from utils import frozen_graph, pretrained
from utils.data import DataOptions
from utils.pretrained import published
from utils.problems import Problem
from utils.tf1 import tf

LAYERS = pretrained._architecture("inception_5h").layers


@pytest.fixture(autouse=True)
def _no_download(monkeypatch, tmp_path):
    monkeypatch.setenv("TFBOOK_DOWNLOAD", "no")
    monkeypatch.setenv("TFBOOK_DATA", str(tmp_path))


def write(path, build):
    """Write the graph that `build` makes and return `path`."""
    with tf.Graph().as_default() as graph:
        build()
        path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def small_inception():
    """The names of Inception 5h: each layer adds 1 to the one before."""
    tensor = tf.placeholder(tf.float32, [None, None, None, 3], name="input")
    for name in LAYERS:
        tensor = tf.add(tensor, 1.0, name=name)


def test_a_graph_is_read_and_runs(tmp_path):
    path = write(tmp_path / "graph.pb", lambda: tf.add(tf.constant(2.0), 3.0, name="five"))
    with tf.Graph().as_default(), tf.Session() as sess:
        (five,) = tf.import_graph_def(frozen_graph.read(path), return_elements=["five:0"])
        assert sess.run(five) == 5


def test_what_is_no_graph_is_one_line(tmp_path):
    path = tmp_path / "graph.pb"
    with pytest.raises(Problem, match=r"graph\.pb: no such file"):
        frozen_graph.read(path)
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(Problem, match=r"graph\.pb is no frozen graph \(a GraphDef in binary form\)"):
        frozen_graph.read(path)
    path.write_bytes(b"")
    with pytest.raises(Problem, match="there are no operations in it"):
        frozen_graph.read(path)


def test_operations_that_reach_beyond_the_graph_are_refused(tmp_path):
    @tf.function
    def hidden(name):
        return tf.io.read_file(name)

    for build, expected in (
        (lambda: tf.py_func(lambda: np.float32(1), [], tf.float32, name="called"), r"PyFunc \(node called\) reaches"),
        (lambda: tf.io.read_file("secret", name="read"), r"ReadFile \(node read\) reaches beyond the graph"),
        (lambda: tf.io.write_file("there", "this", name="written"), r"WriteFile \(node written\)"),
        (lambda: hidden("secret"), r"ReadFile \(node ReadFile\) reaches"),
    ):
        with pytest.raises(Problem, match=expected) as caught:
            frozen_graph.read(write(tmp_path / "graph.pb", build))
        assert "\n" not in str(caught.value)
    graph_def = tf.GraphDef()
    graph_def.node.add(name="odd", op="NoSuchOperation")
    (tmp_path / "graph.pb").write_bytes(graph_def.SerializeToString())
    with pytest.raises(Problem, match=r"has no operation NoSuchOperation \(node odd\)"):
        frozen_graph.read(tmp_path / "graph.pb")


def test_inception_5h_is_unpacked_checked_and_built(tmp_path, monkeypatch):
    """With a small graph in the place of the published one."""
    name = "tensorflow_inception_graph.pb"
    made = write(tmp_path / "made.pb", small_inception)
    entry = published.PUBLISHED["inception_5h", False]
    assert not entry.is_at(made)

    def fetch(urls, folder, file, *, sha256, size):
        assert (file, sha256) == (f"{name}.zip", entry.zip_sha256)
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / file, "w") as archive:
            archive.write(made, name)
            archive.writestr("LICENSE", "free")
        return folder / file

    monkeypatch.setattr(published.download, "fetch", fetch)
    monkeypatch.setenv("TFBOOK_DOWNLOAD", "yes")
    with pytest.raises(Problem, match=rf"{name} is not the file that is published under this name"):
        pretrained.load(DataOptions(), "inception_5h")
    assert [path.name for path in (tmp_path / "pretrained").iterdir()] == [name]

    options = DataOptions()
    network = pretrained.load(options, "inception_5h", str(made))
    assert options.sources[0]["ours"]
    with tf.Graph().as_default(), tf.Session() as sess:
        pixels = tf.placeholder(tf.float32, [None, None, None, 3])
        layers = network.build(pixels, ["mixed5b", "conv2d0"])
        network.initialise(sess)
        first, last = sess.run([layers["conv2d0"], layers["mixed5b"]], {pixels: np.full((1, 2, 2, 3), 118.0)})
    assert list(layers) == ["mixed5b", "conv2d0"]
    assert (first == 2).all()  # 118 − 117 + 1
    assert (last == 13).all()


def test_another_graph_is_not_inception_5h(tmp_path):
    path = write(tmp_path / "graph.pb", lambda: tf.placeholder(tf.float32, name="input"))
    with pytest.raises(Problem, match=r"graph\.pb is not the graph of Inception 5h: it has no conv2d0"):
        pretrained.load(DataOptions(), "inception_5h", str(path))
    assert pretrained.load(DataOptions(), "inception_5h").name == "efficientnet_lite0"
