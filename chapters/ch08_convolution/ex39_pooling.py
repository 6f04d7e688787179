"""Example 39 · Using the pooling functions (池化函数的使用)

Book:      intro 8.4.5–8.4.6, listing 8-3
Data:      a constant 4×4 picture with two channels: rows of 0, 1, 2, 3 and rows of 4, 5, 6, 7
Shows:     tf.nn.max_pool and tf.nn.avg_pool with VALID and SAME; that an average over the whole picture is its mean
Departs:   the average leaves out the padding outside the picture, not (as the book says) the elements that are zero:
           both ways of counting are worked out beside TensorFlow's; pooling1 is 3×3 (the book's text says 2×2)
Time:      4 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# What the book prints, without the batch axis: rows, columns, channels.
BOOK = {
    "pooling": [[[1, 5]] * 2, [[3, 7]] * 2],
    "pooling1": [[[1, 5]] * 3, [[2, 6]] * 3, [[3, 7]] * 3],
    "pooling2": [[[1, 5]] * 4, [[1.5, 5.5]] * 4, [[2, 6]] * 4, [[2.5, 6.5]] * 4],
    "pooling3": [[[1.5, 5.5]]],
}

# %% The picture: row r holds r in channel 0 and r + 4 in channel 1, in every column
img = tf.constant(
    [
        [[0.0, 4.0], [0.0, 4.0], [0.0, 4.0], [0.0, 4.0]],
        [[1.0, 5.0], [1.0, 5.0], [1.0, 5.0], [1.0, 5.0]],
        [[2.0, 6.0], [2.0, 6.0], [2.0, 6.0], [2.0, 6.0]],
        [[3.0, 7.0], [3.0, 7.0], [3.0, 7.0], [3.0, 7.0]],
    ]
)
img = tf.reshape(img, [1, 4, 4, 2])

# %% The poolings
pooling = tf.nn.max_pool(img, [1, 2, 2, 1], [1, 2, 2, 1], padding="VALID")
pooling1 = tf.nn.max_pool(img, [1, 2, 2, 1], [1, 1, 1, 1], padding="VALID")
pooling2 = tf.nn.avg_pool(img, [1, 4, 4, 1], [1, 1, 1, 1], padding="SAME")
pooling3 = tf.nn.avg_pool(img, [1, 4, 4, 1], [1, 4, 4, 1], padding="SAME")  # global average pooling

# The same average as a mean: the axes reversed bring the channels to the front, one row each.
nt_hpool2_flat = tf.reshape(tf.transpose(img), [-1, 16])
pooling4 = tf.reduce_mean(nt_hpool2_flat, 1)  # 1: over the columns

# %% What does the SAME average divide by? Its 4×4 windows pad one row above and two below, columns alike.
padding = [[0, 0], [1, 2], [1, 2], [0, 0]]


def window_sums(picture):
    """Return the sums under the 4×4 windows of `picture` with zeros round it."""
    return 16 * tf.nn.avg_pool(tf.pad(picture, padding), [1, 4, 4, 1], [1, 1, 1, 1], padding="VALID")


sums = window_sums(img)
inside_average = sums / window_sums(tf.ones_like(img))  # by the elements inside the picture
nonzero_average = sums / window_sums(tf.cast(tf.not_equal(img, 0.0), tf.float32))  # the book's rule
all_average = sums / 16  # by the whole window

# %% Run and print, with the book's labels
with ex.session() as sess:
    image, flat, mean, results, rules = sess.run(
        [
            img,
            nt_hpool2_flat,
            pooling4,
            {"pooling": pooling, "pooling1": pooling1, "pooling2": pooling2, "pooling3": pooling3},
            {
                "elements inside the picture": inside_average,
                "non-zero elements": nonzero_average,
                "elements of the window": all_average,
            },
        ]
    )

print("image:\n", image)
for label, (name, result) in zip(("reslut", "reslut1", "reslut2", "reslut3"), results.items(), strict=True):
    print(f"{label} ({name}), shape {list(result.shape)}:\n{result}")
print("reslut4 (pooling4):", mean)
print("flat:\n", flat)

print("The first window of the SAME average covers the rows 0, 1, 2 of three columns in the picture.")
print(f"  TensorFlow, as the book's own output: {results['pooling2'][0, 0, 0]}")
for rule, value in rules.items():
    print(f"  the sum divided by the number of {rule}: {value[0, 0, 0]}")

# %% Results
for name, book in BOOK.items():
    ex.report(name, results[name][0], book=book)
ex.report("pooling4", mean, book=[1.5, 5.5])
ex.report("flat", flat, book=[[0, 1, 2, 3] * 4, [4, 5, 6, 7] * 4])
for rule, value in rules.items():
    ex.report(f"pooling2 divides by the {rule}", bool(np.allclose(value, results["pooling2"])))
ex.report("global average pooling is the mean", bool(np.array_equal(results["pooling3"][0, 0, 0], mean)))
ex.finish()
