"""Exercise 10.8.4: layer by layer down to two numbers, beside the same network and example 77's trained all at once."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from _baselines import baselines
from _stacked import batches, in_parts
from models import Autoencoder, autoencoder

from utils import figures
from utils.data.mnist import Digits
from utils.example import Example
from utils.tf1 import tf

WIDTHS = [512, 256, 128, 64, 32, 16, 2]
SHORT = [256, 64, 16, 2]  # example 77
LAYER_WISE, AT_ONCE, EXAMPLE_77 = "layer by layer", "at once", "example 77, at once"


def layer_autoencoder(net: Autoencoder, number: int, rate: float) -> tuple[Any, Any, Any, Any]:
    """Build the autoencoder of one layer on the variables of `net`.

    Return its inputs [n, wide], its code [n, narrow], its mean squared error and its optimiser.
    """
    mirror = len(WIDTHS) + 1 - number
    down, up = net.weights[f"encoder_h{number}"], net.weights[f"decoder_h{mirror}"]
    inputs = tf.placeholder(tf.float32, [None, down.shape[0]])
    code = tf.matmul(inputs, down) + net.biases[f"encoder_b{number}"]
    if number < len(WIDTHS):
        code = tf.nn.sigmoid(code)
    rebuilt = tf.nn.sigmoid(tf.matmul(code, up) + net.biases[f"decoder_b{mirror}"])
    cost = tf.reduce_mean(tf.square(rebuilt - inputs))
    return inputs, code, cost, tf.train.AdamOptimizer(rate).minimize(cost)


def to_two_numbers(ex: Example, digits: Digits) -> None:
    """Train 784-512-256-128-64-32-16-2 layer by layer and then as a whole, and two networks at once; compare them."""
    images, test = digits.train.images[: ex.pictures], digits.test.images
    with tf.device(ex.device):
        x = tf.placeholder(tf.float32, [None, 784])
        # From the book's start, standard deviation 1, all three were still above the mean picture's 0.067 after
        # 8 epochs of 10,000 pictures: 0.078, 0.149 and 0.103.
        widths = {LAYER_WISE: WIDTHS, AT_ONCE: WIDTHS, EXAMPLE_77: SHORT}
        nets = {name: autoencoder(x, layers, "glorot", tf.identity) for name, layers in widths.items()}
        layers = [layer_autoencoder(nets[LAYER_WISE], number, ex.learning_rate) for number in range(1, len(WIDTHS) + 1)]
        costs = {name: tf.reduce_mean(tf.square(net.pred - x)) for name, net in nets.items()}
        optimizers = {name: tf.train.AdamOptimizer(ex.fine_tuning_rate).minimize(cost) for name, cost in costs.items()}
    saver = tf.train.Saver(save_relative_paths=True)
    mean_error = baselines(digits).mean
    print(f"test error of the mean of the training pictures {mean_error:.4f}")

    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        inputs = images
        for number, (fed, code, cost, optimizer) in enumerate(layers, start=1):
            train = sess.make_callable([optimizer, cost], [fed])
            for epoch in ex.resumable(range(ex.layer_epochs), sess, saver):
                chosen = batches(ex.seed, number, epoch, len(inputs), ex.batch_size)
                ex.record(epoch, **{f"layer_{number}/cost": np.mean([train(inputs[some])[1] for some in chosen])})
            print(f"layer {number}, to {WIDTHS[number - 1]}: cost {ex.history[f'layer_{number}/cost'][-1][1]:.5f}")
            inputs = in_parts(sess, code, fed, inputs)

        # The two others get the epochs that the first one spent on its layers as epochs of the whole network.
        for epoch in ex.resumable(range(ex.layer_epochs + ex.joint_epochs), sess, saver):
            if epoch == ex.layer_epochs:
                joined = sess.run(costs[LAYER_WISE], {x: test})
                print(f"joined, before the training of the whole: test error {joined:.4f}")
                ex.record(epoch, **{f"test_error/{LAYER_WISE}": joined})
            names = [name for name in nets if name != LAYER_WISE or epoch >= ex.layer_epochs]
            train = sess.make_callable([optimizers[name] for name in names], [x])
            for some in batches(ex.seed, 0, epoch, len(images), ex.batch_size):
                train(images[some])
            found = sess.run([costs[name] for name in names], {x: test})
            ex.record(epoch + 1, **{f"test_error/{name}": error for name, error in zip(names, found, strict=True)})
            ex.log(
                f"Epoch: {epoch + 1:02d} test error: "
                + ", ".join(f"{e:.4f} {n}" for e, n in zip(found, names, strict=True))
            )
        path = saver.save(sess, ex.checkpoint("to_2d.ckpt"))

    with ex.session() as sess:
        saver.restore(sess, path)
        errors, codes, rebuilt = sess.run(
            [
                costs,
                {name: net.code for name, net in nets.items()},
                {name: net.pred[:10] for name, net in nets.items()},
            ],
            {x: test},
        )
    ex.figure(
        figures.image_rows({"original": test[:10], **{n.replace(", ", ",\n"): p for n, p in rebuilt.items()}}),
        "rebuilt",
    )
    figure, axes = plt.subplots(1, len(codes), figsize=(5 * len(codes), 4.6), layout="constrained")
    for axis, (name, points) in zip(axes, codes.items(), strict=True):
        dots = axis.scatter(*points.T, c=digits.test.cls, cmap="tab10", vmin=-0.5, vmax=9.5, s=2)
        axis.set(title=f"{name}: test error {errors[name]:.4f}", xlabel="first number", ylabel="second number")
    figure.colorbar(dots, ax=axes, ticks=range(10), label="digit")
    ex.figure(figure, "codes")
    lines = {name: ex.history[f"test_error/{name}"] for name in nets}
    lines["mean picture"] = [[0, mean_error], [ex.layer_epochs + ex.joint_epochs, mean_error]]
    ex.figure(figures.curves(lines, xlabel="epoch", ylabel="test error"), "test_error")

    for number, width in enumerate(WIDTHS, start=1):
        ex.report(f"cost of layer {number}, to {width}", ex.history[f"layer_{number}/cost"][-1][1])
    ex.report("test error, mean picture", mean_error)
    ex.report("test error, joined, before the training of the whole", ex.history[f"test_error/{LAYER_WISE}"][0][1])
    for name, error in errors.items():
        ex.report(f"test error, {name}", ex.history[f"test_error/{name}"][-1][1])
        ex.report(f"test error, {name}, restored", error)
