"""Example 79 · Denoising autoencoder on MNIST (使用去噪自编码网络提取MNIST特征)

Book:      intro 10.5.1, listing 10-5; exercise 10.5.2; corrupting the input is 10.4
Data:      MNIST, 55,000 training / 5,000 validation / 10,000 test pictures of 28×28, with 0.3 · N(0, 1) added
Model:     784 → 256 → 256 → 784, all sigmoids, dropout behind the hidden layers
Shows:     the noisy picture goes in, the clean one is the target; the network also cleans a kind of noise that it never
           saw, inverted pixels. Errors of all test pictures with either noise, beside those of the noisy input itself.
           Save, restore, pictures in TensorBoard. Exercise 10.5.2, keep_prob 0.5 against 1 from the same weights, on
           the same batches, for as many epochs: dropout rebuilds worse, with noise it knows (0.016 against 0.008) and
           with the other (0.021 against 0.017). There is no over-fitting to prevent: the noise is new in each batch,
           and the error of the test pictures is hardly above that of the training. --start is as in example 76
Departs:   the listing feeds the labels as the target, which do not fit: the clean pictures are meant. The text
           multiplies by the noise and speaks of one hidden layer; the code adds it and has two. The book's dropout does
           nothing, its keep_prob is 1 throughout. Its salt and pepper inverts pixels. The default start is scaled
Time:      12 min on 2 CPU cores that much other work shared
"""

import matplotlib.pyplot as plt
import numpy as np
from _baselines import baselines
from models import initial_weights, picture_strip

from utils import figures
from utils.data import mnist
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    epochs=20,
    steps=214,
    batch_size=256,
    learning_rate=0.01,
    keep_prob=0.5,
    display_step=2,
    start=Choice("glorot", "book"),
    quick={"epochs": 2, "steps": 100, "batch_size": 64, "display_step": 1},
    book={"start": "book"},
)

# The mean cost of an epoch as the book prints it, for keep_prob 1.
BOOK = "0.097613 0.073714 0.068687 0.065391 0.063086 0.062062 0.061144 0.060415 0.060192 0.059686"
BOOK = {2 * index: float(cost) for index, cost in enumerate(BOOK.split())}
n_input, n_hidden_1, n_hidden_2 = 784, 256, 256
examples_to_show = 10

# %% The data, and the two kinds of noise
digits = mnist.load(ex.data, one_hot=True)
base = baselines(digits)


def with_noise(pictures, generator=np.random):
    """Add 0.3 times normal noise to `pictures` [n, 784], not clipped to [0, 1]."""
    return pictures + np.float32(0.3) * generator.standard_normal(pictures.shape).astype(np.float32)


def salt_and_pepper(pictures, generator, rate=0.15):
    """Invert 15 % of the pixels of `pictures` [n, 784], drawn with replacement: 13.9 % are hit, v becomes 1 − v."""
    hit = np.zeros(pictures.shape, bool)
    places = generator.integers(n_input, size=(len(pictures), int(n_input * rate)))
    np.put_along_axis(hit, places, True, axis=1)
    return np.where(hit, 1 - pictures, pictures)


own_random = np.random.default_rng(ex.seed)  # the tests' noise: the same however long the training was
clean = digits.test.images
noisy = {
    "clean": clean,
    "normal noise": with_noise(clean, own_random),
    "inverted pixels": salt_and_pepper(clean, own_random),
}


# %% The graph (listing 10-5): one network without dropout, one with, from the same weights
def denoise_auto_encoder(_X, _weights, _biases, _keep_prob):
    layer = _X
    for number, name in enumerate(("1", "2")):
        layer = tf.nn.sigmoid(tf.matmul(layer, _weights[f"h{name}"]) + _biases[f"b{name}"])
        # The book's tf.nn.dropout draws from a state that no checkpoint holds; this one from the seed and the step.
        layer = tf.nn.experimental.stateless_dropout(layer, rate=1 - _keep_prob, seed=[ex.seed + number, step])
    return tf.nn.sigmoid(tf.matmul(layer, _weights["out"]) + _biases["out"])


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_input], name="y")
    dropout_keep_prob = tf.placeholder_with_default(1.0, [], name="dropout_keep_prob")
    step = tf.train.create_global_step()
    first_weights = {
        "h1": initial_weights([n_input, n_hidden_1], ex.start),
        "h2": initial_weights([n_hidden_1, n_hidden_2], ex.start),
        "out": initial_weights([n_hidden_2, n_input], ex.start),
    }
    reconstructions, costs, optimizers = {}, {}, []
    for name, keep_prob in (("no dropout", 1.0), ("dropout", dropout_keep_prob)):
        weights = {key: tf.Variable(first) for key, first in first_weights.items()}
        biases = {
            "b1": tf.Variable(tf.zeros([n_hidden_1])),
            "b2": tf.Variable(tf.zeros([n_hidden_2])),
            "out": tf.Variable(tf.zeros([n_input])),
        }
        reconstructions[name] = denoise_auto_encoder(x, weights, biases, keep_prob)
        costs[name] = tf.reduce_mean(tf.pow(reconstructions[name] - y, 2))
        optimizers.append(tf.train.AdamOptimizer(ex.learning_rate).minimize(costs[name]))
    next_step = tf.assign_add(step, 1)
    strip = tf.summary.image("noisy_original_rebuilt", picture_strip(x, y, *reconstructions.values()))

