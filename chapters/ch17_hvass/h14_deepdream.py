"""Tutorial 14 · DeepDream (DeepDream)

Book:      hvass 1.14, tutorial #14
Data:      photos of scikit-learn and scikit-image (--image takes one of your own); the tutorial's are not ours to give
Model:     Inception 5h; where it cannot be had, EfficientNet-Lite0
Shows:     a picture in which a layer of a network sees more and more of what it looks for: gradient ascent on the mean
           of its squares, in tiles so that large pictures fit into memory, with a smoothed gradient, from small copies
           of the picture to the large one. The tutorial's eight runs; --layer, --channels (the first N only) and
           --image make one of your own. Exercises 2, 3 and 6: --iterations, --step-size, --tile-size, --rescale-factor,
           --blend, --no-blur, --no-square, and --num-repeats for every run that has smaller copies (without it the
           tutorial's 4 or 3). The tutorial's gradients stand behind those of the first run, and behind yours with
           --image FILE --layer conv2d2 --num-repeats 0 --step-size 6
Departs:   the tile size is passed on (the tutorial's stays 400). The network's mean, 117, is subtracted, which the
           tutorial forgets. Each layer's gradient is built once; the tutorial adds it to the graph at every level. In
           EfficientNet-Lite0 other layers stand for the tutorial's. An axis that fits into one tile is not cut. What
           grows is the mean of the squares, as in the tutorial's code; its text says the mean. A picture larger than
           640 pixels is shrunk (--max-size 1200 takes the tutorial's whole). Its gradients belong to its own photo and
           to random tiles without seed, so they are compared with nothing here
Time:      2.4 min on 2 CPU cores, beside another run
"""

import time
from random import Random

import numpy as np
from _visual import as_pixels, default_photos, fit_image, own_photo, resize_image
from scipy.ndimage import gaussian_filter

from utils import figures, pretrained
from utils.example import Example
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    image="",
    layer="",
    channels=0,
    runs=8,
    iterations=10,
    step_size=3.0,
    tile_size=400,
    num_repeats=-1,
    rescale_factor=0.7,
    blend=0.2,
    max_size=640,
    blur=True,
    square=True,
    weights="",
    quick={"runs": 3, "iterations": 4, "num_repeats": 2, "tile_size": 100, "max_size": 200},
)

# The tutorial's runs: the photo, the layer, how many of its first channels (0: all), the repeats (None: not recursive).
# Its photos were hulk, giger and escher.
RUNS = [
    ("china", "conv2d2", 0, None),
    ("china", "conv2d2", 0, 4),
    ("china", "mixed4b", 0, 4),
    ("china", "mixed4c", 3, 4),
    ("china", "mixed5b", 1, 3),
    ("rocket", "mixed3a", 0, 3),
    ("rocket", "mixed4a", 0, 3),
    ("coffee", "mixed4b", 0, 3),
]
# What stands for the layers of Inception 5h in EfficientNet-Lite0.
LITE0 = {
    "conv2d2": "b4/expand",
    "mixed3a": "b6/expand",
    "mixed4a": "b10/expand",
    "mixed4b": "b11/expand",
    "mixed4c": "b10/expand",  # the first channels of b11 give little more than grain
    "mixed5b": "b15/expand",
}
# What the tutorial prints of its first run, on hulk: the gradient's minimum, its maximum, the step size.
BOOK = [
    (-26.993517, 25.577057, 3.35),
    (-15.383774, 12.962121, 5.97),
    (-5.993865, 6.191866, 10.42),
    (-3.638639, 3.307561, 15.68),
    (-2.407669, 2.166253, 22.57),
    (-1.716694, 1.467488, 29.86),
    (-1.153857, 1.025310, 38.37),
    (-1.026255, 0.869002, 48.34),
    (-0.634610, 0.765562, 63.08),
    (-0.585900, 0.485299, 83.16),
]

# %% The network and the photos
network = pretrained.load(ex.data, "inception_5h", ex.weights, top=False)
if ex.layer and ex.layer not in network.layers:
    raise WrongFlag(f"--layer {ex.layer}: {network.title} has {', '.join(network.layers)}")
