"""Example 82 · Variational autoencoder generating MNIST (使用变分自编码模拟生成MNIST数据)

Book:      intro 10.9.1–10.9.2, listing 10-8; --start is exercise 10.9.3
Data:      MNIST, 55,000 training / 10,000 test pictures of 28×28, integer labels to colour the codes
Model:     784 → 256 ReLU → mean and log variance of 2 numbers; 2 → 256 ReLU → 784, linear
Shows:     an encoder that gives a mean and a variance, a z drawn so that the gradient passes, a KL term that holds the
           codes near a standard normal distribution, and digits from any point of the plane: a 15×15 sheet, the codes
           in colours and in TensorBoard's projector. --book has the book's cost and start. Exercise 10.9.3: from
           --start zeros only the output's bias learns, and all digits are the mean picture; from --start stddev-1 the
           exponential of the log variance is infinite and the cost NaN before the first step
Departs:   both terms are per picture: the listing sums the squared error over the batch but averages the KL term, which
           then has 1/128 of its weight, and its cost grows with the pictures fed. Glorot's start by default: at three
           times the rate the book's small one was still at the mean picture after 3 epochs. The output is linear and
           unbounded: clipped for display. 0.001 is a standard deviation, which the book calls a variance; the grid goes
           from the 5th to the 95th percentile, upwards. Half the squared error fixes the decoder's variance at 1
Time:      3.4 min on 2 CPU cores beside other work
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from _baselines import baselines
from _variational import LARGEST, cost_terms, draw_z, first_values, plane, sheet, write_projector
from models import picture_strip
from scipy.stats import norm

from utils import figures
from utils.data import mnist
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    weighting=Choice("per-picture", "book"),
    start=Choice("glorot", "book", "zeros", "stddev-1"),
    epochs=50,
    batch_size=128,
    learning_rate=0.001,
    display_step=3,
    quick={"epochs": 1, "learning_rate": 0.003},
    book={"weighting": "book", "start": "book"},
)

# The cost of the last batch of epochs 1, 4, … 49, and that of the test pictures ("Result"), as the book prints them.
BOOK = """
    2766.966308594 2503.895507812 2177.547363281 2221.667724609 2110.643798828 2103.255859375 2258.502685547
    2231.131347656 2092.596191406 2018.563964844 1993.950439453 2091.635253906 1992.461059570 2018.574462891
    1992.727661133 2056.166503906 1939.133544922"""
BOOK = dict(zip(range(1, 50, 3), map(float, BOOK.split()), strict=True))
BOOK_RESULT = 156414.0
n_input, n_hidden_1, n_hidden_2 = 784, 256, 2
GRID = 15  # digits along each edge of the manifold

# %% The data
digits = mnist.load(ex.data, one_hot=False)
test = digits.test.images
base = baselines(digits)
print(f"half the squared error of a test picture, if the mean picture is taken for it: {base.mean_half_squares:.2f}")


# %% The graph (listing 10-8)
def weight(*shape):
    return tf.Variable(first_values(list(shape), ex.start))


def bias(size):
    return tf.Variable(tf.zeros([size]))


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_input], name="x")
    zinput = tf.placeholder(tf.float32, [None, n_hidden_2], name="zinput")
    step = tf.train.create_global_step()
    weights = {
        "w1": weight(n_input, n_hidden_1),
        "b1": bias(n_hidden_1),
        "mean_w1": weight(n_hidden_1, n_hidden_2),
        "log_sigma_w1": weight(n_hidden_1, n_hidden_2),
        "w2": weight(n_hidden_2, n_hidden_1),
        "b2": bias(n_hidden_1),
        "w3": weight(n_hidden_1, n_input),
        "b3": bias(n_input),
        "mean_b1": bias(n_hidden_2),
        "log_sigma_b1": bias(n_hidden_2),
    }

    # The encoder gives a normal distribution for each picture, and z is drawn from it.
    h1 = tf.nn.relu(tf.add(tf.matmul(x, weights["w1"]), weights["b1"]))
    z_mean = tf.add(tf.matmul(h1, weights["mean_w1"]), weights["mean_b1"])
    z_log_sigma_sq = tf.add(tf.matmul(h1, weights["log_sigma_w1"]), weights["log_sigma_b1"])
    z = draw_z(z_mean, z_log_sigma_sq, ex.seed, step)

    def decoder(code):
        h2 = tf.nn.relu(tf.matmul(code, weights["w2"]) + weights["b2"])
        return tf.matmul(h2, weights["w3"]) + weights["b3"]

    reconstruction = decoder(z)
    reconstructionout = decoder(zinput)

    half_squares, kl = cost_terms(x, reconstruction, z_mean, z_log_sigma_sq)
    if ex.weighting == "book":  # the error summed over the batch, the KL term averaged: it counts 1 / batch of its due
        cost = tf.reduce_mean(tf.reduce_sum(half_squares) + kl)
    else:
        cost = tf.reduce_mean(half_squares + kl)
    optimizer = tf.train.AdamOptimizer(ex.learning_rate).minimize(cost, step)
    error, divergence = tf.reduce_mean(half_squares), tf.reduce_mean(kl)
    tf.summary.image("original_over_reconstruction", picture_strip(x[:10], tf.clip_by_value(reconstruction[:10], 0, 1)))
    for name in ("w1", "w3", "mean_w1", "log_sigma_w1"):
        tf.summary.histogram(name, weights[name])
    summary = tf.summary.merge_all()

saver = tf.train.Saver(save_relative_paths=True)
total_batch = digits.train.num_examples // ex.batch_size
end = ""

# %% Training
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    start_cost, start_error, start_kl, log_variances = sess.run([cost, error, divergence, z_log_sigma_sq], {x: test})
    print(f"before the training: test cost {start_cost:g}, log variances up to {log_variances.max():.4g}")
    started = np.isfinite(start_cost)
    if started:
        train = sess.make_callable([optimizer, cost], [x])
        for epoch in ex.resumable(range(1, ex.epochs + 1), sess, saver):
            if epoch == 1:
                ex.record(0, test_error=start_error, test_kl=start_kl)
            costs = [train(digits.train.next_batch(ex.batch_size)[0])[1] for _ in range(total_batch)]
            test_error, test_kl = sess.run([error, divergence], {x: test})
            ex.record(epoch, cost=costs[-1], mean_cost=np.mean(costs), batch_spread=np.std(costs))
            ex.record(epoch, test_error=test_error, test_kl=test_kl)
            ex.writer.add_summary(sess.run(summary, {x: test[:10]}), epoch)
            if (epoch - 1) % ex.display_step == 0:
                book = ex.beside(f"{BOOK[epoch]:.9f}") if epoch in BOOK else ""
                ex.log(f"Epoch: {epoch:04d} cost= {costs[-1]:.9f}{book}; test error {test_error:.3f}, KL {test_kl:.3f}")
        print("done!")
        result = sess.run(cost, {x: test})
        print(f"Result: {result}" + ex.beside(str(BOOK_RESULT)))
        model_path = saver.save(sess, ex.checkpoint("vae.ckpt"))
    else:  # exercise 10.9.3: one step is enough to see where it ends
        sess.run(optimizer, {x: digits.train.images[: ex.batch_size]})
        lost = {name: float(np.isnan(value).mean()) for name, value in sess.run(weights).items()}

# %% Exercise 10.9.3, standard deviation 1: no training
if not started:
    share = (log_variances > LARGEST).any(axis=1).mean()
    print(f"the exponential of more than {LARGEST:.1f} is infinite in float32; {share:.1%} of the pictures have more,")
    print(f"and one is enough: shares of NaN in the weights after one step: {lost}")
    figure, axis = plt.subplots(figsize=(6.4, 4))
    axis.hist(log_variances.ravel(), 100)
    axis.axvline(LARGEST, color="k", linestyle="--", label=f"{LARGEST:.1f}: above, the variance is infinite")
    axis.set(xlabel="log variance before the training, test pictures", ylabel="count")
    axis.legend()
    figure.tight_layout()
    ex.figure(figure, "log_variances")
    ex.report("cost before the training", str(start_cost))
    ex.report("largest log variance before the training", log_variances.max())
    ex.report("share of the pictures with an infinite variance", share)
    ex.report("share of NaN after one step", lost)
    ex.finish()
    sys.exit()

# %% Restored in another session: reconstructions, codes, and the manifold
grid_x = grid_y = norm.ppf(np.linspace(0.05, 0.95, GRID)).round(4) + 0.0  # no -0
grid = np.stack(np.meshgrid(grid_x, grid_y), axis=-1).reshape(-1, n_hidden_2)  # row i, column j: z = [x_j, y_i]
with ex.session() as sess:
    saver.restore(sess, model_path)
    restored, test_error, test_kl = sess.run([cost, error, divergence], {x: test})
    rebuilt, means, drawn, log_variances, values = sess.run(
        [reconstruction, z_mean, z, z_log_sigma_sq, weights], {x: test}
    )
    manifold = sess.run(reconstructionout, {zinput: grid})

ex.figure(figures.image_rows({"original": test[:10], "rebuilt": rebuilt[:10]}), "figure_10_18")
ex.figure(plane(means, digits.test.cls, "means of the test pictures' codes"), "figure_10_19")
figure, axis = plt.subplots(figsize=(8, 8))
axis.imshow(sheet(manifold, GRID), cmap="Greys_r", vmin=0, vmax=1)
ticks = 28 * np.arange(GRID) + 14
axis.set_xticks(ticks, [f"{value:.2f}" for value in grid_x], rotation=90)
axis.set_yticks(ticks, [f"{value:.2f}" for value in grid_y])
axis.set(xlabel="first number", ylabel="second number")
figure.tight_layout()
ex.figure(figure, "figure_10_20")
lines = {"test error": ex.history["test_error"], "KL": ex.history["test_kl"]}
lines["mean picture"] = [[0, base.mean_half_squares], [ex.epochs, base.mean_half_squares]]
ex.figure(figures.curves(lines, xlabel="epoch", ylabel="per test picture"), "terms")
write_projector(ex, means, digits.test)

# %% Results
print(f"test error {test_error:.3f} (mean picture {base.mean_half_squares:.2f}), KL {test_kl:.3f} per picture")
if ex.weighting == "book":
    # The cost of one batch scatters: the tolerance is three of its standard deviations within the last epoch.
    last, tolerance = dict(ex.history["cost"]), 3 * ex.history["batch_spread"][-1][1]
    for epoch, book in BOOK.items():
        if epoch in last:
            ex.report(f"cost, epoch {epoch}", last[epoch], book=book, tolerance=tolerance)
    ex.report("Result", result, book=BOOK_RESULT, better="lower")
    ex.report("Result per test picture", result / len(test), book=BOOK_RESULT / len(test), better="lower")
else:  # another quantity: nothing in the book to stand beside
    ex.report("Result", result)
ex.report("Result, restored", restored)
ex.report("half the squared error per test picture", test_error)
ex.report("the same of the mean picture", base.mean_half_squares)
ex.report("squared error per pixel", 2 * test_error / n_input)
ex.report("KL per test picture", test_kl)
ex.report("standard deviation of the codes' means", means.std(axis=0))
ex.report("standard deviation of the codes drawn", drawn.std(axis=0))
outside = np.square(drawn).sum(axis=1) > -2 * np.log(0.05)
ex.report("share of the codes drawn outside the circle for 95 %", outside.mean())
ex.report("median standard deviation of a picture's code", np.median(np.exp(log_variances / 2), axis=0))
ex.report("largest difference of a pixel over the manifold", np.ptp(manifold, axis=0).max())
ex.report("largest weight: w1, w2", [np.abs(values[name]).max() for name in ("w1", "w2")])
ex.finish()
