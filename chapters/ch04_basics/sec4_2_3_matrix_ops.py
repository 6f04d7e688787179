"""Section 4.2.3 · Matrix ops (矩阵相关的运算)

Book:      intro 4.2.3, table 4-11
Data:      none
Shows:     every op of the table with its input and its value, and the two equations 2x + 3y = 12, x + y = 5 solved;
           that L Lᵀ gives back the matrix of the Cholesky decomposition, and a matrix times its inverse the identity
Departs:   the ops have new homes in tf.linalg, and the old interface keeps the book's names; matrix_solve gives 3 and 2
           where the book prints 3.00000024 and 1.99999988
Time:      4 s on 2 CPU cores
"""

from _op_table import OpTable

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Diagonals, transposing, reversing
diagonal = tf.constant([1, 2, 3, 4])
rows = tf.constant([[1, 2, 3], [4, 5, 6]])
numbers = tf.reshape(tf.range(24), [1, 2, 3, 4])
shapes = OpTable(ex, "Table 4-11: moving the elements of a matrix")
shapes.report(tf.diag(diagonal), book=[[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 4]])
shapes.report(tf.diag_part(tf.diag(diagonal)), book=[1, 2, 3, 4])
shapes.show(tf.trace([[1, 2], [3, 4]]))
shapes.report(tf.transpose(rows), book=[[1, 4], [2, 5], [3, 6]])
shapes.report(
    tf.reverse(numbers, [3]),
    book=[[[[3, 2, 1, 0], [7, 6, 5, 4], [11, 10, 9, 8]], [[15, 14, 13, 12], [19, 18, 17, 16], [23, 22, 21, 20]]]],
)
shapes.show(tf.reduce_all(tf.equal(tf.reverse(numbers, [-1]), tf.reverse(numbers, [3]))))
shapes.report(
    tf.reverse(numbers, [1, 2]),
    book=[[[[20, 21, 22, 23], [16, 17, 18, 19], [12, 13, 14, 15]], [[8, 9, 10, 11], [4, 5, 6, 7], [0, 1, 2, 3]]]],
)

# %% Products, inverses, equations
square = tf.constant([[2.0, 3.0], [1.0, 1.0]])
right = tf.constant([[12.0], [5.0]])
positive = tf.constant([[4.0, 2.0], [2.0, 3.0]])
lower = tf.cholesky(positive)
algebra = OpTable(ex, "Table 4-11: linear algebra")
algebra.show(tf.matmul(square, right))
algebra.show(tf.matmul(rows, rows, transpose_b=True))
algebra.show(tf.matrix_determinant(square))
algebra.show(tf.matrix_inverse(square))
algebra.show(tf.matmul(square, tf.matrix_inverse(square)))
algebra.show(tf.cholesky(positive))
algebra.show(tf.matmul(lower, lower, transpose_b=True))
algebra.report(tf.matrix_solve(square, right), book=[[3.00000024], [1.99999988]])

# %% One run a table
with ex.session() as sess:
    shapes.run(sess)
    algebra.run(sess)
ex.finish()
