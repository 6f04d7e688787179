"""Example 52 · Kernel splitting (优化卷积核技术的演示)

Book:      intro 8.9.1, listing 8-19
Data:      CIFAR-10, 50,000 training / 10,000 test pictures, their central 24×24
Model:     example 44 with its second convolution split into 5×1 and 1×5; 61,962 weights
Shows:     k×1 followed by 1×k takes fewer multiplications than k×k: counted, timed, and exactly the same result for a
           kernel of rank 1
Departs:   the book calls the two "equivalent": they are for kernels of rank 1 without the ReLU between them; in the
           network the pair is a smaller, different model. The multiplications are counted with the padding left out
           too. As in 44: no last ReLU, mean loss from the logits, accuracy on all 10,000 test pictures
Time:      26 min on 2 CPU cores (--book, beside other work)
"""

import time

import _evaluation as evaluation
import _training as training
import models
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=2000,
    batch_size=128,
    learning_rate=0.0001,
    display_step=200,
    timed_steps=20,
    test_pictures=10_000,
    quick={
        "test_pictures": 2_000,
        "steps": 60,
        "batch_size": 32,
        "learning_rate": 0.002,
        "display_step": 10,
        "timed_steps": 2,
    },
    book={"steps": 15000},
)


# %% Multiplications
def multiplications(height, width, kernels, padding_counts=True):
    """Return the multiplications of SAME convolutions with these kernels [(height, width), …], one channel.

    The book multiplies by the cells of the padding as well; without them fewer products are left.
    """

    def along(side, kernel):
        if padding_counts:
            return side * kernel
        reach = kernel // 2
        return sum(min(place + reach, side - 1) - max(place - reach, 0) + 1 for place in range(side))

    return sum(along(height, k_height) * along(width, k_width) for k_height, k_width in kernels)


whole, pair = multiplications(5, 2, [(3, 3)]), multiplications(5, 2, [(3, 1), (1, 3)])
print(f"5×2 picture, 3×3 kernel: {whole} multiplications; 3×1 and 1×3: {pair}")
places, channels = 12 * 12, 64 * 64
print(f"conv2 of example 44: {places * 25 * channels:,} a picture; 5×1 and 1×5: {places * 10 * channels:,}")

# %% A kernel of rank 1: the product of a column and a row
with tf.Graph().as_default(), ex.session() as sess:
    random = np.random.RandomState(ex.seed)
    picture = tf.constant(random.randn(1, 7, 9, 1), tf.float32)
    column, row = (tf.constant(random.randn(*shape), tf.float32) for shape in ([3, 1, 1, 1], [1, 3, 1, 1]))
    other = tf.constant(random.randn(3, 3, 1, 1), tf.float32)
    at_once = models.conv2d(picture, column * row)
    one_by_one = models.conv2d(models.conv2d(picture, column), row)
    with_relu = models.conv2d(tf.nn.relu(models.conv2d(picture, column)), row)
    difference, relu_difference, singular = sess.run(
        [
            tf.reduce_max(tf.abs(at_once - one_by_one)),
            tf.reduce_max(tf.abs(at_once - with_relu)),
            tf.linalg.svd(tf.reshape(other, [3, 3]), compute_uv=False),
        ]
    )
print(f"rank 1: the largest difference is {difference:.1e}; with a ReLU in between {relu_difference:.2f}")
print("singular values of a 3×3 kernel drawn at random:", np.round(singular, 3), "- one column and row do not make it")

# %% The data and the graph
source = training.CifarQueue(ex)


def split(h_pool1):
    """Map [b, 12, 12, 64] to the same shape by a column and a row in the place of a 5×5 kernel."""
    W_conv21 = models.weight_variable([5, 1, 64, 64])
    b_conv21 = models.bias_variable([64])
    h_conv21 = tf.nn.relu(models.conv2d(h_pool1, W_conv21) + b_conv21)
    W_conv2 = models.weight_variable([1, 5, 64, 64])
    b_conv2 = models.bias_variable([64])
    return tf.nn.relu(models.conv2d(h_conv21, W_conv2) + b_conv2)


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, *source.shape], name="x")
    y_conv = models.network(x, second_block=split)
    parameters = models.trainable_parameters()
    net = training.nodes(x, y_conv, tf.train.AdamOptimizer(ex.learning_rate))
    saver = tf.train.Saver(save_relative_paths=True)
    with tf.variable_scope("example_44"):  # only to be timed
        unsplit = training.nodes(x, models.network(x), tf.train.AdamOptimizer(ex.learning_rate))

# %% Both timed, training, test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    with training.queue_threads(sess):
        images, labels = source.next_batch(sess)
        seconds = {}
        for name, timed in (("5×5", unsplit), ("5×1 and 1×5", net)):
            sess.run(timed.loss, {timed.x: images, timed.y: labels})
            taken = []
            for _ in range(ex.timed_steps):
                begin = time.perf_counter()
                sess.run(timed.train_step, {timed.x: images, timed.y: labels})
                taken.append(time.perf_counter() - begin)
            seconds[name] = float(np.median(taken))
            print(f"{name}: {seconds[name] * 1000:.0f} ms a step of {ex.batch_size} pictures")
        sess.run(tf.variables_initializer(tf.global_variables()))  # the timed steps were steps: start afresh

        training.train(ex, sess, saver, source, net, book={})
        evaluation.accuracy_figure(ex, {})
        training.test(ex, sess, source, net)

# %% Results
ex.report("multiplications, 3×3 on 5×2", whole, book=90)
ex.report("multiplications, 3×1 and 1×3 on 5×2", pair, book=60)
ex.report("the same, padding left out", [multiplications(5, 2, k, False) for k in ([(3, 3)], [(3, 1), (1, 3)])])
ex.report("multiplications of conv2, 5×5", places * 25 * channels)
ex.report("multiplications of conv2, split", places * 10 * channels)
ex.report("largest difference for a kernel of rank 1", difference)
ex.report("milliseconds a step, 5×5", 1000 * seconds["5×5"])
ex.report("milliseconds a step, split", 1000 * seconds["5×1 and 1×5"])
ex.report("weights", parameters)
ex.finish()
