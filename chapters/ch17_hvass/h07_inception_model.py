"""Tutorial 07 · Inception model (Inception 模型)

Book:      hvass 1.8, tutorial #07
Data:      photos of scikit-image and scikit-learn, or --image FILE, one of your own
Model:     Inception v3 with its ImageNet weights, or where they cannot be had EfficientNet-Lite0
Shows:     the likeliest of 1,000 classes for each photo, and how the scores hang on the way in which a picture becomes
           the network's square: cut from the middle, squeezed, padded, cut from left, middle or right, enlarged from
           100 and fewer pixels; and on the size of the network's input. Exercises: 1 --image, 2 --vary, 3 --top,
           4 --network inception_resnet_v2 or nasnet_large. The tutorial's own ten lists of scores end the printing;
           the list of a picture that you give under its name (--image parrot.jpg) stands beside yours
Departs:   the tutorial's pictures are not ours to give and its scores belong to the Inception v3 of 2015, so they are
           compared with nothing. Its network squeezes every picture; here the square in the middle is cut out, as in
           an evaluation on ImageNet, and the squeezed picture stands beside it. Its second softmax output is used in
           training only and is in none of the published weights. The bird that one sentence calls a partridge is the
           jacamar of the lists
Time:      12 s on 2 CPU cores, beside another run
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from _published import TOP_TEN
from _visual import default_photos, own_photo
from PIL import Image

from utils import figures, pretrained
from utils.example import Choice, Example
from utils.pretrained.network import CROP
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    image="",
    network=Choice("inception_v3", "inception_resnet_v2", "nasnet_large", "nasnet_mobile", "efficientnet_lite0"),
    vary="coffee",
    top=10,
    weights="",
    quick={"top": 5},
)
if not 1 <= ex.top <= 1000:
    raise WrongFlag(f"--top {ex.top}: the network knows 1 to 1000 classes")

# %% The network and the photos
network = pretrained.load(ex.data, ex.network, ex.weights)
if ex.image:
    photos = own_photo(ex, ex.image)
    varied = next(iter(photos))
else:
    names = ["chelsea", "coffee", "camera", "rocket", "astronaut", "china", "flower", "motorcycle"]
    photos = default_photos(ex, names)
    varied = ex.vary
if varied not in photos:
    raise WrongFlag(f"--vary {varied}: there are {', '.join(photos)}")
size = network.input_size

# %% The graph: pixels in, scores out. NASNet is built for one size of pictures, the others take any
edge = size if network.name.startswith("nasnet") else None
with tf.device(ex.device):
    resized_image = tf.placeholder(tf.float32, [None, edge, edge, 3], name="resized_image")
    y_pred = network.build(resized_image, ["probabilities"])["probabilities"]


def first_name(label):
    """Return the first of a class's names, as the tutorial prints it."""
    return label.split(",")[0]


def print_scores(title, scores, published=()):
    """Print the likeliest classes, as the tutorial does, and beside them its own list, `published`, if there is one."""
    of_what = "; on the right the tutorial's, of its own picture of this name in the Inception v3 of 2015"
    ex.log(f"--- {title}" + (of_what if published else ""))
    for (label, score), printed in itertools.zip_longest(network.top(scores, ex.top), published[: ex.top]):
        line = f"{score:>6.2%} : {first_name(label)}"
        ex.log(f"{line:<36} {printed[1]:>6.2%} : {printed[0]}" if printed else line)


# %% One picture in many ways: each gives another square
def as_square(picture, size=size):
    """Return Pillow's `picture` squeezed into a square, uint8 [size, size, 3]."""
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC))


