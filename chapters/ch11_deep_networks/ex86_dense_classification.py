"""Example 86 · Dense classification with fully convolutional VGG-19 (调用 VGG 模型进行图像检测)

Book:      intro 11.6.2, listing 11-3
Data:      photos of scikit-image, or one of your own (--image FILE); the book's were not published
Model:     VGG-19 with its ImageNet weights, the fully connected layers as convolutions; where the weights cannot be
           had, EfficientNet-Lite0 without its pooling, the last layer as a 1×1 convolution
Shows:     a classifier of 224×224 pictures run over a larger one: a map with the class of each place instead of one
           class. The mean of the map's logits is the class of the whole picture
Departs:   the book calls this detection; it is the classifier at every place: no boxes, and no class for background.
           So a place whose probability is below --least is left blank. np.unique's second array is the inverse, not
           the start of each class. One figure holds the photo and the map. A map of VGG-19 has
           (h // 32 − 6) × (w // 32 − 6) places, one of Lite0 has ⌈h / 32⌉ × ⌈w / 32⌉
Time:      18 s on 2 CPU cores, beside another run
"""

import matplotlib.pyplot as plt
import numpy as np
from _photos import fit, photos

from utils import pretrained
from utils.example import Example
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(__doc__, image="", weights="", photos=3, edge=448, least=0.3, quick={"photos": 2})

# %% The photos and the network
pictures = photos(ex, ["coffee", "chelsea", "motorcycle"][: ex.photos], ex.image)
network = pretrained.load(ex.data, "vgg19", ex.weights)
if min(min(fit(picture, edge).shape[:2]) for picture in pictures.values() for edge in (0, ex.edge)) < 224:
    raise WrongFlag("the photo must have 224×224 pixels or more, at its own size and at --edge")

# %% The graph: a picture of any size, and the classifier at every place of it
with tf.device(ex.device):
    image = tf.placeholder(tf.float32, [None, None, 3], name="image")
    processed_images = tf.expand_dims(image, 0)  # the channel means are subtracted inside the network
    layers = network.build(processed_images, ["logit_map", "logits"])
    logit_map = layers["logit_map"]
    pred = tf.squeeze(tf.argmax(logit_map, axis=3), 0)
    score = tf.squeeze(tf.reduce_max(tf.nn.softmax(logit_map), axis=3), 0)
    whole = tf.nn.softmax(layers["logits"])[0]


def show_labels(photo, found, sure, name):
    """Draw the photo beside the map of its classes, blank where it is not `sure`; the legend names the classes."""
    numbers, relabelled = np.unique(found, return_inverse=True)  # the classes, and for each place which of them it is
    shown = np.unique(relabelled.reshape(found.shape)[sure])
    labels = np.ma.array(np.searchsorted(shown, relabelled.reshape(found.shape)), mask=~sure)
    figure, axes = plt.subplots(1, 2, figsize=(13, 4.6), width_ratios=[1, 1.25])
    axes[0].imshow(photo)
    axes[0].set_title("original picture")
    axes[0].axis("off")
    count = max(1, len(shown))
    drawn = axes[1].matshow(labels, cmap=plt.get_cmap("Paired", count), vmin=-0.5, vmax=count - 0.5)
    axes[1].set(xticks=[], yticks=[], title=f"class of each place, blank below {ex.least:g}")
    bar = figure.colorbar(drawn, ax=axes[1], ticks=range(len(shown)))
    bar.ax.set_yticklabels([f"{numbers[i]} {network.labels[numbers[i]].split(',')[0]}" for i in shown])
    figure.tight_layout()
    ex.figure(figure, name)


# %% Run: the photo as the network was trained, as it is (the book's way), and with its longer edge at --edge
with ex.session() as sess:
    network.initialise(sess)
    for name, picture in pictures.items():
        trained_size = network.preprocess([picture])[0]
        sizes = {"as trained": trained_size, "own size": picture, f"edge {ex.edge}": fit(picture, ex.edge)}
        for size, pixels in sizes.items():
            found, scores, probabilities, mean_of_map = sess.run(
                [pred, score, whole, tf.reduce_mean(logit_map, axis=[1, 2]) - layers["logits"]], {image: pixels}
            )
            label, probability = network.top(probabilities, 1)[0]
            places = f"{found.shape[0]}×{found.shape[1]}"
            print(f"\n{name}, {size}: {pixels.shape[0]}×{pixels.shape[1]} pixels, {places} places")
            print(f"  the whole picture: {int(probabilities.argmax())} {label}, {probability:.4f}")
            sure = scores >= ex.least
            classes, counts = np.unique(found[sure], return_counts=True)
            for number, count in sorted(zip(classes.tolist(), counts.tolist(), strict=True), key=lambda c: -c[1]):
                highest = scores[found == number].max()
                print(f"  {count:>4} places: {number} {network.labels[number]} (up to {highest:.2f})")
            ex.report(f"{name}, {size}: places", list(found.shape))
            ex.report(f"{name}, {size}: whole picture", [int(probabilities.argmax()), probability])
            ex.report(f"{name}, {size}: places above {ex.least:g}", int(sure.sum()))
            commonest = int(np.bincount(found.ravel()).argmax())
            ex.report(f"{name}, {size}: commonest class", commonest)
            ex.report(f"{name}, {size}: its places", int((found == commonest).sum()))
            ex.report(f"{name}, {size}: its largest probability", scores[found == commonest].max())
            ex.report(f"{name}, {size}: mean of the map from the logits", abs(mean_of_map).max())
            if size != "as trained":
                show_labels(pixels, found, sure, f"map_{name}_{size.replace(' ', '_')}")

# %% Results
ex.report("classes", len(network.labels))
ex.finish()
