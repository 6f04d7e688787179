"""Tutorial 09 · Video data, Knifey-Spoony (视频数据)

Book:      hvass 1.10, tutorial #09
Data:      Knifey-Spoony, 4,170 training / 530 test frames of videos, 200×200 in colour, or pictures of your own:
           --images FOLDER with CLASS/*.jpg and CLASS/test/*.jpg. Where neither is there, forks, knives and spoons
           drawn here
Model:     Inception v3 with its ImageNet weights, or where they cannot be had EfficientNet-Lite0, up to its last
           pooling; on its transfer-values dense 1024 with ReLU – softmax (real PrettyTensor); Adam
Shows:     transfer learning on folders of pictures: the files and their classes, the transfer-values kept on disk,
           PCA and t-SNE, the classifier before and after its training, its errors. It learns its training pictures by
           heart; the test pictures have other backgrounds. Exercises: 1 --fc-size, --layers, 2 --iterations, 3
           --per-class (as many of each), 4 --images; `ffmpeg -i a.mp4 -r 5 -vf scale=200:200 a-%04d.jpg` makes
           frames of a video, 6 --image FILE classifies one picture, 7 --network
Departs:   files are sorted, so the class numbers are the same everywhere, and their list is JSON with names as seen
           from the folder. The cache is tutorial 08's. One-hot labels have 3 elements, not 10. The average over the
           classes stands beside the accuracy, because nearly half of the test pictures are spoons
Time:      66 s on 2 CPU cores, beside another run
"""

import json
import time
from datetime import timedelta

import numpy as np
from _plots import accuracy_line, predict_cls
from _transfer import (
    Extractor,
    cache_path,
    from_files,
    neighbour_agreement,
    new_network,
    plot_images,
    plot_scatter,
    plot_transfer_values,
    print_confusion_matrix,
    squared,
    transfer_values_cache,
)
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import confusion_matrix

from utils import figures, pretrained
from utils.data import knifey
from utils.example import Choice, Example
from utils.photo import load_photo
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    images="",
    image="",
    network=Choice("inception_v3", "inception_resnet_v2", "efficientnet_lite0"),
    image_size=0,
    per_class=0,
    fc_size=1024,
    layers=1,
    iterations=1000,
    batch_size=64,
    learning_rate=1e-4,
    weights="",
    quick={"image_size": 96, "iterations": 120},
)

BOOK_MATRIX = {0: [[151, 0, 0], [122, 3, 12], [237, 0, 5]], 1000: [[35, 36, 80], [6, 101, 30], [0, 0, 242]]}
BOOK_ACCURACY = {0: "30.0%", 1000: "71.3%"}
# The book's accuracy (%) of the batch at iterations 100, 200, …, 1,000.
BOOK_TRAINING = {100: 95.3, 200: 96.9, 300: 98.4} | dict.fromkeys(range(400, 1001, 100), 100.0)

# %% The data: the folders are the classes
dataset = knifey.load(ex.data, ex.images)
listing = ex.outputs / "files.json"
dataset.save(listing)
class_names = dataset.names
num_classes = len(class_names)
train_files, cls_train = dataset.train.files, dataset.train.labels
test_files, cls_test = dataset.test.files, dataset.test.labels
if ex.per_class:  # exercise 3: as many pictures of each class
    # at random: the files stand in the order of the videos, and the first ones show the same few moments
    rng = np.random.default_rng(ex.seed)
    of_class = [rng.permutation(np.flatnonzero(cls_train == number)) for number in range(num_classes)]
    kept = np.concatenate([np.sort(numbers[: ex.per_class]) for numbers in of_class])
    train_files, cls_train = [train_files[i] for i in kept], cls_train[kept]
if len(train_files) < 64:
    raise WrongFlag(f"{len(train_files)} training pictures are too few: 64 at least")
labels_train = np.eye(num_classes, dtype=np.float32)[cls_train]
print(class_names)
print(dataset.train.files[0].relative_to(dataset.folder))
print(dataset.test.files[0].relative_to(dataset.folder))
print("Size of:")
print("- Training-set:\t\t", len(train_files), np.bincount(cls_train))
print("- Test-set:\t\t", len(test_files), np.bincount(cls_test))


