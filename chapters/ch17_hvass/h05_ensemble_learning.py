"""Tutorial 05 · Ensemble learning (集成学习)

Book:      hvass 1.6, tutorial #05
Data:      MNIST, 60,000 training pictures, split at random for each network into 48,000 and 12,000; 10,000 for testing
Model:     five times the network of tutorial 03 (real PrettyTensor), trained one after the other in one graph; Adam
Shows:     five networks, each with its own training pictures and its own checkpoint; the mean of what they say is right
           more often than the best of them; the pictures on which one is right and the other is not. Exercises: 1
           --num-networks, 2 --train-share, 3 --num-iterations; 5 the accuracy of 1, 2, … networks together
Departs:   the book validates on 5,000 pictures of which four in five were trained on; here each network has its own
           12,000 that it never saw, and the best one is chosen by them, not by the test set. The book's way stands
           beside it. The subsets are drawn without replacement, so it is no bagging; its 9,916 right of 10,000 are
           99.2 % (the summary says 99.1). The default run trains each network for 2,000 iterations, --book for 10,000
Time:      5.9 min on 2 CPU cores, --book 27 min, both beside other work
"""

import time
from datetime import timedelta
from itertools import combinations

import numpy as np
from _plots import plot_images, predict_cls
from models import network
from scipy.stats import binomtest

from utils import figures
from utils.data import mnist
from utils.example import Example
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    num_networks=5,
    num_iterations=2000,
    train_share=0.8,
    batch_size=64,
    test_batch_size=256,
    tested=12_000,
    learning_rate=1e-4,
    quick={"num_networks": 3, "num_iterations": 50, "tested": 2000},
    book={"num_iterations": 10_000},
)

# The book's five networks: accuracy on the original validation set and on the test set.
BOOK_NETWORKS = [(0.9948, 0.9893), (0.9936, 0.9880), (0.9958, 0.9893), (0.9938, 0.9889), (0.9938, 0.9892)]

# %% The data: training and validation set together
digits = mnist.load(ex.data, loader="tf-0.12")
combined_images = np.concatenate([digits.train.images, digits.validation.images])
combined_labels = np.concatenate([digits.train.labels, digits.validation.labels])
combined_cls = combined_labels.argmax(axis=1)
combined_size = len(combined_images)
train_size = int(ex.train_share * combined_size)
if train_size < ex.batch_size or train_size == combined_size:
    raise WrongFlag(
        f"--train-share {ex.train_share} leaves {train_size} pictures to train and {combined_size - train_size} to "
        f"validate: at least {ex.batch_size} (--batch-size) and 1 are needed"
    )
test_images, test_cls = digits.test.images[: ex.tested], digits.test.cls[: ex.tested]
validation_images, validation_cls = digits.validation.images[: ex.tested], digits.validation.cls[: ex.tested]
print(f"{combined_size} pictures: {train_size} to train, {combined_size - train_size} to validate")
ex.figure(plot_images(test_images[:9], test_cls[:9]), "test_images")


def random_training_set(number):
    """Return the indices of the pictures that network `number` is trained on and of those it never sees."""
    order = np.random.default_rng([ex.seed, number]).permutation(combined_size)
    return order[:train_size], order[train_size:]


def random_batch(number, iteration, idx_train):
    """Return a random batch of the training pictures; it hangs on seed, network and iteration alone."""
    rng = np.random.default_rng([ex.seed, number, iteration])
    idx = idx_train[rng.choice(len(idx_train), size=ex.batch_size, replace=False)]
    return combined_images[idx], combined_labels[idx]


# %% The graph: one network, whose variables are made anew for each training
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    x_image = tf.reshape(x, [-1, 28, 28, 1])
    y_true = tf.placeholder(tf.float32, [None, 10], name="y_true")
    y_pred, loss = network(x_image, y_true)
    optimizer = tf.train.AdamOptimizer(learning_rate=ex.learning_rate).minimize(loss)
    correct_prediction = tf.equal(tf.argmax(y_pred, axis=1), tf.argmax(y_true, axis=1))
    accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
