"""Tutorial 02 · Convolutional neural network (卷积神经网络)

Book:      hvass 1.3, tutorial #02
Data:      MNIST, 55,000 training / 10,000 test pictures, the first epoch in file order as TensorFlow 0.12 gave it
Model:     conv 5×5 16 – pool – conv 5×5 36 – pool – dense 128 – softmax 10, ReLU, 242,062 weights; Adam
Shows:     convolution, pooling, flattening and dense layers made of TensorFlow's basic ops; the accuracy after 0, 1,
           100, 1,000 and 10,000 iterations, the first errors, the confusion matrix; the filters, and what they give
           for a 7 and a 0. Exercises 2 to 5, 8 to 11: --iterations, --learning-rate, --num-filters1 …, --keep-prob,
           --relu-on-last, --pooling none or stride; exercise 6, ReLU before or after the pooling, is measured
Departs:   one loop with stops at the stages (the 999 iterations of the third call are a misprint for 900). White is
           zero in the pictures of the weights (the tutorial's limits are the least and the greatest weight)
Time:      4 to 6 min on 2 CPU cores, beside other work
"""

import time
from datetime import timedelta

import matplotlib.pyplot as plt
import numpy as np
from _plots import (
    accuracy_line,
    example_errors,
    plot_conv_weights,
    plot_example_errors,
    plot_images,
    plot_layer_output,
    predict_cls,
)
from sklearn.metrics import confusion_matrix

from utils import figures
from utils.data import mnist
from utils.example import Choice, Example
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    iterations=10_000,
    batch_size=64,
    test_batch_size=256,
    learning_rate=1e-4,
    filter_size1=5,
    num_filters1=16,
    filter_size2=5,
    num_filters2=36,
    fc_size=128,
    keep_prob=1.0,
    pooling=Choice("max", "none", "stride"),
    relu_on_last=False,
    quick={"iterations": 100},
)

if ex.keep_prob > 1:
    raise WrongFlag(f"--keep-prob {ex.keep_prob}: a probability, so at most 1")

# The book's stages: iterations → test accuracy, and the first nine errors.
BOOK_ACCURACY = {0: 0.109, 1: 0.13, 100: 0.666, 1000: 0.931, 10_000: 0.988}
# Two standard deviations over seeds 1 to 10; for the last two stages, two standard errors of 10,000 pictures.
SPREAD = {0: 0.047, 1: 0.057, 100: 0.080, 1000: 0.0051, 10_000: 0.0022}
BOOK_ERRORS = {
    100: "2→1 5→4 6→0 5→3 3→6 6→4 5→6 7→9 4→0",
    1000: "4→6 9→4 9→7 7→9 5→4 3→1 6→5 8→7 9→8",
    10_000: "6→0 2→1 5→3 6→0 8→2 2→7 1→8 2→1 7→3",
}
# The book's training accuracy (%) of the batch at iterations 1, 101, …, 9901.
BOOK_TRAINING = """
    6.2 71.9 76.6 71.9 85.9 89.1 95.3 90.6 92.2 95.3  98.4 93.8 92.2 95.3 93.8 93.8 92.2 92.2 89.1 95.3
    93.8 98.4 92.2 95.3 100 96.9 93.8 100 95.3 95.3  96.9 96.9 95.3 96.9 98.4 100 98.4 95.3 95.3 95.3
    100 93.8 95.3 100 96.9 100 100 100 98.4 98.4  98.4 100 95.3 96.9 100 100 100 96.9 98.4 100
    95.3 96.9 100 96.9 100 98.4 98.4 95.3 100 98.4  95.3 100 100 100 100 100 96.9 98.4 95.3 100
    100 98.4 98.4 100 96.9 98.4 98.4 100 100 98.4  95.3 100 100 96.9 96.9 98.4 100 96.9 98.4 98.4"""
BOOK_TRAINING = {1 + 100 * n: float(percent) for n, percent in enumerate(BOOK_TRAINING.split())}
BOOK_MATRIX = """
    973 0 1 0 0 1 1 0 3 1    0 1129 2 1 0 0 1 1 1 0  1 2 1023 2 0 0 0 2 2 0    1 0 1 1002 0 3 0 1 2 0
    0 1 0 0 974 0 1 0 2 4    2 0 0 3 0 882 2 0 1 2   4 1 0 0 1 4 948 0 0 0     1 4 11 2 0 0 0 1004 2 4
    3 0 4 2 1 2 0 0 960 2    3 4 1 0 7 5 0 2 2 985"""
