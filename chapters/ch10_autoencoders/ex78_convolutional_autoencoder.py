"""Example 78 · Convolutional autoencoder (实现卷积网络的自编码)

Book:      intro 10.3.4, listing 10-3
Data:      MNIST, 55,000 training / 5,000 validation / 10,000 test pictures of 28×28; no labels
Model:     5×5 convolution 1 → 16, 3×3 convolution 16 → 32, max-pooling that remembers the winners' places; back by
           un-pooling, transposed 3×3 convolution 32 → 16 and transposed 5×5 convolution 16 → 1, linear
Shows:     convolution and pooling forwards, un-pooling by the mask of the winners' places and transposed convolution
           backwards; the error of test pictures, and of one more training batch, which is what the book prints. Nothing
           is compressed: the code has eight times as many numbers as the picture has pixels, and the mask as many
           again. What a picture loses when the places or the values are taken away, and pure noise rebuilt
Departs:   the book's RMSProp at 0.01 with a linear output jumps about: the cost it prints for epoch 6 is twenty times
           that of epoch 1. Here 0.001, and two epochs; --book takes its rate and 20 epochs. The listing does not give
           the channels and the batch: 16, 32, and example 76's 256. The un-pooling of example 46 takes any batch, which
           the placeholder need not fix
Time:      3.5 min on 2 CPU cores beside other work
"""

import numpy as np
from _baselines import baselines
from models import picture_strip

from utils import figures
from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf
from utils.unpool import max_pool_with_argmax, unpool

ex = Example(
    __doc__,
    epochs=2,
    steps=214,
    batch_size=256,
    learning_rate=0.001,
    display_step=1,
    n1=16,
    n2=32,
    test_pictures=10_000,
    quick={"epochs": 2, "steps": 40, "batch_size": 16, "learning_rate": 0.003, "test_pictures": 500},
    book={"epochs": 20, "learning_rate": 0.01, "display_step": 5},
)

# The cost of the last batch of an epoch, and the error of one more training batch, as the book prints them.
BOOK = {1: 0.026543943, 6: 0.538754463, 11: 0.006631755, 16: 0.003391982}
BOOK_ERROR = 0.0214768
n_input = 784
examples_to_show = 10

# %% The data
digits = mnist.load(ex.data)
base = baselines(digits)


# %% The graph (listing 10-3)
def conv2d(net, W):
    return tf.nn.conv2d(net, W, strides=[1, 1, 1, 1], padding="SAME")


def conv2d_transpose(net, W, channels):
    """Convolve backwards: [n, 28, 28, W's last] → [n, 28, 28, channels]."""
    return tf.nn.conv2d_transpose(net, W, tf.stack([tf.shape(net)[0], 28, 28, channels]), strides=[1, 1, 1, 1])


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_input], name="x")
    x_image = tf.reshape(x, [-1, 28, 28, 1])
    weights = {
        "encoder_conv1": tf.Variable(tf.truncated_normal([5, 5, 1, ex.n1], stddev=0.1)),
        "encoder_conv2": tf.Variable(tf.random_normal([3, 3, ex.n1, ex.n2], stddev=0.1)),
        "decoder_conv1": tf.Variable(tf.random_normal([5, 5, 1, ex.n1], stddev=0.1)),
        "decoder_conv2": tf.Variable(tf.random_normal([3, 3, ex.n1, ex.n2], stddev=0.1)),
    }
    biases = {
        "encoder_conv1": tf.Variable(tf.zeros([ex.n1])),
        "encoder_conv2": tf.Variable(tf.zeros([ex.n2])),
        "decoder_conv1": tf.Variable(tf.zeros([ex.n1])),
        "decoder_conv2": tf.Variable(tf.zeros([ex.n2])),
    }
    h_conv1 = tf.nn.relu(conv2d(x_image, weights["encoder_conv1"]) + biases["encoder_conv1"])
    h_conv2 = tf.nn.relu(conv2d(h_conv1, weights["encoder_conv2"]) + biases["encoder_conv2"])
    h_pool2, mask = max_pool_with_argmax(h_conv2, 2)  # 14×14: the code, and where its values stood

    h_upool = unpool(h_pool2, mask, 2)
    t_conv1 = conv2d_transpose(h_upool - biases["decoder_conv2"], weights["decoder_conv2"], ex.n1)
    pred = conv2d_transpose(t_conv1 - biases["decoder_conv1"], weights["decoder_conv1"], 1)

    cost = tf.reduce_mean(tf.pow(x_image - pred, 2))
    squares = tf.reduce_sum(tf.pow(x_image - pred, 2))
    optimizer = tf.train.RMSPropOptimizer(ex.learning_rate).minimize(cost)
    strip = tf.summary.image("original_over_rebuilt", picture_strip(x, tf.reshape(pred, [-1, n_input])))

