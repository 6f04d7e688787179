"""Tutorial 04 · Save & restore with early stopping (保存 & 恢复)

Book:      hvass 1.5, tutorial #04
Data:      MNIST, 55,000 training / 5,000 validation / 10,000 test pictures
Model:     the network of tutorial 03 (real PrettyTensor); Adam
Shows:     tf.train.Saver: the network is saved whenever it is better on the validation set than before, and the
           training ends when that has not happened for 1,000 iterations. Then the variables are made anew, and the best
           network is restored. Exercises: 1 --require-improvement; 2 --load tests the saved network without training;
           3 every 500 iterations are saved as well, and --resume takes the latest; 4 what fails when the network has
           changed; 5 the weights of the second convolution too; 6 how little training changes the weights
Departs:   the iteration that is printed counts all of them. A Saver of its own keeps the best network: the five latest
           checkpoints of another one would push it out. The folder is this example's alone. tf.train.latest_checkpoint
           finds the newest file (an exercise looks for it in the Saver); the validation set is used (the text names
           only the other two)
Time:      4.5 min on 2 CPU cores, beside another run
"""

import time
from datetime import timedelta

import numpy as np
from _plots import (
    accuracy_line,
    example_errors,
    plot_conv_weights,
    plot_example_errors,
    plot_images,
    predict_cls,
)
from models import get_weights_variable, network
from sklearn.metrics import confusion_matrix

from utils import figures
from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    iterations=10_000,
    require_improvement=1000,
    check_every=100,
    batch_size=64,
    test_batch_size=256,
    tested=10_000,
    learning_rate=1e-4,
    load=False,
    quick={
        "iterations": 200,
        "require_improvement": 20,
        "check_every": 20,
        "tested": 2000,
        "learning_rate": 0.01,
    },
)

# The book's validation accuracy (%) after 100, 200, …, 5800 iterations.
BOOK_VALIDATION = """
    85.2 91.5 93.7 94.3 94.7 94.7 95.6 96.3 96.4 96.9  97.0 97.0 97.2 97.3 97.4 97.7 97.8 97.8 98.1 98.0
    97.9 98.0 98.1 98.1 98.2 98.0 98.0 98.1 98.2 98.2  98.1 98.3 98.4 98.0 98.3 98.5 98.3 98.1 98.5 98.4
    98.5 98.3 98.6 98.4 98.5 98.5 98.4 98.8 98.8 98.6  98.6 98.6 98.5 98.7 98.6 98.4 98.6 98.7"""
BOOK_VALIDATION = {100 * n: float(percent) / 100 for n, percent in enumerate(BOOK_VALIDATION.split(), start=1)}
# Of the four states of the network: test accuracy, mean and standard deviation of the first convolution's weights.
BOOK = {
    "untrained": (0.0849, 0.00880, 0.28635),
    "optimised": (0.9842, 0.02895, 0.29949),
    "initialised again": (0.1341, -0.01086, 0.28023),
    "restored": (0.9826, 0.02792, 0.29822),
}
BOOK_ERRORS = {
    "optimised": "4→9 4→6 2→7 2→1 5→3 6→0 8→0 8→2 2→7",
    "restored": "4→2 7→3 5→3 6→0 8→0 7→3 8→2 7→9 1→8",
}
BOOK_MATRICES = {
    "optimised": """
    974 0 0 0 0 1 2 0 2 1    0 1127 2 2 0 0 1 0 3 0  4 4 1012 4 1 0 0 3 4 0   0 0 1 1005 0 2 0 0 2 0
    1 0 1 0 961 0 2 0 3 14   2 0 1 6 0 880 1 0 1 1   4 2 0 1 3 4 942 0 2 0    1 1 8 6 1 0 0 994 1 16
    6 0 1 4 1 1 1 2 952 6    3 3 0 3 2 2 0 0 1 995""",
    "restored": """
    973 0 0 0 0 0 2 0 3 2    0 1124 2 2 0 0 3 0 4 0  2 1 1027 0 0 0 0 1 1 0   0 0 1 1005 0 2 0 0 2 0
    0 0 3 0 968 0 1 0 3 7    2 0 1 9 0 871 3 0 3 3   4 2 1 0 3 3 939 0 6 0    1 3 19 11 2 0 0 972 2 18
    6 0 3 5 1 0 1 2 951 5    3 3 0 1 4 1 0 0 1 996""",
}

