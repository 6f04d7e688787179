"""Tutorial 06 · CIFAR-10 (CIFAR-10)

Book:      hvass 1.7, tutorial #06
Data:      CIFAR-10, 50,000 training / 10,000 test pictures of 32×32 in colour, cut to 24×24
Model:     conv 5×5 64 with batch normalisation – pool – conv 5×5 64 – pool – dense 256 – dense 128 – softmax 10, ReLU
           (real PrettyTensor), 731,658 trainable weights; Adam
Shows:     one network, two graphs over the same variables: for training, on distorted pictures and with the moments of
           the batch, and for testing, on the middle of the pictures and with the moving moments. The distortions, the
           errors, filters and layer outputs, the prediction for one picture. Exercises: 1 and 2 --iterations, 3
           --no-distort, 5 --batch-normalize both or none, --resume goes on
Departs:   outputs of layers are taken from the testing graph: the book's name Relu:0 is the training graph's, which
           distorts the picture, normalises it by itself and moves the moving moments. The amounts of the distortions
           hang on seed and step alone, so a resumed run sees the same pictures. Values are cut to 0…1 before each
           conversion to HSV, not only at the end. The checkpoints have a folder of their own (the book's newest one
           may be another tutorial's, and its bare except hides that); global_step grows (the text lets it fall). The
           default run has 5,000 iterations, --book 150,000
Time:      7.4 min on 2 CPU cores
"""

import time
from datetime import timedelta

import matplotlib.pyplot as plt
import numpy as np
from _plots import accuracy_line, plot_conv_weights, plot_layer_output, predict_cls
from _transfer import plot_images
from sklearn.metrics import confusion_matrix

from utils import figures
from utils.contrib import pt
from utils.data import cifar10
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    iterations=5000,
    batch_size=64,
    test_batch_size=256,
    learning_rate=1e-4,
    batch_normalize=Choice("first", "both", "none"),
    distort=True,
    display_step=100,
    tested=10_000,
    quick={"iterations": 100, "display_step": 50, "tested": 1000, "learning_rate": 1e-3},
    book={"iterations": 150_000},
)

BOOK_MATRIX = """
    775 20 71 8 14 4 18 10 44 36   7 914 5 0 3 7 9 3 14 38      32 2 724 28 42 44 94 17 9 8
    18 7 48 508 56 209 99 29 7 19  4 2 45 25 769 29 75 43 3 5   8 6 34 89 35 748 38 32 1 9
    4 2 18 9 14 14 930 4 2 3       6 2 23 18 31 55 17 833 0 15  31 29 15 11 8 7 15 0 856 28
    13 67 4 5 0 4 7 7 18 875"""
BOOK_MATRIX = np.array(BOOK_MATRIX.split(), int).reshape(10, 10)
# Min, max, mean and standard deviation of the weights
BOOK_WEIGHTS = {"conv1": (-0.61643, 0.63949, -0.00177, 0.16469), "conv2": (-0.73326, 0.25344, -0.00394, 0.05466)}
img_size, img_size_cropped, num_channels, num_classes = 32, 24, 3, 10

# %% The data
data = cifar10.load(ex.data)
class_names = data.names
images_train, cls_train = data.train.images, data.train.labels
images_test, cls_test = data.test.first(ex.tested)
labels_train = np.eye(num_classes, dtype=np.float32)[cls_train]
print("Size of:")
print("- Training-set:\t\t", len(images_train))
print("- Test-set:\t\t", len(images_test))
print(class_names)

ex.figure(plot_images(images_test[:9], class_names, cls_test[:9], smooth=False), "test_images")
ex.figure(plot_images(images_test[:9], class_names, cls_test[:9]), "test_images_smooth")


# %% The distortions: for training a random part of the picture, randomly changed; for testing its middle
def pre_process_image(image, amounts):
    """Distort one picture [32, 32, 3] of 0…1 by seven `amounts` of 0…1, as many as there are distortions."""
    top, left, flip, hue, contrast, brightness, saturation = tf.unstack(amounts)
    room = img_size - img_size_cropped + 1
    image = tf.image.crop_to_bounding_box(
        image, tf.cast(top * room, tf.int32), tf.cast(left * room, tf.int32), img_size_cropped, img_size_cropped
    )
    image = tf.cond(flip < 0.5, lambda: tf.image.flip_left_right(image), lambda: image)
    image = tf.image.adjust_hue(image, (2 * hue - 1) * 0.05)
    image = tf.image.adjust_contrast(image, 0.3 + 0.7 * contrast)
    image = tf.image.adjust_brightness(image, (2 * brightness - 1) * 0.2)
    image = tf.image.adjust_saturation(tf.clip_by_value(image, 0.0, 1.0), 2 * saturation)
    return tf.clip_by_value(image, 0.0, 1.0)


