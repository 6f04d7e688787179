"""Example 40 · Import and show CIFAR-10 (导入并显示 CIFAR 数据集)

Book:      intro 8.5.2–8.5.3, listings 8-4 and 8-5
Data:      CIFAR-10, the 10,000 test pictures
Shows:     the data set is fetched (python run.py data cifar10), a queue hands it out in batches, and standardising
           makes a picture unfit to look at until its values are brought back to 0 … 1
Departs:   the picture is divided by its standard deviation, not by its variance as the text says. It is drawn as the
           book draws it and, beside it, rescaled: today's Matplotlib cuts off what lies outside 0 … 1
Time:      10 s on 2 CPU cores
"""

import _cifar10_input as cifar10_input
import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.data import cifar10
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, batch_size=128)

# The pixels that the book prints of its first picture, which is test picture 0: the first three and the last three.
BOOK_FIRST = [
    [1.24836731, 0.04940184, -1.49835348],
    [1.117571, 0.02760247, -1.56375158],
    [1.24836731, 0.18019807, -1.41115606],
]
BOOK_LAST = [
    [-1.58555102, -0.40838495, 0.5943861],
    [-1.82534409, -0.58277994, 0.46358991],
    [-1.56375158, -0.23398998, 0.89957732],
]

# %% The files (listing 8-4)
data = cifar10.load(ex.data)
for file in [*data.train.files, *data.test.files]:
    print(file)
print("classes:", ", ".join(f"{number} {name}" for number, name in enumerate(data.names)))

# %% One batch from the queue (listing 8-5)
images_test, labels_test = cifar10_input.inputs(data, eval_data=True, batch_size=ex.batch_size)
picture_summary = tf.summary.merge_all()

sess = tf.InteractiveSession(config=ex.config())
tf.global_variables_initializer().run()
coord = tf.train.Coordinator()
threads = tf.train.start_queue_runners(sess, coord)
image_batch, label_batch = sess.run([images_test, labels_test])
ex.writer.add_summary(sess.run(picture_summary), 0)
coord.request_stop()
coord.join(threads)
sess.close()

print("__\n\n", image_batch[0])
print("__\n\n", label_batch[0], data.names[label_batch[0]])

# %% What standardising did: (x − mean) / standard deviation, for each picture
original = data.test.images[0, 4:28, 4:28].astype(np.float32)
mean, deviation = original.mean(), original.std()
by_hand = (original - mean) / max(deviation, 1 / np.sqrt(original.size))
difference = np.abs(by_hand - image_batch[0]).max()
print(f"grey levels of test picture 0: mean {mean:.3f}, standard deviation {deviation:.3f}")
print(f"the largest difference between the queue's picture and (x - mean) / deviation: {difference:.1e}")

# %% The picture, as it is, as imshow cuts it off, and with its values brought to 0 … 1
shown = image_batch[0]
rescaled = (shown - shown.min()) / (shown.max() - shown.min())
trio = {"grey levels 0 to 255": original / 255, "standardised, cut off": np.clip(shown, 0, 1), "rescaled": rescaled}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4))
for axis, (title, picture) in zip(axes, trio.items(), strict=True):
    axis.imshow(picture)
    axis.set(title=title, xticks=[], yticks=[])
figure.suptitle(f"{label_batch[0]}, {data.names[label_batch[0]]}")
ex.figure(figure, "picture")

low = image_batch.min(axis=(1, 2, 3), keepdims=True)
sixteen = ((image_batch - low) / (image_batch.max(axis=(1, 2, 3), keepdims=True) - low))[:16]
ex.figure(figures.image_grid(sixteen, [data.names[label] for label in label_batch[:16]]), "batch")

# %% Results
# With one thread the queue keeps the file's order, so that its first picture is test picture 0. Only the publisher's
# own file can have the book's values: a re-encoded copy has slightly other pixels, and may have another order.
own = data.original
if not own:
    print("The pixels are not compared with the book's: these are not the publisher's files.")
ex.report("label of the first picture", int(label_batch[0]), book=3 if own else None)
ex.report("first three pixels", image_batch[0, 0, :3], book=BOOK_FIRST if own else None, tolerance=1e-5)
ex.report("last three pixels", image_batch[0, -1, -3:], book=BOOK_LAST if own else None, tolerance=1e-5)
ex.report("standard deviation of the first picture, grey levels", deviation)
ex.report("largest difference from (x - mean) / deviation", difference)
ex.finish()
