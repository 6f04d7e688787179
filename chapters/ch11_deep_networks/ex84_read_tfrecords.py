"""Example 84 · Read TFRecords with slim's data provider (利用 slim 读取 TFRecord 中的数据)

Book:      intro 11.5.4, listing 11-1
Data:      flowers, the validation records of section 11.5.3; where there are none yet they are written first
Shows:     the chain from files to pictures: a data set's description → DatasetDataProvider → get → queue runners → run.
           The shape (?, ?, 3) before anything is read; a picture with its label, another in each run; the records in
           order, once; and a batch, for which the pictures must have one size
Departs:   the book starts the threads and never stops them; here a coordinator asks them to stop and waits for them
Time:      11 s on 2 CPU cores (stand-in, beside other work)
"""

import time

import _tfrecords as tfrecords
import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.contrib import slim
from utils.data import flowers
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, folder="", pictures=6, batch_size=8, edge=100, shuffle=True)

# %% The records
data = flowers.load(ex.data, ex.folder, "--folder")
folder = tfrecords.find_or_convert(ex, data)
dataset = tfrecords.get_split("validation", folder)
print(f"{dataset.num_samples} records in {len(dataset.data_sources)} files, {dataset.num_classes} classes")

# %% The provider, with the book's table of its arguments: all but `dataset` are the defaults
provider = slim.dataset_data_provider.DatasetDataProvider(
    dataset,
    num_readers=1,
    reader_kwargs=None,
    shuffle=ex.shuffle,
    num_epochs=None,  # for ever
    common_queue_capacity=256,
    common_queue_min=min(128, dataset.num_samples),
    record_key="record_key",
    seed=None,  # even a seed would not repeat the order: the threads run as they like
    scope=None,
)
[image, label] = provider.get(["image", "label"])
print(image.shape)

# %% In order and once: `num_epochs` counts in a local variable, and the queue ends with OutOfRangeError
in_order = slim.dataset_data_provider.DatasetDataProvider(
    dataset, shuffle=False, num_epochs=1, common_queue_capacity=64, common_queue_min=1
)
ordered_image, ordered_label = in_order.get(["image", "label"])
ordered_size = tf.shape(ordered_image)

# %% A batch: tf.train.batch wants one size
same_size = tf.image.resize_images(image, [ex.edge, ex.edge]) / 255
batch_images, batch_labels = tf.train.batch(
    [same_size, label], ex.batch_size, num_threads=1, capacity=2 * ex.batch_size
)

# %% Run
with ex.session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    coordinator = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coordinator)
    taken = [sess.run([image, label]) for _ in range(ex.pictures)]  # both in one run, or they do not belong together
    print(int(taken[0][1]))
    images, labels = sess.run([batch_images, batch_labels])
    sizes, order = [], []
    try:
        while not coordinator.should_stop():
            size, number = sess.run([ordered_size, ordered_label])
            sizes.append(size.tolist())
            order.append(int(number))
    except tf.errors.OutOfRangeError:
        print(f"{len(order)} records in order, then the queue was empty")
    coordinator.request_stop()
    coordinator.join(threads, stop_grace_period_secs=10)
ended = time.time() + 5
while any(thread.is_alive() for thread in threads) and time.time() < ended:
    time.sleep(0.05)
alive = sum(thread.is_alive() for thread in threads)
print(f"{len(threads)} threads were started, {alive} are still running")

# %% Does each label belong to its picture? Compared with the pictures in the files
validation = tfrecords.shuffled(data.validation)  # in the order of the records
originals = [flowers.read(file) for file in validation.files]


def label_of_nearest(picture):
    """Return how far a picture is from the file that shows the same, in grey levels, and that file's label."""
    pixels = picture.astype(np.float32)
    alike = [(o, n) for o, n in zip(originals, validation.labels, strict=True) if o.shape == picture.shape]
    return min((float(np.abs(original - pixels).mean()), int(number)) for original, number in alike)


nearest = [label_of_nearest(picture) for picture, _ in taken]
right = sum(number == int(label) for (_, number), (_, label) in zip(nearest, taken, strict=True))
print(f"{right} of {len(taken)} pictures carry their own label")

# %% Figures: the picture (figure 11-11) with its label, the ones that came after it, and a batch
names = dataset.labels_to_names
figure, axis = plt.subplots(figsize=(5, 5))
axis.imshow(taken[0][0])
axis.set_title(f"label {taken[0][1]}: {names[int(taken[0][1])]}")
axis.axis("off")
figure.tight_layout()
ex.figure(figure, "picture")

figure, axes = plt.subplots(1, len(taken), figsize=(2.2 * len(taken), 2.6), squeeze=False)
for axis, (picture, number) in zip(axes.flat, taken, strict=True):
    axis.imshow(picture)
    axis.set_title(f"{number}: {names[int(number)]}", fontsize=9)
    axis.axis("off")
figure.tight_layout()
ex.figure(figure, "taken")
captions = [names[int(number)] for number in labels]
ex.figure(figures.image_grid(np.clip(images, 0, 1), captions, columns=4, size=1.6), "batch")

# %% Results
ex.report("shape of the image tensor", str(image.shape), book="(?, ?, 3)")
ex.report("label of the picture", int(taken[0][1]))
ex.report("labels of the pictures taken", [int(number) for _, number in taken])
ex.report("records in order", len(order))
ex.report("labels in order", order)
ex.report("sizes in order are the pictures'", sizes == [list(o.shape) for o in originals])
ex.report("labels in order are the pictures'", order == validation.labels.tolist())
ex.report("pictures that carry their own label", right)
ex.report("largest mean difference of a picture from its file", max(distance for distance, _ in nearest))
ex.report("batch of pictures", list(images.shape))
ex.report("threads still running", alive)
ex.finish()
