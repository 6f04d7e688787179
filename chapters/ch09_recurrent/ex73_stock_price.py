"""Example 73 · Predict a stock's price of the day (预测当天的股票价格)

Book:      intro 9.8.4, file 9-32; more columns with --columns Close,opening_price,top_price,low_price
Data:      daily quotes from a CSV file of your own (--csv FILE), or a made-up share; the book's file is not public
Model:     that of example 72 for 40 days: 2-layer GRU(12) encoder and decoder, one output layer for each day
Shows:     another source of data for the same network; the split of a series in time; forecasts for the next day and
           for 40 days, both beside "it stays as it was", which on prices is hard to beat; the close of the next day
Departs:   days are sorted and days without trade dropped; the split comes before the windows are cut, 40 days apart
           (the book's test windows overlap its training windows, and its printed test loss is of training windows);
           prices enter as the change since the last day the encoder sees (--scaling raw is the book's way); the
           decoder goes on where the encoder ends, not 40 days later; errors are in units of the price
Time:      1.8 min on 2 CPU cores (beside other work)
"""

import matplotlib.pyplot as plt
import numpy as np
from _seq2seq import basic_rnn_seq2seq
from _time_series_forecaster import Forecaster, rmse
from matplotlib.dates import ConciseDateFormatter

from utils import figures
from utils.data import prices
from utils.example import Choice, Example
from utils.problems import Problem
from utils.tf1 import tf

ex = Example(
    __doc__,
    csv="",
    columns="Close",
    seq_length=40,
    hidden_dim=12,
    layers_num=2,
    batch_size=100,
    nb_iters=1500,
    learning_rate=0.04,
    lambda_l2_reg=0.003,
    nb_predictions=4,
    scaling=Choice("change", "raw"),
    quick={"seq_length": 6, "nb_iters": 150},
    book={"nb_iters": 100_000},
)

# %% The data: sorted by day, then split in time, then cut into windows
columns = tuple(name.strip() for name in ex.columns.split(","))
quotes = prices.load(ex.data, ex.csv, columns)
span = 2 * ex.seq_length  # what a window covers: as many days to read as to predict
split = int(0.8 * len(quotes.dates))
parts = {"training": slice(0, split), "test": slice(split + ex.seq_length, None)}
if len(quotes.dates[parts["test"]]) < span + 1:
    raise Problem(
        f"{len(quotes.dates)} days are too few for windows of {span}: the last fifth must hold one; "
        "give a longer file or a smaller --seq-length"
    )


def cut(part):
    """Return all windows of `span` days in a part of the series, [windows, span, columns]."""
    views = np.lib.stride_tricks.sliding_window_view(quotes.values[parts[part]], span, axis=0)
    return views.transpose(0, 2, 1)


train_windows, test_windows = cut("training"), cut("test")
print(f"{len(quotes.dates)} days; {quotes.dropped} days without trade dropped")
for name, windows in (("training", train_windows), ("test", test_windows)):
    days = quotes.dates[parts[name]]
    print(f"  {name}: {days[0]} to {days[-1]}, {len(windows)} windows {windows.shape}")

# A change is counted in units of what is usual over half a window's days, learned from the training windows.
halfway = train_windows[:, ex.seq_length - 1 : ex.seq_length]
usual = 1.0 if ex.scaling == "raw" else float((train_windows / halfway - 1).std())


def scaled(windows):
    """Return encoder and decoder values, time-major [seq_length, windows, columns], and how to get prices back."""
    last_known = windows[:, ex.seq_length - 1]
    unit, offset = (np.ones_like(last_known), 0.0) if ex.scaling == "raw" else (last_known * usual, last_known)
    sequence = ((windows.transpose(1, 0, 2) - offset) / unit).astype(np.float32)
    return sequence[: ex.seq_length], sequence[ex.seq_length :], lambda values: values * unit + offset


# %% The graph, as in example 72
input_dim = output_dim = len(columns)


def list_of_placeholders(name):
    return [tf.placeholder(tf.float32, [None, input_dim], name=f"{name}_{t}") for t in range(ex.seq_length)]


def gru_layers():
    return tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(ex.hidden_dim) for _ in range(ex.layers_num)])


with tf.device(ex.device):
    encoder_input, decode_input, expected_output = map(list_of_placeholders, ("inp", "decode", "expected_output"))
    output_layers = [tf.layers.Dense(output_dim, name=f"fully_connected_{t}") for t in range(ex.seq_length)]

    dec_outputs, _ = basic_rnn_seq2seq(encoder_input, decode_input, gru_layers())
    taught = [layer(output) for layer, output in zip(output_layers, dec_outputs, strict=True)]
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        own_outputs, _ = basic_rnn_seq2seq(
            encoder_input, decode_input, gru_layers(), loop_function=lambda output, t: output_layers[t - 1](output)
        )
        own = [layer(output) for layer, output in zip(output_layers, own_outputs, strict=True)]

    placeholders = (encoder_input, decode_input, expected_output)
    model = Forecaster(placeholders, taught, own, ex.learning_rate, ex.lambda_l2_reg)