def load_images(indices):
    """Return the test pictures of these numbers, 200×200 each."""
    some = from_files([test_files[i] for i in indices], knifey.read, knifey.EDGE)
    return some.read(0, some.count)


first = range(min(9, len(test_files)))
ex.figure(plot_images(load_images(first), class_names, cls_test[: len(first)]), "test_images")

# %% The transfer-values of all pictures, computed once
network = pretrained.load(ex.data, ex.network, ex.weights)
size = ex.image_size or network.input_size
model = Extractor(ex, network, size)
transfer_values, rates = {}, {}
for part, files in (("train", train_files), ("test", test_files)):
    print(f"Processing {network.title} transfer-values for the {part} pictures at {size}×{size} ...")
    pictures = from_files(files, knifey.read, size)
    path, key = cache_path(ex, network, size, part, pictures)
    transfer_values[part], rates[part] = transfer_values_cache(path, pictures, model, key, ex.progress)
    print(transfer_values[part].shape, f"{rates[part]:.0f} pictures a second")
transfer_values_train, transfer_values_test = transfer_values["train"], transfer_values["test"]
transfer_len = transfer_values_train.shape[1]

# %% Two test pictures and their transfer-values
some = [min(number, len(test_files) - 1) for number in (100, 300)]
captions = [f"test picture {number}: {class_names[cls_test[number]]}" for number in some]
ex.figure(plot_transfer_values(load_images(some), transfer_values_test[some], captions), "transfer_values")

# %% PCA to two values, and by way of 50 values t-SNE
values_pca = PCA(n_components=2, random_state=ex.seed).fit_transform(transfer_values_train)
values_50 = PCA(n_components=50, random_state=ex.seed).fit_transform(transfer_values_train)
values_tsne = TSNE(n_components=2, init="pca", random_state=ex.seed, n_jobs=1).fit_transform(values_50)
count = len(train_files)
ex.figure(plot_scatter(values_pca, cls_train, class_names, f"PCA of {count} pictures", ex.seed), "pca")
ex.figure(plot_scatter(values_tsne, cls_train, class_names, f"t-SNE of {count} pictures", ex.seed), "tsne")

# %% The new classifier
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, transfer_len], name="x")
    y_true = tf.placeholder(tf.float32, [None, num_classes], name="y_true")
    y_true_cls = tf.argmax(y_true, axis=1)

    y_pred, loss = new_network(x, y_true, num_classes, ex.fc_size, ex.layers)
    global_step = tf.Variable(0, name="global_step", trainable=False)
    optimizer = tf.train.AdamOptimizer(learning_rate=ex.learning_rate).minimize(loss, global_step=global_step)
    y_pred_cls = tf.argmax(y_pred, axis=1)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(y_pred_cls, y_true_cls), tf.float32))


# %% Training; --resume goes on from the last checkpoint
def random_batch(step):
    """Return a random batch of transfer-values and labels; it hangs on seed and step alone."""
    batch_size = min(ex.batch_size, len(labels_train))
    idx = np.random.default_rng([ex.seed, step]).choice(len(labels_train), size=batch_size, replace=False)
    return transfer_values_train[idx], labels_train[idx]


def test_accuracy(iteration):
    """Test the classifier as it is after `iteration` iterations; return the confusion matrix and the classes."""
    cls_pred = predict_cls(sess, y_pred_cls, x, transfer_values_test)
    ex.record(iteration, test_accuracy=(cls_pred == cls_test).mean())
    beside = ex.beside(BOOK_ACCURACY[iteration]) if iteration in BOOK_ACCURACY else ""
    ex.log(f"{accuracy_line(cls_test, cls_pred)} after {iteration} iterations{beside}")
    matrix = confusion_matrix(cls_test, cls_pred, labels=range(num_classes))
    print_confusion_matrix(matrix, class_names)
    if ex.comparable and iteration in BOOK_MATRIX:
        ex.log(ex.beside(" / ".join(" ".join(map(str, row)) for row in BOOK_MATRIX[iteration])))
    matrices[iteration] = matrix
    return matrix, cls_pred


