"""The networks of examples 80 and 81: two autoencoders, a softmax layer, and the cascade of their encoders."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from utils.tf1 import tf

n_input, n_hidden_1, n_hidden_2, n_classes = 784, 256, 128, 10
STAGES = {1: "denoising autoencoder", 2: "second autoencoder", 3: "softmax layer", 4: "fine-tuned cascade"}
SHAPES = {
    "h1": (n_input, n_hidden_1),
    "l1_h2": (n_hidden_1, n_hidden_1),
    "l1_out": (n_hidden_1, n_input),
    "l2_h1": (n_hidden_1, n_hidden_2),
    "l2_h2": (n_hidden_2, n_hidden_2),
    "l2_out": (n_hidden_2, n_hidden_1),
    "out": (n_hidden_2, n_classes),
}
BIASES = dict(zip(("b1", "l1_b2", "l1_out", "l2_b1", "l2_b2", "l2_out", "out"), SHAPES, strict=True))
# What each stage trains; the cascade has no decoder.
LAYER_1 = ("weights/h1", "weights/l1_h2", "weights/l1_out", "biases/b1", "biases/l1_b2", "biases/l1_out")
LAYER_2 = ("weights/l2_h1", "weights/l2_h2", "weights/l2_out", "biases/l2_b1", "biases/l2_b2", "biases/l2_out")
CASCADE = ("weights/h1", "biases/b1", "weights/l2_h1", "biases/l2_b1", "weights/out", "biases/out")


def parameters(seed: int, start: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the weights and biases; `start` as in ``models.initial_weights``.

    The first values hang on the seed alone: running the initialisers again gives the same ones.
    """
    weights = {}
    for number, (name, shape) in enumerate(SHAPES.items()):
        if start == "book":
            first = tf.random.stateless_normal(shape, [seed, number])
        else:
            limit = 4 * np.sqrt(6 / sum(shape))
            first = tf.random.stateless_uniform(shape, [seed, number], -limit, limit)
        weights[name] = tf.Variable(first, name=f"weights/{name}")
    biases = {name: tf.Variable(tf.zeros([SHAPES[layer][1]]), name=f"biases/{name}") for name, layer in BIASES.items()}
    return weights, biases


def networks(seed: int, start: str, learning_rate: float, fine_tuning_rate: float) -> SimpleNamespace:
    """Build the four networks of listing 10-6 on one set of variables.

    `x` [n, 784]: pictures, noisy ones to train network 1; `y` [n, 784]: the clean ones; `keep_prob`: of dropout, 1
    unless fed; `l2x` [n, 256] and `l3x` [n, 128]: features; `l3y` [n, 10]: one-hot labels. `optimizers` and `costs`
    belong to stages 1 to 4. `variables`: all that is made here, the optimisers' own included.
    """
    before = set(tf.global_variables())
    weights, biases = parameters(seed, start)
    step = tf.Variable(0, trainable=False, name="step", dtype=tf.int64)  # of stage 1
    x, y = (tf.placeholder(tf.float32, [None, n_input], name=name) for name in ("x", "y"))
    l2x = tf.placeholder(tf.float32, [None, n_hidden_1], name="l2x")
    l3x = tf.placeholder(tf.float32, [None, n_hidden_2], name="l3x")
    l3y = tf.placeholder(tf.float32, [None, n_classes], name="l3y")
    keep_prob = tf.placeholder_with_default(1.0, [], name="dropout_keep_prob")

    def layer(inputs, weight, bias):
        return tf.nn.sigmoid(tf.add(tf.matmul(inputs, weights[weight]), biases[bias]))

    def dropout(inputs, number):
        # A checkpoint does not hold the state of tf.nn.dropout: what is dropped hangs on the seed and the step.
        pair = tf.stack([tf.constant(seed, tf.int64), 2 * step + number])
        return tf.nn.experimental.stateless_dropout(inputs, rate=1 - keep_prob, seed=pair)

    # Network 1: the denoising autoencoder. Its features are taken before the dropout.
    l1_out = layer(x, "h1", "b1")
    l1_hidden = layer(dropout(l1_out, 0), "l1_h2", "l1_b2")
    reconstruction = layer(dropout(l1_hidden, 1), "l1_out", "l1_out")
    cost = tf.reduce_mean(tf.square(reconstruction - y))

    # Network 2: an autoencoder of those features
    l2_out = layer(l2x, "l2_h1", "l2_b1")
    l2_reconstruction = layer(layer(l2_out, "l2_h2", "l2_b2"), "l2_out", "l2_out")
    l2_cost = tf.reduce_mean(tf.square(l2_reconstruction - l2x))

    # Network 3: softmax on the features of network 2
    l3_logits = tf.matmul(l3x, weights["out"]) + biases["out"]
    l3_cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=l3y, logits=l3_logits))

    # Network 4: the cascade, from the pictures to the classes through the same variables
    pred = tf.matmul(layer(l1_out, "l2_h1", "l2_b1"), weights["out"]) + biases["out"]
    cascade_cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=l3y, logits=pred))
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(l3y, 1)), tf.float32))

    costs = {1: cost, 2: l2_cost, 3: l3_cost, 4: cascade_cost}
    rates = {1: learning_rate, 2: learning_rate, 3: learning_rate, 4: fine_tuning_rate}
    optimizers = {
        stage: tf.train.AdamOptimizer(rates[stage]).minimize(costs[stage], step if stage == 1 else None)
        for stage in STAGES
    }
    return SimpleNamespace(
        **{"x": x, "y": y, "l2x": l2x, "l3x": l3x, "l3y": l3y, "keep_prob": keep_prob},
        **{"l1_out": l1_out, "l2_out": l2_out, "reconstruction": reconstruction, "pred": pred, "accuracy": accuracy},
        **{"l2_reconstruction": l2_reconstruction, "costs": costs, "optimizers": optimizers},
        variables=[v for v in tf.global_variables() if v not in before],
    )