# %% Training
saver = tf.train.Saver(save_relative_paths=True)
sess = ex.session(threads=1, rewrite=ex.nb_iters > 1000)
sess.run(tf.global_variables_initializer())
test_x, test_y, _ = scaled(test_windows)
for t in ex.resumable(range(ex.nb_iters + 1), sess, saver, unit="step", every=100):
    random = np.random.RandomState([ex.seed, t])
    x, y, _ = scaled(train_windows[random.randint(0, len(train_windows), ex.batch_size)])
    train_loss = sess.run([model.train_op, model.loss], model.feed(x, y))[1]
    if t % 50 == 0:
        test_loss, output_loss, reg_loss = sess.run(
            [model.loss, model.output_loss, model.reg_loss], model.feed(test_x, test_y)
        )
        ex.record(t, train_loss=train_loss, test_loss=test_loss, output_loss=output_loss, reg_loss=reg_loss)
        ex.log(f"Step {t}/{ex.nb_iters}, train loss: {train_loss:.4f}, \tTEST loss: {test_loss:.4f} (held-out days)")

# Figure 9-30 (a)
log_losses = {
    name: [[t, np.log(value)] for t, value in ex.history[key]]
    for name, key in (("Test loss", "test_loss"), ("Train loss", "train_loss"))
}
title = "Training errors over time (on a logarithmic scale)"
ex.figure(figures.curves(log_losses, xlabel="Iteration", ylabel="log(Loss)", title=title), "training_errors")

# %% The held-out days, in units of the price, beside forecasts that need no network
x, y, price = scaled(test_windows)
truth = test_windows.transpose(1, 0, 2)[ex.seq_length :]
known = test_windows.transpose(1, 0, 2)[ex.seq_length - 1 : -1]
ways = {
    "next day": price(model.one_step_ahead(sess, x, y)),
    "next day, as the day before": known,
    f"{ex.seq_length} days": price(model.free_running(sess, x)),
    f"{ex.seq_length} days, as the last known day": np.broadcast_to(known[:1], truth.shape),
}
print(f"\nerrors of {columns[0]} on the held-out days, in units of the price")
print(f"{'':36s}{'RMSE':>10s}{'MAE':>10s}{'last day':>10s}")
errors = {}
for name, guess in ways.items():
    difference = (guess - truth)[..., 0]
    errors[name] = float(np.sqrt(np.mean(difference**2)))
    print(f"  {name:34s}{errors[name]:10.4f}{np.abs(difference).mean():10.4f}{rmse(difference[-1], 0):10.4f}")

# Figure 9-30 (b) to (e): the days that the network reads, the true prices, and the two forecasts
figure, axes = plt.subplots(ex.nb_predictions, 1, figsize=(12, 3 * ex.nb_predictions), squeeze=False)
test_days = quotes.dates[parts["test"]]
for axis, j in zip(axes[:, 0], np.linspace(0, len(test_windows) - 1, ex.nb_predictions).astype(int), strict=True):
    window = test_days[j : j + span]
    past, future = window[: ex.seq_length], window[ex.seq_length :]
    axis.plot(past, test_windows[j, : ex.seq_length, 0], "o--b", markersize=4, label="past")
    axis.plot(future, truth[:, j, 0], "x--b", markersize=5, label="future")
    for name, style in zip(ways, ("o--", "", "s--", ""), strict=True):
        if style:
            color = "gray" if name == "next day" else "tab:red"
            axis.plot(future, ways[name][:, j, 0], style, color=color, markersize=4, label=f"Pred, {name}")
    axis.axhline(known[0, j, 0], color="black", linewidth=0.7, linestyle=":", label="the last known day")
    axis.set(title="Predictions vs. future", ylabel=columns[0])
    axis.xaxis.set_major_formatter(ConciseDateFormatter(axis.xaxis.get_major_locator()))
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
figure.tight_layout()
ex.figure(figure, "predictions")

horizon = {
    name: [[h + 1, rmse(guess[h, :, 0], truth[h, :, 0])] for h in range(ex.seq_length)] for name, guess in ways.items()
}
ex.figure(figures.curves(horizon, xlabel="days ahead of the last day read", ylabel="RMSE of the price"), "horizon")

# %% The price of the day: the latest window, whose last day is not known yet
latest = np.concatenate([quotes.values[1 - span :], quotes.values[-1:]])[None]  # the last row is a filler, never read
x, y, price = scaled(latest)
tomorrow = float(price(model.one_step_ahead(sess, x, y))[-1, 0, 0])
sess.close()
print(
    f"\nthe last close, {quotes.dates[-1]}: {quotes.values[-1, 0]:.3f}; the forecast for the next day: {tomorrow:.3f}"
)
print("An exercise, and no ground to trade on.")

# %% Results
ex.report("days", len(quotes.dates))
ex.report("days without trade, dropped", quotes.dropped)
for name, error in errors.items():
    ex.report(f"RMSE, {name}", error)
ex.report("ratio to the day before, next day", errors["next day"] / errors["next day, as the day before"])
ex.report("last known value", float(quotes.values[-1, 0]))
ex.report("forecast for the next day", tomorrow)
ex.finish()
