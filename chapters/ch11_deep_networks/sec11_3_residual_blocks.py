"""Section 11.3 · ResNet (残差网络)

Book:      intro 11.3.1–11.3.2, figure 11-7
Data:      MNIST for the training, random numbers for the gradients
Model:     784 → 64, then blocks of two layers of 64, → 10; with and without the shortcuts
Shows:     the residual block, plain and bottleneck, in the paper's order (x is added before the last ReLU) and in the
           book's (behind it), with what it costs; the gradient at the input behind k layers with shortcuts and without;
           a network of 42 layers, which learns with shortcuts (0.94 to 0.96 of the test digits in the paper's order,
           0.93 to 0.95 in the book's, seeds 1 to 3) and badly or not at all without (0.81, 0.11, 0.11); and what is
           left of it when a single block is taken out of the trained network: the "parallel ensemble"
Departs:   the book's formula uses one w and b for both layers; each layer has its own here, as in ResNet. It adds x
           behind the last ReLU, ResNet before it. A shortcut does not keep the gradient as it is: it grows with the
           depth, in the book's order far more, to 5245 behind 64 layers against 137 in the paper's (without shortcuts
           5e-10 is left; seed 1)
Time:      66 s on 2 CPU cores, beside another run
"""

import _costs as costs
import matplotlib.pyplot as plt
import models
import numpy as np

from utils import figures
from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    blocks=20,
    steps=1500,
    batch_size=100,
    learning_rate=0.001,
    most_layers=64,
    quick={"steps": 150, "most_layers": 32, "blocks": 12},
)
ORDERS = ("plain", "original", "book")
WIDTH = 64
digits = mnist.load(ex.data, one_hot=False)

# %% The block on pictures: what it gives and what it costs
print("Blocks on 56×56 pictures:")
BLOCKS = {
    "basic": ([1, 56, 56, 64], "basic", 64, 1),
    "bottleneck": ([1, 56, 56, 256], "bottleneck", 64, 1),
    "basic on 256": ([1, 56, 56, 256], "basic", 256, 1),
    "basic, stride 2": ([1, 56, 56, 64], "basic", 128, 2),
}
table = {}
for name, (shape, kind, filters, stride) in BLOCKS.items():
    scope = f"block_{len(table)}"
    with tf.variable_scope(scope):
        output = models.residual_block(tf.placeholder(tf.float32, shape), kind, filters=filters, stride=stride)
    table[name] = output.shape.as_list()[1:], costs.parameters(f"{scope}/"), costs.multiply_adds(f"{scope}/")
    print(f"  {name:16}{shape[1:]} → {table[name][0]}: {table[name][1]:,} parameters, {table[name][2]:,} multiply-adds")

# %% The two orders: behind the book's a number may be negative, behind the paper's it is not
X, F = [-3.0, -1.0, 1.0, 3.0], [-5.0, 2.0, -0.5, 2.0]
joined = {order: models.ordered(tf.constant(F), tf.constant(X), order) for order in ORDERS}


# %% A block of two dense layers, f = relu(x·w₁ + b₁), H = relu(f·w₂ + b₂), and the shortcut
def dense_block(x, order, keep=1.0):
    """Apply a block to [b, 64]; with `keep` 0 its branch gives nothing, which takes the block out."""
    f = tf.layers.dense(x, WIDTH, activation=tf.nn.relu)
    end = tf.layers.dense(f, WIDTH)
    if order == "plain":
        return keep * models.ordered(end, x, order) + (1 - keep) * x  # without a shortcut, x goes past the block
    return models.ordered(keep * end, x, order)


# %% The gradient that is left at the input, behind 2, 4, 8, … layers of untrained weights (Glorot's)
depths = [2**power for power in range(1, ex.most_layers.bit_length())]  # 2, 4, 8, …
start = tf.constant(np.random.default_rng(ex.seed).normal(size=(256, WIDTH)), tf.float32)
slopes = {}
for order in ORDERS:
    with tf.variable_scope(f"gradients_{order}"):
        net = start
        for depth in range(2, ex.most_layers + 1, 2):
            net = dense_block(net, order)
            if depth in depths:
                gradient = tf.gradients(net, start)[0]
                slopes[order, depth] = tf.sqrt(tf.reduce_mean(tf.square(gradient)))

