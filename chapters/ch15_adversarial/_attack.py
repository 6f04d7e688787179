"""What the attacks of projects 58 and 59 share: the photo, the target, rotation, and pictures beside their classes."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from utils.photo import load_photo, package_photo
from utils.tf1 import tf

MOST = np.pi / 4  # the largest rotation, to both sides


def picture_for(ex: Any, network: Any) -> np.ndarray:
    """Return the photo of ``--image``, or scikit-image's cat, as `network` takes it: float32 [s, s, 3], 0 to 1."""
    if ex.image:
        photo, source = load_photo(ex.image)
        ex.data.note("photo", f"the reader's own {source}", real=False, ours=True)
    else:
        photo = package_photo("chelsea")
        ex.data.note("photo", "the cat chelsea.png of scikit-image", real=False, ours=True)
    return network.preprocess([photo])[0] / np.float32(255)


def short(names: str) -> str:
    """Return the first of a class's names."""
    return names.split(",", maxsplit=1)[0]


def rotate(images: Any, angles: Any) -> Any:
    """Return `images` [b, h, w, c], each turned by its angle in radians [b], counter-clockwise round the centre.

    Bilinear, with 0 where nothing is left; differentiable with respect to the images. It does what
    ``tf.contrib.image.rotate`` did: a projective transform maps each pixel of the result to where it comes from.
    """
    height, width = (tf.cast(edge, tf.float32) - 1 for edge in tf.unstack(tf.shape(images)[1:3]))
    cos, sin, zero = tf.cos(angles), tf.sin(angles), tf.zeros_like(angles)
    x_offset = (width - (cos * width - sin * height)) / 2
    y_offset = (height - (sin * width + cos * height)) / 2
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([cos, -sin, x_offset, sin, cos, y_offset, zero, zero], axis=1),
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def to_8_bit(picture: np.ndarray, original: np.ndarray, epsilon: float) -> np.ndarray:
    """Return `picture` [s, s, 3], 0 to 1, as uint8, within `epsilon` of 255 of `original`, whose pixels are whole."""
    whole = np.rint(original * 255)
    limit = np.floor(epsilon)
    return np.clip(np.rint(picture * 255), np.maximum(whole - limit, 0), np.minimum(whole + limit, 255)).astype(
        np.uint8
    )


def save_picture(ex: Any, picture: np.ndarray, name: str) -> np.ndarray:
    """Save `picture`, uint8 [s, s, 3], pixel by pixel as ``<name>.png``; return what the file holds, 0 to 1."""
    from PIL import Image

    with Image.open(ex.picture(picture, name)) as image:
        return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)


def as_jpeg(picture: np.ndarray) -> np.ndarray:
    """Return `picture`, uint8 [s, s, 3], after a JPEG file of Pillow's usual quality, 0 to 1."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "jpeg")
    with Image.open(buffer) as image:
        return np.asarray(image, np.float32) / np.float32(255)


def print_top(network: Any, probabilities: np.ndarray, count: int = 10) -> None:
    """Print the likeliest classes of one picture as the book does: number, probability, name."""
    for number in np.argsort(-probabilities, kind="stable")[:count]:
        print(f"  {number:>4}  {probabilities[number]:.7g}  {short(network.labels[number])}")


def classified(picture: np.ndarray, network: Any, probabilities: np.ndarray, target: int) -> Any:
    """Draw a picture [s, s, 3], 0 to 1, and its ten likeliest classes; the first bar is green, the target's red."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6))
    left.imshow(np.clip(picture, 0, 1))
    left.axis("off")
    best = np.argsort(-probabilities, kind="stable")[:10]
    colours = ["tab:green" if rank == 0 else "tab:blue" for rank in range(10)]
    colours = ["tab:red" if number == target else colour for number, colour in zip(best, colours, strict=True)]
    right.bar(range(10), probabilities[best], color=colours)
    right.set_xticks(range(10), [short(network.labels[number])[:15] for number in best], rotation="vertical")
    right.set(ylim=(0, 1.1), ylabel="probability")
    figure.tight_layout()
    return figure
