"""The small parts: summaries, figures, flags, the libraries of old, the device."""

import numpy as np
import pytest

from utils import contrib, figures, flags, summaries
from utils.flags import Choice, Spec
from utils.tf1 import tf


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


def _values(summary_bytes):
    return {value.tag: value for value in tf.Summary.FromString(summary_bytes).value}


def test_variable_summaries_of_a_tensor():
    values = np.array([[0.0, 2.0], [0.0, 4.0]], np.float32)
    merged = summaries.variable_summaries(tf.constant(values), "layer")
    with tf.Session() as sess:
        found = _values(sess.run(merged))
    assert set(found) == {f"layer/{kind}" for kind in ("mean", "stddev", "max", "min", "sparsity", "histogram")}
    numbers = {tag.split("/")[1]: value.simple_value for tag, value in found.items()}
    assert numbers["mean"] == pytest.approx(values.mean())
    assert numbers["stddev"] == pytest.approx(values.std())
    assert (numbers["max"], numbers["min"], numbers["sparsity"]) == (4.0, 0.0, 0.5)
    assert found["layer/histogram"].histo.num == 4


def test_variable_summaries_of_a_scalar():
    merged = summaries.variable_summaries(tf.constant(3.0), "loss")
    with tf.Session() as sess:
        found = _values(sess.run(merged))
    assert found["loss"].simple_value == 3.0


def test_a_graph_is_written_for_tensorboard_unless_it_is_too_large(tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tf.placeholder(tf.float32, [None, 3], name="x")
    tf.constant(1.0, name="one")
    for name, largest in (("drawn", 2), ("too_large", 1)):
        monkeypatch.setattr(summaries, "LARGEST_GRAPH", largest)
        with tf.summary.FileWriter(str(tmp_path / name)) as writer:
            summaries.write_graph(writer, tf.get_default_graph())
    reader = EventAccumulator(str(tmp_path / "drawn")).Reload()
    assert [node.name for node in reader.Graph().node] == ["x", "one"]
    assert not EventAccumulator(str(tmp_path / "too_large")).Reload().Tags()["graph"]


def test_moving_average():
    np.testing.assert_allclose(figures.moving_average([1, 2, 3, 4], 2), [1, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(figures.moving_average([5.0, 7.0], 10), [5, 6])
    with pytest.raises(ValueError, match="at least 1"):
        figures.moving_average([1], 0)


@pytest.mark.parametrize("shape", [(5, 8, 8), (5, 8, 8, 1), (4, 8, 8, 3)])
def test_image_grid_shows_every_picture(shape):
    figure = figures.image_grid(np.random.default_rng(0).random(shape), [str(i) for i in range(shape[0])])
    assert sum(bool(axis.images) for axis in figure.axes) == shape[0]


def test_image_rows_hold_flat_and_coloured_pictures_of_any_size():
    draw = np.random.default_rng(0)
    rows = {"flat": draw.random((3, 784)) * 3 - 1, "small": draw.random((3, 7, 7)), "colour": draw.random((3, 9, 9, 3))}
    figure = figures.image_rows(rows, ["a", "b", "c"])
    shapes = [axis.images[0].get_array().shape for axis in figure.axes]
    assert shapes == [(28, 28)] * 3 + [(7, 7)] * 3 + [(9, 9, 3)] * 3
    np.testing.assert_allclose(figure.axes[0].images[0].get_array().ravel(), np.clip(rows["flat"][0], 0, 1))
    assert [text.get_text() for axis in figure.axes[::3] for text in axis.texts] == list(rows)
    assert [axis.get_xlabel() for axis in figure.axes] == [""] * 6 + ["a", "b", "c"]
    with pytest.raises(ValueError, match="shorter"):
        figures.image_rows(rows, ["a", "b"])


def test_confusion_matrix_counts_rows_as_true():
    figure = figures.confusion_matrix([0, 0, 1, 2], [0, 1, 1, 2])
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), [[1, 1, 0], [0, 1, 0], [0, 0, 1]])


def test_curves_draw_each_line():
    figure = figures.curves({"a": [[1, 2.0], [2, 3.0]], "b": [[1, 1.0]]}, xlabel="step", ylabel="loss")
    assert [line.get_label() for line in figure.axes[0].lines] == ["a", "b"]


SPEC = Spec({"epochs": 25, "rate": 0.1, "shift": 0, "low": -1.0, "bias": True, "loss": Choice("a", "b"), "name": "x"})


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ([], "loss", "a"),
        (["--loss", "b"], "loss", "b"),
        (["--no-bias"], "bias", False),
        (["--shift", "0"], "shift", 0),
        (["--low", "-3"], "low", -3.0),
        (["--rate", "1e-3"], "rate", 1e-3),
        (["--name", "y"], "name", "y"),
    ],
)
def test_flags_give_values(arguments, name, value):
    values, preset = flags.settings(SPEC, flags.parser(SPEC, "p").parse_args(arguments))
    assert values[name] == value
    assert preset == (
        "default" if values == flags.settings(SPEC, flags.parser(SPEC, "p").parse_args([]))[0] else "custom"
    )