# %% The networks that are trained, side by side
with tf.device(ex.device):
    pixels = tf.placeholder(tf.float32, [None, 784], name="pixels")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    keep = tf.placeholder_with_default(tf.ones([ex.blocks]), [ex.blocks], name="keep")
    train_ops, losses, accuracies = {}, {}, {}
    for order in ORDERS:
        with tf.variable_scope(f"net_{order}"):
            net = tf.layers.dense(pixels, WIDTH, activation=tf.nn.relu)
            for number in range(ex.blocks):
                net = dense_block(net, order, keep[number])
            logits = tf.layers.dense(net, 10)
        losses[order] = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        accuracies[order] = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
        own = [v for v in tf.trainable_variables() if v.name.startswith(f"net_{order}/")]
        optimizer = tf.train.AdamOptimizer(ex.learning_rate, name=f"adam_{order}")
        train_ops[order] = optimizer.minimize(losses[order], var_list=own)

saver = tf.train.Saver([v for v in tf.global_variables() if v.name.startswith("net_")], save_relative_paths=True)
record_every = max(1, ex.steps // 30)
test = {pixels: digits.test.images, labels: digits.test.labels}
with ex.session(rewrite=False) as sess:
    sess.run(tf.global_variables_initializer())
    both = sess.run(joined)
    left = sess.run(slopes)
    train = sess.make_callable([train_ops, losses], [pixels, labels])
    for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=100):
        _, now = train(*digits.train.next_batch(ex.batch_size))
        if step % record_every == 0 or step == ex.steps - 1:
            ex.record(step + 1, **{f"loss_{order}": now[order] for order in ORDERS})
    measured = sess.run(accuracies, test)
    without = {order: [] for order in ORDERS}  # the accuracy on the same test pictures with one block taken out
    for number in range(ex.blocks):
        kept = np.ones(ex.blocks, np.float32)
        kept[number] = 0
        for order, value in sess.run(accuracies, test | {keep: kept}).items():
            without[order].append(float(value))

print(f"x = {X}, F(x) = {F}:")
for order, value in both.items():
    print(f"  {order:10}{value.tolist()}")
deepest = depths[-1]
for order in ORDERS:
    print(f"gradient at the input behind {deepest} layers, {order}: {left[order, deepest]:.3g}")
for order in ORDERS:
    mean, worst = np.mean(without[order]), min(without[order])
    print(f"{2 * ex.blocks + 2} layers, {order}: test accuracy {measured[order]:.4f}; ", end="")
    print(f"with one block taken out {mean:.4f} on average, {worst:.4f} at worst")

# %% Figures
lines = {order: [(depth, left[order, depth]) for depth in depths] for order in ORDERS}
ex.figure(figures.curves(lines, xlabel="layers", ylabel="gradient at the input", log=True), "gradients")
lines = {order: ex.history[f"loss_{order}"] for order in ORDERS}
ex.figure(figures.curves(lines, xlabel="steps", ylabel="loss of a batch", log=True), "losses")

figure, axis = plt.subplots(figsize=(7, 4))
for order in ORDERS:
    axis.plot(range(1, ex.blocks + 1), without[order], marker=".", label=order)
axis.set(xlabel="the block that is taken out", ylabel="test accuracy", ylim=(0, 1), xticks=range(1, ex.blocks + 1))
axis.tick_params(axis="x", labelsize=7)
axis.grid(alpha=0.3)
axis.legend()
figure.tight_layout()
ex.figure(figure, "one_block_out")

# %% Results
for name, (shape, count, operations) in table.items():
    ex.report(f"{name}: output", shape)
    ex.report(f"{name}: parameters", count)
    ex.report(f"{name}: multiply-adds", operations)
for order in ORDERS:
    ex.report(f"{order}: x and F(x) joined", both[order])
    ex.report(f"{order}: gradient behind 2 layers", left[order, 2])
    ex.report(f"{order}: gradient behind {deepest} layers", left[order, deepest])
    ex.report(f"{order}: test accuracy", measured[order])
    ex.report(f"{order}: test accuracy with one block out, mean", np.mean(without[order]))
    ex.report(f"{order}: test accuracy with one block out, worst", min(without[order]))
ex.finish()
