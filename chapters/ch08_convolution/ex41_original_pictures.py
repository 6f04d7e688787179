"""Example 41 · Show the original CIFAR-10 picture (显示 CIFAR 数据集的原始图片)

Book:      intro 8.5.4, listing 8-6
Data:      CIFAR-10, the 10,000 test pictures
Shows:     the binary layout: a label, then 1,024 red, 1,024 green and 1,024 blue values. Way 1 takes the queue without
           standardising, way 2 reads the file with NumPy
Departs:   for way 1 the book edits the tutorial's library; here standardising is an argument. The pictures are shown as
           whole numbers: floats of 0 to 255 are drawn white by today's Matplotlib. The book's detour through the shape
           (10000, 32, 32, 3) mixes the channels; it is drawn too. The text calls the picture a squirrel: label 3 is cat
Time:      7 s on 2 CPU cores
"""

import _cifar10_input as cifar10_input
import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.data import cifar10
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, batch_size=128)
data = cifar10.load(ex.data)

# %% Way 1: the queue, without standardising
images_test, labels_test = cifar10_input.inputs(data, eval_data=True, batch_size=ex.batch_size, standardize=False)
with ex.session() as sess:
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    image_batch, label_batch = sess.run([images_test, labels_test])
    coord.request_stop()
    coord.join(threads)
from_queue = image_batch[0].astype(np.uint8)
print("way 1:", from_queue.shape, from_queue.dtype, "label", label_batch[0])

# %% Way 2 (listing 8-6): the file itself
bytestream = np.fromfile(data.test.files[0], np.uint8)
records = bytestream.reshape(10000, 1 + 32 * 32 * 3)
labels, pixels = np.hsplit(records, [1])
pictures = pixels.reshape(10000, 3, 32, 32).transpose(0, 2, 3, 1)
print("way 2:", pictures[0].shape, pictures.dtype, "label", labels[0])

central = pictures[0, 4:28, 4:28]
same = np.array_equal(central, from_queue)
print("the queue's picture is the central 24×24 of the file's:", same)
mixed = pixels.reshape(10000, 32, 32, 3)[0]  # the book's detour: three neighbouring reds taken for one pixel's colours

# %% The pictures
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4))
for axis, picture, title in zip(
    axes,
    (from_queue, pictures[0], mixed),
    ("way 1, from the queue, 24×24", "way 2, from the file, 32×32", "reshaped to (32, 32, 3) at once"),
    strict=True,
):
    axis.imshow(picture)
    axis.set(title=title, xticks=[], yticks=[])
ex.figure(figure, "original")
ten_of_each = np.concatenate([pictures[np.flatnonzero(labels[:, 0] == label)[:10]] for label in range(10)])
rows = [data.names[row // 10] if row % 10 == 0 else "" for row in range(100)]
ex.figure(figures.image_grid(ten_of_each, rows, columns=10, size=0.9), "ten_of_each_class")

counts = np.bincount(labels[:, 0], minlength=10)
print("pictures of each class:", dict(zip(data.names, counts.tolist(), strict=True)))

# %% Results
ex.report("shape, way 1", list(from_queue.shape), book=[24, 24, 3])
ex.report("shape, way 2", list(pictures[0].shape), book=[32, 32, 3])
ex.report("label of picture 0", int(labels[0, 0]), book=3 if data.original else None)
ex.report("way 1 is the central part of way 2", str(same))
ex.report("pictures of each class", counts)
ex.finish()
