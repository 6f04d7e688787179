"""Section 4.2.7 · Comparison and index ops (序列比较与索引提取)

Book:      intro 4.2.7, table 4-15
Data:      none
Shows:     every op of the table with its input and its value: positions of the smallest and the largest, what one list
           has and another has not, choosing by a condition, distinct values, permutations turned round and shuffled
Departs:   setdiff1d gives two things, the values of x that y lacks and their positions in x: the book names the
           positions alone
Time:      5 s on 2 CPU cores
"""

from _op_table import OpTable

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The table
m = tf.constant([[3, 1, 2], [0, 5, 4]])
x = tf.constant([1, 2, 3, 4, 5, 6])
y = tf.constant([1, 3, 5])
condition = tf.constant([True, False, False, True])
this = tf.constant([1, 2, 3, 4])
that = tf.constant([5, 6, 7, 8])
values = tf.constant([1, 1, 2, 4, 4, 4, 7, 8, 8])
order = tf.constant([3, 4, 0, 2, 1])
table = OpTable(ex, "Table 4-15: comparing and indexing")
table.show(tf.argmin(m, 0))
table.show(tf.argmin(m, 1))
table.show(tf.argmax(m, 0))
table.show(tf.argmax(m, 1))
table.report(tf.setdiff1d(x, y), book=([2, 4, 6], [1, 3, 5]))
table.show(tf.gather(x, tf.setdiff1d(x, y).idx))
table.report(tf.where(condition), book=[[0], [3]])
table.report(tf.where(condition, this, that), book=[1, 6, 7, 4])
table.report(tf.unique(values), book=([1, 2, 4, 7, 8], [0, 0, 1, 2, 2, 2, 3, 4, 4]))
table.show(tf.gather(tf.unique(values).y, tf.unique(values).idx))
table.report(tf.invert_permutation(order), book=[2, 4, 3, 0, 1])
table.show(tf.gather(order, tf.invert_permutation(order)))

# %% random_shuffle changes the order of the rows and leaves each row whole
rows = tf.constant([[1, 10], [2, 20], [3, 30], [4, 40], [5, 50], [6, 60]])
shuffled = tf.random_shuffle(rows)
shuffle = OpTable(ex, "Table 4-15: random_shuffle")
shuffle.show(tf.random_shuffle(rows))
shuffle.show(tf.sort(shuffled[:, 0]))
shuffle.show(tf.reduce_all(tf.equal(shuffled[:, 1], 10 * shuffled[:, 0])))

# %% One run a table
with ex.session() as sess:
    table.run(sess)
    shuffle.run(sess)
ex.finish()
