"""Section 6.7 · Initialising parameters (初始化学习参数)

Book:      intro 6.7, table 6-4
Data:      none
Shows:     every initialiser of the table through tf.get_variable: mean, standard deviation, smallest and largest value
           and histogram; that the truncated normal stays within two sigma and that QᵀQ = I; what the choice does to a
           signal on its way through ten layers and to its gradient on the way back
Departs:   tf.contrib's xavier_initializer is glorot_uniform_initializer now; random_normal is normal (one row of the
           book says uniform); zeros_initializer takes no shape; orthogonal is made by QR of a normal matrix; the
           table's repeated rows stand here once
Time:      9 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, rows=256, columns=128, layers=10)

# %% Table 6-4, each with the arguments that the book lists
INITIALIZERS = {
    "constant": lambda seed: tf.constant_initializer(0.5, dtype=tf.float32),
    "random_uniform": lambda seed: tf.random_uniform_initializer(minval=-1.0, maxval=1.0, seed=seed),
    "random_normal": lambda seed: tf.random_normal_initializer(mean=0.0, stddev=1.0, seed=seed),
    "truncated_normal": lambda seed: tf.truncated_normal_initializer(mean=0.0, stddev=1.0, seed=seed),
    "uniform_unit_scaling": lambda seed: tf.uniform_unit_scaling_initializer(factor=1.0, seed=seed),
    "variance_scaling": lambda seed: tf.variance_scaling_initializer(
        1.0, "fan_in", "uniform", seed=seed
    ),  # the new one
    "zeros": lambda seed: tf.zeros_initializer(),
    "ones": lambda seed: tf.ones_initializer(),
    "orthogonal": lambda seed: tf.orthogonal_initializer(gain=1.0, seed=seed),
    "glorot_uniform (xavier)": lambda seed: tf.glorot_uniform_initializer(seed=seed),
}
with tf.device(ex.device):
    variables = {
        name: tf.get_variable(f"w{number}", [ex.rows, ex.columns], tf.float32, initializer(ex.seed))
        for number, (name, initializer) in enumerate(INITIALIZERS.items())
    }

# get_variable takes more: a regulariser, whose value is kept in a collection, and whether to train it.
penalised = tf.get_variable(
    "penalised", [3], initializer=tf.ones_initializer(), regularizer=lambda v: 0.01 * tf.nn.l2_loss(v), trainable=False
)
penalty = tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))

# %% What becomes of a signal: ten layers with weights of their own, forward and back
signal = tf.random_normal([100, ex.rows], seed=ex.seed)
error = tf.random_normal([100, ex.rows], seed=ex.seed + 99)
SIGNALS = ["random_normal", "random_uniform", "truncated_normal"]
SIGNALS += ["uniform_unit_scaling", "orthogonal", "glorot_uniform (xavier)"]
spreads, gradients = {}, {}
for name in SIGNALS:
    layers = [signal]
    for number in range(1, ex.layers + 1):
        weights = INITIALIZERS[name](ex.seed + number)([ex.rows, ex.rows], dtype=tf.float32)
        layers.append(tf.matmul(layers[-1], weights))
    spreads[name] = [tf.math.reduce_std(layer) for layer in layers]
    gradients[name] = [tf.math.reduce_std(gradient) for gradient in tf.gradients(layers[-1], layers, grad_ys=error)]

# %% Run and print
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    values = sess.run(variables)
    penalty_value = sess.run(penalty)
    spread_values, gradient_values = sess.run([spreads, gradients])

print(f"{'initialiser':25s}     mean      std      min      max")
rows = {}
for name, value in values.items():
    rows[name] = [float(f(value)) for f in (np.mean, np.std, np.min, np.max)]
    print(f"{name:25s} {rows[name][0]:8.4f} {rows[name][1]:8.4f} {rows[name][2]:8.4f} {rows[name][3]:8.4f}")
q = values["orthogonal"].astype(np.float64)
not_identity = float(np.abs(q.T @ q - np.eye(ex.columns)).max())
outside = {name: float(np.mean(np.abs(values[name]) > 2)) for name in ("random_normal", "truncated_normal")}
print(f"outside two sigma: {outside}")
print(f"QᵀQ − I of the orthogonal matrix: at most {not_identity:.1e}")
print("not trained:", penalised.op.name, "not in", [v.op.name for v in tf.trainable_variables()])
print("its penalty in the collection REGULARIZATION_LOSSES:", penalty_value)
print(f"after {ex.layers} layers: spread of the signal, and of the gradient at the first layer")
for name in SIGNALS:
    print(f"  {name:25s} {spread_values[name][-1]:.3g}  {gradient_values[name][0]:.3g}")

figure, axes = plt.subplots(2, 5, figsize=(13, 5.2))
for axis, (name, value) in zip(axes.flat, values.items(), strict=True):
    axis.hist(value.ravel(), bins=60)
    axis.set_title(name, fontsize=10)
    axis.set_yticks([])
for axis in axes[:, 0]:
    axis.set_ylabel("frequency")
for axis in axes[1]:
    axis.set_xlabel("weight")
figure.suptitle(f"{ex.rows}×{ex.columns} weights of each initialiser")
figure.tight_layout()
ex.figure(figure, "histograms")

figure, (forward, back) = plt.subplots(1, 2, figsize=(10, 4.2), sharex=True)
for name in SIGNALS:
    forward.plot(spread_values[name], marker=".", label=name)
    back.plot(gradient_values[name], marker=".", label=name)
forward.set(xlabel="layer", ylabel="standard deviation", title="signal, forward", yscale="log")
back.set(xlabel="layer", ylabel="standard deviation", title="gradient, backward", yscale="log")
for axis in (forward, back):
    axis.grid(alpha=0.3)
forward.legend(fontsize=8)
figure.tight_layout()
ex.figure(figure, "layers")

# %% Results: the book prints no figures here
for name, row in rows.items():
    ex.report(f"{name}: mean, std, min, max", row)
ex.report("random_normal outside two sigma", outside["random_normal"])
ex.report("truncated_normal outside two sigma", outside["truncated_normal"])
ex.report("orthogonal: largest element of QᵀQ − I", not_identity)
ex.report("penalty of the regularizer", penalty_value)
ex.report("trainable", penalised in tf.trainable_variables())
for name in SIGNALS:
    ex.report(f"{name}: signal, gradient after the layers", [spread_values[name][-1], gradient_values[name][0]])
ex.finish()
