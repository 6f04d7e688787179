"""The queue input of the TensorFlow tutorial that chapter 8 builds on: `inputs` and `distorted_inputs` (8.5.2–8.5.5).

Both give tensors that take the next batch from a queue each time they are run. Threads fill the queue once
``tf.train.start_queue_runners`` has started them; until then a run of these tensors waits for ever (8.5.6).
"""

from utils.data import cifar10
from utils.tf1 import tf

SIDE = 24  # pictures are cut from 32×32 to 24×24
EXAMPLES = {False: 50_000, True: 10_000}  # by eval_data


def decode(records):
    """Return pictures uint8 [n, 32, 32, 3] and labels int32 [n] of records given as byte strings [n].

    A record holds the label, then the picture channel by channel: 1,024 red, 1,024 green, 1,024 blue values.
    """
    octets = tf.decode_raw(records, tf.uint8)
    labels = tf.cast(octets[:, 0], tf.int32)
    depth_major = tf.reshape(octets[:, 1 : cifar10.RECORD_BYTES], [-1, 3, 32, 32])
    return tf.transpose(depth_major, [0, 2, 3, 1]), labels


def central(pictures, standardize=True):
    """Return the central 24×24 of pictures [n, 32, 32, 3] as float32.

    With `standardize` each picture has mean 0 and standard deviation 1 (`tf.image.per_image_standardization`), else the
    values stay 0 to 255.
    """
    cut = tf.cast(tf.image.resize_image_with_crop_or_pad(pictures, SIDE, SIDE), tf.float32)
    return tf.image.per_image_standardization(cut) if standardize else cut


def distortions(picture):
    """Return what becomes of a picture [32, 32, 3], step by step: name → float32 [24, 24, 3]; the last one is used."""
    steps = {}
    steps["cropped"] = tf.random_crop(tf.cast(picture, tf.float32), [SIDE, SIDE, 3])
    steps["flipped or not"] = tf.image.random_flip_left_right(steps["cropped"])
    steps["lighter or darker"] = tf.image.random_brightness(steps["flipped or not"], max_delta=63)
    steps["more or less contrast"] = tf.image.random_contrast(steps["lighter or darker"], lower=0.2, upper=1.8)
    steps["standardised"] = tf.image.per_image_standardization(steps["more or less contrast"])
    return steps


def inputs(data, eval_data, batch_size, standardize=True):
    """Return batches of the central part of the pictures: images float32 [b, 24, 24, 3], labels int32 [b].

    `eval_data`: the test pictures, else the training pictures. The files come in random order in each round, the
    records of a file in theirs. The tutorial reads record by record; here the reader takes a whole batch of records at
    a time and they are decoded and standardised together, at a tenth of the cost. A resumed training begins with a
    whole file again: the queue's place in the data is not saved.
    """
    files = tf.train.string_input_producer((data.test if eval_data else data.train).files, seed=1)
    _, records = tf.FixedLengthRecordReader(record_bytes=cifar10.RECORD_BYTES).read_up_to(files, batch_size)
    pictures, labels = decode(records)
    images = central(pictures, standardize)
    tf.summary.image("images", images)
    return tf.train.batch(
        [images, labels],
        batch_size,
        enqueue_many=True,
        capacity=int(0.4 * EXAMPLES[eval_data]) + 3 * batch_size,
        shapes=[[SIDE, SIDE, 3], []],
    )


def distorted_inputs(data, batch_size, least=20_000):
    """Return batches of distorted training pictures in mixed order: images [b, 24, 24, 3], labels int32 [b].

    `least`: pictures that the queue must hold before it gives a batch, so that they are well mixed. Four threads
    distort pictures at the same time, so the batches differ from run to run.
    """
    files = tf.train.string_input_producer(data.train.files)
    _, record = tf.FixedLengthRecordReader(record_bytes=cifar10.RECORD_BYTES).read(files)
    pictures, labels = decode(record[None])
    image = distortions(pictures[0])["standardised"]
    tf.summary.image("distorted_images", image[None])
    print(f"Filling the queue with {least:,} CIFAR-10 pictures before the training starts.")
    return tf.train.shuffle_batch(
        [image, labels[0]],
        batch_size,
        num_threads=4,
        capacity=least + 3 * batch_size,
        min_after_dequeue=least,
        shapes=[[SIDE, SIDE, 3], []],
    )