def in_parts(sess: Any, tensor: Any, placeholder: Any, values: np.ndarray, size: int = 5000) -> np.ndarray:
    """Return `tensor` [n, …] for `values` [n, …], which go through `placeholder` in parts of `size`."""
    run = sess.make_callable(tensor, [placeholder])
    return np.concatenate([run(values[first : first + size]) for first in range(0, len(values), size)])


def features(sess: Any, net: SimpleNamespace, stage: int, images: np.ndarray) -> np.ndarray:
    """Return what networks 1 to `stage` - 1 make of clean `images` [n, 784]: the inputs of stage 2, 3 (or 1 and 4)."""
    if stage in (1, 4):
        return images
    first = in_parts(sess, net.l1_out, net.x, images)
    return first if stage == 2 else in_parts(sess, net.l2_out, net.l2x, first)


def batches(seed: int, stage: int, epoch: int, count: int, size: int) -> Iterator[np.ndarray]:
    """Yield the numbers of the samples of each batch of an epoch, shuffled; the incomplete last batch is left out."""
    order = np.random.default_rng([seed, stage, epoch]).permutation(count)
    for first in range(0, count - size + 1, size):
        yield order[first : first + size]


def epoch_of(sess: Any, net: SimpleNamespace, ex: Any, stage: int, epoch: int, inputs: Any, labels: Any) -> float:
    """Train one epoch of a stage and return the mean cost of its batches, each before its update.

    `inputs`: what `features` gave for the training pictures. `labels`: one-hot [n, 10].
    """
    random = np.random.default_rng([ex.seed, stage, epoch, 1])
    fed = {1: [net.x, net.y, net.keep_prob], 2: [net.l2x], 3: [net.l3x, net.l3y], 4: [net.x, net.l3y]}[stage]
    train = sess.make_callable([net.optimizers[stage], net.costs[stage]], fed)
    costs = []
    for chosen in batches(ex.seed, stage, epoch, len(inputs), ex.batch_size):
        batch = inputs[chosen]
        if stage == 1:
            noisy = batch + np.float32(ex.noise) * random.standard_normal(batch.shape, np.float32)
            costs.append(train(noisy, batch, ex.keep_prob)[1])
        elif stage == 2:
            costs.append(train(batch)[1])
        else:
            costs.append(train(batch, labels[chosen])[1])
    return float(np.mean(costs))
