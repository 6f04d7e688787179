"""Example 33 · Regularisation against over-fitting (通过正则化改善过拟合情况)

Book:      intro 7.4.3, listing 7-7; exercise 7.4.5
Data:      the 120 points of example 32; 20,000 fresh ones as the test
Model:     2 → 200 → 1, ReLU, leaky output
Shows:     an L2 penalty keeps the network of example 32 from learning the noise; the exercise: an L1 penalty does
           too, and drives most weights to zero, the more the larger its factor
Departs:   the bare error is printed beside the loss, because the book's 0.0913 and 0.106 contain the penalty and
           cannot stand beside the 0.149 of example 32; the test is 20,000 fresh points beside the book's 12
Time:      38 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np
from _clusters import xor_clusters
from _regions import GRID, TEST_X, TEST_Y, bayes_limit, data_figure, measure, regions, report
from models import xor_network

from utils import figures
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    points=120,
    n_hidden=200,
    reg=0.01,
    learning_rate=1e-4,
    steps=20_000,
    display_step=1000,
    quick={"learning_rate": 1e-3, "steps": 2001, "display_step": 500},
)
L1_FACTORS = [0.0003, 0.001, 0.003, 0.01]
NEAR_ZERO = 0.01

# The losses that the book prints, the penalty included.
BOOK = {0: 0.520193, 16000: 0.0913737, 17000: 0.0913519, 18000: 0.0913312, 19000: 0.0913115}

# %% The data
train_x, train_y = xor_clusters(ex.points)
twelve_x, twelve_y = xor_clusters(12)
ex.figure(data_figure(train_x, train_y, f"the {ex.points} training points"), "data")

# %% The graph: the same network from the same start without a penalty, with L2, and with L1 for several factors
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    nets, errors, losses, train_steps = {}, {}, {}, {}
    for name in ["no penalty", f"L2 {ex.reg:g}", *(f"L1 {factor:g}" for factor in L1_FACTORS)]:
        net = xor_network(x, ex.n_hidden, ex.seed)
        weights = net.weights
        error = tf.reduce_mean((net.y_pred - y) ** 2)
        if name.startswith("L2"):  # the book's line
            loss = error + tf.nn.l2_loss(weights["h1"]) * ex.reg + tf.nn.l2_loss(weights["h2"]) * ex.reg
        elif name.startswith("L1"):  # exercise 7.4.5
            factor = float(name.split()[1])
            loss = error + factor * (tf.reduce_sum(tf.abs(weights["h1"])) + tf.reduce_sum(tf.abs(weights["h2"])))
        else:
            loss = error
        nets[name], errors[name], losses[name] = net, error, loss
        train_steps[name] = tf.train.AdamOptimizer(ex.learning_rate).minimize(loss)

# %% Training
l2 = f"L2 {ex.reg:g}"
saver = tf.train.Saver(save_relative_paths=True)
train_feed = {x: train_x, y: train_y}
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    start = sess.run(nets["no penalty"].weights)
    for i in ex.resumable(range(ex.steps), sess, saver, unit="step", every=1000):
        if i % ex.display_step == 0:
            loss, error = sess.run([losses[l2], errors[l2]], train_feed)
            test = sess.run(errors, {x: TEST_X, y: TEST_Y})
            ex.record(i, loss=loss, error=error, **{f"fresh/{name}": value for name, value in test.items()})
            beside = ex.beside(str(BOOK.get(i, "-")))
            ex.log(f"Step: {i} Current loss: {loss:.7f}{beside}, bare error {error:.7f}")
        sess.run(list(train_steps.values()), train_feed)

    rows = [
        measure(name, lambda points, net=net: sess.run(net.y_pred, {x: points}), (train_x, train_y))
        for name, net in nets.items()
    ]
    trained = {name: sess.run(net.weights) for name, net in nets.items()}
    planes = {name: sess.run(net.y_pred, {x: GRID}) for name, net in nets.items()}
    book_test = sess.run(losses[l2], {x: twelve_x, y: twelve_y})
print(f"loss on the 12 points, the penalty included: {book_test:.6f}{ex.beside('0.10637')}")


# %% What the penalties do to the weights
def all_weights(weights):
    """Return the weights of both layers as one vector; a hidden unit has two in and one out."""
    return np.concatenate([weights["h1"].ravel(), weights["h2"].ravel()])


def units_in_use(weights):
    """Count the hidden units that pass anything on: some weight in, and the weight out, are not near zero."""
    return int(np.sum((abs(weights["h1"]).max(axis=0) > NEAR_ZERO) & (abs(weights["h2"][:, 0]) > NEAR_ZERO)))


zeros, units = {}, {}
print(f"\nweights           |w| < {NEAR_ZERO}   hidden units in use   sum of |w|   sum of w²")
for name, weights in {"at the start": start, **trained}.items():
    values = all_weights(weights)
    zeros[name], units[name] = float(np.mean(abs(values) < NEAR_ZERO)), units_in_use(weights)
    total = f"{abs(values).sum():12.2f} {np.square(values).sum():11.3f}"
    print(f"{name:16} {zeros[name]:10.1%} {units[name]:21} {total}")

shown = ["no penalty", l2, "L1 0.001"]
figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True)
for axis, name in zip(axes, shown, strict=True):
    axis.hist(all_weights(trained[name]), bins=np.linspace(-1, 1, 81), log=True)
    axis.set(title=f"{name}: {zeros[name]:.0%} near zero", xlabel="weight")
axes[0].set_ylabel("number of weights")
figure.tight_layout()
ex.figure(figure, "weights")

# %% The curves and the plane
lines = {name: ex.history[f"fresh/{name}"] for name in nets}
lines["Bayes limit"] = [[0, bayes_limit()[0]], [lines[l2][-1][0], bayes_limit()[0]]]
ex.figure(figures.curves(lines, xlabel="step", ylabel="mean squared error on fresh points", log=True), "fresh_points")
panels = [
    (f"{l2}, the training points", planes[l2] >= 0.5, (train_x, train_y)),
    (f"{l2}, the 12 points", planes[l2] >= 0.5, (twelve_x, twelve_y)),
    ("L1 0.001, the training points", planes["L1 0.001"] >= 0.5, (train_x, train_y)),
]
ex.figure(regions(panels), "regions")

# %% Results
# Over six starts the loss ends at 0.0914 to 0.0916 (the book's lies just outside), on the 12 points at 0.105
# to 0.110.
report(ex, rows)
loss = dict(ex.history["loss"])
ex.report("loss with the L2 penalty, last printed step", loss[max(loss)], book=0.0913115, tolerance=0.0005)
ex.report("loss with the L2 penalty, 12 points", book_test, book=0.10637, tolerance=0.006)
for name, share in zeros.items():
    ex.report(f"weights near zero, {name}", share)
for name, count in units.items():
    ex.report(f"hidden units in use, {name}", count)
ex.finish()
