"""Tutorial 03 · PrettyTensor (PrettyTensor)

Book:      hvass 1.4, tutorial #03
Data:      MNIST, 55,000 training / 10,000 test pictures, the first epoch in file order as TensorFlow 0.12 gave it
Model:     conv 5×5 16 – pool – conv 5×5 36 – pool – dense 128 – softmax 10, ReLU, 242,062 weights; Adam
Shows:     a CNN as one chain of PrettyTensor calls, and the weights of its layers got back by variable scopes;
           the accuracy after 0, 1, 100, 1,000 and 10,000 iterations, the first errors, the confusion matrix.
           Exercises: --activation, --num-filters1 and the other flags; the biases are printed as well
Departs:   the real PrettyTensor 0.7.4; one loop with stops at the stages (the 999 iterations of the third call are a
           misprint for 900); the loss, which the book could not find out, is shown to be the mean cross-entropy.
           White is zero in the pictures of the weights (the tutorial's limits are the least and the greatest weight).
           It is tutorial 02's network but for the start (He and Xavier, biases 0) and ReLU before the pooling
Time:      3.9 min on 2 CPU cores
"""

import time
from datetime import timedelta

import matplotlib.pyplot as plt
import numpy as np
from _plots import accuracy_line, example_errors, plot_conv_weights, plot_example_errors, plot_images, predict_cls
from sklearn.metrics import confusion_matrix

from utils import figures
from utils.contrib import pt
from utils.data import mnist
from utils.example import Choice, Example
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
    activation=Choice("relu", "sigmoid", "tanh", "elu"),
    quick={"iterations": 100},
)

# The book's stages: iterations → test accuracy, and the first nine errors where they can be read.
BOOK_ACCURACY = {0: 0.0909, 1: 0.0892, 100: 0.8393, 1000: 0.9634, 10_000: 0.9881}
# How far apart seeds 1 to 5 lie; for the last one, two standard errors of 10,000 pictures.
SPREAD = {0: 0.033, 1: 0.028, 100: 0.046, 1000: 0.0042, 10_000: 0.0022}
BOOK_ERRORS = {100: "2→3 5→4 5→3 4→0 2→6 5→3 1→3 5→3 6→2", 1000: "4→6 9→7 7→9 4→6 6→0 8→4 4→6 2→3 9→1"}
# The book's training accuracy (%) of the batch at iterations 1, 101, …, 9901.
BOOK_TRAINING = """
    6.2 93.8 89.1 85.9 87.5 92.2 95.3 95.3 90.6 98.4  98.4 95.3 98.4 96.9 100 95.3 96.9 96.9 98.4 96.9
    98.4 95.3 98.4 98.4 98.4 93.8 98.4 98.4 95.3 98.4  98.4 100 96.9 100 98.4 96.9 98.4 96.9 100 98.4
    96.9 98.4 100 100 100 100 98.4 96.9 95.3 100  96.9 100 98.4 98.4 100 98.4 96.9 100 96.9 100
    98.4 98.4 98.4 98.4 100 100 100 100 96.9 100  100 100 100 96.9 100 100 96.9 100 100 100
    98.4 100 100 100 100 98.4 100 100 100 100  98.4 98.4 100 100 98.4 100 100 100 98.4 100"""
BOOK_TRAINING = {1 + 100 * n: float(percent) for n, percent in enumerate(BOOK_TRAINING.split())}
BOOK_MATRIX = """
    975 0 0 0 0 0 1 1 3 0   0 1127 2 0 0 0 1 2 3 0   2 2 1019 1 1 0 1 2 4 0   0 0 0 1005 0 1 0 1 3 0
    0 0 0 0 977 0 1 0 1 3   2 0 0 13 0 870 1 0 6 0   5 2 0 0 1 3 943 0 4 0    0 2 8 2 1 0 0 1007 1 7
    2 0 2 3 1 1 0 0 964 1   0 2 0 4 5 1 0 1 2 994"""
BOOK_MATRIX = np.array(BOOK_MATRIX.split(), int).reshape(10, 10)

# %% The data
digits = mnist.load(ex.data, loader="tf-0.12")
test = digits.test
print("Size of:")
print("- Training-set:\t\t", digits.train.num_examples)
print("- Test-set:\t\t", test.num_examples)
print("- Validation-set:\t", digits.validation.num_examples)
ex.figure(plot_images(test.images[:9], test.cls[:9]), "test_images")