def pre_process(images, training):
    """Return pictures [n, 24, 24, 3] made of [n, 32, 32, 3]."""
    if training and ex.distort:
        seed = tf.stack([tf.constant(ex.seed, tf.int64), tf.cast(global_step, tf.int64)])
        amounts = tf.random.stateless_uniform([tf.shape(images)[0], 7], seed=seed)
        pictures = tf.map_fn(lambda pair: pre_process_image(*pair), (images, amounts), dtype=tf.float32)
        return tf.reshape(pictures, [-1, img_size_cropped, img_size_cropped, num_channels])
    return tf.image.resize_image_with_crop_or_pad(images, img_size_cropped, img_size_cropped)


# %% The network, built twice
def main_network(images, training):
    """Return (y_pred, loss, the outputs of both convolutions) for pictures [n, 24, 24, 3]."""
    phase = pt.Phase.train if training else pt.Phase.infer
    with pt.defaults_scope(activation_fn=tf.nn.relu, phase=phase):
        conv1 = pt.wrap(images).conv2d(
            kernel=5, depth=64, name="layer_conv1", batch_normalize=ex.batch_normalize != "none"
        )
        conv2 = conv1.max_pool(kernel=2, stride=2).conv2d(
            kernel=5, depth=64, name="layer_conv2", batch_normalize=ex.batch_normalize == "both"
        )
        y_pred, loss = (
            conv2.max_pool(kernel=2, stride=2)
            .flatten()
            .fully_connected(size=256, name="layer_fc1")
            .fully_connected(size=128, name="layer_fc2")
            .softmax_classifier(num_classes=num_classes, labels=y_true)
        )
    return y_pred, loss, (conv1, conv2)


def create_network(training):
    """Build the training network, and after it the testing network over the same variables."""
    with tf.variable_scope("network", reuse=not training):
        return main_network(pre_process(x, training), training)


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, img_size, img_size, num_channels], name="x")
    y_true = tf.placeholder(tf.float32, [None, num_classes], name="y_true")
    # PrettyTensor finds this variable by its name: the moving moments move less and less from step to step
    global_step = tf.Variable(0, name="global_step", trainable=False)
    distorted_images = pre_process(x, training=True)

    _, loss, training_layers = create_network(training=True)
    y_pred, _, layers = create_network(training=False)
    optimizer = tf.train.AdamOptimizer(learning_rate=ex.learning_rate).minimize(loss, global_step=global_step)
    y_pred_cls = tf.argmax(y_pred, axis=1)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(y_pred_cls, tf.argmax(y_true, axis=1)), tf.float32))


def get_weights_variable(layer_name):
    with tf.variable_scope(f"network/{layer_name}", reuse=True):
        return tf.get_variable("weights")


weights = [get_weights_variable("layer_conv1"), get_weights_variable("layer_conv2")]
moving = [v for v in tf.global_variables() if "moving_" in v.name]
parameters = sum(v.shape.num_elements() for v in tf.trainable_variables())
for variable in [*tf.trainable_variables(), *moving]:
    print(variable.name, variable.shape)


# %% Training; --resume goes on from the last checkpoint
def random_batch(step):
    """Return a random batch of the training pictures, 0…1, and their labels; it hangs on seed and step alone."""
    idx = np.random.default_rng([ex.seed, step]).choice(len(images_train), size=ex.batch_size, replace=False)
    return images_train[idx] / np.float32(255), labels_train[idx]


saver = tf.train.Saver(save_relative_paths=True)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([loss, optimizer], [x, y_true])
    started = time.time()
    for i in ex.resumable(range(ex.iterations), sess, saver, unit="iteration", every=min(1000, ex.iterations)):
        x_batch, y_true_batch = random_batch(i)
        # Each run of the training graph moves the moving moments: its loss is that of the step, not one of a run more
        batch_loss, _ = train(x_batch, y_true_batch)
        i_global = i + 1
        if i_global % ex.display_step == 0 or i_global == ex.iterations:
            batch_acc = sess.run(accuracy, {x: x_batch, y_true: y_true_batch})
            ex.record(i_global, training_accuracy=batch_acc, training_loss=batch_loss)
            ex.log(f"Global Step: {i_global:>6}, Training Batch Accuracy: {batch_acc:>6.1%}")
    print(f"Time usage: {timedelta(seconds=round(time.time() - started))}")
    save_path = saver.save(sess, ex.checkpoint("cifar10_cnn"), global_step=global_step)
    print("Saved checkpoint.")

