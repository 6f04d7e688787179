"""Section 4.6 · Eager execution (动态图 Eager)

Book:      intro 4.6
Data:      none
Shows:     ops that run at once, without a session; Python's own control flow and gradients on values; what eager
           execution shuts off, and what it leaves open
Departs:   `tf.enable_eager_execution()` replaces `tf.contrib.eager`, which is gone. The book says that a hidden session
           makes further sessions impossible: sessions on explicit graphs work
Time:      5 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Too late: there is a default graph already
tf.constant(1.0)
try:
    tf.enable_eager_execution()
except ValueError as error:
    too_late = str(error)
print("after the first op:", too_late)

# %% At the start of a program, or with the default graph thrown away, it can be switched on
tf.reset_default_graph()
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
tf.enable_eager_execution()
ex.seed_everything()
print("eager:", tf.executing_eagerly())

# %% An op gives its value at once
with tf.device(ex.device):
    product = tf.matmul([[1.0, 2.0]], [[1.0], [3.0]])
print(product)
print("as a NumPy array:", product.numpy())

# %% Python's own `while` and `if` work on tensors: even numbers are halved, odd n becomes 3n + 1, until 1 is reached
# In TensorFlow 1 `==` compares tensors as objects, in eager execution too; their values are compared by tf.equal.
by_operator, by_value = tf.constant(6) == 6, tf.equal(tf.constant(6), 6)
print("constant 6 == 6:", by_operator, "- tf.equal:", by_value.numpy())
n, steps = tf.constant(6), 0
while n > 1:
    n = n // 2 if tf.equal(n % 2, 0) else 3 * n + 1
    steps += 1
print("steps from 6 to 1:", steps)  # 6 3 10 5 16 8 4 2 1

# %% Gradients are recorded while the ops run
w = tf.Variable(3.0)
with tf.GradientTape() as tape:
    square = w * w
gradient = tape.gradient(square, w)
print("d(w*w)/dw at 3:", gradient.numpy())

# %% A placeholder has no sense without a graph
try:
    tf.placeholder(tf.float32)
except RuntimeError as error:
    no_placeholder = str(error)
print("placeholder:", no_placeholder)

# %% Sessions on an explicit graph still work, and more than one of them
graph = tf.Graph()
with graph.as_default():
    x = tf.placeholder(tf.float32)
    twice = 2.0 * x
with ex.session(graph) as one, ex.session(graph) as other:
    in_sessions = [one.run(twice, {x: 3.0}), other.run(twice, {x: 4.0})]
print("two sessions beside eager execution:", [float(value) for value in in_sessions])

# %% Back to graphs, so that another script in the same kernel finds what it expects
tf.disable_eager_execution()
tf.reset_default_graph()
ex.seed_everything()
node = tf.matmul([[1.0, 2.0]], [[1.0], [3.0]])
print("a graph again:", node)
with ex.session() as sess:
    value = sess.run(node)

# %% Results
ex.report("after the first op", too_late)
ex.report("matmul", product.numpy())
ex.report("matmul, in a graph", value)
ex.report("matmul, by NumPy", np.matmul([[1.0, 2.0]], [[1.0], [3.0]]))
ex.report("constant 6 == 6", by_operator)
ex.report("tf.equal(constant 6, 6)", by_value.numpy())
ex.report("steps from 6 to 1", steps)
ex.report("gradient", gradient.numpy())
ex.report("placeholder", no_placeholder)
ex.report("two sessions", in_sessions)
ex.report("a graph again", str(node))
ex.finish()
