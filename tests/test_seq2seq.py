"""The encoder–decoder functions of chapter 9, against the same computation in NumPy."""

import sys
from pathlib import Path

import numpy as np
import pytest

from utils.tf1 import tf

sys.path.insert(0, str(Path(__file__).parent.parent / "chapters" / "ch09_recurrent"))
from _seq2seq import basic_rnn_seq2seq, rnn_decoder, tied_rnn_seq2seq
from _time_series_forecaster import Forecaster, rmse

BATCH, UNITS, ENCODER_STEPS, DECODER_STEPS = 3, 4, 5, 6
TOLERANCE = 1e-5
random = np.random.RandomState(0)
ENCODER = random.normal(size=(ENCODER_STEPS, BATCH, 1)).astype(np.float32)
DECODER = random.normal(size=(DECODER_STEPS, BATCH, 1)).astype(np.float32)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        yield


def layers():
    return tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(UNITS) for _ in range(2)])


def constants(values):
    return [tf.constant(value) for value in values]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(weights, x, state):
    """One step of two GRU layers. `weights`: for each layer gate kernel, gate bias, candidate kernel, its bias."""
    after = []
    for (gate_kernel, gate_bias, kernel, bias), h in zip(weights, state, strict=True):
        reset, update = np.split(sigmoid(np.hstack([x, h]) @ gate_kernel + gate_bias), 2, axis=1)
        candidate = np.tanh(np.hstack([x, reset * h]) @ kernel + bias)
        x = update * h + (1 - update) * candidate
        after.append(x)
    return x, after


def unroll(weights, inputs, state, feedback=None):
    outputs = []
    for i, value in enumerate(inputs):
        x = feedback(outputs[-1], i) if feedback and i else value
        output, state = gru(weights, x, state)
        outputs.append(output)
    return np.stack(outputs), state


def randomised(sess):
    """Give every variable, the biases too, values of its own; return them by layer, in the order of creation."""
    for variable in tf.trainable_variables():
        variable.load(np.random.RandomState(len(variable.name)).normal(0, 0.7, variable.shape.as_list()), sess)
    values = sess.run(tf.trainable_variables())
    return [values[start : start + 4] for start in range(0, len(values), 4)]


ZERO = [np.zeros((BATCH, UNITS))] * 2


def test_the_decoder_starts_from_the_encoders_state_and_has_weights_of_its_own():
    outputs, state = basic_rnn_seq2seq(constants(ENCODER), constants(DECODER), layers())
    assert len(outputs) == DECODER_STEPS
    names = [variable.op.name for variable in tf.trainable_variables()]
    assert [name.startswith("basic_rnn_seq2seq/rnn_decoder/") for name in names] == [False] * 8 + [True] * 8
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        weights = randomised(sess)
        found, found_state = sess.run([tf.stack(outputs), state])
    _, encoded = unroll(weights[:2], ENCODER, ZERO)
    expected, expected_state = unroll(weights[2:], DECODER, encoded)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    np.testing.assert_allclose(found_state, expected_state, atol=TOLERANCE)


def test_the_tied_variant_has_one_set_of_weights():
    outputs, _ = tied_rnn_seq2seq(constants(ENCODER), constants(DECODER), layers())
    assert len(tf.trainable_variables()) == 8
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        weights = randomised(sess)
        found = sess.run(tf.stack(outputs))
    _, encoded = unroll(weights, ENCODER, ZERO)
    np.testing.assert_allclose(found, unroll(weights, DECODER, encoded)[0], atol=TOLERANCE)


@pytest.mark.parametrize("tied", [False, True])
def test_the_loop_function_feeds_back_what_was_said_and_ignores_later_inputs(tied):
    network = tied_rnn_seq2seq if tied else basic_rnn_seq2seq
    inputs = tf.placeholder(tf.float32, [DECODER_STEPS, None, 1])
    outputs, _ = network(
        constants(ENCODER), tf.unstack(inputs), layers(), loop_function=lambda said, i: said[:, i % UNITS, None] * i
    )
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        weights = randomised(sess)
        found, other = (sess.run(tf.stack(outputs), {inputs: given}) for given in (DECODER, DECODER + LATER))
    encoder, decoder = (weights, weights) if tied else (weights[:2], weights[2:])
    _, encoded = unroll(encoder, ENCODER, ZERO)
    expected, _ = unroll(decoder, DECODER, encoded, feedback=lambda said, i: said[:, i % UNITS, None] * i)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    np.testing.assert_array_equal(found, other)