init = tf.global_variables_initializer()

# %% The savers: one keeps all networks, the other what is needed to resume the training
saver = tf.train.Saver(max_to_keep=100, save_relative_paths=True)
training_saver = tf.train.Saver(save_relative_paths=True)


def get_save_path(number):
    return ex.checkpoint(f"network{number}")


# %% Training: one network after the other
with ex.session() as sess:
    train = sess.make_callable(optimizer, [x, y_true])
    drawn, splits = 0, [random_training_set(number) for number in range(ex.num_networks)]
    started = time.time()
    steps = range(ex.num_networks * ex.num_iterations)
    for step in ex.resumable(steps, sess, training_saver, unit="iteration", every=min(250, ex.num_iterations)):
        number, i = divmod(step, ex.num_iterations)
        if i == 0:
            ex.log(f"Neural network: {number}")
            started = time.time()
            # In a new session the random ops begin again, and each run of `init` draws the next weights: a resumed run
            # goes through those of the earlier networks first.
            while drawn <= number:
                sess.run(init)
                drawn += 1
        x_batch, y_true_batch = random_batch(number, i, splits[number][0])
        train(x_batch, y_true_batch)
        if i % 100 == 0 or i == ex.num_iterations - 1:
            acc = sess.run(accuracy, {x: x_batch, y_true: y_true_batch})
            ex.record(i + 1, **{f"training_accuracy/network{number}": acc})
            ex.log(f"Optimization Iteration: {i + 1:>6}, Training Batch Accuracy: {acc:>6.1%}")
        if i == ex.num_iterations - 1:
            saver.save(sess, get_save_path(number))
            ex.log(f"Time usage: {timedelta(seconds=round(time.time() - started))}\n")

    # %% What each network says of the test set, of the pictures it never saw, and of the original validation set
    pred_labels, holdout_accuracy, validation_accuracy = [], [], []
    for number, (_, held_out) in enumerate(splits):
        unseen = held_out[: ex.tested]
        saver.restore(sess, get_save_path(number))
        pred_labels.append(predict_cls(sess, y_pred, x, test_images, ex.test_batch_size))
        for images, cls, accuracies in (
            (combined_images[unseen], combined_cls[unseen], holdout_accuracy),
            (validation_images, validation_cls, validation_accuracy),
        ):
            labels = predict_cls(sess, y_pred, x, images, ex.test_batch_size)
            accuracies.append((labels.argmax(axis=1) == cls).mean())
        test_accuracy = (pred_labels[-1].argmax(axis=1) == test_cls).mean()
        beside = ex.beside("{:.4f}, {:.4f}".format(*BOOK_NETWORKS[number])) if number < len(BOOK_NETWORKS) else ""
        print(
            f"Network: {number}, Accuracy on its {len(unseen)} unseen pictures: {holdout_accuracy[-1]:.4f}, "
            f"Validation-Set: {validation_accuracy[-1]:.4f}, Test-Set: {test_accuracy:.4f}{beside}"
        )
pred_labels = np.array(pred_labels)  # [networks, 10000, 10]
test_accuracies = (pred_labels.argmax(axis=2) == test_cls).mean(axis=1)

# %% The ensemble: the mean of what all networks say
ensemble_pred_labels = pred_labels.mean(axis=0)
ensemble_cls_pred = ensemble_pred_labels.argmax(axis=1)
ensemble_correct = ensemble_cls_pred == test_cls
best_net = int(np.argmax(holdout_accuracy))
best_net_pred_labels = pred_labels[best_net]
best_net_cls_pred = best_net_pred_labels.argmax(axis=1)
best_net_correct = best_net_cls_pred == test_cls
ensemble_better = ensemble_correct & ~best_net_correct
best_net_better = best_net_correct & ~ensemble_correct
print(f"the ensemble has {ensemble_correct.sum()} right, the best network ({best_net}) {best_net_correct.sum()}")
print(f"only the ensemble is right: {ensemble_better.sum()}, only the best network: {best_net_better.sum()}")
# McNemar's exact test: if both were equally good, each of these pictures would fall to either side by a coin
differ = int(ensemble_better.sum() + best_net_better.sum())
p_value = binomtest(int(ensemble_better.sum()), differ).pvalue if differ else 1.0

