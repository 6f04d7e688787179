"""Example 46 · Un-pooling (演示反池化的操作)

Book:      intro 8.6.4–8.6.5, listing 8-13
Data:      the constant 4×4 picture with two channels of example 39
Shows:     max-pooling that remembers the winners' places (tf.nn.max_pool_with_argmax), what the mask's numbers mean,
           and un-pooling with tf.scatter_nd; a batch of two with include_batch_in_index both ways; average un-pooling
Departs:   runs without a GPU, which the book needs for the argmax; the functions stand in utils/unpool.py, because
           examples 50 and 78 need them too, and take a batch of unknown size; average un-pooling, which the book only
           describes (figure 8-20), is coded as well
Time:      6 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf
from utils.unpool import max_pool_with_argmax, places, unpool

ex = Example(__doc__)

# %% The picture of example 39: row r holds r in channel 0 and r + 4 in channel 1
img = tf.constant(
    [
        [[0.0, 4.0], [0.0, 4.0], [0.0, 4.0], [0.0, 4.0]],
        [[1.0, 5.0], [1.0, 5.0], [1.0, 5.0], [1.0, 5.0]],
        [[2.0, 6.0], [2.0, 6.0], [2.0, 6.0], [2.0, 6.0]],
        [[3.0, 7.0], [3.0, 7.0], [3.0, 7.0], [3.0, 7.0]],
    ]
)
img = tf.reshape(img, [1, 4, 4, 2])

# %% Max-pooling with the winners' places, and back (listing 8-13)
pooling2 = tf.nn.max_pool(img, [1, 2, 2, 1], [1, 2, 2, 1], padding="SAME")
encode, mask = max_pool_with_argmax(img, 2)
y, x = places(mask, width=4, channels=2)  # the first half of unpool: a winner's row and column
img2 = unpool(encode, mask, 2)

# %% A batch of two: does the index hold the picture's number?
batch = tf.placeholder(tf.float32, [None, 4, 4, 2])
_, without_batch = tf.nn.max_pool_with_argmax(batch, [1, 2, 2, 1], [1, 2, 2, 1], padding="SAME")
pooled, with_batch = tf.nn.max_pool_with_argmax(
    batch, [1, 2, 2, 1], [1, 2, 2, 1], padding="SAME", include_batch_in_index=True
)
rows_without = places(without_batch, width=4, channels=2)[0]
rows_with = places(with_batch, width=4, channels=2)[0]
unpooled_without = unpool(pooled, without_batch, 2)
unpooled_with = unpool(pooled, with_batch % (4 * 4 * 2), 2)  # the picture's number taken out again


# %% Average un-pooling (figure 8-20): the mean goes to every place of its window
def average_unpool(net, stride):
    return tf.repeat(tf.repeat(net, stride, axis=1), stride, axis=2)


averages = tf.nn.avg_pool(img, [1, 2, 2, 1], [1, 2, 2, 1], padding="SAME")
spread = average_unpool(averages, 2)
averages_again = tf.nn.avg_pool(spread, [1, 2, 2, 1], [1, 2, 2, 1], padding="SAME")

# %% Run and print, with the book's labels
with ex.session() as sess:
    image, pooling, result, mask2, y2, x2, reslut = sess.run([img, pooling2, encode, mask, y, x, img2])
    print("image:\n", image)
    print("pooling2:\n", pooling)
    print("encode:\n", result, "\nmask:\n", mask2, mask2.dtype)
    print("the winners' rows y:", y2.ravel(), "and columns x:", x2.ravel())
    print("reslut:\n", reslut)

    pair = np.concatenate([image, image + 10])
    masks, rows, two = sess.run(
        [[without_batch, with_batch], [rows_without, rows_with], [unpooled_without, unpooled_with]], {batch: pair}
    )
    print(
        "batch of two, the second picture's mask:", masks[0][1].ravel(), " with the batch in it:", masks[1][1].ravel()
    )
    print("  read as rows of a 4×4 picture:", rows[0][1].ravel(), " and", rows[1][1].ravel(), "(outside: take it out)")

    mean, means_spread, mean_again = sess.run([averages, spread, averages_again])
    print("average un-pooling of", mean[0, :, :, 0].tolist(), "\n", means_spread[0, :, :, 0])

figure, axes = plt.subplots(1, 4, figsize=(10, 3))
panels = {"picture": image, "max-pooled": result, "max un-pooled": reslut, "average un-pooled": means_spread}
for axis, (title, picture) in zip(axes, panels.items(), strict=True):
    axis.imshow(picture[0, :, :, 1], cmap="Blues", vmin=0, vmax=10)
    axis.set(title=title, xticks=[], yticks=[])
    for (row, column), number in np.ndenumerate(picture[0, :, :, 1]):
        axis.text(column, row, f"{number:g}", ha="center", va="center")
figure.suptitle("channel 1")
figure.tight_layout()
ex.figure(figure, "unpooling")

# %% Results
zeros = [[0, 0]] * 4
ex.report("pooling2", pooling[0], book=[[[1, 5]] * 2, [[3, 7]] * 2])
ex.report("encode", result[0], book=[[[1, 5]] * 2, [[3, 7]] * 2])
ex.report("mask", mask2[0], book=[[[8, 9], [12, 13]], [[24, 25], [28, 29]]])
ex.report("reslut", reslut[0], book=[zeros, [[1, 5], [0, 0]] * 2, zeros, [[3, 7], [0, 0]] * 2])
ex.report("type of the mask", str(mask2.dtype), book="int64")
ex.report("ties: the winners' columns", sorted({int(column) for column in x2.ravel()}))
ex.report("mask of the second picture", masks[0][1].ravel())
ex.report("with the batch in the index", masks[1][1].ravel())
ex.report("both ways un-pool to the same pictures", bool(np.array_equal(*two)))
ex.report("un-pooled second picture, row 1", two[0][1, 1])
ex.report("average un-pooled, rows of channel 0", means_spread[0, :, 0, 0])
ex.report("pooling it again gives the averages", bool(np.array_equal(mean, mean_again)))
ex.finish()
