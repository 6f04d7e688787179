"""Section 7.5 · Depth and width; chapter exercises (全连接网络的深浅关系；练习题)

Book:      intro 7.4.9 and 7.5
Data:      the 120 points of example 32, with 20,000 fresh ones as the test; the four rows of XOR
Model:     2 → 189 → 1 and 2 → 18 → 18 → 18 → 1, 757 parameters each; 2 → 20 → 1 for the exercises
Shows:     the remark on depth and width measured: one wide hidden layer against three narrow ones on one budget (the
           deep one fits more with fewer units, but on 120 noisy points that is more over-fitting); then
           three broken XOR networks, what each one's mistake looks like from outside, and its cure
Departs:   the book prints neither figures for its remark nor its three scripts (xorerr1 to xorerr3): the mistakes here
           are a dead ReLU as the output, softmax over one output node, and labels [n] against predictions [n, 1]
Time:      31 s on 2 CPU cores
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from _clusters import xor_clusters
from _regions import GRID, TEST_X, TEST_Y, bayes_limit, mse, regions

from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    starts=5,
    steps=4000,
    learning_rate=0.003,
    xor_starts=20,
    xor_steps=2000,
    quick={"starts": 2, "steps": 800, "xor_steps": 1000},
)

# %% Depth against width (7.4.9): the same number of parameters, several starts each
train_x, train_y = xor_clusters(120)
SHAPES = {"1 hidden layer": [2, 189, 1], "3 hidden layers": [2, 18, 18, 18, 1]}
parameters = {name: sum((a + 1) * b for a, b in itertools.pairwise(sizes)) for name, sizes in SHAPES.items()}
units = {name: sum(sizes[1:-1]) for name, sizes in SHAPES.items()}


def dense_network(points, sizes, seed):
    """Return the prediction [n, 1] of a ReLU network with the layers `sizes` and a linear output."""
    layer = points
    for depth, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        weights = tf.Variable(tf.glorot_uniform_initializer(seed=seed + depth)([inputs, outputs]))
        z = tf.matmul(layer, weights) + tf.Variable(tf.zeros([outputs]))
        layer = z if depth == len(sizes) - 2 else tf.nn.relu(z)
    return layer


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    outputs = {
        name: [dense_network(x, sizes, 100 * ex.seed + 10 * start) for start in range(ex.starts)]
        for name, sizes in SHAPES.items()
    }
    errors = {name: [tf.reduce_mean((out - y) ** 2) for out in outs] for name, outs in outputs.items()}
    optimizer = tf.train.AdamOptimizer(ex.learning_rate)
    train_steps = [optimizer.minimize(error) for several in errors.values() for error in several]

saver = tf.train.Saver(save_relative_paths=True)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=1000):
        if step % 200 == 0:
            train, test = sess.run(errors, {x: train_x, y: train_y}), sess.run(errors, {x: TEST_X, y: TEST_Y})
            for name in SHAPES:
                ex.record(step, **{f"train/{name}": np.mean(train[name]), f"fresh/{name}": np.mean(test[name])})
        sess.run(train_steps, {x: train_x, y: train_y})
    fitted = {name: sess.run(outs, {x: train_x}) for name, outs in outputs.items()}
    fresh = {name: sess.run(outs, {x: TEST_X}) for name, outs in outputs.items()}
    planes = {name: sess.run(outs[0], {x: GRID}) for name, outs in outputs.items()}

# The book: deeper networks need fewer units and generalise better.
train_mse = {name: [mse(p, train_y) for p in several] for name, several in fitted.items()}
fresh_mse = {name: [mse(p, TEST_Y) for p in several] for name, several in fresh.items()}
best_mse = {name: min(value for _, value in ex.history[f"fresh/{name}"]) for name in SHAPES}
print(f"{'mean over the starts':18} parameters  units  training      fresh points    best on the way")
for name in SHAPES:
    spread = f"{np.mean(fresh_mse[name]):.4f} ± {np.std(fresh_mse[name]):.4f}"
    line = f"{parameters[name]:10} {units[name]:6} {np.mean(train_mse[name]):9.4f} {spread:>17} {best_mse[name]:18.4f}"
    print(f"{name:18} {line}")

figure, axis = plt.subplots(figsize=(6.4, 4))
for name, color in zip(SHAPES, ("tab:blue", "tab:orange"), strict=True):
    axis.plot(*np.transpose(ex.history[f"train/{name}"]), color=color, label=f"{name}, training")
    axis.plot(*np.transpose(ex.history[f"fresh/{name}"]), color=color, linestyle="--", label=f"{name}, fresh points")
axis.axhline(bayes_limit()[0], color="black", linewidth=0.8, label="Bayes limit")
axis.set(xlabel="step", ylabel="mean squared error", yscale="log", title="757 parameters each")
axis.legend(fontsize=8)
figure.tight_layout()
ex.figure(figure, "depth_and_width")
ex.figure(regions([(name, planes[name] >= 0.5, (train_x, train_y)) for name in SHAPES]), "regions")

# %% Exercises (7.5): the four rows of XOR, many starts at once along the first axis
tf.reset_default_graph()
ex.seed_everything()
ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
XOR = np.array([[0], [1], [1], [0]], np.float32)
LABELS = np.tile(XOR, [ex.xor_starts, 1, 1])  # [starts, 4, 1]
ONE_HOT = np.concatenate([1 - LABELS, LABELS], axis=-1)  # [starts, 4, 2]


# With 10 hidden units 18 or 19 of the 20 starts of each cure solve XOR, with 20 units all of them do.
def logits_of(outputs, hidden=20):
    """Return z [starts, 4, outputs] of networks 2 → `hidden` → `outputs`, each start with weights of its own."""
    w1 = tf.Variable(tf.random_normal([ex.xor_starts, 2, hidden], stddev=0.5, seed=ex.seed))
    b1 = tf.Variable(tf.zeros([ex.xor_starts, 1, hidden]))
    w2 = tf.Variable(tf.random_normal([ex.xor_starts, hidden, outputs], stddev=0.5, seed=ex.seed + 1))
    b2 = tf.Variable(tf.zeros([ex.xor_starts, 1, outputs]))
    return tf.matmul(tf.nn.relu(tf.matmul(ROWS[None], w1) + b1), w2) + b2


with tf.device(ex.device):
    # Mistake 1: a ReLU as the output. Where z is below 0 in all rows, its gradient is 0 as well. Cure: a sigmoid.
    z1, z1_cured = logits_of(1), logits_of(1)
    dead, alive = tf.nn.relu(z1), tf.sigmoid(z1_cured)
    # Mistake 2: softmax over one output node, which is 1 whatever z is. Cure: two nodes and one-hot labels.
    z2, z2_cured = logits_of(1), logits_of(2)
    # Mistake 3: labels [4] against predictions [4, 1]: the difference is [4, 4], each prediction against each label.
    # The best that can be done then is the mean of the labels. Cure: labels [4, 1].
    z3, z3_cured = logits_of(1), logits_of(1)
    difference = z3 - XOR[:, 0]

    loss_of = {  # [starts] each
        "1 dead ReLU": tf.reduce_mean((dead - LABELS) ** 2, axis=[1, 2]),
        "1 cured": tf.reduce_mean((alive - LABELS) ** 2, axis=[1, 2]),
        "2 softmax of one": tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits_v2(labels=LABELS, logits=z2), axis=1
        ),
        "2 cured": tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=ONE_HOT, logits=z2_cured), axis=1),
        "3 broadcast": tf.reduce_mean(difference**2, axis=[1, 2]),
        "3 cured": tf.reduce_mean((z3_cured - LABELS) ** 2, axis=[1, 2]),
    }
    predicted = {  # the probability or the value for label 1, [starts, 4]
        "1 dead ReLU": dead[..., 0],
        "1 cured": alive[..., 0],
        "2 softmax of one": tf.nn.softmax(z2)[..., 0],
        "2 cured": tf.nn.softmax(z2_cured)[..., 1],
        "3 broadcast": z3[..., 0],
        "3 cured": z3_cured[..., 0],
    }
    slope = tf.norm(tf.gradients(loss_of["1 dead ReLU"], z1)[0][..., 0], axis=1)  # [starts]
    # The starts share no variable, so that one optimiser on the sum trains each alone.
    fit = [tf.train.AdamOptimizer(0.01).minimize(tf.reduce_sum(loss)) for loss in loss_of.values()]

print("\nlabels", XOR[:, 0].shape, "- predictions (4, 1): the difference has the shape", difference.shape[1:])
path = {name: [] for name in loss_of}
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in ex.progress(range(ex.xor_steps), unit="step"):
        for name, loss in sess.run([loss_of, fit])[0].items():
            path[name].append(loss)
    last, values, slopes = sess.run([loss_of, predicted, slope])

solved = {name: int((abs(v - XOR[:, 0]) < 0.4).all(axis=1).sum()) for name, v in values.items()}
is_dead = (values["1 dead ReLU"] == 0).all(axis=1)
example = {name: int(np.argmax(is_dead)) if name.startswith("1") else 0 for name in values}
print(f"{is_dead.sum()} of {ex.xor_starts} starts end dead: all zeros, gradient {slopes[is_dead].max(initial=0.0)}")
print(f"\n{'':18} solved  loss, first and last step   one start's predictions for 00, 01, 10, 11")
for name, v in values.items():
    one = example[name]
    losses = f"{path[name][0][one]:8.4f} {last[name][one]:10.6f}"
    numbers = " ".join(f"{value:7.4f}" for value in v[one])
    print(f"{name:18} {solved[name]:3}/{ex.xor_starts}   {losses}       {numbers}")

figure, axes = plt.subplots(1, 3, figsize=(12, 3.6))
for axis, (broken, cured) in zip(axes, [list(loss_of)[i : i + 2] for i in (0, 2, 4)], strict=True):
    for name, color in ((broken, "tab:red"), (cured, "tab:green")):
        lines = axis.plot(range(0, ex.xor_steps, 10), np.array(path[name])[::10], color=color, linewidth=0.6)
        lines[0].set_label(name)
    axis.set(xlabel="step", ylabel="loss", title=f"mistake {broken}")
    axis.legend(loc="upper right")
figure.tight_layout()
ex.figure(figure, "exercises")

# %% Results
for name in SHAPES:
    ex.report(f"parameters, {name}", parameters[name])
    ex.report(f"training MSE, {name}", np.mean(train_mse[name]))
    ex.report(f"fresh MSE, {name}", np.mean(fresh_mse[name]))
    ex.report(f"fresh MSE, best on the way, {name}", best_mse[name])
for name, count in solved.items():
    ex.report(f"solved, {name}", count)
    ex.report(f"predictions, {name}", values[name][example[name]])
ex.report("starts", ex.xor_starts)
ex.report("starts that end dead", int(is_dead.sum()))
ex.report("largest gradient of a dead start", float(slopes[is_dead].max(initial=0.0)))
ex.report("largest loss, 2 softmax of one", max(float(loss.max()) for loss in path["2 softmax of one"]))
ex.report("shape of the difference, 3 broadcast", difference.shape[1:].as_list())
ex.report("loss, 3 broadcast", float(np.mean(last["3 broadcast"])))
ex.finish()