# %% The pictures on which they differ
for name, chosen in (("ensemble_better", ensemble_better), ("best_net_better", best_net_better)):
    first = np.flatnonzero(chosen)[:9]
    if not len(first):
        continue
    captions = [
        f"True: {test_cls[i]}\nEnsemble: {ensemble_cls_pred[i]}\nBest Net: {best_net_cls_pred[i]}" for i in first
    ]
    figure = figures.image_grid(test_images[first].reshape(-1, 28, 28), captions, columns=3, size=1.9, cmap="binary")
    figure.subplots_adjust(hspace=0.5, bottom=0.1)
    ex.figure(figure, name)
    i = first[0]
    with np.printoptions(precision=2, suppress=True):
        print(f"{name}, the first one, test picture {i}, a {test_cls[i]}:")
        print(f"  ensemble {ensemble_pred_labels[i]}\n  best net {best_net_pred_labels[i]}")
        for number in range(ex.num_networks):
            print(f"  net {number}    {pred_labels[number, i]}")

# %% Exercise 5: is it worth it? All ways to take 1, 2, … of the networks
together = {}
for count in range(1, ex.num_networks + 1):
    groups = [pred_labels[list(group)].mean(axis=0) for group in combinations(range(ex.num_networks), count)]
    together[count] = np.mean([(group.argmax(axis=1) == test_cls).mean() for group in groups])
    print(f"{count} networks together: {together[count]:.4f}, mean of {len(groups)}")
figure = figures.curves({"mean of all choices": list(together.items())}, xlabel="networks", ylabel="test accuracy")
figure.axes[0].set_xticks(list(together))
ex.figure(figure, "networks_together")
lines = {f"network {n}": ex.history[f"training_accuracy/network{n}"] for n in range(ex.num_networks)}
ex.figure(figures.curves(lines, xlabel="iteration", ylabel="accuracy on the training batch"), "training_accuracy")

# %% Results
# Two standard errors of 10,000 pictures (0.0021) for one network and less for the mean of five
ex.report("test accuracy of the networks: mean", test_accuracies.mean(), book=0.9889, better="higher", tolerance=0.0021)
ex.report("test accuracy of the networks: least", test_accuracies.min(), book=0.9880, better="higher", tolerance=0.0021)
ex.report("test accuracy of the networks: most", test_accuracies.max(), book=0.9893, better="higher", tolerance=0.0021)
ex.report("ensemble: correct", ensemble_correct.sum(), book=9916, better="higher", tolerance=18)
ex.report("best network: correct", best_net_correct.sum(), book=9893, better="higher", tolerance=21)
# Counts of rare events: two of their own standard deviations
ex.report("only the ensemble is right", ensemble_better.sum(), book=39, tolerance=18)
ex.report("only the best network is right", best_net_better.sum(), book=16, tolerance=11)
ex.report("McNemar's exact test, p", p_value)
ex.report("best network by its unseen pictures", best_net)
ex.report("accuracy on unseen pictures, mean", np.mean(holdout_accuracy))
ex.report("accuracy on the book's validation set, mean", np.mean(validation_accuracy), book=0.99436, tolerance=0.001)
ex.report("pictures in both parts of a split", max(len(np.intersect1d(*split)) for split in splits))
for (first, (trained_on, _)), (second, (_, unseen)) in combinations(enumerate(splits), 2):
    share = np.isin(unseen, trained_on).mean()  # of networks with their own pictures: about --train-share
    ex.report(f"unseen pictures of network {second} that network {first} was trained on", share)
for count, value in together.items():
    ex.report(f"test accuracy of {count} networks together", value)
ex.finish()