code_values = int(np.prod(h_pool2.shape[1:]))
print(f"a picture has {n_input} pixels, its code {code_values:,} numbers and as many places: nothing is compressed")

saver = tf.train.Saver(save_relative_paths=True)
model_path = ex.checkpoint("autoencoder.ckpt")
some, first_ten = digits.test.images[:500], {x: digits.test.images[:examples_to_show]}


def error_of(sess, pictures, batch=500):
    """Return the mean squared error per pixel of the rebuilt `pictures` [n, 784]."""
    parts = range(0, len(pictures), batch)
    return sum(sess.run(squares, {x: pictures[start : start + batch]}) for start in parts) / pictures.size


# %% Training
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([cost, optimizer], [x])
    for epoch in ex.resumable(range(1, ex.epochs + 1), sess, saver):
        for _ in range(ex.steps):
            last_cost, _ = train(digits.train.next_batch(ex.batch_size)[0])
        ex.record(epoch, cost=last_cost, validation_error=error_of(sess, digits.validation.images[:500]))
        ex.writer.add_summary(sess.run(strip, first_ten), epoch)
        if (epoch - 1) % ex.display_step == 0:
            beside = ex.beside(f"{BOOK[epoch]:.9f}") if epoch in BOOK else ""
            ex.log(f"Epoch: {epoch:04d} cost= {last_cost:.9f}{beside}")
    print("Finished!")
    batch = digits.train.next_batch(ex.batch_size)[0]
    batch_error, batch_rebuilt = sess.run([cost, pred], {x: batch})
    some_error = error_of(sess, some)
    print(f"Error: {batch_error:.7f}{ex.beside(str(BOOK_ERROR))}, of one more training batch")
    print("Model saved in file:", saver.save(sess, model_path))
rows = {"training batch": batch[:examples_to_show], "rebuilt": batch_rebuilt[:examples_to_show, ..., 0]}
ex.figure(figures.image_rows(rows), "training_batch")

# %% Restore; the test pictures, and what carries the picture: a session can be fed any tensor, the code or its mask too
row, column, channel = np.meshgrid(np.arange(0, 28, 2), np.arange(0, 28, 2), np.arange(ex.n2), indexing="ij")
corners = ((row * 28 + column) * ex.n2 + channel)[None]  # the place of each window's upper left pixel
noise = np.random.default_rng(ex.seed).uniform(size=(500, n_input)).astype(np.float32)
with ex.session() as sess:
    saver.restore(sess, model_path)
    restored_error = error_of(sess, some)
    test_error = error_of(sess, digits.test.images[: ex.test_pictures])
    noise_error, noise_rebuilt = sess.run([cost, pred], {x: noise})
    mean_code = sess.run(h_pool2, {x: digits.train.images[:500]}).mean(axis=0)
    rebuilt = sess.run(pred, first_ten)
    no_places, no_places_rebuilt = sess.run([cost, pred], {x: some, mask: np.tile(corners, [len(some), 1, 1, 1])})
    no_values, no_values_rebuilt = sess.run([cost, pred], {x: some, h_pool2: np.tile(mean_code, [len(some), 1, 1, 1])})
rows = {
    "original": some[:examples_to_show],
    f"rebuilt,\n{test_error:.4f}": rebuilt[..., 0],
    f"without the\nplaces, {no_places:.4f}": no_places_rebuilt[:examples_to_show, ..., 0],
    f"without the\nvalues, {no_values:.4f}": no_values_rebuilt[:examples_to_show, ..., 0],
    "pure noise": noise[:examples_to_show],
    f"rebuilt,\n{noise_error:.4f}": noise_rebuilt[:examples_to_show, ..., 0],
}
ex.figure(figures.image_rows(rows), "rebuilt")
lines = {"cost of the last batch": ex.history["cost"], "validation error": ex.history["validation_error"]}
lines |= {"the book": list(BOOK.items())} if ex.comparable else {}
ex.figure(figures.curves(lines, xlabel="epoch", ylabel="mean squared error", log=True), "cost")

# %% Results
costs = dict(ex.history["cost"])
for epoch, book in BOOK.items():
    if epoch in costs:
        ex.report(f"cost, epoch {epoch}", costs[epoch], book=book, better="lower")
ex.report("error of one training batch", batch_error, book=BOOK_ERROR, better="lower")
ex.report("test error", test_error)
ex.report("test error, black picture", base.black)
ex.report("test error, mean picture", base.mean)
ex.report("error of 500 test pictures", some_error)
ex.report("error of 500 test pictures, restored", restored_error)
ex.report("error without the places", no_places)
ex.report("error without the values", no_values)
ex.report("error of pure noise, rebuilt", noise_error)
ex.report("variance of pure noise", noise.var())
ex.report("numbers in a code", code_values)
ex.finish()