# %% The data
digits = mnist.load(ex.data, loader="tf-0.12")
test_images, test_cls = digits.test.images[: ex.tested], digits.test.cls[: ex.tested]
validation_images, validation_cls = digits.validation.images[: ex.tested], digits.validation.cls[: ex.tested]
print("Size of:")
print("- Training-set:\t\t", digits.train.num_examples)
print("- Test-set:\t\t", digits.test.num_examples)
print("- Validation-set:\t", digits.validation.num_examples)
ex.figure(plot_images(test_images[:9], test_cls[:9]), "test_images")

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    x_image = tf.reshape(x, [-1, 28, 28, 1])
    y_true = tf.placeholder(tf.float32, [None, 10], name="y_true")
    y_pred, loss = network(x_image, y_true)
    optimizer = tf.train.AdamOptimizer(learning_rate=ex.learning_rate).minimize(loss)
    y_pred_cls = tf.argmax(y_pred, axis=1)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(y_pred_cls, tf.argmax(y_true, axis=1)), tf.float32))
weights_conv1 = get_weights_variable("layer_conv1")
weights_conv2 = get_weights_variable("layer_conv2")

# %% The saver: it saves all variables of the graph, those of Adam too
saver = tf.train.Saver(save_relative_paths=True)
training_saver = tf.train.Saver(save_relative_paths=True)
save_path = ex.checkpoint_of("h04", "best_validation") if ex.load else ex.checkpoint("best_validation")
found = {}


def init_variables():
    sess.run(tf.global_variables_initializer())


def validation_accuracy():
    """Return the share of the validation pictures that are classified correctly."""
    return (predict_cls(sess, y_pred_cls, x, validation_images, ex.test_batch_size) == validation_cls).mean()


def look_at(state):
    """Test the network in this state, print and draw as the book does."""
    cls_pred = predict_cls(sess, y_pred_cls, x, test_images, ex.test_batch_size)
    w_conv1, w_conv2 = sess.run([weights_conv1, weights_conv2])
    found[state] = (cls_pred == test_cls).mean(), w_conv1, w_conv2, confusion_matrix(test_cls, cls_pred)
    accuracy_book, mean_book, stdev_book = BOOK[state]
    name = state.replace(" ", "_")
    ex.log(f"{state}: {accuracy_line(test_cls, cls_pred)}{ex.beside(f'{accuracy_book:.1%}')}")
    beside = ex.beside(f"{mean_book:.5f}, {stdev_book:.5f}")
    ex.log(f"conv1 weights Mean: {w_conv1.mean():.5f}, Stdev: {w_conv1.std():.5f}{beside}")
    ex.figure(plot_conv_weights(w_conv1), f"conv1_weights_{name}")
    ex.figure(plot_conv_weights(w_conv2), f"conv2_weights_{name}")
    if state in BOOK_ERRORS:
        ex.log(f"Example errors: {example_errors(test_cls, cls_pred)}{ex.beside(BOOK_ERRORS[state])}")
        ex.log(f"Confusion Matrix:\n{found[state][3]}")
        ex.figure(plot_example_errors(test_images, test_cls, cls_pred), f"errors_{name}")
        ex.figure(figures.confusion_matrix(test_cls, cls_pred), f"confusion_matrix_{name}")


# %% Training, with early stopping
def best_so_far():
    """Return the best validation accuracy so far and the iteration it is of; a resumed run knows them too."""
    checks = ex.history.get("validation_accuracy", [])
    return max(((value, -iteration) for iteration, value in checks), default=(0.0, 0))