LATER = np.arange(DECODER_STEPS, dtype=np.float32)[:, None, None]  # zero for the first input alone


def test_rnn_decoder_by_hand():
    """A plain cell with known weights: h ← tanh(x + 2 h)."""
    with tf.variable_scope("here", initializer=tf.constant_initializer([[1.0], [2.0]])):
        outputs, state = rnn_decoder(
            constants([[[0.5]], [[-1.0]]]), tf.constant([[0.25]]), tf.nn.rnn_cell.BasicRNNCell(1)
        )
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([v.initializer for v in tf.global_variables() if "bias" in v.name])
        found, end = sess.run([outputs, state])
    first = np.tanh(0.5 + 2 * 0.25)
    np.testing.assert_allclose(np.ravel(found), [first, np.tanh(-1 + 2 * first)], atol=TOLERANCE)
    assert end == found[-1]


def test_gate_biases_start_at_one():
    basic_rnn_seq2seq(constants(ENCODER), constants(DECODER), layers())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = {variable.op.name: sess.run(variable) for variable in tf.trainable_variables()}
    biases = {name: value for name, value in values.items() if name.endswith("bias")}
    assert len(biases) == 8
    for name, value in biases.items():
        assert (value == (1.0 if "gates" in name else 0.0)).all(), name


def test_wrong_use_is_named():
    used = layers()
    basic_rnn_seq2seq(constants(ENCODER), constants(DECODER), used)
    with pytest.raises(ValueError, match="make a new one"):
        basic_rnn_seq2seq(constants(ENCODER), constants(DECODER), used, scope="again")
    with pytest.raises(ValueError, match="at least one input"):
        rnn_decoder([], None, layers())


def build_forecaster(steps=4):
    lists = [[tf.placeholder(tf.float32, [None, 1]) for _ in range(steps)] for _ in range(3)]
    readout = [tf.layers.Dense(1, name=f"fully_connected_{t}") for t in range(steps)]
    outputs, _ = basic_rnn_seq2seq(lists[0], lists[1], layers())
    taught = [layer(output) for layer, output in zip(readout, outputs, strict=True)]
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        said, _ = basic_rnn_seq2seq(lists[0], lists[1], layers(), loop_function=lambda o, t: readout[t - 1](o))
        own = [layer(output) for layer, output in zip(readout, said, strict=True)]
    return Forecaster(lists, taught, own, 0.01, 0.003)


def test_free_running_is_teacher_forcing_on_ones_own_predictions():
    model = build_forecaster()
    x, y = ENCODER[:4], DECODER[:4]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        free = model.free_running(sess, x)
        np.testing.assert_allclose(model.one_step_ahead(sess, x, free), free, atol=TOLERANCE)
        taught = model.one_step_ahead(sess, x, y)
        np.testing.assert_allclose(taught[0], free[0], atol=TOLERANCE)  # nothing was said before the first step
        assert abs(taught[1:] - free[1:]).max() > 1e-3
        loss, reg = sess.run([model.output_loss, model.reg_loss], model.feed(x, y))
        assert loss == pytest.approx(((taught - y) ** 2).mean(axis=(1, 2)).sum(), rel=1e-5)
        kernels = [sess.run(v) for v in tf.trainable_variables() if "fully_connected" not in v.name]
        assert len(kernels) == 16
        assert reg == pytest.approx(sum((k**2).sum() / 2 for k in kernels), rel=1e-5)


def test_sliding_gives_the_last_output_of_each_window():
    model = build_forecaster()
    past, future = random.normal(size=(2, 8, BATCH, 1)).astype(np.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = model.sliding(sess, past, future)
        for i in range(4):
            window = model.one_step_ahead(sess, past[i : i + 4], future[i : i + 4])
            np.testing.assert_allclose(found[i], window[-1], atol=TOLERANCE)
    assert rmse(np.array([3.0, 0.0]), np.array([0.0, 4.0])) == pytest.approx(np.sqrt(12.5))
