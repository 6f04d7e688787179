"""Section 7.1.3 · Non-linear problems (认识非线性问题)

Book:      intro 7.1.3, figures 7-7 to 7-9
Data:      four points in three arrangements, and two spirals of 100 points each, made in the script
Model:     a linear classifier on x1, x2 or on features made from them
Shows:     points that no line separates, and the features that make them separable: |x|, x², x1·x2. Each needs insight
           into its own arrangement, and none of them helps with spirals
Departs:   the book does not print its coordinates. |x| and x² work for four points on the axes; XOR at (±1, ±1) they
           fold into one point, and XOR of 0 and 1 they leave as it is. x1·x2 is the feature for these two
Time:      12 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, learning_rate=0.2, steps=500)

# %% The points: class 0 red, class 1 blue; the segments that join the two of one class cross (figure 7-7)
angle = np.linspace(0.5, 3, 100) * np.pi
spiral = (angle * np.stack([np.cos(angle), np.sin(angle)]) / 10).T
ARRANGEMENTS = {
    "diamond (±1,0), (0,±1)": ([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 1, 1]),
    "XOR at (±1,±1)": ([[1, 1], [-1, -1], [1, -1], [-1, 1]], [0, 0, 1, 1]),
    "XOR of 0 and 1": ([[0, 0], [1, 1], [0, 1], [1, 0]], [0, 0, 1, 1]),
    "spirals": (np.concatenate([spiral, -spiral]), np.repeat([0, 1], 100)),  # figure 7-9: a complex set
}
ARRANGEMENTS = {
    name: (np.array(points, np.float32), np.array(classes, np.float32))
    for name, (points, classes) in ARRANGEMENTS.items()
}

# %% The features
FEATURES = {
    "x1, x2": lambda x: x,
    "|x1|, |x2|": tf.abs,  # figure 7-8
    "x1², x2²": tf.square,
    "x1, x2, x1·x2": lambda x: tf.concat([x, x[:, :1] * x[:, 1:]], axis=1),
}


def train_linear(points, classes, feature):
    """Train a linear classifier on features of the points; return its cross-entropy, accuracy and the features."""
    with tf.Graph().as_default(), tf.device(ex.device):
        features = feature(tf.constant(points))
        labels = tf.constant(classes[:, None])
        W = tf.Variable(tf.zeros([features.shape[1], 1]))  # the loss is convex: every start ends in the same place
        b = tf.Variable(tf.zeros([1]))
        logits = tf.matmul(features, W) + b
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
        train = tf.train.AdamOptimizer(ex.learning_rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(logits > 0, labels > 0.5), tf.float32))
        with ex.session(threads=1) as sess:  # the tensors are tiny
            sess.run(tf.global_variables_initializer())
            step = sess.make_callable(train)
            for _ in range(ex.steps):
                step()
            return sess.run([loss, accuracy, features, W, b])


# %% Every feature on every arrangement
print(f"cross-entropy and accuracy of a linear classifier; one that knows nothing has {np.log(2):.4f} and 0.5")
print(f"{'':24}" + "".join(f"{name:>18}" for name in FEATURES))
results = {}
for name, (points, classes) in ARRANGEMENTS.items():
    results[name] = {kind: train_linear(points, classes, feature) for kind, feature in FEATURES.items()}
    print(f"{name:24}" + "".join(f"{loss:12.4f} {right:.3f}" for loss, right, *_ in results[name].values()))

# %% Figures 7-7 to 7-9
DIAMOND = "diamond (±1,0), (0,±1)"


def scatter(axis, points, classes, title, names):
    for label, colour in ((0, "r"), (1, "b")):
        axis.scatter(*points[classes == label].T, c=colour, s=30, label=f"class {label}")
    axis.margins(0.15)
    axis.axhline(0, color="k", lw=0.5)
    axis.axvline(0, color="k", lw=0.5)
    axis.set(xlabel=names[0], ylabel=names[1], title=title)


figure, axes = plt.subplots(1, 3, figsize=(12.6, 4.2))
points, classes = ARRANGEMENTS[DIAMOND]
scatter(axes[0], points, classes, "Figure 7-7: the segments cross", ("x1", "x2"))
for label, colour in ((0, "r"), (1, "b")):
    axes[0].plot(*points[classes == label].T, colour, lw=1)
for axis, kind, names in ((axes[1], "|x1|, |x2|", ("|x1|", "|x2|")), (axes[2], "x1², x2²", ("x1²", "x2²"))):
    _, _, features, weight, bias = results[DIAMOND][kind]
    scatter(axis, features, classes, f"After {kind}: two points each", names)
    line = np.linspace(-0.2, 1.2, 2)
    axis.plot(line, -(weight[0] * line + bias) / weight[1], "k--", label="trained line")
for axis in axes:
    axis.legend()
figure.tight_layout()
ex.figure(figure, "diamond")  # figures 7-7 and 7-8

figure, axes = plt.subplots(1, 3, figsize=(12.6, 4.2))
points, classes = ARRANGEMENTS["XOR at (±1,±1)"]
scatter(axes[0], points, classes, "XOR at (±1, ±1)", ("x1", "x2"))
scatter(axes[1], np.abs(points), classes, "After |x|: all four are one point", ("|x1|", "|x2|"))
product = results["XOR at (±1,±1)"]["x1, x2, x1·x2"][2]
scatter(axes[2], product[:, [0, 2]], classes, "After x1·x2: its sign is the class", ("x1", "x1·x2"))
for axis in axes:
    axis.legend(loc="center")
figure.tight_layout()
ex.figure(figure, "xor")

figure, axes = plt.subplots(1, 2, figsize=(9, 4.4))
points, classes = ARRANGEMENTS["spirals"]
scatter(axes[0], points, classes, "A complex set (figure 7-9)", ("x1", "x2"))
scatter(axes[1], np.abs(points), classes, "After |x|: the classes coincide", ("|x1|", "|x2|"))
for axis in axes:
    axis.legend()
figure.tight_layout()
ex.figure(figure, "spirals")

# %% Results
for name, row in results.items():
    for kind, (loss, right, *_) in row.items():
        ex.report(f"{name}, features {kind}: cross-entropy, accuracy", [loss, right])
folded = {len(np.unique(np.abs(points), axis=0)) for points, _ in [ARRANGEMENTS["XOR at (±1,±1)"]]}
ex.report("different points that |x| leaves of XOR at (±1,±1)", folded.pop())
ex.finish()