with ex.session() as sess:
    init_variables()
    if not ex.load:
        look_at("untrained")
        started = time.time()
        for i in ex.resumable(range(ex.iterations), sess, training_saver, unit="iteration", every=ex.check_every):
            total_iterations = i + 1
            x_batch, y_true_batch = digits.train.next_batch(ex.batch_size)
            sess.run(optimizer, {x: x_batch, y_true: y_true_batch})
            if total_iterations % ex.check_every == 0 or total_iterations == ex.iterations:
                acc_train = sess.run(accuracy, {x: x_batch, y_true: y_true_batch})
                acc_validation, (best, _) = validation_accuracy(), best_so_far()
                improved_str = ""
                if acc_validation > best:
                    saver.save(sess, save_path)
                    improved_str = "*"
                ex.record(total_iterations, training_accuracy=acc_train, validation_accuracy=acc_validation)
                beside = ""
                if total_iterations in BOOK_VALIDATION:
                    beside = ex.beside(f"{BOOK_VALIDATION[total_iterations]:.1%}")
                ex.log(
                    f"Iter: {total_iterations:>6}, Train-Batch Accuracy: {acc_train:>6.1%}, "
                    f"Validation Acc: {acc_validation:>6.1%} {improved_str}{beside}"
                )
            last_improvement = -best_so_far()[1]
            if total_iterations - last_improvement > ex.require_improvement:
                ex.log("No improvement found in a while, stopping optimization.")
                break
        ex.log(f"Time usage: {timedelta(seconds=round(time.time() - started))}")
        look_at("optimised")
        init_variables()
        look_at("initialised again")

    # %% Restore the best network: no variable needs to be initialised before
    saver.restore(sess, save_path)
    look_at("restored")
    restored_validation = validation_accuracy()

# %% Exercise 4: the same checkpoint into another network
with tf.Graph().as_default(), ex.session(tf.get_default_graph()) as other:
    labels = tf.placeholder(tf.float32, [None, 10])
    network(tf.zeros([1, 28, 28, 1]), labels, fc_size=64)
    try:
        tf.train.Saver(tf.trainable_variables()).restore(other, save_path)
        misfit = "nothing"
    except tf.errors.InvalidArgumentError as error:
        misfit = next(line for line in str(error).splitlines() if "shape" in line)
print(f"a dense layer of 64 instead of 128 cannot be restored: {misfit}")

# %% The accuracy during the training, beside the book's
if not ex.load:
    lines = {"training batch": ex.history["training_accuracy"], "validation set": ex.history["validation_accuracy"]}
    if ex.comparable:
        lines["validation set, the book"] = list(BOOK_VALIDATION.items())
    figure = figures.curves(lines, xlabel="iteration", ylabel="accuracy")
    figure.axes[0].axvline(-best_so_far()[1], color="grey", linestyle=":")
    ex.figure(figure, "accuracy")

# %% Results
# Two standard errors of 10,000 pictures; what is not trained is right by chance, and six starts lie 0.042 apart
TOLERANCES = {"untrained": 0.042, "optimised": 0.0025, "initialised again": 0.042, "restored": 0.0026}
for state, (acc, w_conv1, _, matrix) in found.items():
    book_accuracy, book_mean, book_stdev = BOOK[state]
    better = "higher" if state in BOOK_MATRICES else None
    ex.report(f"test accuracy, {state}", acc, book=book_accuracy, better=better, tolerance=TOLERANCES[state])
    # He's start: 400 weights of standard deviation 0.283 have a mean within 0.028 and a deviation within 0.02 of that
    ex.report(f"mean of the conv1 weights, {state}", w_conv1.mean(), book=book_mean, tolerance=0.04)
    ex.report(f"stdev of the conv1 weights, {state}", w_conv1.std(), book=book_stdev, tolerance=0.03)
    if state in BOOK_MATRICES:
        ex.report(
            f"confusion matrix, {state}", matrix, book=np.array(BOOK_MATRICES[state].split(), int).reshape(10, 10)
        )
if not ex.load:
    best, minus_iteration = best_so_far()
    # Two standard errors of 5,000 pictures
    ex.report("best validation accuracy", best, book=0.988, better="higher", tolerance=0.0031)
    ex.report("iteration of the best", -minus_iteration, book=4800)
    ex.report("iterations done", total_iterations, book=5801)
    # Exercise 6: Adam moves a weight by about the learning rate in an iteration, which is little beside He's start
    for number, name in ((1, "conv1"), (2, "conv2")):
        start, end = found["untrained"][number].ravel(), found["optimised"][number].ravel()
        ex.report(f"{name}: mean change of a weight", abs(end - start).mean())
        ex.report(f"{name}: correlation with the start", np.corrcoef(start, end)[0, 1])
ex.report("validation accuracy, restored", restored_validation)
ex.report("what does not fit in exercise 4", misfit)
ex.finish()