@pytest.mark.parametrize(
    "arguments", [["--shift", "-1"], ["--rate", "0"], ["--loss", "c"], ["--epochs", "2.5"], ["extra"]]
)
def test_wrong_values_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        flags.parser(SPEC, "p").parse_args(arguments)
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", ["noise_l2_weight", "weight_denoise", "lambda_rec", "pixel_weight"])
def test_the_weight_of_a_loss_may_be_zero(name):
    flag, spec = f"--{name.replace('_', '-')}", Spec({name: 0.5})
    assert flags.settings(spec, flags.parser(spec, "p").parse_args([flag, "0"]))[0][name] == 0
    with pytest.raises(SystemExit):
        flags.parser(spec, "p").parse_args([flag, "-0.1"])


def test_presets_and_what_may_be_compared():
    spec = Spec({"epochs": 5}, quick={"epochs": 1}, book={"epochs": 100})
    for arguments, epochs, preset, comparable in (
        ([], 5, "default", False),
        (["--quick"], 1, "quick", False),
        (["--book"], 100, "book", True),
        (["--epochs", "100"], 100, "custom", True),
        (["--book", "--epochs", "7"], 7, "custom", False),
    ):
        values, name = flags.settings(spec, flags.parser(spec, "p").parse_args(arguments))
        assert (values["epochs"], name, flags.in_book_setting(spec, values)) == (epochs, preset, comparable)


def test_reserved_and_stray_names_are_refused():
    with pytest.raises(TypeError, match="seed"):
        Spec({"seed": 1})
    with pytest.raises(TypeError, match="steps"):
        Spec({"epochs": 1}, quick={"steps": 1})


def test_slim_has_its_batch_norm():
    slim = contrib.slim
    x = tf.placeholder(tf.float32, [None, 8, 8, 3])
    slim.conv2d(x, 4, 3, normalizer_fn=slim.batch_norm, scope="conv")
    names = {variable.op.name for variable in tf.global_variables()}
    assert {"conv/weights", "conv/BatchNorm/beta", "conv/BatchNorm/moving_mean"} <= names


def test_prettytensor_trains():
    pt = contrib.pt
    rng = np.random.default_rng(0)
    x, y = tf.placeholder(tf.float32, [None, 6]), tf.placeholder(tf.float32, [None, 2])
    with pt.defaults_scope(activation_fn=tf.nn.relu):
        _, loss = pt.wrap(x).fully_connected(size=16, name="hidden").softmax_classifier(num_classes=2, labels=y)
    assert {v.op.name for v in tf.trainable_variables()} == {
        "hidden/weights",
        "hidden/bias",
        "fully_connected/weights",
        "fully_connected/bias",
    }
    step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    points = rng.normal(size=(200, 6))
    feed = {x: points, y: np.eye(2)[(points[:, 0] > 0).astype(int)]}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(loss, feed)
        for _ in range(100):
            sess.run(step, feed)
        assert sess.run(loss, feed) < 0.3 * before


def test_cleverhans_attacks_in_graph_mode():
    from cleverhans.tf2.attacks.fast_gradient_method import fast_gradient_method

    x = tf.placeholder(tf.float32, [None, 3])
    weights = tf.constant([[1.0, -1.0], [0.5, 0.0], [0.0, 2.0]])
    attacked = fast_gradient_method(lambda points: tf.matmul(points, weights), x, 0.1, np.inf, y=tf.constant([0]))
    with tf.Session() as sess:
        moved = sess.run(attacked, {x: [[0.0, 0.0, 0.0]]})
    np.testing.assert_allclose(np.abs(moved), [[0.1, 0.1, 0.1]], atol=1e-6)
    np.testing.assert_allclose(moved, [[-0.1, -0.1, 0.1]], atol=1e-6)  # away from class 0