if not 0 < ex.rescale_factor < 1:
    raise WrongFlag(f"--rescale-factor must lie between 0 and 1, not at {ex.rescale_factor:g}")
if ex.num_repeats < -1:
    raise WrongFlag(f"--num-repeats must be zero or more, or -1 for the tutorial's numbers, not {ex.num_repeats}")
here = {layer: layer if network.name == "inception_5h" else LITE0[layer] for layer in LITE0}
if ex.image or ex.layer:
    photos = own_photo(ex, ex.image) if ex.image else default_photos(ex, ["china"])
    runs = [(*photos, ex.layer or here["mixed4b"], ex.channels, 4)]
else:
    runs = [(photo, here[layer], *rest) for photo, layer, *rest in RUNS[: ex.runs]]
    photos = default_photos(ex, list(dict.fromkeys(photo for photo, *_ in runs)))
if ex.num_repeats >= 0:
    runs = [(*run, repeats if repeats is None else ex.num_repeats) for *run, repeats in runs]
photos = {name: fit_image(photo, ex.max_size) for name, photo in photos.items()}
print(f"{network.title} has {len(network.layers)} layers")

# %% The mean of the squares of a layer, and its gradient with regard to the picture
with tf.device(ex.device):
    image_placeholder = tf.placeholder(tf.float32, [1, None, None, 3], name="input")
    layer_tensors = network.build(image_placeholder, list(dict.fromkeys(layer for _, layer, *_ in runs)))
    means, gradients = {}, {}
    for _, layer, channels, _ in runs:
        if channels > layer_tensors[layer].shape[-1]:
            raise WrongFlag(f"--channels {channels}: {layer} has {layer_tensors[layer].shape[-1]}")
        tensor = layer_tensors[layer][..., :channels] if channels else layer_tensors[layer]
        mean = tf.reduce_mean(tf.square(tensor) if ex.square else tensor)
        means[layer, channels] = mean
        gradients[layer, channels] = tf.gradients(mean, image_placeholder)[0][0]


