"""Section 7.4.2 · Regularisation (正则化)

Book:      intro 7.4.2, formulas 7-1 and 7-2
Data:      constants: a weight matrix of four numbers; 40 made-up points for the last part
Shows:     tf.nn.l2_loss is half the sum of squares, without a root; L1 made by hand; the gradients of both (L1 pulls
           with the same force at every size, L2 in proportion); regularizer= and the collection
           REGULARIZATION_LOSSES; the biases stay free
Departs:   the book's words define L2 with a square root, its formula and the op have none; the collection is the
           TensorFlow-1.x way to the sum that the book writes out
Time:      6 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, reg=0.01, reg_of_bias=0.5)

# %% The two penalties (7-1 and 7-2)
W = np.array([[3.0, -4.0], [0.5, 0.0]], np.float32)
w = tf.constant(W)
l2 = tf.nn.l2_loss(w)
l2_by_hand = tf.reduce_sum(tf.square(w)) / 2
l2_norm = tf.norm(w)  # what the book's words say: with the root
l1 = tf.reduce_sum(tf.abs(w))

# %% Their gradients: what one step of gradient descent takes away from each weight
l2_gradient, l1_gradient = tf.gradients(l2, w)[0], tf.gradients(l1, w)[0]

with ex.session() as sess:
    values = sess.run([l2, l2_by_hand, l2_norm, l1])
    gradients = sess.run([l2_gradient, l1_gradient])
print("w =", W.tolist())
for name, value in zip(("tf.nn.l2_loss(w)", "sum(w²)/2", "sqrt(sum(w²))", "sum(|w|)"), values, strict=True):
    print(f"{name:20} {value:.6f}")
print("gradient of L2, w itself:\n", gradients[0], "\ngradient of L1, the sign of w:\n", gradients[1])

# %% One weight under each penalty alone, by gradient descent: L2 shrinks it by a share, L1 by a constant
# amount, so that it reaches zero after ten steps (and then swings between 0 and 0.1)
weight_l1 = tf.Variable(1.0)
weight_l2 = tf.Variable(1.0)
descent = tf.train.GradientDescentOptimizer(0.1)
shrink = [descent.minimize(tf.abs(weight_l1)), descent.minimize(tf.nn.l2_loss(weight_l2))]
path = []
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(16):
        path.append(sess.run([weight_l1, weight_l2]))
        sess.run(shrink)
path = np.array(path)
for step in (0, 1, 5, 10, 15):
    print(f"step {step:2}: under L1 {path[step, 0]:8.5f}, under L2 {path[step, 1]:.5f}")

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
line = np.linspace(-2, 2, 201)
axes[0].plot(line, np.abs(line), label="L1: |w|")
axes[0].plot(line, line**2 / 2, label="L2: w²/2")
axes[0].set(xlabel="w", ylabel="penalty", title="the penalties")
axes[1].plot(path[:, 0], "o-", label="under L1")
axes[1].plot(path[:, 1], "s-", label="under L2")
axes[1].set(xlabel="step", ylabel="w", title="gradient descent with rate 0.1")
for axis in axes:
    axis.grid(alpha=0.3)
    axis.legend()
figure.tight_layout()
ex.figure(figure, "penalties")

# %% In a network: regularizer= puts the penalty into a collection, which is added to the loss
tf.reset_default_graph()
ex.seed_everything()
points = np.random.randn(40, 2).astype(np.float32)
targets = (points.sum(axis=1, keepdims=True) + 5).astype(np.float32)


def l2_regularizer(weights):
    """Return the penalty of one variable; the regularizer of tf.contrib.layers is gone."""
    return ex.reg * tf.nn.l2_loss(weights)


with tf.variable_scope("layer", regularizer=l2_regularizer):
    weight = tf.get_variable("weight", [2, 1], initializer=tf.ones_initializer())
    bias = tf.get_variable("bias", [1], initializer=tf.ones_initializer(), regularizer=tf.no_regularizer)
collected = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
mse = tf.reduce_mean(tf.square(tf.matmul(points, weight) + bias - targets))
loss = mse + tf.add_n(collected)
written_out = mse + ex.reg * tf.nn.l2_loss(weight)  # the book's way
penalty_of_bias = tf.gradients(tf.add_n(collected), bias)[0]
print("in REGULARIZATION_LOSSES:", [penalty.name for penalty in collected], "- the bias has none:", penalty_of_bias)

with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    both = sess.run([loss, written_out])
    print(f"loss from the collection {both[0]:.6f}, written out {both[1]:.6f}, bare {sess.run(mse):.6f}")

# %% Why biases stay free: the targets lie 5 above zero, and a penalty on the bias would hold it back
free = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
held = tf.train.GradientDescentOptimizer(0.1).minimize(loss + ex.reg_of_bias * tf.nn.l2_loss(bias))
found = {}
with ex.session() as sess:
    for name, step in (("free", free), ("penalised", held)):
        sess.run(tf.global_variables_initializer())
        for _ in range(200):
            sess.run(step)
        found[name] = sess.run([bias, mse])
        print(f"bias {name}: {found[name][0][0]:.4f}, error {found[name][1]:.5f}")

# %% Results
ex.report("tf.nn.l2_loss", values[0])
ex.report("sum of squares / 2", values[1])
ex.report("root of the sum of squares", values[2])
ex.report("sum of absolute values", values[3])
ex.report("gradient of l2_loss", gradients[0])
ex.report("gradient of L1", gradients[1])
ex.report("weight under L1 after 10 steps", path[10, 0])
ex.report("weight under L2 after 10 steps", path[10, 1])
ex.report("penalties in the collection", len(collected))
ex.report("loss from the collection", both[0])
ex.report("loss written out", both[1])
ex.report("the penalty has a gradient on the bias", penalty_of_bias is not None)
for name, (value, error) in found.items():
    ex.report(f"bias, {name}", value[0])
    ex.report(f"error, bias {name}", error)
ex.finish()
