"""Example 72 · Fit a curve with `basic_rnn_seq2seq` (使用 basic_rnn_seq2seq 拟合曲线)

Book:      intro 9.8.3, file 9-30
Data:      sums of a random sine and a random cosine, drawn afresh for each batch
Model:     2-layer GRU(12) encoder and decoder, 15 steps each, one output layer for each step; 2,808 + 195 weights
Shows:     the encoder–decoder with lists of placeholders; teacher forcing; L2 on the recurrent weights alone; a
           forecast of one step with the truth known so far, and one of 15 steps that feeds on its own outputs
Departs:   the book leaves out 15 points between what the encoder sees and what the decoder continues, and joins the
           ends in the figure: here the windows touch and points stand where they belong, with the book's way beside
           it; layers of distinct cells; the curves come from NumPy
Time:      19 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np
from _seq2seq import basic_rnn_seq2seq
from _time_series_forecaster import Forecaster, rmse

from utils import figures
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    seq_length=15,
    hidden_dim=12,
    layers_num=2,
    batch_size=10,
    nb_iters=100,
    learning_rate=0.04,
    lambda_l2_reg=0.003,
    nb_predictions=4,
    quick={"seq_length": 5},
)

# What the book prints: iteration → (train loss, test loss, test output_loss, test reg_loss).
BOOK = {
    0: (8.341724395751953, 8.005338668823242, 7.66522, 113.373),
    50: (2.0858113765716553, 1.418175220489502, 1.11881, 99.788),
    100: (0.9577032327651978, 0.8693273067474365, 0.618375, 83.6507),
}

# %% The data


def curves(batch, half, *key):
    """Draw `batch` curves of 2 · `half` points; return the first and the last halves, each [half, batch, 1].

    The same `key` gives the same curves, so that a resumed training goes on with those it would have had.
    """
    random = np.random.RandomState([ex.seed, *key])
    t = np.linspace(0, 1, 2 * half)[:, None] * half / 15

    def wave(function, least, most):
        offset, frequency = random.uniform(0, 2 * np.pi, batch), random.uniform(-4.5, 5.5, batch)
        return random.uniform(least, most, batch) * function(offset + t * frequency * 3 * np.pi)

    signal = wave(np.sin, 0.1, 1.1) + wave(np.cos, 0, 1.2)
    return signal[:half, :, None], signal[half:, :, None]


TRAINING, TEST, VISUAL = range(3)  # first part of the key
sample_x, sample_y = curves(3, ex.seq_length, TRAINING, 10**6)
print("Dimensions of the dataset for 3 X and 3 Y training examples :")
print(sample_x.shape, sample_y.shape)
print("(seq_length, batch_size, output_dim)")

# %% The graph
input_dim = output_dim = sample_x.shape[-1]


def list_of_placeholders(name, size):
    return [tf.placeholder(tf.float32, [None, size], name=f"{name}_{t}") for t in range(ex.seq_length)]


def gru_layers():
    return tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(ex.hidden_dim) for _ in range(ex.layers_num)])


with tf.device(ex.device):
    encoder_input = list_of_placeholders("inp", input_dim)
    expected_output = list_of_placeholders("expected_output", output_dim)
    decode_input = list_of_placeholders("decode", output_dim)  # a zero, then the expected output, one step late

    dec_outputs, _ = basic_rnn_seq2seq(encoder_input, decode_input, gru_layers())
    output_layers = [tf.layers.Dense(output_dim, name=f"fully_connected_{t}") for t in range(ex.seq_length)]
    reshaped_outputs = [layer(output) for layer, output in zip(output_layers, dec_outputs, strict=True)]

    # The same weights once more, but the decoder is fed what it said one step before.
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        own_outputs, _ = basic_rnn_seq2seq(
            encoder_input, decode_input, gru_layers(), loop_function=lambda output, t: output_layers[t - 1](output)
        )
        own_predictions = [layer(output) for layer, output in zip(output_layers, own_outputs, strict=True)]

    placeholders = (encoder_input, decode_input, expected_output)
    model = Forecaster(placeholders, reshaped_outputs, own_predictions, ex.learning_rate, ex.lambda_l2_reg)
print(f"{len(encoder_input)} + {len(dec_outputs)} steps, {model.recurrent_weights:,} recurrent weights")

# %% Training
saver = tf.train.Saver(save_relative_paths=True)
sess = ex.session(threads=1, rewrite=False)
sess.run(tf.global_variables_initializer())
start_reg, start_gates = sess.run([model.reg_loss, model.gate_bias_loss])
print(f"reg_loss before training {start_reg:.3f}, of which the gate biases of 1.0 are {start_gates:.3f}")
for t in ex.resumable(range(ex.nb_iters + 1), sess, saver, unit="step", every=50):
    feed = model.feed(*curves(ex.batch_size, ex.seq_length, TRAINING, t))
    train_loss = sess.run([model.train_op, model.loss], feed)[1]
    ex.record(t, train_loss=train_loss)
    if t % 50 == 0:
        feed = model.feed(*curves(ex.batch_size, ex.seq_length, TEST, t))
        test_loss, output_loss, reg_loss = sess.run([model.loss, model.output_loss, model.reg_loss], feed)
        ex.record(t, test_loss=test_loss, test_output_loss=output_loss, reg_loss=reg_loss)
        book = ex.beside("{}, {}".format(*BOOK[t][:2])) if t in BOOK else ""
        ex.log("-" * 60 + f"\noutput_loss {output_loss:.6g}   reg_loss {reg_loss:.6g}")
        ex.log(f"Step {t}/{ex.nb_iters}, train loss: {train_loss}, \tTEST loss: {test_loss}{book}")
history = ex.history
print(f"Fin. train loss: {history['train_loss'][-1][1]}, \tTEST loss: {history['test_loss'][-1][1]}")

# Figure 9-28: natural logarithms
log_losses = {name: [[t, np.log(v)] for t, v in history[f"{name}_loss"]] for name in ("test", "train")}
losses = figures.curves(
    {"Test loss": log_losses["test"], "Train loss": log_losses["train"]},
    xlabel="Iteration",
    ylabel="log(Loss)",
    title="Training errors over time (on a logarithmic scale)",
)
losses.set_size_inches(12, 6)
ex.figure(losses, "training_errors")

# %% How good it is: 2,000 fresh curves, against two forecasts that need no network
x, y = curves(2000, ex.seq_length, TEST, 10**6)
output_loss, predicted = sess.run([model.output_loss, tf.stack(reshaped_outputs)], model.feed(x, y))
previous = np.concatenate([x[-1:], y[:-1]])
zero_loss, previous_loss = (float(np.mean((y - guess) ** 2, axis=(1, 2)).sum()) for guess in (0 * y, previous))
print(
    f"output_loss on 2,000 fresh curves: {output_loss:.4f}; predicting zero {zero_loss:.3f}, the value before ", end=""
)
print(f"{previous_loss:.3f}")

# %% The visual test: curves of twice the length, the last points predicted in three ways
length = ex.seq_length
x, y = curves(500, 2 * length, VISUAL, 0)
signal = np.concatenate([x, y])  # [4 · length, 500, 1]
target = np.arange(3 * length - 1, 4 * length - 1)  # the positions that the book predicts: the last 15 but one
truth = signal[target]
ways = {
    "one step ahead": model.sliding(sess, signal[length : 3 * length], signal[2 * length :]),
    "one step ahead, the book's gap": model.sliding(sess, x, y),
    f"{length} steps, on its own": model.free_running(sess, signal[2 * length - 1 : 3 * length - 1]),
    "the value before": signal[target - 1],
    "the last known value, held": np.broadcast_to(signal[target[0] - 1], truth.shape),
    "zero": np.zeros_like(truth),
}
sess.close()
print(f"\nRMSE over {len(target)} points of 500 curves; at the first and at the last of the points")
for name, guess in ways.items():
    print(f"  {name:32s} {rmse(guess, truth):.4f}   {rmse(guess[0], truth[0]):.4f}   {rmse(guess[-1], truth[-1]):.4f}")

# Figure 9-29, with every point at its own position
figure, axes = plt.subplots(ex.nb_predictions, 1, figsize=(12, 3 * ex.nb_predictions), squeeze=False)
names = list(ways)
for j, axis in enumerate(axes[:, 0]):
    past, future = np.arange(2 * length), np.arange(2 * length, 4 * length)
    axis.plot(past, x[:, j, 0], "o--b", label="past")
    axis.plot(future, y[:, j, 0], "x--b", label="future")
    for name, style in zip(names, ("o--y", ".:c", "s--r"), strict=False):
        axis.plot(target, ways[name][:, j, 0], style, markersize=5, label=f"Pred, {name}")
    axis.axvline(target[0] - 0.5, color="gray", linestyle=":")
    axis.set(title="Predictions vs. future", xlabel="step", ylabel="value")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
figure.tight_layout()
ex.figure(figure, "predictions")

# %% Results
# A batch of 10 says little. Over eight seeds the losses are 7.5 ± 2.2 and 7.5 ± 1.6 (training, test) at step 0,
# 1.86 ± 0.41 and 1.86 ± 0.53 at step 50, 1.10 ± 0.38 and 1.05 ± 0.22 at step 100; reg_loss is 108.3 ± 2.2, 95.4 ± 9.9
# and 91.3 ± 7.0. The tolerances are three of these standard deviations.
TOLERANCE = {0: (6.5, 4.8, 4.8, 6.5), 50: (1.23, 1.58, 1.55, 29.6), 100: (1.15, 0.67, 0.68, 20.9)}
ex.report("recurrent weights", model.recurrent_weights)
ex.report("reg_loss before training", start_reg)
ex.report("reg_loss of the gate biases, before training", start_gates)
for t, tolerances in TOLERANCE.items():
    found = {name: dict(history[name]).get(t) for name in ("train_loss", "test_loss", "test_output_loss", "reg_loss")}
    if None not in found.values():
        for (name, value), book, tolerance in zip(found.items(), BOOK[t], tolerances, strict=True):
            ex.report(f"{name}, step {t}", value, book=book, tolerance=tolerance)
ex.report("output_loss, 2,000 fresh curves", output_loss)
ex.report("output_loss, predicting zero", zero_loss)
ex.report("output_loss, predicting the value before", previous_loss)
for name, guess in ways.items():
    ex.report(f"RMSE, {name}", rmse(guess, truth))
ex.finish()
