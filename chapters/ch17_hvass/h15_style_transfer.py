"""Tutorial 15 · Style transfer (风格迁移)

Book:      hvass 1.15, tutorial #15
Data:      a photo of scikit-learn as the content, brush strokes drawn here as the style (--content and --style take
           pictures of your own)
Model:     VGG-16 without its classifier; where it cannot be had, EfficientNet-Lite0
Shows:     a photo redrawn in the strokes of a picture by gradient descent on the pixels: a content loss, a style loss
           of Gram matrices and a loss against noise, with weights that keep the three of the same size. Exercises:
           --start noise, style or mean, --iterations, --step-size, --last-step, --max-size, --style-max-size, the three
           weights, --content-layers, --style-layers, --optimizer adam, --no-adjust (constant weights)
Departs:   the weights are adjusted first and used then, in this order (the tutorial leaves it open); the Gram matrix is
           divided by the number of positions, so the sizes of the two pictures do not matter, and each layer's error by
           the size of its target, so that no layer drowns the others. VGG-16 gets pixels without its means (the
           tutorial's graph is given values 255 times too large, it seems: its losses are 1e10 and 1e28). The step
           falls, because a constant one leaves a chequer of single pixels; by default the start is the content. For
           all this the published weights, which stand beside ours in the table, belong to another scale and other
           pictures: they are compared with nothing
Time:      75 s on 2 CPU cores, beside another run
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from _visual import as_pixels, brush_strokes, default_photos, fit_image, own_photo, resize_image

from utils import figures, pretrained
from utils.example import Choice, Example
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    content="",
    style="",
    max_size=400,
    style_max_size=300,
    content_layers="",
    style_layers="",
    weight_content=1.5,
    weight_style=10.0,
    weight_denoise=0.3,
    iterations=120,
    step_size=10.0,
    last_step=0.5,
    start=Choice("content", "noise", "style", "mean"),
    optimizer=Choice("descent", "adam"),
    adjust=True,
    show_every=10,
    weights="",
    quick={"iterations": 12, "max_size": 128, "style_max_size": 128, "show_every": 4},
    book={"iterations": 60, "last_step": 10.0, "start": "noise", "max_size": 299},
)

# The weights that the tutorial prints at iterations 0, 10, …: for content, style and denoise.
BOOK = {
    0: (5.18e-11, 2.14e-29, 5.61e-06),
    10: (2.79e-11, 4.13e-28, 1.25e-07),
    20: (2.63e-11, 1.09e-27, 1.30e-07),
    30: (2.66e-11, 1.27e-27, 1.27e-07),
    40: (2.73e-11, 1.16e-27, 1.26e-07),
    50: (2.75e-11, 1.12e-27, 1.24e-07),
    59: (1.85e-11, 3.86e-28, 1.01e-07),
}
TYPICAL_VARIATION = 20  # total variation for each value of a photo, 0…255: 22 of the default one (--no-adjust)
# The tutorial's layers 4 and 0 to 12 of VGG-16; in EfficientNet-Lite0 those that gave the best pictures.
LAYERS = {
    "vgg16": (
        "conv3_1",
        "conv1_1,conv1_2,conv2_1,conv2_2,conv3_1,conv3_2,conv3_3,conv4_1,conv4_2,conv4_3,conv5_1,conv5_2,conv5_3",
    ),
    "efficientnet_lite0": (
        "b6/expand",
        "stem,b1/expand,b2/expand,b3/expand,b4/expand,b5/expand,b6/expand,b8/expand,b10/expand,b11/expand",
    ),
}

# %% The network and the two pictures
network = pretrained.load(ex.data, "vgg16", ex.weights, top=False)
content_layers, style_layers = (
    [layer.strip() for layer in (own or default).split(",")]
    for own, default in zip((ex.content_layers, ex.style_layers), LAYERS[network.name], strict=True)
)
for layer in content_layers + style_layers:
    if layer not in network.layers:
        raise WrongFlag(f"{network.title} has no layer {layer!r}; it has {', '.join(network.layers)}")
(content_name, content), *_ = (
    own_photo(ex, ex.content, "--content") if ex.content else default_photos(ex, ["china"])
).items()
content_image = fit_image(content, ex.max_size)
if ex.style:
    (style,) = own_photo(ex, ex.style, "--style").values()
else:
    style = brush_strokes(ex.style_max_size, ex.seed)
    ex.data.note("style", "brush strokes drawn here", real=False, ours=True)
style_image = fit_image(style, ex.style_max_size)
print("Content layers:", *content_layers)
print("Style layers:", *style_layers)


# %% The three losses
def mean_squared_error(a, b):
    return tf.reduce_mean(tf.square(a - b))


def gram_matrix(tensor):
    """Return how the features of a layer [1, h, w, c] go together: [c, c], the mean over the positions."""
    matrix = tf.reshape(tensor, [-1, tensor.shape[3]])
    return tf.matmul(matrix, matrix, transpose_a=True) / tf.cast(tf.shape(matrix)[0], tf.float32)


def total_variation(image):
    """Return the sum of the differences between neighbouring pixels of `image` [1, h, w, 3], a scalar."""
    down = tf.reduce_sum(tf.abs(image[:, 1:] - image[:, :-1]))
    return down + tf.reduce_sum(tf.abs(image[:, :, 1:] - image[:, :, :-1]))


with tf.device(ex.device):
    # The targets: what the content layers see in the content, and the Gram matrices of the style
    content_input, style_input = (tf.constant(image[None]) for image in (content_image, style_image))
    content_tensors = network.build(content_input, content_layers)
    style_tensors = network.build(style_input, style_layers)
    wanted = [content_tensors[layer] for layer in content_layers]
    wanted += [gram_matrix(style_tensors[layer]) for layer in style_layers]
    targets = [tf.placeholder(tf.float32, tensor.shape) for tensor in wanted]

    mixed = tf.Variable(np.zeros_like(content_image)[None], name="mixed_image", use_resource=True)
    layers = network.build(mixed.read_value(), list(dict.fromkeys(content_layers + style_layers)))
    seen = [layers[layer] for layer in content_layers] + [gram_matrix(layers[layer]) for layer in style_layers]
    # Each layer is measured by the size of its target, so that none drowns the others.
    errors = [mean_squared_error(a, b) / tf.reduce_mean(tf.square(b)) for a, b in zip(seen, targets, strict=True)]
    loss_content = tf.reduce_mean(errors[: len(content_layers)])
    loss_style = tf.reduce_mean(errors[len(content_layers) :])
    loss_denoise = total_variation(mixed)
    losses = [loss_content, loss_style, loss_denoise]

    # Weights that make the three losses alike, 1 / loss. They are assigned first and read then. With --no-adjust they
    # stay as they begin: the first two losses are of the size 1 by themselves, the third is divided by a typical one.
    adj_names = ("adj_content", "adj_style", "adj_denoise")
    begin = [1e-10] * 3 if ex.adjust else [1.0, 1.0, 1 / (TYPICAL_VARIATION * content_image.size)]
    adjustments = [
        tf.Variable(value, trainable=False, name=name, use_resource=True)
        for name, value in zip(adj_names, begin, strict=True)
    ]
    updates = []
    if ex.adjust:
        updates = [adj.assign(1 / (loss + 1e-10)) for adj, loss in zip(adjustments, losses, strict=True)]
    with tf.control_dependencies(updates):
        adjusted = [adj.read_value() for adj in adjustments]
    own_weights = (ex.weight_content, ex.weight_style, ex.weight_denoise)
    loss_combined = sum(own * adj * loss for own, adj, loss in zip(own_weights, adjusted, losses, strict=True))
    gradient = tf.gradients(loss_combined, mixed)[0]

    # %% One step: against the gradient, whose standard deviation becomes the step size
    step_size = tf.placeholder(tf.float32, [], name="step_size")
    if ex.optimizer == "adam":
        apply = tf.train.AdamOptimizer(step_size).apply_gradients([(gradient, mixed)])
    else:
        apply = mixed.assign_sub(gradient * step_size / (tf.math.reduce_std(gradient) + 1e-8))
    with tf.control_dependencies([apply]):
        step = mixed.assign(tf.clip_by_value(mixed.read_value(), 0.0, 255.0))

# %% The start
if ex.start == "content":
    start_image = content_image
elif ex.start == "noise":
    start_image = np.random.uniform(size=content_image.shape) + 128
else:
    start_image = resize_image(style_image, content_image.shape[:2])
    if ex.start == "mean":
        start_image = (start_image + content_image) / 2


# %% The descent
def show(iteration):
    """Print the weights, and draw the three pictures, as the tutorial does every ten iterations."""
    weights, image = sess.run([adjustments, mixed])
    ex.log(f"Iteration: {iteration}")
    ex.log("Weight Adj. for Content: {:.2e}, Style: {:.2e}, Denoise: {:.2e}".format(*weights))
    figure, axes = plt.subplots(1, 3, figsize=(12, 4))
    shown = {"Content": content_image, "Mixed": image[0], "Style": style_image}
    for axis, (title, picture) in zip(axes, shown.items(), strict=True):
        axis.imshow(as_pixels(picture), interpolation="sinc")
        axis.set(
            xticks=[], yticks=[], xlabel=f"{title} Image" + (f", iteration {iteration}" if title == "Mixed" else "")
        )
    figure.tight_layout()
    ex.figure(figure, f"iteration_{iteration:03}", iteration)
    return dict(zip(adj_names, weights, strict=True))


shown_weights = {}
with ex.session(rewrite=False) as sess:
    sess.run(tf.global_variables_initializer())
    network.initialise(sess)
    feed = dict(zip(targets, sess.run(wanted), strict=True))
    mixed.load(start_image[None].astype(np.float32), sess)
    loss_names = ("loss_content", "loss_style", "loss_denoise")
    first = dict(zip(loss_names, sess.run(losses, feed), strict=True))
    ex.record(0, **first)
    seconds = 0.0
    for iteration in ex.progress(range(ex.iterations)):
        falling = ex.step_size + (ex.last_step - ex.step_size) * iteration / max(1, ex.iterations - 1)
        started = time.perf_counter()
        sess.run(step, feed | {step_size: falling})
        seconds += (time.perf_counter() - started) if iteration else 0  # the first one prepares the graph
        if iteration % ex.show_every == 0 or iteration == ex.iterations - 1:
            shown_weights[iteration] = show(iteration)
            ex.record(iteration + 1, **dict(zip(loss_names, sess.run(losses, feed), strict=True)))
    last = dict(zip(loss_names, sess.run(losses, feed), strict=True))
    mixed_image = sess.run(mixed)[0]

# %% The final picture, in full size
ex.picture(as_pixels(style_image), "style")
ex.picture(as_pixels(content_image), "content")
ex.picture(as_pixels(mixed_image), f"{content_name}_mixed")
lines = {name: ex.history[name] for name in ("loss_content", "loss_style")}
lines["loss_denoise of a value"] = [(i, loss / content_image.size) for i, loss in ex.history["loss_denoise"]]
ex.figure(figures.curves(lines, xlabel="iteration", ylabel="loss", log=True), "losses")

# %% Results
for iteration, weights in shown_weights.items():
    for number, (name, weight) in enumerate(weights.items()):
        ex.report(f"{name}, iteration {iteration}", weight, book=BOOK[iteration][number] if iteration in BOOK else None)
for name in loss_names:
    ex.report(f"{name}, at the start and the end", [first[name], last[name]])
ex.report("seconds per iteration", seconds / max(1, ex.iterations - 1))
ex.finish()
