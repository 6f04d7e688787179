"""Section 6.3 · Softmax (softmax 算法)

Book:      intro 6.3, figure 6-6, equation 6-11, table 6-1
Data:      the book's scores 5, 3 and 2; one input of a layer with two inputs and three outputs
Shows:     softmax as the formula and as the ops of table 6-1; the book's worked example as what it is and as softmax;
           softmax for classes that exclude each other beside sigmoids for classes that do not
Departs:   the book's 0.5, 0.3, 0.2 for the scores 5, 3, 2 is plain division by the sum; softmax is printed beside it
Time:      5 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The worked example: scores 5, 3, 2
scores = tf.constant([5.0, 3.0, 2.0])
normalised = scores / tf.reduce_sum(scores)  # what the book's 0.5, 0.3, 0.2 are
by_formula = tf.exp(scores) / tf.reduce_sum(tf.exp(scores))  # equation 6-11

# %% Table 6-1
softmax = tf.nn.softmax(scores)
log_softmax = tf.nn.log_softmax(scores)
log_by_formula = scores - tf.log(tf.reduce_sum(tf.exp(scores)))

# %% Three properties: only differences count, negative scores are allowed, large ones do not overflow
shifted = tf.nn.softmax(scores - 10)
shifted_normalised = (scores - 10) / tf.reduce_sum(scores - 10)  # plain division has none of them
large = tf.constant([1000.0, 0.0, -1000.0])
large_by_formula = tf.exp(large) / tf.reduce_sum(tf.exp(large))
log_of_softmax = tf.log(tf.nn.softmax(large))  # the small ones are rounded to 0, and log(0) is −inf

# %% Figure 6-6: two inputs, as many outputs as classes
inputs = tf.constant([[1.0, 2.0]])
weights = tf.constant([[1.0, 0.5, -1.0], [1.5, 1.0, 1.0]])
biases = tf.constant([1.0, 0.5, 1.0])
outputs = tf.matmul(inputs, weights) + biases
probabilities = tf.nn.softmax(outputs)  # along the last axis: each row sums to 1

# %% Classes that may be true together get a sigmoid each
sigmoids = tf.nn.sigmoid(scores)

# %% Run and print
with ex.session() as sess:
    plain, formula, soft, logs, log_formula, each = sess.run(
        [normalised, by_formula, softmax, log_softmax, log_by_formula, sigmoids]
    )
    moved, moved_plain = sess.run([shifted, shifted_normalised])
    overflow, stable, bad_log, good_log = sess.run(
        [large_by_formula, tf.nn.softmax(large), log_of_softmax, tf.nn.log_softmax(large)]
    )
    z, layer = sess.run([outputs, probabilities])

print("scores 5, 3, 2")
print("  divided by their sum:  ", plain, " (the book's example)")
print("  exp(x) / sum(exp(x)):  ", formula)
print("  tf.nn.softmax:         ", soft)
print("  tf.nn.log_softmax:     ", logs)
print("  x − ln(sum(exp(x))):   ", log_formula)
print("  tf.nn.sigmoid, each:   ", each, "sum", each.sum())
print("scores −5, −7, −8: softmax", moved, "and divided by their sum", moved_plain)
print("scores 1000, 0, −1000: formula", overflow, "tf.nn.softmax", stable)
print("  log of the softmax", bad_log, "tf.nn.log_softmax", good_log)
print("a layer of 2 inputs and 3 outputs:", z, "→", layer, "class", layer.argmax())

figure, axis = plt.subplots(figsize=(6.4, 4.0))
lines = {"divided by the sum": plain, "softmax": soft, "sigmoid of each": each}
for number, (name, line) in enumerate(lines.items()):
    axis.bar(np.arange(3) + 0.27 * (number - 1), line, width=0.25, label=name)
axis.set(xlabel="score", ylabel="output", title="Scores 5, 3, 2", ylim=(0, 1.15))
axis.set_xticks(range(3), ["5", "3", "2"])
axis.legend(loc="upper center", ncols=3)
figure.tight_layout()
ex.figure(figure, "outputs")

# %% Results
ex.report("5, 3, 2 divided by the sum", plain, book=[0.5, 0.3, 0.2])
ex.report("softmax of 5, 3, 2", soft)
ex.report("softmax of 5, 3, 2 by the formula", formula)
ex.report("log_softmax of 5, 3, 2", logs)
ex.report("log_softmax of 5, 3, 2 by the formula", log_formula)
ex.report("softmax of −5, −7, −8", moved)
ex.report("−5, −7, −8 divided by the sum", moved_plain)
ex.report("softmax of 1000, 0, −1000", stable)
ex.report("the formula for 1000, 0, −1000", [str(value) for value in overflow])
ex.report("log of softmax of 1000, 0, −1000", [str(value) for value in bad_log])
ex.report("log_softmax of 1000, 0, −1000", good_log)
ex.report("sum of the three sigmoids", each.sum())
ex.report("layer of figure 6-6: outputs, probabilities", [z[0], layer[0]])
ex.finish()
