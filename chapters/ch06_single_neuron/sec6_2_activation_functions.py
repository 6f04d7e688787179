"""Section 6.2 · Activation functions (激活函数)

Book:      intro 6.1–6.2, figures 6-1 and 6-3 to 6-5, equations 6-1 to 6-10
Data:      400 points from −8 to 8; one input of a single neuron
Model:     z = w1·x1 + w2·x2 + b, a = sigmoid(z)
Shows:     the neuron of 6.1 forward, its gradients and its training until the loss is small; then each activation of
           6.2: TensorFlow's op against the formula, its gradient, its curve, and where it saturates
Departs:   sigmoid saturates at 0 and 1 (the book says 1 or −1); tf.nn.leaky_relu has a default alpha of 0.2, not the
           book's 0.01; max(x, a·x) is the leaky ReLU for 0 ≤ a ≤ 1 only; ELU has a parameter a, the op sets it to 1
Time:      7 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, learning_rate=0.5, threshold=0.001)

# %% One neuron, forward (6.1.1): z is the weighted sum, a what the cell body makes of it
x1x2 = tf.constant([1.0, -2.0])
target = tf.constant(1.0)
w = tf.Variable([0.5, 0.25], name="w")
b = tf.Variable(0.1, name="b")
z = tf.reduce_sum(w * x1x2) + b  # equation 6-1
a = tf.nn.sigmoid(z)
loss = tf.square(a - target) / 2

# %% One neuron, backward (6.1.2): the error at the output goes back to each weight through the chain rule
w_gradient, b_gradient = tf.gradients(loss, [w, b])
by_hand = (a - target) * a * (1 - a)  # dloss/da · da/dz, and dz/db = 1, dz/dw = x
one_step = tf.group(w.assign_sub(ex.learning_rate * w_gradient), b.assign_sub(ex.learning_rate * b_gradient))

with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    z_value, a_value, loss_before = sess.run([z, a, loss])
    dw, db, chain_w, chain_b = sess.run([w_gradient, b_gradient, by_hand * x1x2, by_hand])
    sess.run(one_step)
    loss_after = sess.run(loss)
    steps = 1
    while sess.run(loss) > ex.threshold:  # iterate until the error is small enough
        sess.run(one_step)
        steps += 1
print(f"z = {z_value:.6f}, a = {a_value:.6f}, loss = {loss_before:.6f}")
print(f"tf.gradients: dw = {dw}, db = {db:.6f}; by the chain rule: {chain_w}, {chain_b:.6f}")
print(f"loss after one step {loss_after:.6f}; below {ex.threshold} after {steps} steps")

# %% The activations (6.2.1–6.2.5): name → TensorFlow's node, and the formula in NumPy
x = tf.placeholder(tf.float32, [None])
leak, elu_a, beta = 0.01, 1.0, 1.0


def sigmoid(v):
    """Return 1 / (1 + e^−v), equation 6-2."""
    return 1 / (1 + np.exp(-v))


ACTIVATIONS = {
    "sigmoid": (tf.nn.sigmoid(x), sigmoid),
    "tanh": (tf.nn.tanh(x), lambda v: 2 * sigmoid(2 * v) - 1),
    "ReLU": (tf.nn.relu(x), lambda v: np.maximum(0, v)),
    "ReLU6": (tf.nn.relu6(x), lambda v: np.minimum(np.maximum(v, 0), 6)),
    "softplus": (tf.nn.softplus(x), lambda v: np.log(1 + np.exp(v))),
    "leaky ReLU, the book's way": (tf.maximum(x, leak * x), lambda v: np.where(v > 0, v, leak * v)),
    "leaky ReLU, the op": (tf.nn.leaky_relu(x, alpha=leak), lambda v: np.where(v > 0, v, leak * v)),
    "leaky ReLU, the op's default": (tf.nn.leaky_relu(x), lambda v: np.where(v > 0, v, 0.2 * v)),
    "parametric, a = 0.25": (tf.maximum(x, 0.25 * x), lambda v: np.maximum(v, 0.25 * v)),
    "ELU": (tf.nn.elu(x), lambda v: np.where(v >= 0, v, elu_a * (np.exp(v) - 1))),
    "Swish": (tf.nn.swish(x), lambda v: v * sigmoid(beta * v)),
    "Swish by hand": (x * tf.nn.sigmoid(beta * x), lambda v: v * sigmoid(beta * v)),
}
nodes = {name: node for name, (node, _) in ACTIVATIONS.items()}
gradients = {name: tf.gradients(node, x)[0] for name, node in nodes.items()}

# Noisy ReLU (6-6) has no op: max(0, x + Y), Y from N(0, σ(x)), σ(x) being the variance.
noise = tf.random_normal(tf.shape(x), seed=ex.seed) * tf.sqrt(tf.nn.sigmoid(x))
noisy = tf.nn.relu(x + noise)

# %% Op against formula, gradient against the slope of the formula
points = np.linspace(-8, 8, 400)  # no point lies on a corner (0 or 6), where there is no slope
oracles = {"sigmoid": [3, 6], "tanh": [1], "softplus": [0], "ELU": [-1], "Swish": [1]}
with ex.session() as sess:
    values, slopes = sess.run([nodes, gradients], {x: points})
    at = {name: sess.run(nodes[name], {x: where}) for name, where in oracles.items()}
    extremes, extreme_slopes = sess.run([nodes["sigmoid"], gradients["sigmoid"]], {x: [-100, -6, -3, 0, 3, 6, 100]})
    noisy_values = sess.run(noisy, {x: points})
    noisy_mean = sess.run(tf.reduce_mean(noisy), {x: np.zeros(100_000)})
    default_leak = sess.run(nodes["leaky ReLU, the op's default"], {x: [-1]})[0]
    # Not tf.maximum(x, 2 * x): TensorFlow 2.21 with oneDNN takes that for a leaky ReLU and gives −2 and 1.
    too_steep = sess.run(tf.reduce_max(tf.stack([x, 2 * x]), axis=0), {x: [-1, 1]})
    swish_betas = {f"Swish, beta = {k:g}": sess.run(tf.nn.swish(x, beta=k), {x: points}) for k in (0.1, 10.0)}

h = 1e-5
op_errors = {name: float(np.abs(values[name] - f(points)).max()) for name, (_, f) in ACTIVATIONS.items()}
slope_errors = {
    name: float(np.abs(slopes[name] - (f(points + h) - f(points - h)) / (2 * h)).max())
    for name, (_, f) in ACTIVATIONS.items()
}
print("\nactivation                     op − formula   gradient − slope   smallest and largest value on −8…8")
for name, value in values.items():
    print(
        f"{name:30s} {op_errors[name]:.1e}        {slope_errors[name]:.1e}            "
        f"{value.min():.4f}  {value.max():.4f}"
    )
for name, where in oracles.items():
    print(f"{name} at {where}: {at[name]}")
print("sigmoid at −100, −6, −3, 0, 3, 6, 100:", extremes)
print("its gradient:", extreme_slopes)
print("leaky ReLU at −1: the op's default gives", default_leak, "and the book's formula", -leak)
print("max(x, 2x) at −1 and 1:", too_steep, "(the leaky ReLU with a = 2 would be −2 and 1)")
print(f"noisy ReLU at 0: mean {noisy_mean:.4f} of 100,000 draws, expected √(0.5 / 2π) = {np.sqrt(0.25 / np.pi):.4f}")


# %% The curves
def draw(name, title, lines, ylabel):
    """Draw the curves `lines`, name → values at `points`, as one figure."""
    figure, axis = plt.subplots(figsize=(6.4, 4.0))
    for label, line in lines.items():
        axis.plot(points, line, label=label)
    axis.axhline(0, color="0.6", linewidth=0.8)
    axis.axvline(0, color="0.6", linewidth=0.8)
    axis.set(xlabel="x", ylabel=ylabel, title=title)
    axis.grid(alpha=0.3)
    axis.legend()
    ex.figure(figure, name)


VARIANTS = {
    "noisy ReLU": noisy_values,
    "ReLU6": values["ReLU6"],
    "leaky ReLU, 0.01": values["leaky ReLU, the op"],
    "leaky ReLU, 0.2": values["leaky ReLU, the op's default"],
    "parametric, 0.25": values["parametric, a = 0.25"],
    "ELU": values["ELU"],
}
SIX = ["sigmoid", "tanh", "ReLU", "softplus", "ELU", "Swish"]
draw("sigmoid", "Figure 6-3: sigmoid", {"sigmoid": values["sigmoid"]}, "activation")
draw("tanh", "Figure 6-4: tanh", {"tanh": values["tanh"]}, "activation")
draw("relu", "Figure 6-5: ReLU and softplus", {name: values[name] for name in ("ReLU", "softplus")}, "activation")
draw("variants", "Variants of ReLU", VARIANTS, "activation")
draw("swish", "Swish", {"Swish, beta = 1": values["Swish"], **swish_betas, "ReLU": values["ReLU"]}, "activation")
draw("gradients", "What is left of an error on its way back", {name: slopes[name] for name in SIX}, "gradient")

# %% Results: the book prints no figures here
ex.report("neuron: z, a, loss", [z_value, a_value, loss_before])
ex.report("neuron: gradients of w and b", [*dw, db])
ex.report("neuron: gradients by the chain rule", [*chain_w, chain_b])
ex.report("neuron: loss after one step", loss_after)
ex.report("neuron: steps until the loss is below the threshold", steps)
ex.report("op − formula, largest difference", op_errors)
ex.report("gradient − slope of the formula, largest difference", slope_errors)
for name, where in oracles.items():
    ex.report(f"{name} at {', '.join(map(str, where))}", at[name])
ex.report("sigmoid at −100 and 100", extremes[[0, -1]])
ex.report("gradient of sigmoid at 0, 3 and 6", extreme_slopes[[3, 4, 5]])
ex.report("tf.nn.leaky_relu at −1, default alpha", default_leak)
ex.report("max(x, 2x) at −1 and 1", too_steep)
ex.report("noisy ReLU at 0, mean", noisy_mean)
ex.finish()
