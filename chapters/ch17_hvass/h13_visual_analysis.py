"""Tutorial 13 · Visual analysis (可视化分析)

Book:      hvass 1.13, tutorial #13
Data:      none: the pictures start from grey noise, 128 + [0, 1), seeded
Model:     Inception v3 with its ImageNet weights; where they cannot be had, EfficientNet-Lite0
Shows:     what a feature of a layer, or a class, likes to see: the picture that makes it largest, by gradient ascent on
           the pixels. One feature with its loss at each step, a sheet of six features for each layer and one of six
           classes, a class in full size. --method plain is the tutorial's ascent: the loss rises, and the network is
           sure of a class that nobody sees in the coloured noise. --method clear (the default) adds what makes the
           motif visible: small pictures first, a random shift at each step, and a gradient whose coarse and fine parts
           count alike. --layers (names, logits among them; all, or few: two of them), --pictures, --first-feature and
           --target choose what is looked at. The tutorial's log stands behind ours
Departs:   the six features of a sheet rise side by side, as one batch; graph and session are made once, not once a
           feature, and closed. By default the pictures are smaller than the tutorial's (--book: the network's own size)
           and the first layer gets as many iterations as the others (--book: the tutorial's 10). The objective is the
           raw convolution, as in the tutorial, or for EfficientNet-Lite0 the batch norm in front of the ReLU6: behind
           it a grey start has no gradient for many features. Classes have the numbers 0 to 999 (the tutorial has two
           ranges), and one is named by --target (its kit fox is number 1 of another list). Its losses belong to the
           Inception v3 of 2015 and to a start without seed, so they are compared with nothing here
Time:      3.4 min beside much other work (98 s of CPU time)
"""

import itertools
import time
from functools import partial

import numpy as np
from _published import CLASS, FEATURE
from _visual import as_pixels, normalize_image
from scipy.ndimage import gaussian_filter

from utils import figures, pretrained
from utils.example import Choice, Example
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    method=Choice("clear", "plain"),
    layers="all",
    pictures=6,
    first_feature=1,
    iterations=30,
    stem_iterations=0,
    class_iterations=100,
    target="kit fox",
    edge=160,
    class_edge=0,
    weights="",
    quick={
        "layers": "few",
        "pictures": 2,
        "iterations": 8,
        "class_iterations": 36,
        "edge": 80,
        "class_edge": 160,
    },
    book={"method": "plain", "edge": 0, "stem_iterations": 10},
)

# Numbers of the tutorial's convolutions, in the order of the graph, and what answers to them in EfficientNet-Lite0.
INCEPTION = [f"conv_{number}" for number in (0, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 93)]
LITE0 = [f"{layer}_bn" for layer in ("stem", *(f"b{number}/expand" for number in (1, 2, 4, 6, 8, 10, 11, 13, 15)))]
GREY = 128
KIT_FOX = "kit fox"

# %% The network, and which layers to look at; an edge of 0 is the network's own
network = pretrained.load(ex.data, "inception_v3", ex.weights)
ex.data.note("start", "grey noise drawn here", real=False, ours=True)
own = [*(INCEPTION if network.name == "inception_v3" else LITE0), "logits"]
named = [layer.strip() for layer in ex.layers.split(",")]
chosen = {"all": own, "few": [own[3], "logits"]}.get(ex.layers, named)
first_layer = own[3] if own[3] in chosen else chosen[0]
known = [layer for layer in network.layers if layer == "logits" or layer not in pretrained.TOP]
for layer in chosen:
    if layer not in known:
        raise WrongFlag(f"--layers {ex.layers}: {network.title} has no {layer}; it has {', '.join(known)}")
cls_target = network.number_of(ex.target)
edge, class_edge = ex.edge or network.input_size, ex.class_edge or network.input_size
least = 75 if network.name == "inception_v3" else 32  # below it the last layers have no pixel left
for flag, given in (("edge", edge), ("class-edge", class_edge)):
    if given < least:
        raise WrongFlag(f"--{flag} {given}: {network.title} needs {least} pixels at least")