def middle_of(picture):
    """Return the square in the middle of Pillow's `picture`, cut as ``network.preprocess`` does."""
    edge = max(1, round(min(picture.size) * CROP))
    left, upper = ((length - edge + 1) // 2 for length in picture.size)
    return picture.crop((left, upper, left + edge, upper + edge))


def sizes():
    """Return edges in pixels, the network's own among them, that a picture can be shown to it in."""
    shares = (0.6, 0.85, 1.15, 1.45, 1.7)
    return [size] if edge else sorted({size, *(round(size * share / 32) * 32 for share in shares)})


def variations(image):
    """Return ways of making the network's square of a picture [h, w, 3], uint8, by name."""
    whole = Image.fromarray(image)
    width, height = whole.size
    shorter = min(width, height)
    padded = Image.new("RGB", (max(width, height),) * 2)
    padded.paste(whole, ((padded.width - width) // 2, (padded.height - height) // 2))
    ways = {"squeezed": as_square(whole), "padded": as_square(padded)}
    names = ("left", "middle", "right") if width >= height else ("top", "middle", "bottom")
    for part, name in enumerate(names):
        left, upper = (width - shorter) * part // 2, (height - shorter) * part // 2
        ways[f"cut: {name}"] = as_square(whole.crop((left, upper, left + shorter, upper + shorter)))
    third = whole.crop((width // 3, height // 3, 2 * width // 3, 2 * height // 3))
    ways["the middle ninth"] = as_square(third)
    for pixels in (100, 50, 25):
        small = whole.resize((pixels, pixels), Image.Resampling.BICUBIC)
        ways[f"from {pixels}×{pixels} pixels"] = as_square(small)
    return ways


# %% The scores of all
with ex.session() as sess:
    network.initialise(sess)
    squares = network.preprocess(photos.values())
    squeezed = network.preprocess(photos.values(), crop=False)
    ways = variations(photos[varied])
    classify = sess.make_callable(y_pred, [resized_image])
    scores = dict(zip(photos, classify(squares), strict=True))
    scores_squeezed = dict(zip(photos, classify(squeezed), strict=True))
    scores_of_ways = dict(zip(ways, classify(np.stack(list(ways.values())).astype(np.float32)), strict=True))
    # One picture in several sizes of the input
    middle = middle_of(Image.fromarray(photos[varied]))
    by_size = {edge: as_square(middle, edge) for edge in sizes()}
    scores_by_size = {edge: classify(square[None].astype(np.float32))[0] for edge, square in by_size.items()}
for name in photos:
    print_scores(f"{name}, {photos[name].shape[1]}×{photos[name].shape[0]}", scores[name])
for way in ways:
    # The tutorial's network squeezes, so its list belongs here; only the reader has its pictures
    published = TOP_TEN.get(varied, ()) if way == "squeezed" else ()
    print_scores(f"{varied}, {way}", scores_of_ways[way], published)
for edge, some in scores_by_size.items():
    print_scores(f"{varied}, input of {edge}×{edge}", some)
print("--- the tutorial's own pictures, squeezed, in the Inception v3 of 2015")
for name, published in TOP_TEN.items():
    print(f"{name}: " + ", ".join(f"{label} {score:.2%}" for label, score in published[: ex.top]))


# %% Each picture with its scores
def plot_scores(pictures, scores):
    """Draw pictures, uint8 by name, in two columns, each with bars for its five likeliest classes."""
    rows = (len(pictures) + 1) // 2
    figure, axes = plt.subplots(rows, 4, figsize=(13, 2.1 * rows), width_ratios=[1, 1.1] * 2, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    pairs = axes.reshape(-1, 2)
    for (left, right), (name, picture) in zip(pairs, pictures.items(), strict=False):
        left.imshow(picture, interpolation="nearest")
        left.set_title(name, fontsize=10)
        top = network.top(scores[name], 5)
        right.barh(range(5), [score for _, score in top], color="tab:blue", alpha=0.35)
        for place, (label, score) in enumerate(top):
            right.text(0.01, place, f"{first_name(label)}  {score:.1%}", va="center", fontsize=9)
        right.set(xlim=(0, 1), ylim=(4.5, -0.5))
    figure.tight_layout()
    return figure


ex.figure(plot_scores(photos, scores), "photos")
ex.figure(plot_scores(ways, scores_of_ways), f"{varied}_variations")
titled = {f"{edge}×{edge}": square for edge, square in by_size.items()}
ex.figure(plot_scores(titled, dict(zip(titled, scores_by_size.values(), strict=True))), f"{varied}_sizes")
# What the network sees of a whole photo, and of one that had 100×100 pixels
seen = {"squeezed": ways["squeezed"], "from 100×100 pixels": ways["from 100×100 pixels"]}
ex.figure(figures.image_grid(list(seen.values()), list(seen), columns=2, size=3), f"{varied}_resized")

# %% Results
best = int(scores[varied].argmax())
for name in photos:
    (label, score), *_ = network.top(scores[name], 1)
    ex.report(f"{name}: likeliest class", first_name(label))
    ex.report(f"{name}: its score", score)
    ex.report(f"{name}: five likeliest", [int(number) for number in np.argsort(-scores[name], kind="stable")[:5]])
    ex.report(f"{name}: their scores", [score for _, score in network.top(scores[name], 5)])
    (label, score), *_ = network.top(scores_squeezed[name], 1)
    ex.report(f"{name}, squeezed: likeliest class", first_name(label))
    ex.report(f"{name}, squeezed: its score", score)
for way in ways:
    ex.report(f"{varied}, {way}: {first_name(network.labels[best])}", scores_of_ways[way][best])
for edge, some in scores_by_size.items():
    ex.report(f"{varied}, input {edge}: {first_name(network.labels[best])}", some[best])
ex.report("sum of all scores, at most off by", float(max(abs(some.sum() - 1) for some in scores.values())))
ex.finish()
