"""Example 23 · "One-hot" experiment with soft labels (one_hot 实验)

Book:      intro 6.5.2, file 6-1 continued
Data:      the two rows of example 22, their labels now spread over the three classes
Shows:     a label may be any distribution that sums to 1, but the cost then tells right from wrong less sharply
Departs:   what the book does not say is added: the cost against a soft label cannot reach 0; the least it can be is
           the entropy of the label
Time:      5 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Labels that are not one-hot; the largest share is where the 1 was
labels = tf.constant([[0.4, 0.1, 0.5], [0.3, 0.6, 0.1]])
one_hot = tf.constant([[0.0, 0, 1], [0, 1, 0]])
logits = tf.constant([[2, 0.5, 6], [0.1, 0, 3]])

rel4 = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
rel1 = tf.nn.softmax_cross_entropy_with_logits_v2(labels=one_hot, logits=logits)

# %% The least cost: scores whose softmax is the label itself
entropy = -tf.reduce_sum(labels * tf.log(labels), 1)
least = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=tf.log(labels))
divergence = tf.reduce_sum(labels * (tf.log(labels) - tf.nn.log_softmax(logits)), 1)

# %% Run and print
with ex.session() as sess:
    sums, soft, hard = sess.run([tf.reduce_sum(labels, 1), rel4, rel1])
    floor, reached, distance = sess.run([entropy, least, divergence])

print("the labels sum to", sums)
print("rel4 =", soft)
print("with the one-hot labels of example 22:", hard)
print(f"cost of the wrong row ÷ cost of the right row: {hard[1] / hard[0]:.1f} one-hot, {soft[1] / soft[0]:.2f} soft")
print("entropy of the labels:", floor, "and the cost of the best scores:", reached)
print("what is left of rel4 above it (the Kullback-Leibler divergence):", distance)

# %% Results
ex.report("rel4", soft, book=[2.17215538, 2.76967359])
ex.report("rel1, one-hot labels", hard, book=[0.02215516, 3.09967351])
ex.report("entropy of the labels", floor)
ex.report("least cost against the labels", reached)
ex.report("rel4 less the entropy", distance)
ex.finish()