# %% For each layer: the mean of a feature, and its gradient with regard to the picture
with tf.device(ex.device):
    resized_image = tf.placeholder(tf.float32, [None, None, None, 3], name="resized_image")
    feature = tf.placeholder(tf.int32, [None], name="feature")  # which one, for each picture
    tensors = network.build(resized_image, [*chosen, "logits", "probabilities"])
    losses, gradients = {}, {}
    for layer in dict.fromkeys([*chosen, "logits"]):
        tensor = tensors[layer]
        mean = tf.reduce_mean(tensor, axis=[1, 2]) if layer != "logits" else tensor  # over all positions
        losses[layer] = tf.reduce_sum(mean * tf.one_hot(feature, mean.shape[-1]), axis=1)
        # a picture has its own feature only, so the gradient of the sum is the gradient of each
        gradients[layer] = tf.gradients(losses[layer], resized_image)[0]

    small = tf.placeholder(tf.float32, [None, None, None, 3], name="small")
    new_size = tf.placeholder(tf.int32, [2], name="new_size")
    enlarged = tf.clip_by_value(tf.image.resize_bicubic(small, new_size), 0.0, 255.0)

features = list(range(ex.first_feature, ex.first_feature + ex.pictures))
for layer in chosen:
    channels = tensors[layer].shape.as_list()[-1]
    if features[-1] >= channels:
        raise WrongFlag(f"{layer} has the features 0 to {channels - 1}: --first-feature or --pictures is too large")


def name_of(number):
    """Return the first name of a class, as the tutorial does."""
    return network.labels[number].split(",")[0]


# %% The ascent
def deviation(gradient):
    """Return the standard deviation within each picture, [n, 1, 1, 1]."""
    return gradient.std(axis=(1, 2, 3), keepdims=True) + 1e-8


def in_bands(gradient):
    """Split `gradient` into parts that are finer and coarser, and return their sum, each with the same weight."""
    blurred = [gaussian_filter(gradient, (0, sigma, sigma, 0)) for sigma in (0, 1, 2, 4, 8)]
    bands = [fine - coarse for fine, coarse in itertools.pairwise(blurred)]
    return sum(band / deviation(band) for band in [*bands, blurred[-1]])


