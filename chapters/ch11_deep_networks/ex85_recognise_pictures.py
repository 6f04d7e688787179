"""Example 85 · Image recognition with Inception-ResNet-v2 (调用 Inception_ResNet_v2 模型进行图像识别)

Book:      intro 11.6.1, listing 11-2
Data:      photos of scikit-image and scikit-learn, or one of your own (--image FILE); the book's were not published
Model:     Inception-ResNet-v2 with its ImageNet weights; where they cannot be had, EfficientNet-Lite0
Shows:     a trained network called from code: the likeliest class of each photo with its probability and its
           logit, the five likeliest with their names, and what ways of preparing a photo do to them
Departs:   slim's network has 1001 outputs and names, of which number 0 is the background (11.5.2 says 1000); these have
           1000, so the book's number is ours + 1, and both are printed. The book squeezes a photo into a square; here
           the square in its middle is looked at, as in ImageNet's own evaluation, and the squeezed one beside it. The
           book found slim's preprocess_image faulty: it takes floats for numbers in [0, 1], and 0 to 255 leave the
           network's range. That is done once too, to see it. The second picture's negative values are cut off on
           purpose, as imshow does; the first is titled "original", not "organization image". The book calls its first
           photo a tablet recognised rightly: the label is laptop. Its second, a sheep, is taken for a kuvasz, a dog;
           that dog's photo is figure 11-15, not 11-5. Its figures are printed below ours, and are of other photos: they
           are compared with nothing
Time:      16 s on 2 CPU cores, beside another run
"""

import matplotlib.pyplot as plt
import numpy as np
from _photos import photos

from utils import pretrained
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, image="", weights="", photos=7, quick={"photos": 4})

NAMES = ["coffee", "chelsea", "camera", "motorcycle", "flower", "china", "rocket"]
# What the book prints of its own two photos: probability, logit, number of the class (with a background class).
BOOK = {"img.jpg, a tablet": (0.61667, 9.0568, 621), "ps.jpg, a sheep": (0.242343, 8.80805, 223)}

# %% The photos and the network
pictures = photos(ex, NAMES[: ex.photos], ex.image)
network = pretrained.load(ex.data, "inception_resnet_v2", ex.weights)
sample_images = network.preprocess(pictures.values())
squeezed_images = network.preprocess(pictures.values(), crop=False)
print(f"{network.title}: {len(network.labels)} classes; input {network.input_size}×{network.input_size}")


def as_network_sees(pixels):
    """Return pixels, 0 to 255, in the range of the network's first layer: about −1 to 1."""
    return (pixels - 127) / 128 if network.name == "efficientnet_lite0" else 2 * (pixels / 255) - 1


# %% The graph
with tf.device(ex.device):
    input_imgs = tf.placeholder(tf.float32, [None, network.input_size, network.input_size, 3], name="input_imgs")
    end_points = network.build(input_imgs, ["logits", "probabilities"])
    logits, probabilities = end_points["logits"], end_points["probabilities"]

# %% Run: every photo cropped, squeezed, and with numbers 255 times too large, as preprocess_image had them
with ex.session() as sess:
    network.initialise(sess)
    predict_values, logit_values = sess.run([probabilities, logits], {input_imgs: sample_images})
    squeezed_values = sess.run(probabilities, {input_imgs: squeezed_images})
    unscaled_values = sess.run(probabilities, {input_imgs: sample_images * 255})

# %% What the network says of each photo, printed as the book does, and drawn
for name, image, scores, raw, squeezed, unscaled in zip(
    pictures, sample_images, predict_values, logit_values, squeezed_values, unscaled_values, strict=True
):
    best = int(scores.argmax())
    print(f"\n{name}")
    print(np.max(scores), np.max(raw))
    print(best, int(raw.argmax()), network.labels[best], f"(with a background class: {best + 1})")
    order = np.argsort(-scores)[:5]
    for number in order:
        print(f"  {number:>4}  {scores[number]:.4f}  {raw[number]:>8.4f}  {network.labels[number]}")
    print(f"  squeezed into the square: {squeezed.argmax()} {network.labels[squeezed.argmax()]}, {squeezed.max():.4f}")
    print(f"  number {best} with pixels 255 times too large: {unscaled[best]:.4f}")

    figure, axes = plt.subplots(1, 3, figsize=(12, 4), width_ratios=[1, 1, 1.1], layout="constrained")
    axes[0].imshow(image / 255)
    axes[0].set_title("original image")
    axes[1].imshow(np.clip(as_network_sees(image), 0, 1))
    axes[1].set_title("input image (negative values black)")
    axes[0].axis("off")
    axes[1].axis("off")
    bars = axes[2].barh(range(5), scores[order])
    axes[2].bar_label(bars, [network.labels[number].split(",")[0] for number in order], padding=4)
    axes[2].set(yticks=range(5), yticklabels=order, xlim=(0, 1.6), xticks=[0, 0.5, 1], xlabel="probability")
    axes[2].invert_yaxis()
    axes[2].spines[["top", "right"]].set_visible(False)
    ex.figure(figure, f"recognised_{name}")

    ex.report(f"{name}: number of the class", best)
    ex.report(f"{name}: class", network.labels[best])
    ex.report(f"{name}: probability", scores[best])
    ex.report(f"{name}: logit", raw[best])
    ex.report(f"{name}: the five likeliest", [[int(number), float(scores[number])] for number in order])
    ex.report(f"{name}: squeezed, class and probability", [int(squeezed.argmax()), float(squeezed.max())])
    ex.report(f"{name}: probability with pixels 255 times too large", unscaled[best])

# %% The book's figures, of its own two photos, below ours
ours = {
    name: (scores.max(), raw.max(), scores.argmax() + 1)
    for name, scores, raw in zip(pictures, predict_values, logit_values, strict=True)
}
print(f"\n{'probability':>42}{'logit':>10}  number and class")
for whose, rows in (("ours", ours), ("the book's", BOOK)):
    for name, (probability, logit, number) in rows.items():
        line = f"{whose + ', ' + name:30}{probability:12.6g}{logit:10.6g}  {number} {network.labels[number - 1]}"
        print(line + (" (other photos: not compared)" if rows is BOOK else ""))

# %% Results
# Photos of ours or of the reader's are no data of the book's, so these three are never compared.
for place, what in enumerate(("probability", "logit", "number with a background class")):
    measured, printed = ([row[place] for row in rows.values()] for rows in (ours, BOOK))
    ex.report(f"{what}, photo by photo", measured, book=printed)
ex.report("classes", len(network.labels))
ex.finish()