matrices = {}  # those of this session, resumed or not
saver = tf.train.Saver(save_relative_paths=True)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([optimizer], [x, y_true])
    started = time.time()
    for i in ex.resumable(range(ex.iterations), sess, saver, unit="iteration", every=500):
        if i == 0:
            test_accuracy(0)
        x_batch, y_true_batch = random_batch(i)
        train(x_batch, y_true_batch)
        i_global = i + 1
        if i_global % 100 == 0 or i_global == ex.iterations:
            batch_acc, batch_loss = sess.run([accuracy, loss], {x: x_batch, y_true: y_true_batch})
            ex.record(i_global, training_accuracy=batch_acc, training_loss=batch_loss)
            if i_global < ex.iterations:  # the last test, with all that it prints, is below
                cls_pred = predict_cls(sess, y_pred_cls, x, transfer_values_test)
                ex.record(i_global, test_accuracy=(cls_pred == cls_test).mean())
            beside = ex.beside(f"{BOOK_TRAINING[i_global]:.1f}%") if i_global in BOOK_TRAINING else ""
            ex.log(f"Global Step: {i_global:>6}, Training Batch Accuracy: {batch_acc:>6.1%}{beside}")
    print(f"Time usage: {timedelta(seconds=round(time.time() - started))}")
    matrix, cls_pred = test_accuracy(ex.iterations)
    train_pred = predict_cls(sess, y_pred_cls, x, transfer_values_train)
    saver.save(sess, ex.checkpoint("transfer"), global_step=ex.iterations)

# %% One picture without the cache (exercise 6): the first error, or the reader's own; by the restored classifier
with ex.session() as sess:
    saver.restore(sess, tf.train.latest_checkpoint(ex.checkpoints))
    wrong = np.flatnonzero(cls_pred != cls_test)
    alone = wrong[0] if len(wrong) else 0
    if ex.image:
        picture, name = load_photo(ex.image)
    else:
        picture, name = knifey.read(test_files[alone]), test_files[alone].name
    (probabilities,) = sess.run(y_pred, {x: model(squared(picture, size)[None])})
    by_cache = sess.run(y_pred, {x: transfer_values_test[alone, None]})[0]
    restored = predict_cls(sess, y_pred_cls, x, transfer_values_test)
model.close()
scores = ", ".join(f"{class_names[number]} {probabilities[number]:.1%}" for number in probabilities.argsort()[::-1])
print(f"{name}: {scores}")

# %% Errors, nine at random
errors = np.random.default_rng(ex.seed).permutation(wrong)[:9]
if len(errors):
    ex.figure(plot_images(load_images(errors), class_names, cls_test[errors], cls_pred[errors]), "errors")
ex.figure(figures.confusion_matrix(cls_test, cls_pred, class_names), "confusion_matrix")
lines = {"training batch": ex.history["training_accuracy"], "test set": ex.history["test_accuracy"]}
ex.figure(figures.curves(lines, xlabel="iteration", ylabel="accuracy"), "accuracy")

# %% Results
ex.report("test accuracy, untrained", ex.history["test_accuracy"][0][1], book=0.3, tolerance=0.2)
# Two standard errors of 530 pictures
ex.report("test accuracy", (cls_pred == cls_test).mean(), book=0.713, better="higher", tolerance=0.039)
book_recall = np.mean([row[number] / sum(row) for number, row in enumerate(BOOK_MATRIX[1000])])
ex.report("test accuracy, average of the classes", (matrix.diagonal() / matrix.sum(axis=1)).mean(), book=book_recall)
ex.report("training accuracy", (train_pred == cls_train).mean())
if 0 in matrices:
    ex.report("confusion matrix, untrained", matrices[0], book=BOOK_MATRIX[0])
ex.report("confusion matrix", matrix, book=BOOK_MATRIX[1000])
ex.report("restored classifier agrees", float((restored == cls_pred).mean()))
if not ex.image:
    ex.report("a test picture alone and by the cache, difference", abs(probabilities - by_cache).max())
ex.report("weights of the classifier", sum(v.shape.num_elements() for v in tf.trainable_variables()))
ex.report("transfer-values of a picture", transfer_len, book=2048)
ex.report(
    "files in the list", [len(json.loads(listing.read_text(encoding="utf-8"))[part]) for part in ("train", "test")]
)
ex.report("nearest neighbour of the same class, PCA", neighbour_agreement(values_pca, cls_train))
ex.report("nearest neighbour of the same class, t-SNE", neighbour_agreement(values_tsne, cls_train))
ex.report("pictures a second through the network", rates["train"])
ex.finish()
