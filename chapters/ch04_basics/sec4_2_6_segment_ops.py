"""Section 4.2.6 · Segment ops (分割)

Book:      intro 4.2.6, table 4-14
Data:      none
Shows:     rows that have the same id taken together: their sum, product, minimum, maximum and mean; ids in any order;
           a choice of rows; the error that segment_sum raises for ids in any order
Departs:   sparse_segment_sum stands in the table twice, here once; the ids of segment_… must be sorted, and only the
           kernels of the CPU check that, so the table is placed there
Time:      5 s on 2 CPU cores
"""

from _op_table import OpTable

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The table
with tf.device("/cpu:0"):
    c = tf.constant([[1, 2, 3, 4], [-1, -2, -3, -4], [5, 6, 7, 8]])
    table = OpTable(ex, "Table 4-14: segments")
    table.report(tf.segment_sum(c, [0, 0, 1]), book=[[0, 0, 0, 0], [5, 6, 7, 8]])
    table.report(tf.segment_prod(c, [0, 0, 1]), book=[[-1, -4, -9, -16], [5, 6, 7, 8]])
    table.report(tf.segment_min(c, [0, 0, 1]), book=[[-1, -2, -3, -4], [5, 6, 7, 8]])
    table.report(tf.segment_max(c, [0, 0, 1]), book=[[1, 2, 3, 4], [5, 6, 7, 8]])
    table.report(tf.segment_mean(c, [0, 0, 1]), book=[[0, 0, 0, 0], [5, 6, 7, 8]])
    table.fails(lambda: tf.segment_sum(c, [1, 0, 1]))
    table.report(tf.unsorted_segment_sum(c, [1, 0, 1], 2), book=[[-1, -2, -3, -4], [6, 8, 10, 12]])
    table.report(tf.sparse_segment_sum(c, [0, 1], [0, 0]), book=[[0, 0, 0, 0]])

# %% One run
with ex.session() as sess:
    table.run(sess)
ex.finish()