# %% The gradient in tiles: where their edges are changes each time, so that no seams grow
def get_tile_size(num_pixels, tile_size):
    """Return the size near `tile_size` that divides `num_pixels` into equal tiles, rounded up."""
    num_tiles = max(1, round(num_pixels / tile_size))
    return -(-num_pixels // num_tiles)


def tile_edges(num_pixels, tile_size, random):
    """Return (start, end) of the tiles along one axis: they begin at random before the picture and are cut at its rim.

    One tile that takes in everything stays in its place: nothing is to be hidden then.
    """
    size = get_tile_size(num_pixels, tile_size)
    start = random.randint(-3 * (size // 4), -(size // 4)) if size < num_pixels else 0
    return [(max(edge, 0), min(edge + size, num_pixels)) for edge in range(start, num_pixels, size)]


def tiled_gradient(gradient_of, image, tile_size, random):
    """Return the gradient of `image` [h, w, 3], put together from tiles with a standard deviation of 1 each.

    `gradient_of`: [h', w', 3] → its gradient.
    """
    grad = np.zeros_like(image)
    for top, bottom in tile_edges(image.shape[0], tile_size, random):
        for left, right in tile_edges(image.shape[1], tile_size, random):
            g = gradient_of(image[top:bottom, left:right])
            grad[top:bottom, left:right] = g / (g.std() + 1e-8)
    return grad


# %% The ascent, and its recursion over smaller copies
def optimize_image(dream, image, step_size, show_gradient=False):
    """Return `image`, [h, w, 3] of 0 to 255, after gradient ascent on `dream`, a layer and its channels.

    There is no clipping on the way, only where a picture is shown or resized.
    """
    printed = BOOK if show_gradient and dream == (here["conv2d2"], 0) else []
    if printed:
        ex.log("Behind each line the tutorial's own, of another picture in Inception 5h")
    gradient_of = gradient_functions[dream]
    for i in range(ex.iterations):
        grad = tiled_gradient(lambda tile: gradient_of(tile[None]), image, ex.tile_size, tiles_random)
        if ex.blur:  # the blur goes over the colours too, which keeps those of the picture
            sigma = i * 4.0 / ex.iterations + 0.5
            grad = sum(gaussian_filter(grad, sigma * factor) for factor in (1, 2, 0.5))
        step_size_scaled = step_size / (grad.std() + 1e-8)
        image = image + grad * step_size_scaled
        if show_gradient:
            line = "Gradient min: {:>10.6f}, max: {:>9.6f}, stepsize: {:>6.2f}"
            theirs = f"   ({line.format(*printed[i])})" if i < len(printed) else ""
            ex.log(line.format(grad.min(), grad.max(), step_size_scaled) + theirs)
            ex.record(i, gradient_min=grad.min(), gradient_max=grad.max(), step_size=step_size_scaled)
            shown_gradients.append(np.clip(0.5 + grad / (6 * grad.std() + 1e-8), 0, 1))  # ±3 standard deviations
    return image


def recursive_optimize(dream, image, num_repeats, done):
    """Return `image` after it was optimised in a smaller copy first, `num_repeats` times smaller by the factor.

    `done` is called with each level's picture, the smallest first.
    """
    if num_repeats > 0:
        smooth = gaussian_filter(image, (0.5, 0.5, 0))  # or the small picture gets ragged
        height, width = (max(1, int(edge * ex.rescale_factor)) for edge in image.shape[:2])
        smaller = recursive_optimize(dream, resize_image(smooth, (height, width)), num_repeats - 1, done)
        image = ex.blend * image + (1 - ex.blend) * resize_image(smaller, image.shape[:2])
    image = optimize_image(dream, image, ex.step_size)
    done(image)
    return image


shown_gradients = []
tiles_random = Random(ex.seed)
with ex.session() as sess:
    network.initialise(sess)
    gradient_functions = {dream: sess.make_callable(g, [image_placeholder]) for dream, g in gradients.items()}
    for number, (photo, layer, channels, num_repeats) in enumerate(runs, 1):
        image, dream = photos[photo], (layer, channels)
        name = f"{number}_{photo}_{layer.replace('/', '_')}" + (f"_channels_{channels}" if channels else "")
        print(f"--- {photo}, {layer}, {f'the first {channels}' if channels else 'all'} channels")
        levels = []

        def keep(picture, name=name, levels=levels):
            ex.log(f"Recursive level: {len(levels)}, {picture.shape[0]}×{picture.shape[1]}")
            levels.append(picture)
            ex.picture(as_pixels(picture), f"{name}_level_{len(levels) - 1}")

        started = time.perf_counter()
        if not num_repeats:  # one size; where it is the tutorial's own run, with twice the step, as it has it there
            factor = 2 if num_repeats is None else 1
            result = optimize_image(dream, image, factor * ex.step_size, show_gradient=number == 1)
            levels.append(result)
        else:
            result = recursive_optimize(dream, image, num_repeats, keep)
        seconds = (time.perf_counter() - started) / (ex.iterations * len(levels))
        ex.picture(as_pixels(result), name)

        before, after = (
            sess.run(means[dream], {image_placeholder: np.clip(some, 0, 255)[None]}) for some in (image, result)
        )
        ex.log(f"mean square {before:.4g} → {after:.4g}, {seconds:.2f} s an iteration")
        ex.report(f"{name}: mean square before, after", [before, after])
        ex.report(f"{name}: sizes", [list(level.shape[:2]) for level in levels])
        ex.report(f"{name}: seconds per iteration", seconds)

# %% The gradients of the first run: smoother from step to step
if shown_gradients:
    labels = [f"iteration {i}" for i in range(len(shown_gradients))]
    ex.figure(figures.image_grid(shown_gradients, labels, columns=5, size=2.2), "gradients")

# %% Results: the tutorial's are those of its first run
if shown_gradients and (here["conv2d2"], 0) in means:
    ends = {name: [values[0][1], values[-1][1]] for name, values in ex.history.items()}
    ex.report("gradient_min, first and last iteration", ends["gradient_min"], book=[-26.993517, -0.5859])
    ex.report("gradient_max, first and last iteration", ends["gradient_max"], book=[25.577057, 0.485299])
    ex.report("step_size, first and last iteration", ends["step_size"], book=[3.35, 83.16])
ex.finish()
