"""Example 25 · Computing the loss value (计算 loss 值)

Book:      intro 6.5.4, file 6-1 continued
Data:      the two rows of example 22
Shows:     one number from the costs of the rows, from the scores and from the softmax; why training takes the mean
Departs:   the book says mean, but its code and its figure are the sum: both are printed; the labels keep their own
           name instead of being set again; sum and mean are followed up on the same rows taken twice and ten times
Time:      5 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The rows of example 22
labels = tf.constant([[0.0, 0, 1], [0, 1, 0]])
logits = tf.constant([[2, 0.5, 6], [0.1, 0, 3]])
scaled = tf.nn.softmax(logits)
rel1 = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)

# %% The loss of both rows together, two ways
loss = tf.reduce_sum(rel1)
loss2 = -tf.reduce_sum(labels * tf.log(scaled))  # over all elements, not along axis 1
mean = tf.reduce_mean(rel1)
mean2 = -tf.reduce_mean(tf.reduce_sum(labels * tf.log(scaled), 1))

# %% The mean does not depend on the number of rows; neither does the step that it gives the scores' bias
bias = tf.zeros([3])
copies = [1, 2, 10]
sums, means, steps_of_sum, steps_of_mean = [], [], [], []
for count in copies:
    rows = tf.tile(logits, [count, 1]) + bias
    costs = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.tile(labels, [count, 1]), logits=rows)
    sums.append(tf.reduce_sum(costs))
    means.append(tf.reduce_mean(costs))
    steps_of_sum.append(tf.norm(tf.gradients(sums[-1], bias)[0]))
    steps_of_mean.append(tf.norm(tf.gradients(means[-1], bias)[0]))

# %% Run and print
with ex.session() as sess:
    by_op, by_hand, mean_by_op, mean_by_hand = sess.run([loss, loss2, mean, mean2])
    tables = sess.run([sums, means, steps_of_sum, steps_of_mean])

print("loss =", by_op, "  loss2 =", by_hand, "  (the sum of the two rows)")
print("their mean:", mean_by_op, "and", mean_by_hand)
print("rows     sum      mean     gradient of the sum   gradient of the mean")
for count, total, average, step, mean_step in zip(copies, *tables, strict=True):
    print(f"{2 * count:4d}  {total:8.5f}  {average:.5f}  {step:12.5f}  {mean_step:22.5f}")

# %% Results
# The book prints six digits, so half a unit of the last one is no difference.
ex.report("loss, the sum from the scores", by_op, book=3.12183, tolerance=5e-6)
ex.report("loss2, the sum from the softmax", by_hand, book=3.12183, tolerance=5e-6)
ex.report("mean from the scores", mean_by_op)
ex.report("mean from the softmax", mean_by_hand)
ex.report("sum of 2, 4 and 20 rows", tables[0])
ex.report("mean of 2, 4 and 20 rows", tables[1])
ex.report("gradient of the sum", tables[2])
ex.report("gradient of the mean", tables[3])
ex.finish()