BOOK_MATRIX = np.array(BOOK_MATRIX.split(), int).reshape(10, 10)

# %% The data
digits = mnist.load(ex.data, loader="tf-0.12")
test = digits.test
print("Size of:")
print("- Training-set:\t\t", digits.train.num_examples)
print("- Test-set:\t\t", test.num_examples)
print("- Validation-set:\t", digits.validation.num_examples)
ex.figure(plot_images(test.images[:9], test.cls[:9]), "test_images")


# %% Layers
def new_weights(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.05))


def new_biases(length):
    return tf.Variable(tf.constant(0.05, shape=[length]))


def new_conv_layer(input, num_input_channels, filter_size, num_filters):
    """Return (layer, weights): convolution, bias, pooling, then ReLU, which so has a quarter of the values to do."""
    weights = new_weights([filter_size, filter_size, num_input_channels, num_filters])
    biases = new_biases(num_filters)
    step = 2 if ex.pooling == "stride" else 1
    layer = tf.nn.conv2d(input=input, filter=weights, strides=[1, step, step, 1], padding="SAME")
    layer += biases
    if ex.pooling == "max":
        layer = tf.nn.max_pool(layer, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    return tf.nn.relu(layer), weights


def flatten_layer(layer):
    """Return [n, height · width · channels] and that number of features."""
    num_features = layer.get_shape()[1:4].num_elements()
    return tf.reshape(layer, [-1, num_features]), num_features


def new_fc_layer(input, num_inputs, num_outputs, use_relu=True):
    layer = tf.matmul(input, new_weights([num_inputs, num_outputs])) + new_biases(num_outputs)
    return tf.nn.relu(layer) if use_relu else layer


# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    x_image = tf.reshape(x, [-1, 28, 28, 1])
    y_true = tf.placeholder(tf.float32, [None, 10], name="y_true")
    y_true_cls = tf.argmax(y_true, axis=1)
    keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")  # exercise 5: fed in the training only

    layer_conv1, weights_conv1 = new_conv_layer(x_image, 1, ex.filter_size1, ex.num_filters1)
    layer_conv2, weights_conv2 = new_conv_layer(layer_conv1, ex.num_filters1, ex.filter_size2, ex.num_filters2)
    layer_flat, num_features = flatten_layer(layer_conv2)
    layer_fc1 = new_fc_layer(layer_flat, num_features, ex.fc_size)
    if ex.keep_prob < 1:
        layer_fc1 = tf.nn.dropout(layer_fc1, rate=1 - keep_prob)
    layer_fc2 = new_fc_layer(layer_fc1, ex.fc_size, 10, use_relu=ex.relu_on_last)

    y_pred = tf.nn.softmax(layer_fc2)
    y_pred_cls = tf.argmax(y_pred, axis=1)
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(logits=layer_fc2, labels=y_true)
    cost = tf.reduce_mean(cross_entropy)
    optimizer = tf.train.AdamOptimizer(learning_rate=ex.learning_rate).minimize(cost)
    correct_prediction = tf.equal(y_pred_cls, y_true_cls)
    accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

    # Exercise 6: ReLU keeps the order, so the greatest value stays the greatest; a mean does not stay the mean.
    pool = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
    before_pool = tf.nn.conv2d(x_image, weights_conv1, strides=[1, 1, 1, 1], padding="SAME")
    swapped_max, swapped_average = (
        tf.reduce_max(abs(tf.nn.relu(some_pool(before_pool, **pool)) - some_pool(tf.nn.relu(before_pool), **pool)))
        for some_pool in (tf.nn.max_pool, tf.nn.avg_pool)
    )

for layer in (layer_conv1, layer_conv2, layer_flat, layer_fc1, layer_fc2):
    print(f"{layer.name:<14} {layer.shape}")
parameters = sum(v.shape.num_elements() for v in tf.trainable_variables())

# %% Training, with a test at each of the book's stages
saver = tf.train.Saver(save_relative_paths=True)
started = time.time()


def print_test_accuracy(iteration):
    """Test the network as it is after `iteration` iterations, print and draw as the book does; return the classes."""
    if iteration:
        ex.log(f"Time usage: {timedelta(seconds=round(time.time() - started))}")
    cls_pred = predict_cls(sess, y_pred_cls, x, test.images, ex.test_batch_size)
    ex.record(iteration, test_accuracy=(cls_pred == test.cls).mean())
    beside = ex.beside(f"{BOOK_ACCURACY[iteration]:.1%}") if iteration in BOOK_ACCURACY else ""
    ex.log(f"{accuracy_line(test.cls, cls_pred)} after {iteration} iterations{beside}")
    if iteration >= 100:
        beside = ex.beside(BOOK_ERRORS[iteration]) if iteration in BOOK_ERRORS else ""
        ex.log(f"Example errors: {example_errors(test.cls, cls_pred)}{beside}")
        ex.figure(plot_example_errors(test.images, test.cls, cls_pred), f"errors_{iteration}", iteration)
    return cls_pred


with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable(optimizer, [x, y_true, keep_prob])
    for i in ex.resumable(range(ex.iterations), sess, saver, unit="iteration", every=500):
        if i in BOOK_ACCURACY:
            print_test_accuracy(i)
            started = time.time()
        x_batch, y_true_batch = digits.train.next_batch(ex.batch_size)
        train(x_batch, y_true_batch, ex.keep_prob)
        if i % 100 == 0:
            acc = sess.run(accuracy, {x: x_batch, y_true: y_true_batch})
            ex.record(i + 1, training_accuracy=acc)
            beside = ex.beside(f"{BOOK_TRAINING[i + 1]:.1f}%") if i + 1 in BOOK_TRAINING else ""
            ex.log(f"Optimization Iteration: {i + 1:>6}, Training Accuracy: {acc:>6.1%}{beside}")

    cls_pred = print_test_accuracy(ex.iterations)
    w_conv1, w_conv2 = sess.run([weights_conv1, weights_conv2])
    # Test pictures 0 (a 7) and 13 (a 0), and what both convolutions give for them
    image1, image2 = shown = test.images[[0, 13]]
    conv1, conv2 = sess.run([layer_conv1, layer_conv2], {x: shown})
    swapped = sess.run([swapped_max, swapped_average], {x: test.images[:256]})

# %% The confusion matrix, printed and drawn
matrix = confusion_matrix(test.cls, cls_pred, labels=range(10))
print(f"Confusion Matrix:\n{matrix}")
ex.figure(figures.confusion_matrix(test.cls, cls_pred), "confusion_matrix")

# %% The weights and the outputs of both convolutions: red is positive, blue negative
ex.figure(plot_conv_weights(w_conv1), "conv1_weights")
ex.figure(plot_conv_weights(w_conv2, input_channel=0), "conv2_weights_channel_0")
if ex.num_filters1 > 1:
    ex.figure(plot_conv_weights(w_conv2, input_channel=1), "conv2_weights_channel_1")
ex.figure(figures.image_grid(shown.reshape(2, 28, 28), cmap="binary"), "two_images")
for number, name in enumerate(("image1", "image2")):
    ex.figure(plot_layer_output(conv1[number]), f"conv1_output_{name}")
    ex.figure(plot_layer_output(conv2[number]), f"conv2_output_{name}")

# %% The training beside the book's
figure, axis = plt.subplots(figsize=(6.4, 4.0))
axis.plot(*np.transpose(ex.history["training_accuracy"]), alpha=0.6, label="training batch, measured")
axis.plot(*np.transpose(ex.history["test_accuracy"]), "o-", label="test set, measured")
if ex.comparable:
    book_training = np.array(list(BOOK_TRAINING.values())) / 100
    axis.plot(list(BOOK_TRAINING), book_training, alpha=0.6, label="training batch, the book")
    axis.plot(list(BOOK_ACCURACY), list(BOOK_ACCURACY.values()), "s", label="test set, the book")
axis.set(xlabel="iteration", ylabel="accuracy", xscale="symlog", xlim=(0, ex.iterations))
axis.legend()
figure.tight_layout()
ex.figure(figure, "accuracy")

# %% Results
for iteration, value in ex.history["test_accuracy"]:
    name, book = f"test accuracy, {iteration:.0f} iterations", BOOK_ACCURACY.get(iteration)
    ex.report(name, value, book=book, better="higher" if iteration > 1 else None, tolerance=SPREAD.get(iteration, 0.0))
ex.report("confusion matrix", matrix, book=BOOK_MATRIX)
ex.report("weights", parameters)
ex.report("ReLU before or after max pooling, difference", swapped[0])
ex.report("ReLU before or after average pooling, difference", swapped[1])
ex.finish()