# %% The graph: the whole network is one chain
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    x_image = tf.reshape(x, [-1, 28, 28, 1])
    y_true = tf.placeholder(tf.float32, [None, 10], name="y_true")
    y_true_cls = tf.argmax(y_true, axis=1)

    x_pretty = pt.wrap(x_image)
    with pt.defaults_scope(activation_fn=getattr(tf.nn, ex.activation)):
        y_pred, loss = (
            x_pretty.conv2d(kernel=ex.filter_size1, depth=ex.num_filters1, name="layer_conv1")
            .max_pool(kernel=2, stride=2)
            .conv2d(kernel=ex.filter_size2, depth=ex.num_filters2, name="layer_conv2")
            .max_pool(kernel=2, stride=2)
            .flatten()
            .fully_connected(size=ex.fc_size, name="layer_fc1")
            .softmax_classifier(num_classes=10, labels=y_true)
        )

    optimizer = tf.train.AdamOptimizer(learning_rate=ex.learning_rate).minimize(loss)
    y_pred_cls = tf.argmax(y_pred, axis=1)
    correct_prediction = tf.equal(y_pred_cls, y_true_cls)
    accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))


# %% The variables are hidden in the layers: the scopes find them again
def get_weights_variable(layer_name, name="weights"):
    """Return a variable of the layer `layer_name`, which PrettyTensor made in the scope of that name."""
    with tf.variable_scope(layer_name, reuse=True):
        return tf.get_variable(name)


weights_conv1 = get_weights_variable("layer_conv1")
weights_conv2 = get_weights_variable("layer_conv2")
biases_conv1 = get_weights_variable("layer_conv1", "bias")
biases_conv2 = get_weights_variable("layer_conv2", "bias")
for variable in tf.trainable_variables():
    print(variable.name, variable.shape)

# %% Training, with a test at each of the book's stages
saver = tf.train.Saver(save_relative_paths=True)
started = time.time()


def test_accuracy(iteration):
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
    for i in ex.resumable(range(ex.iterations), sess, saver, unit="iteration", every=500):
        if i in BOOK_ACCURACY:
            test_accuracy(i)
            started = time.time()
        x_batch, y_true_batch = digits.train.next_batch(ex.batch_size)
        feed_dict_train = {x: x_batch, y_true: y_true_batch}
        sess.run(optimizer, feed_dict_train)
        if i % 100 == 0:
            acc = sess.run(accuracy, feed_dict_train)
            ex.record(i + 1, training_accuracy=acc)
            beside = ex.beside(f"{BOOK_TRAINING[i + 1]:.1f}%") if i + 1 in BOOK_TRAINING else ""
            ex.log(f"Optimization Iteration: {i + 1:>6}, Training Accuracy: {acc:>6.1%}{beside}")

    cls_pred = test_accuracy(ex.iterations)
    w_conv1, w_conv2, b_conv1, b_conv2 = sess.run([weights_conv1, weights_conv2, biases_conv1, biases_conv2])
    some_loss, some_pred = sess.run([loss, y_pred], {x: test.images[:256], y_true: test.labels[:256]})

# %% The confusion matrix, printed and drawn
matrix = confusion_matrix(test.cls, cls_pred, labels=range(10))
print(f"Confusion Matrix:\n{matrix}")
ex.figure(figures.confusion_matrix(test.cls, cls_pred), "confusion_matrix")

# %% The weights of both convolutions: red is positive, blue negative
ex.figure(plot_conv_weights(w_conv1), "conv1_weights")
ex.figure(plot_conv_weights(w_conv2, input_channel=0), "conv2_weights_channel_0")
if ex.num_filters1 > 1:
    ex.figure(plot_conv_weights(w_conv2, input_channel=1), "conv2_weights_channel_1")
print(f"biases of layer_conv1:\n{b_conv1}\nbiases of layer_conv2:\n{b_conv2}")

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
ex.report("weights", sum(int(np.prod(variable.shape)) for variable in tf.trainable_variables()))
ex.report("loss of 256 test pictures", some_loss)
ex.report("their mean cross-entropy", -np.log((some_pred * test.labels[:256]).sum(axis=1)).mean())
ex.report("stdev of the weights of layer_conv1", w_conv1.std())
ex.finish()