saver = tf.train.Saver(save_relative_paths=True)
model_path = ex.checkpoint("denoising.ckpt")
first_ten = {x: noisy["normal noise"][:examples_to_show], y: clean[:examples_to_show]}

# %% Training: the clean pictures are the target; the book takes the cost after the step, on the same noisy batch
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([optimizers, next_step], [x, y, dropout_keep_prob])
    cost_after = sess.make_callable(costs, [x, y, dropout_keep_prob])
    for epoch in ex.resumable(range(ex.epochs), sess, saver):
        sums = dict.fromkeys(costs, 0.0)
        for _ in range(ex.steps):
            batch = digits.train.next_batch(ex.batch_size)[0]
            feeds = with_noise(batch), batch, ex.keep_prob
            train(*feeds)
            for name, value in cost_after(*feeds).items():
                sums[name] += value / ex.steps
        ex.record(epoch, **{f"cost/{name}": value for name, value in sums.items()})
        for kind, pictures in noisy.items():  # of 1,000 test pictures, for the curves
            error = sess.run(costs, {x: pictures[:1000], y: clean[:1000]})
            ex.record(epoch, **{f"{kind}/{name}": value for name, value in error.items()})
        ex.writer.add_summary(sess.run(strip, first_ten), epoch)
        if epoch % ex.display_step == 0:
            beside = ex.beside(f"{BOOK[epoch]:.6f}") if epoch in BOOK else ""
            cost = sums["no dropout"]
            ex.log(
                f"Epoch {epoch:02d}/{ex.epochs:02d} average cost: {cost:.6f}{beside}   dropout {sums['dropout']:.6f}"
            )
    errors = {kind: sess.run(costs, {x: pictures, y: clean}) for kind, pictures in noisy.items()}
    print("Model saved in file:", saver.save(sess, model_path))

# %% Restore in a second session; the first test pictures noisy, original and rebuilt
with ex.session() as sess:
    saver.restore(sess, model_path)
    restored_error = sess.run(costs, {x: noisy["normal noise"], y: clean})
    rebuilt = sess.run(reconstructions, first_ten)

    # A random test picture with salt and pepper on it
    chosen = own_random.integers(len(clean))
    print(f"the label of test picture {chosen}: {digits.test.cls[chosen]}\nSalt and Pepper Noise")
    peppered = noisy["inverted pixels"][chosen]
    peppered_rebuilt = sess.run(reconstructions, {x: peppered[None]})
rows = {"noisy": noisy["normal noise"][:examples_to_show], "original": clean[:examples_to_show]}
rows |= {f"rebuilt,\n{name}": pictures for name, pictures in rebuilt.items()}
ex.figure(figures.image_rows(rows), "rebuilt")

panels = {"Original Image": clean[chosen], "Input Image": peppered}
panels |= {f"Reconstructed Image\n({name})": pictures[0] for name, pictures in peppered_rebuilt.items()}
figure, axes = plt.subplots(1, len(panels), figsize=(3.6 * len(panels), 3.8), layout="constrained")
for axis, (title, picture) in zip(axes, panels.items(), strict=True):
    figure.colorbar(axis.matshow(picture.reshape(28, 28), cmap="gray", vmin=0, vmax=1), ax=axis, shrink=0.8)
    axis.set(title=title, xticks=[], yticks=[])
ex.figure(figure, "salt_and_pepper")

lines = {f"{kind}, {name}": ex.history[f"{kind}/{name}"] for kind in list(noisy)[1:] for name in costs}
figure = figures.curves(lines, xlabel="epoch", ylabel="mean squared error to the clean picture")
figure.axes[0].axhline(base.mean, linestyle="--", color="gray")
figure.axes[0].annotate("mean picture", (0, base.mean), va="bottom", fontsize=8)
ex.figure(figure, "error")

# %% Results
costs_of = dict(ex.history["cost/no dropout"])
for epoch, book in BOOK.items():
    if epoch in costs_of:
        ex.report(f"average cost, epoch {epoch:02d}", costs_of[epoch], book=book, better="lower")
for kind, pictures in noisy.items():
    for name in costs:
        ex.report(f"test error, {kind}, {name}", errors[kind][name])
    ex.report(f"test error, {kind}, the input itself", np.square(pictures - clean).mean())
for name in costs:
    ex.report(f"test error, normal noise, {name}, restored", restored_error[name])
ex.report("test error, normal noise, the input clipped", np.square(noisy["normal noise"].clip(0, 1) - clean).mean())
ex.report("share of pixels that are inverted", (noisy["inverted pixels"] != clean).mean())
ex.report("test error, black picture", base.black)
ex.report("test error, mean picture", base.mean)
ex.finish()