# %% Restore it, and test
with ex.session() as sess:
    saver.restore(sess, save_path)
    steps_done = sess.run(global_step)
    test_float = images_test / np.float32(255)
    pred = predict_cls(sess, y_pred, x, test_float, ex.test_batch_size)
    cls_pred = pred.argmax(axis=1)
    print(f"{accuracy_line(cls_test, cls_pred)}{ex.beside('79.3% (7932 / 10000)')}")

    # Test picture 16: nine distortions of it, and what both convolutions give for it
    image = test_float[16:17]
    distortions = sess.run(distorted_images, {x: np.repeat(image, 9, axis=0)})
    moving_before = sess.run(moving)
    alone, (conv1, conv2), (w_conv1, w_conv2) = sess.run([y_pred, layers, weights], {x: image})
    moved = max([abs(a - b).max() for a, b in zip(moving_before, sess.run(moving), strict=True)], default=0.0)
    # The book's Relu:0 is the training graph's: looking at it moves the moving moments (and would go on doing so)
    sess.run(training_layers, {x: image})
    moved_by_training = max([abs(a - b).max() for a, b in zip(moving_before, sess.run(moving), strict=True)], default=0)

print("class probabilities of test picture 16:")
with np.printoptions(precision=3, suppress=True):
    print(f"  {alone[0]}\n  {class_names[alone[0].argmax()]}, it is a {class_names[cls_test[16]]}")
for number, row in enumerate(pred[:9]):
    best = row.argsort()[::-1][:3]
    guesses = ", ".join(f"{class_names[cls]} {row[cls]:.1%}" for cls in best)
    print(f"  test picture {number}, a {class_names[cls_test[number]]}: {guesses}")

# %% Confusion matrix and errors
matrix = confusion_matrix(cls_test, cls_pred, labels=range(num_classes))
for number, row in enumerate(matrix):
    print(" ".join(f"{count:>4}" for count in row), f"({number}) {class_names[number]}")
print(" ".join(f"{f'({number})':>4}" for number in range(num_classes)))
wrong = np.flatnonzero(cls_pred != cls_test)[:9]
ex.figure(plot_images(images_test[wrong], class_names, cls_test[wrong], cls_pred[wrong]), "errors")
figure = figures.confusion_matrix(cls_test, cls_pred, class_names)
figure.axes[0].tick_params(axis="x", rotation=30)
figure.tight_layout()
ex.figure(figure, "confusion_matrix")

# %% Pictures of test picture 16, of the weights and of the outputs of the layers
ex.figure(plot_images(distortions, class_names, [cls_test[16]] * 9), "distortions")
figure, axes = plt.subplots(1, 2, figsize=(6, 3))
for axis, title, interpolation in zip(axes, ("Raw", "Smooth"), ("nearest", "spline16"), strict=True):
    axis.imshow(image[0], interpolation=interpolation)
    axis.set(xlabel=title, xticks=[], yticks=[])
figure.tight_layout()
ex.figure(figure, "raw_and_smooth")
ex.figure(plot_conv_weights(w_conv1, input_channel=0), "conv1_weights_channel_0")
ex.figure(plot_conv_weights(w_conv2, input_channel=1), "conv2_weights_channel_1")
ex.figure(plot_layer_output(conv1[0], common_limits=True), "conv1_output")
ex.figure(plot_layer_output(conv2[0], common_limits=True), "conv2_output")
history = {"training batch": ex.history["training_accuracy"]}
ex.figure(figures.curves(history, xlabel="iteration", ylabel="accuracy"), "training_accuracy")

# %% Results
# Two standard errors of 10,000 pictures
ex.report("test accuracy", (cls_pred == cls_test).mean(), book=0.7932, better="higher", tolerance=0.0081)
ex.report("confusion matrix", matrix, book=BOOK_MATRIX)
ex.report("iterations in the checkpoint", int(steps_done), book=150_000)
ex.report("trainable weights", parameters)
for name, values in (("conv1", w_conv1), ("conv2", w_conv2)):
    # The extremes of 4,800 and more weights lie where the start has them; the other two are means of all
    measured = {"min": values.min(), "max": values.max(), "mean": values.mean(), "stdev": values.std()}
    for (what, value), book, tolerance in zip(
        measured.items(), BOOK_WEIGHTS[name], (0.2, 0.2, 0.01, 0.01), strict=True
    ):
        ex.report(f"{name} weights: {what}", value, book=book, tolerance=tolerance)
book_dog = 0.49 if data.original else None  # in the publisher's order picture 16 is a dog
ex.report("probability of the true class, test picture 16", alone[0, cls_test[16]], book=book_dog, tolerance=0.2)
ex.report("different pictures among nine distortions of one", len(np.unique(distortions, axis=0)))
ex.report("test picture 16 alone and among others, difference", abs(alone[0] - pred[16]).max())
ex.report("moving moments moved by a look at the layers", moved)
ex.report("and by one at the training graph's, as in the book", moved_by_training)
ex.finish()
