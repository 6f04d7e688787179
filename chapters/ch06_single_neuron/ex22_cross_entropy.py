"""Example 22 · Cross-entropy experiment (交叉熵实验)

Book:      intro 6.5.1, file 6-1
Data:      two rows written by hand: the first agrees with its label, the second does not
Shows:     what goes wrong when softmax is taken twice: softmax_cross_entropy_with_logits takes the softmax itself and
           must be given raw scores; the formula written out gives the same as the op, if it is given the softmax
Departs:   after the book's five tensors the mistake is followed up: the cost that it can never go below, and how small
           the gradient gets
Time:      5 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

BOOK = {
    "scaled": [[0.01791432, 0.00399722, 0.97808844], [0.04980332, 0.04506391, 0.90513283]],
    "scaled2": [[0.21747023, 0.21446465, 0.56806517], [0.2300214, 0.22893383, 0.54104471]],
    "rel1": [0.02215516, 3.09967351],
    "rel2": [0.56551915, 1.47432232],
    "rel3": [0.02215518, 3.09967351],
}

# %% Two labels and the scores for them
labels = tf.constant([[0.0, 0, 1], [0, 1, 0]])
logits = tf.constant([[2, 0.5, 6], [0.1, 0, 3]])

# %% Softmax once, and once too often
scaled = tf.nn.softmax(logits)
scaled2 = tf.nn.softmax(scaled)

rel1 = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
rel2 = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=scaled)  # wrong: these are no longer scores
rel3 = -tf.reduce_sum(labels * tf.log(scaled), 1)

# %% What the mistake costs
# Scores that could not be better: 100 for the right class. The softmax of a softmax still sees only 1 against 0.
perfect = 100 * labels
perfect_once = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=perfect)
perfect_twice = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=tf.nn.softmax(perfect))
slope_once = tf.norm(tf.gradients(rel1, logits)[0], axis=1)
slope_twice = tf.norm(tf.gradients(rel2, logits)[0], axis=1)

# %% Run and print
with ex.session() as sess:
    measured = sess.run({"scaled": scaled, "scaled2": scaled2, "rel1": rel1, "rel2": rel2, "rel3": rel3})
    once, twice, steep, flat = sess.run([perfect_once, perfect_twice, slope_once, slope_twice])

for name, value in measured.items():
    print(f"{name} = {value}")
print("Row 1 is right and costs little, row 2 is wrong and costs much; with softmax twice the contrast is gone:")
print(f"    cost of row 2 ÷ cost of row 1: {measured['rel1'][1] / measured['rel1'][0]:.1f} with softmax once,")
print(f"    {measured['rel2'][1] / measured['rel2'][0]:.2f} with softmax twice")
print(f"perfect scores: cost {once} with softmax once, {twice} with softmax twice")
print(f"    ln(1 + 2/e) = {np.log1p(2 / np.e):.6f} is the least that three classes can cost with softmax twice")
print(f"length of the gradient that corrects the scores of each row: {steep} and {flat}")

# %% Results
for name, book in BOOK.items():
    ex.report(name, measured[name], book=book)
ex.report("cost of perfect scores, softmax once", once)
ex.report("cost of perfect scores, softmax twice", twice)
ex.report("length of the gradient, softmax once", steep)
ex.report("length of the gradient, softmax twice", flat)
ex.finish()
