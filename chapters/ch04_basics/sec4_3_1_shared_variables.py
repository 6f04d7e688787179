"""Section 4.3.1 · Why shared variables (共享变量用途)

Book:      intro 4.3.1 and 4.3.2
Data:      made in the script
Model:     two towers of 3 → 2, one dense layer each
Shows:     two models that are to train the same weights (as in the GANs of chapter 12): made with `Variable` each has
           weights of its own, made with `get_variable` under a scope with reuse there is one set, and what one tower
           learns the other one knows
Time:      5 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, learning_rate=0.1)

# %% The book's fragment: a variable goes by its name in the graph, not by its name in Python
tf.reset_default_graph()
ex.seed_everything()
biases = tf.Variable(tf.zeros([2]), name="biases")
biases_again = tf.Variable(tf.zeros([2]), name="biases")
with tf.variable_scope("model"):
    first = tf.get_variable("biases", shape=[2], initializer=tf.zeros_initializer())
with tf.variable_scope("model", reuse=True):
    second = tf.get_variable("biases", shape=[2], initializer=tf.zeros_initializer())
print("Variable twice:", biases.name, "and", biases_again.name)
print("get_variable twice:", first.name, "and", second.name, "- the same object:", first is second)


# %% A tower in both ways
def tower_of_variables(x):
    weights = tf.Variable(tf.random_normal([3, 2]), name="weights")
    biases = tf.Variable(tf.zeros([2]), name="biases")
    return tf.matmul(x, weights) + biases


def tower_of_get_variables(x):
    with tf.variable_scope("tower", reuse=tf.AUTO_REUSE):
        weights = tf.get_variable("weights", shape=[3, 2], initializer=tf.random_normal_initializer())
        biases = tf.get_variable("biases", shape=[2], initializer=tf.zeros_initializer())
    return tf.matmul(x, weights) + biases


# %% Two towers, of which the first is trained one step
def compare(tower):
    """Build two towers, train the first, report how far their outputs are apart."""
    tf.reset_default_graph()
    ex.seed_everything()
    x = tf.placeholder(tf.float32, [None, 3])
    one, other = tower(x), tower(x)
    train_one = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(tf.reduce_mean(tf.square(one - 1.0)))
    apart = tf.reduce_max(tf.abs(one - other))
    variables = tf.global_variables()
    numbers = sum(variable.shape.num_elements() for variable in variables)

    feed = {x: np.random.rand(8, 3)}
    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        apart_before, other_before = sess.run([apart, other], feed)
        sess.run(train_one, feed)
        apart_after, other_after = sess.run([apart, other], feed)
    moved = np.abs(other_after - other_before).max()

    print(f"\n{tower.__name__}: {len(variables)} variables, {numbers} numbers")
    print("  ", [variable.name for variable in variables])
    print(f"   apart before the step {apart_before:.6f}, after it {apart_after:.6f}; the other tower moved {moved:.6f}")
    ex.report(f"{tower.__name__}, names", [variable.name for variable in variables])
    ex.report(f"{tower.__name__}, variables", len(variables))
    ex.report(f"{tower.__name__}, numbers", numbers)
    ex.report(f"{tower.__name__}, apart", [apart_before, apart_after])
    ex.report(f"{tower.__name__}, moved", moved)


compare(tower_of_variables)
compare(tower_of_get_variables)

# %% Results
ex.report("Variable biases twice", [biases.name, biases_again.name])
ex.report("get_variable biases twice", [first.name, second.name])
ex.report("get_variable gives one object", first is second)
ex.finish()
