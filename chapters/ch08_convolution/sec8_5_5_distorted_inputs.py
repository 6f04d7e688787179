"""Section 8.5.5 · Distorted inputs (cifar10_input 的其他功能)

Book:      intro 8.5.5, function distorted_inputs of the tutorial's cifar10_input.py
Data:      CIFAR-10, 50,000 training / 10,000 test pictures
Model:     the network of example 44; 123,338 weights
Shows:     the five distortions one after the other, a queue that mixes distorted pictures, and the network of 44
           trained on them: it hardly ever sees the same picture twice
Departs:   the training is ours: the section only says what the function is for. Compare with 44, the same network on
           the pictures as they are: after 15,000 steps 0.672 in training and 0.631 in the test, here 0.632 and 0.631.
           The distortions close the gap, but so small a network gains nothing by it. As in 44: no last ReLU, mean loss
           from the logits
Time:      37 min on 2 CPU cores (--book, beside other work)
"""

import _cifar10_input as cifar10_input
import _evaluation as evaluation
import _training as training
import models
import numpy as np

from utils import figures
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=1500,
    batch_size=128,
    learning_rate=0.0001,
    display_step=200,
    queue_least=20000,
    test_pictures=10_000,
    quick={
        "test_pictures": 2_000,
        "steps": 60,
        "batch_size": 32,
        "learning_rate": 0.001,
        "display_step": 10,
        "queue_least": 500,
    },
    book={"steps": 15000},
)
source = training.CifarQueue(ex, distorted=True, least=ex.queue_least)
data = source.data

# %% The five steps of _cifar10_input.py, each on the result of the one before
picture = tf.placeholder(tf.uint8, [32, 32, 3])
steps = cifar10_input.distortions(picture)

original = data.test.images[0]
with ex.session() as sess:
    draws = [list(sess.run(steps, {picture: original}).values()) for _ in range(200)]


def rescaled(image):
    """Return a standardised picture with its values brought to 0 … 1, for a figure."""
    return (image - image.min()) / (image.max() - image.min())


steps_of_four = [
    image for draw in draws[:4] for image in [*np.clip(np.array(draw[:-1]) / 255, 0, 1), rescaled(draw[-1])]
]
ex.figure(figures.image_grid(steps_of_four, list(steps) * 4, columns=5, size=1.7), "five_steps")
sixteen = [rescaled(draw[-1]) for draw in draws[:16]]
ex.figure(figures.image_grid(sixteen, columns=8, size=1.2, title="one picture, distorted sixteen times"), "one_picture")

turned = np.mean([not np.array_equal(cut, flip) for cut, flip, *_ in draws])
added = np.array([(light - flip).mean() for _, flip, light, *_ in draws])
factors = np.array([(c.std(axis=(0, 1)) / b.std(axis=(0, 1))).mean() for *_, b, c, _ in draws])
print(f"of 200 draws: {turned:.0%} flipped, {added.min():.0f} to {added.max():.0f} grey levels added,", end=" ")
print(f"contrast times {factors.min():.2f} to {factors.max():.2f}")
places = np.lib.stride_tricks.sliding_window_view(original.astype(np.float32), (24, 24, 3)).reshape(81, 24, 24, 3)
corners = {int(np.flatnonzero((places == cut).all(axis=(1, 2, 3)))[0]) for cut, *_ in draws}
print(f"{len(corners)} different places of 81 cut out")

# %% The network of example 44
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, *source.shape], name="x")
    net = training.nodes(x, models.network(x), tf.train.AdamOptimizer(ex.learning_rate))
saver = tf.train.Saver(save_relative_paths=True)

# %% Training on distorted pictures, test on pictures as they are
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    with training.queue_threads(sess):
        training.train(ex, sess, saver, source, net, book={})
        images, labels = source.next_batch(sess)
        everything = training.test(ex, sess, source, net)  # on one batch of the test pictures' queue, and on all
        next_of_queue, _ = source.test_batch(sess)
        as_they_are = evaluation.test_pictures(sess, data, 256)[0][128:]
        difference = abs(next_of_queue - as_they_are).max()
        distorted = [source.next_batch(sess) for _ in range(10)]
        distorted_accuracy = np.mean([training.share_correct(sess, net, *batch) for batch in distorted])
        seen_accuracy = training.share_correct(sess, net, *source.some_training_pictures(sess))
evaluation.accuracy_figure(ex, {})

captions = [data.names[label] for label in labels[:24]]
ex.figure(figures.image_grid([rescaled(image) for image in images[:24]], captions, columns=8), "batch")
print(f"{distorted_accuracy:.4f} on distorted training pictures, {seen_accuracy:.4f} on the same undistorted,", end=" ")
print(f"{everything:.4f} on test pictures")
print(f"the test pictures of the queue are not distorted: {difference:g} from the pictures as they are")

# %% Results
ex.report("share flipped of 200", turned)
ex.report("grey levels added, least and most", [added.min(), added.max()])
ex.report("contrast factors, least and most", [factors.min(), factors.max()])
ex.report("different places cut out", len(corners))
ex.report("test pictures of the queue, largest difference from the pictures as they are", difference)
ex.report("accuracy on distorted training pictures", distorted_accuracy)
ex.report(f"accuracy on {ex.test_pictures:,} undistorted training pictures", seen_accuracy)
ex.report("cross-entropy on the last batch shown", ex.history["cross_entropy"][-1][1])
ex.finish()
