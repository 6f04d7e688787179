"""Section 7.2.2 · Seeing a non-linear net; logic gates (非线性网络的可视化及其意义)

Book:      intro 7.2.2, figures 7-12 to 7-14
Data:      the four rows of XOR
Model:     2 → 2 → 1 with sigmoids, trained; then the same network with weights set by hand
Shows:     the surface that the network lays over the plane, cut at height 0; the two lines of the hidden layer and what
           they make of the four rows; AND, OR, NOT and NAND as single neurons, and XOR put together from them
Departs:   the book reads its hidden outputs 00→0, 10→1, 01→1, 00→0 as an AND: the output layer is an OR. Its weights
           for AND are printed as w[−30, 20], b[20], which is another gate; with w[20, 20] the bias has to be −30.
           The numbers of the other gates are not in the text, those here are the usual ones for a steep sigmoid
Time:      8 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, learning_rate=0.05, steps=2000, max_restarts=50)

ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
XOR = np.array([[0], [1], [1], [0]], np.float32)

# %% A trained network; z is what the output's sigmoid takes, 0 where the answer turns
with tf.device(ex.device):
    x = tf.placeholder_with_default(ROWS, [None, 2])
    W1 = tf.Variable(tf.random_normal([2, 2]))
    b1 = tf.Variable(tf.zeros([2]))
    W2 = tf.Variable(tf.random_normal([2, 1]))
    b2 = tf.Variable(tf.zeros([1]))
    hidden = tf.nn.sigmoid(tf.matmul(x, W1) + b1)
    z = tf.matmul(hidden, W2) + b2
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=XOR, logits=z))
    train = tf.train.AdamOptimizer(ex.learning_rate).minimize(loss)

edge = np.linspace(-0.5, 1.5, 81)
grid = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
init = tf.global_variables_initializer()
with ex.session() as sess:
    step = sess.make_callable(train)
    starts = 0
    solved = False
    while not solved and starts < ex.max_restarts:  # as in example 30, not every start gets there
        starts += 1
        sess.run(init)
        for _ in range(ex.steps):
            step()
        trained_z, trained_hidden, trained_loss = sess.run([z, hidden, loss])
        solved = ((trained_z > 0) == (XOR > 0.5)).all()
    print(f"solved at start {starts}, loss {trained_loss:.4f}, z {trained_z[:, 0]}")
    surface = sess.run(z, {x: grid}).reshape(81, 81)
    lines = sess.run([W1, b1])
print("hidden outputs:\n", trained_hidden.round(3), sep="")


# %% Gates: one neuron each, a sigmoid so steep that it is 0 or 1 (figure 7-14)
def neuron(inputs, w, b):
    return tf.nn.sigmoid(tf.tensordot(inputs, tf.constant(w, tf.float32), 1) + b)


def both(one, other):
    return tf.stack([one, other], axis=1)


rows = tf.constant(ROWS)
AND, OR, NAND, NOT = ([20, 20], -30), ([20, 20], -10), ([-20, -20], 30), ([-20], 10)
nand_of_two = neuron(neuron(rows, *AND)[:, None], *NOT)
gates = {
    "AND (20, 20; -30)": neuron(rows, *AND),
    "OR (20, 20; -10)": neuron(rows, *OR),
    "NAND (-20, -20; 30)": neuron(rows, *NAND),
    "NOT x1 (-20; 10)": neuron(rows[:, :1], *NOT),
    "NAND = NOT(AND)": nand_of_two,
    "XOR = AND(OR, NAND)": neuron(both(neuron(rows, *OR), neuron(rows, *NAND)), *AND),
    "as the book prints AND (-30, 20; 20)": neuron(rows, [-30, 20], 20),
}

# The hidden outputs that the book prints for the rows 00, 01, 10, 11, rounded.
BOOK_HIDDEN = tf.constant([[0, 0], [1, 0], [0, 1], [0, 0]], tf.float32)
readings = {
    "OR of the book's hidden outputs": neuron(BOOK_HIDDEN, *OR),
    "AND of the book's hidden outputs": neuron(BOOK_HIDDEN, *AND),
}
points = tf.constant(grid, tf.float32)
or_half, nand_half = neuron(points, *OR), neuron(points, *NAND)
with ex.session() as sess:
    truth, read, halves = sess.run([gates, readings, [or_half, nand_half, neuron(both(or_half, nand_half), *AND)]])

print(f"{'x1 x2':38} 00 01 10 11")
for name, outputs in {**truth, **read}.items():
    print(f"{name:38} " + "  ".join(f"{value:.0f}" for value in outputs))
steepness = max(float(np.abs(outputs - outputs.round()).max()) for outputs in truth.values())
print(f"no gate is farther than {steepness:.1e} from 0 or 1")

# %% Figure 7-12: the surface and the plane at height 0
figure = plt.figure(figsize=(7, 5.4))
axis = figure.add_subplot(projection="3d")
x1, x2 = np.meshgrid(edge, edge)
drawn = axis.plot_surface(x1, x2, surface, cmap="coolwarm", alpha=0.9)
axis.plot_surface(x1, x2, np.zeros_like(surface), color="k", alpha=0.2)
axis.scatter(*ROWS.T, trained_z[:, 0], c="k", s=40)
axis.set(xlabel="x1", ylabel="x2", zlabel="z", title="The trained network: the sign of z is the answer")
figure.colorbar(drawn, shrink=0.6, pad=0.12)
ex.figure(figure, "surface")

# %% Figure 7-13: two lines whose results are ANDed, by hand and trained
figure, axes = plt.subplots(1, 2, figsize=(10.4, 4.8))
axes[0].contourf(edge, edge, halves[2].reshape(81, 81), levels=[0, 0.5, 1], colors=["mistyrose", "lightblue"])
axes[0].plot(edge, 0.5 - edge, "C1", label="OR: above x1 + x2 = 0.5")
axes[0].plot(edge, 1.5 - edge, "C2", label="NAND: below x1 + x2 = 1.5")
axes[0].set_title("XOR = AND(OR, NAND), by hand: blue is 1")
axes[1].contourf(
    edge, edge, surface, levels=[surface.min() - 1, 0, surface.max() + 1], colors=["mistyrose", "lightblue"]
)
for unit in range(2):
    slope, intercept = -lines[0][0, unit] / lines[0][1, unit], -lines[1][unit] / lines[0][1, unit]
    axes[1].plot(edge, slope * edge + intercept, f"C{unit + 1}", label=f"hidden unit {unit + 1} is 0.5")
axes[1].set_title("The trained network: blue is 1")
for axis in axes:
    axis.scatter(*ROWS.T, c=XOR[:, 0], cmap="coolwarm_r", edgecolors="k", s=80, zorder=3)
    axis.set(xlabel="x1", ylabel="x2", xlim=(-0.5, 1.5), ylim=(-0.5, 1.5))
    axis.legend()
figure.tight_layout()
ex.figure(figure, "two_lines")

figure, axis = plt.subplots(figsize=(5.2, 4.6))
axis.scatter(*trained_hidden.T, c=XOR[:, 0], cmap="coolwarm_r", edgecolors="k", s=80)
for (one, two), place in zip(ROWS.astype(int), trained_hidden, strict=True):
    axis.annotate(f"{one}{two}", place, (8, 6 if two else -12), textcoords="offset points")
axis.margins(0.15)
axis.set(xlabel="hidden unit 1", ylabel="hidden unit 2", title="What the output neuron sees: a line is enough")
figure.tight_layout()
ex.figure(figure, "hidden_space")

# %% Results
for name, outputs in {**truth, **read}.items():
    ex.report(name, outputs.round().astype(int))
ex.report("largest distance of a gate from 0 or 1", steepness)
ex.report("trained: starts until XOR was solved", starts)
ex.report("trained: z of the rows 00, 01, 10, 11", trained_z[:, 0])
ex.report("trained: loss", trained_loss)
ex.finish()