def optimize_images(layer, features, iterations, edge, method, watch=None):
    """Return pictures that make `features`, one each, of `layer` large, [n, edge, edge, 3], and the losses [its, n].

    `watch` is called in each iteration, with what the tutorial prints.
    """
    random = np.random.default_rng(ex.seed)  # one of its own: what is drawn hangs on no picture before
    scores_too = [tensors["probabilities"]] if watch else []  # without them the network ends at the layer
    ascend = sess.make_callable([losses[layer], gradients[layer], *scores_too], [resized_image, feature])
    images = (random.uniform(size=(len(features), edge, edge, 3)) + GREY).astype(np.float32)
    history = []
    for iteration in range(iterations):
        if method == "plain":
            loss, gradient, *scores = ascend(images, features)
            step = gradient / deviation(gradient)
            images = np.clip(images + step, 0, 255)
        else:  # the first half of the iterations passes through three smaller sizes
            size = max(least, round(edge * min(1.0, 0.4 + 0.2 * (6 * iteration // iterations))))
            images = sess.run(enlarged, {small: images, new_size: [size] * 2})
            shift = random.integers(-12, 13, 2)
            images = np.roll(images, shift, (1, 2))
            loss, gradient, *scores = ascend(images, features)
            images = images + in_bands(gradient)
            images = np.roll(GREY + 0.998 * (images - GREY), -shift, (1, 2))
            images = np.clip(images, 0, 255)
        history.append(loss)
        if watch:
            watch(iteration, scores[0][0], gradient[0], loss[0])
    return images, np.array(history)


def show_progress(published, iteration, scores, gradient, loss):
    """Print what the tutorial prints of an iteration, and behind it its own figures: `published`, or None."""
    seen = rise = ""
    if published and iteration < len(published.loss):
        rise = f"   (the tutorial's: {published.loss[iteration]:g})"
        seen = f"   (the tutorial's: {published.seen[iteration]})" if iteration in published.seen else ""
    ex.log(f"Iteration: {iteration}")
    number = scores.argmax()
    ex.log(f"Predicted class-name: {name_of(number)} (#{number}), score: {scores[number]:>7.2%}{seen}")
    step_size = 1 / (gradient.std() + 1e-8)
    ex.log(f"Gradient min: {gradient.min():>9.6f}, max: {gradient.max():>9.6f}, stepsize: {step_size:>9.2f}")
    ex.log(f"Loss: {loss}{rise}\n")


with ex.session(rewrite=False) as sess:
    network.initialise(sess)

    # %% (a) One feature of a lower layer, with its progress
    print(f"--- {first_layer}, feature 2")
    as_printed = FEATURE if first_layer == own[3] else None
    if as_printed:
        print("The tutorial's figures are those of conv_5 in the Inception v3 of 2015, from another start")
    _, rise = optimize_images(first_layer, [2], ex.iterations, edge, "plain", partial(show_progress, as_printed))
    for iteration, (loss,) in enumerate(rise):
        ex.record(iteration, **{"feature_loss": loss})

    # %% (b) A sheet of features for each layer, at last of classes
    started, passes = time.perf_counter(), 0
    for layer in chosen:
        iterations = ex.stem_iterations if layer == own[0] and ex.stem_iterations else ex.iterations
        edge_here = class_edge if layer == "logits" else edge  # a class wants the size that the network was trained on
        images, history = optimize_images(layer, features, iterations, edge_here, ex.method)
        passes += len(history) * len(features)
        ex.log(f"{layer}: mean of the features {history[0].round(3)} → {history[-1].round(3)}")
        detail = images[:, :100, :100] if ex.method == "plain" else images
        labels = [name_of(number) if layer == "logits" else f"feature {number}" for number in features]
        sheet = figures.image_grid([normalize_image(one) for one in detail], labels, columns=3, size=2.2, title=layer)
        ex.figure(sheet, f"layer_{layer.replace('/', '_')}")
        ex.report(f"{layer}: mean of the features, first and last", [history[0].mean(), history[-1].mean()])
        if layer == "logits":
            for label, first, last in zip(labels, history[0], history[-1], strict=True):
                ex.report(f"logit of {label}, first and last", [first, last])
    seconds = (time.perf_counter() - started) / passes

    # %% (c) A class in full size, the tutorial's way and the clear one
    ends, end_scores = {}, {}
    for method in dict.fromkeys(("plain", ex.method)):
        print(f"--- {network.labels[cls_target]}, {method}")
        as_printed = CLASS if ex.target == KIT_FOX else None
        watch = partial(show_progress, as_printed) if method == "plain" else None
        images, history = optimize_images("logits", [cls_target], ex.class_iterations, class_edge, method, watch)
        (scores,) = sess.run(tensors["probabilities"], {resized_image: images})
        ex.picture(as_pixels(255 * normalize_image(images[0])), f"class_{method}")
        for iteration, (loss,) in enumerate(history):
            ex.record(iteration, **{f"class_loss_{method}": loss})
        ex.log(f"{method}: logit {history[0, 0]:.3g} → {history[-1, 0]:.3g}, score {scores[cls_target]:.2%}")
        ends[method], end_scores[method] = [history[0, 0], history[-1, 0]], scores[cls_target]

# %% Results
ex.figure(
    figures.curves({f"{first_layer}, feature 2": ex.history["feature_loss"]}, xlabel="iteration", ylabel="loss"),
    "feature_loss",
)
lines = {name: ex.history[name] for name in ("class_loss_plain", "class_loss_clear") if name in ex.history}
ex.figure(figures.curves(lines, xlabel="iteration", ylabel="logit of the class"), "class_loss")
# The tutorial's figures: of its convolution 5 and its kit fox, in the Inception v3 of 2015
ex.report("feature: loss at the first and the last iteration", [rise[0, 0], rise[-1, 0]], book=[4.83793, 17.9321])
ex.report("feature: iterations in which the loss fell", int((np.diff(rise[:, 0]) < 0).sum()), book=0)
ex.report("class, plain: logit at the first and the last iteration", ends["plain"], book=[-0.837608, 75.6356])
ex.report("class, plain: score at the end", end_scores["plain"], book=1.0)
if "clear" in ends:
    ex.report("class, clear: logit at the first and the last iteration", ends["clear"])
    ex.report("class, clear: score at the end", end_scores["clear"])
ex.report("seconds per picture and iteration", seconds)
ex.finish()
