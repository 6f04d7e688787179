"""What tutorials 08 and 09 share: transfer-values and their cache, pictures of them (06 too), and the classifier."""

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from utils import figures
from utils.contrib import pt
from utils.paths import shown
from utils.problems import Problem, WrongFlag, write_json
from utils.tf1 import tf

BATCH = 32  # pictures that go through the network at once
BLOCK = 256  # pictures after which the cache is written


@dataclass(frozen=True)
class Pictures:
    """Pictures that are read when they are wanted.

    ``read(start, stop)`` returns them as uint8 [stop - start, h, w, 3]; `digest` is a text that tells these `count`
    pictures from all others.
    """

    count: int
    read: Callable[[int, int], np.ndarray]
    digest: str


def from_array(images: np.ndarray) -> Pictures:
    """Return `images`, uint8 [n, h, w, 3], as Pictures."""
    digest = hashlib.sha256(str(images.shape).encode())
    digest.update(np.ascontiguousarray(images))
    return Pictures(len(images), lambda start, stop: images[start:stop], digest.hexdigest())


def squared(image: np.ndarray, size: int) -> np.ndarray:
    """Return `image`, uint8 [h, w, 3], as `size`×`size`; what is not square is squeezed, as the tutorial does."""
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def from_files(files: Sequence[Path], read: Callable[[Path], np.ndarray], size: int) -> Pictures:
    """Return the picture files as Pictures of `size`×`size`."""
    digest = hashlib.sha256(str(len(files)).encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())

    def some(start: int, stop: int) -> np.ndarray:
        return np.stack([squared(read(file), size) for file in files[start:stop]])

    return Pictures(len(files), some, digest.hexdigest())


class Extractor:
    """A pretrained network up to its transfer layer, in a graph and a session of its own.

    `size`: the edge in pixels that the pictures are enlarged to, in the graph. ``length`` is the number of values.
    WrongFlag for a size that the network cannot take.
    """

    def __init__(self, ex: Any, network: Any, size: int) -> None:
        least = 32 if network.name == "efficientnet_lite0" else 75
        if size < least:
            raise WrongFlag(f"--image-size {size}: {network.title} needs {least} pixels at least")
        self.size = size
        graph = tf.Graph()
        with graph.as_default(), tf.device(ex.device):
            self._pixels = tf.placeholder(tf.uint8, [None, None, None, 3], name="pictures")
            resized = tf.image.resize_bicubic(tf.cast(self._pixels, tf.float32), [size, size], half_pixel_centers=True)
            self._features = network.build(tf.clip_by_value(resized, 0.0, 255.0), ["features"])["features"]
        self.length = int(self._features.shape[1])
        self._sess = ex.session(graph)
        with graph.as_default(), self._sess.as_default():
            network.initialise(self._sess)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the transfer-values of `images`, uint8 [n, h, w, 3]: float32 [n, length]."""
        return self._sess.run(self._features, {self._pixels: images})

    def close(self) -> None:
        """Give the memory back."""
        self._sess.close()


def transfer_values_cache(
    path: Path, pictures: Pictures, extractor: Any, key: dict[str, Any], progress: Callable = iter
) -> tuple[np.ndarray, float]:
    """Return the transfer-values of all `pictures`, float32 [n, length], and how many pictures a second went through.

    They are kept in `path` (.npy) and, block by block, in a list of checksums beside it (.json): a run that was killed
    goes on after the last whole block. `key`: the network and the size, which with the pictures say whose values these
    are. The rate is that of the run that computed them; it leaves out the first batch, which prepares the graph.
    Problem for a cache that is damaged or belongs to something else.
    """
    about = path.with_suffix(".json")
    key = {**key, "pictures": pictures.count, "length": extractor.length, "data": pictures.digest}
    advice = f"delete {shown(path)} and {about.name}, and they are made anew"
    state = {"key": key, "blocks": [], "seconds": 0.0, "timed": 0}
    if path.exists() and about.exists():
        state = _read_state(about, key, advice)
    done = len(state["blocks"])
    shape = (pictures.count, extractor.length)
    path.parent.mkdir(parents=True, exist_ok=True)
    if done:
        try:
            values = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise Problem(f"{shown(path)} cannot be read ({error}): {advice}") from None
        if values.shape != shape or values.dtype != np.float32:
            raise Problem(f"{shown(path)} holds {list(values.shape)} {values.dtype}, not {list(shape)}: {advice}")
        for number, known in enumerate(state["blocks"]):
            if zlib.crc32(values[number * BLOCK : (number + 1) * BLOCK]) != known:
                raise Problem(f"{shown(path)} is damaged in block {number}: {advice}")
    else:
        values = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)

    starts = range(0, pictures.count, BLOCK)
    if done == len(starts):
        print(f"- Data loaded from cache-file: {shown(path)}")
        return np.array(values), _rate(state)
    if done:
        values = np.load(path, mmap_mode="r+", allow_pickle=False)
        print(f"- {done * BLOCK} of {pictures.count} transfer-values are in {shown(path)}: going on after them")
    extractor(pictures.read(0, min(BATCH, pictures.count)))
    for start in progress(starts[done:]):
        stop = min(start + BLOCK, pictures.count)
        began = time.perf_counter()
        for first in range(start, stop, BATCH):
            last = min(first + BATCH, stop)
            values[first:last] = extractor(pictures.read(first, last))
        state["seconds"] += time.perf_counter() - began
        state["timed"] += stop - start
        values.flush()
        state["blocks"].append(zlib.crc32(values[start:stop]))
        write_json(about, state)
    print(f"- Data saved to cache-file: {shown(path)}")
    return np.array(values), _rate(state)


def _read_state(about: Path, key: dict[str, Any], advice: str) -> dict[str, Any]:
    try:
        state = json.loads(about.read_text(encoding="utf-8"))
        found, _ = state["key"], (state["blocks"], state["seconds"], state["timed"])
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"{shown(about)} is damaged ({error}): {advice}") from None
    for name, wanted in key.items():
        if found.get(name) != wanted:
            raise Problem(
                f"{shown(about)} belongs to other values ({name}: {found.get(name)} instead of {wanted}): {advice}"
            )
    return state


def _rate(state: dict[str, Any]) -> float:
    return state["timed"] / max(state["seconds"], 1e-9)


def cache_path(ex: Any, network: Any, size: int, part: str, pictures: Pictures) -> tuple[Path, dict[str, Any]]:
    """Return where the transfer-values of these pictures are kept, and the key that goes with them."""
    key = {"network": network.name, "size": size}
    if ex.weights:
        key["weights"] = hashlib.sha256(Path(ex.weights).expanduser().read_bytes()).hexdigest()
    name = hashlib.sha256(json.dumps([key, pictures.digest]).encode()).hexdigest()[:10]
    return ex.outputs / "transfer-values" / f"{network.name}-{size}px-{part}-{name}.npy", key


def new_network(
    x: Any, y_true: Any, num_classes: int, fc_size: int, layers: int = 1, dropout: Callable[..., Any] | None = None
) -> tuple[Any, Any]:
    """Build `layers` dense layers of `fc_size` with ReLU and a softmax classifier; return (y_pred, loss).

    `x`: transfer-values [n, length]; `y_true`: [n, num_classes], one-hot. `dropout`: takes what a dense layer gives
    and the layer's number from 1, returns what is left of it; None to leave everything. `loss` is the batch's mean
    cross-entropy.
    """
    x_pretty = pt.wrap(x)
    with pt.defaults_scope(activation_fn=tf.nn.relu):
        for number in range(1, layers + 1):
            x_pretty = x_pretty.fully_connected(size=fc_size, name=f"layer_fc{number}")
            if dropout:
                x_pretty = x_pretty.apply(dropout, number)
        return x_pretty.softmax_classifier(num_classes=num_classes, labels=y_true)


# %% Pictures
def plot_images(
    images: Any, names: Sequence[str], cls_true: np.ndarray, cls_pred: np.ndarray | None = None, smooth: bool = True
) -> Figure:
    """Draw one to nine pictures as 3×3 with the names of their classes; `smooth` blends the pixels."""
    labels = [f"True: {names[cls]}" for cls in cls_true]
    if cls_pred is not None:
        labels = [f"{label}\nPred: {names[cls]}" for label, cls in zip(labels, cls_pred, strict=True)]
    with plt.rc_context({"image.interpolation": "spline16" if smooth else "nearest"}):
        return figures.image_grid(images, labels, columns=3, size=1.8)


def plot_transfer_values(images: Sequence[np.ndarray], values: np.ndarray, captions: Sequence[str]) -> Figure:
    """Draw pictures and beside each its transfer-values [n, length] as 32 rows: the redder, the greater."""
    figure, axes = plt.subplots(
        len(images), 2, figsize=(6.4, 2.6 * len(images)), width_ratios=[1, 1.6], squeeze=False, layout="constrained"
    )
    for (left, right), image, row, caption in zip(axes, images, values, captions, strict=True):
        left.imshow(image, interpolation="nearest")
        left.set(xticks=[], yticks=[], xlabel=caption)
        shown_values = right.imshow(row.reshape(32, -1), interpolation="nearest", cmap="Reds")
        right.set(xticks=[], yticks=[], xlabel=f"its {len(row)} transfer-values")
        figure.colorbar(shown_values, ax=right, shrink=0.85)
    return figure


def plot_scatter(points: np.ndarray, cls: np.ndarray, names: Sequence[str], title: str, seed: int) -> Figure:
    """Draw `points` [n, 2], one colour a class, in random order so that no class hides the others."""
    colours = plt.get_cmap("rainbow")(np.linspace(0, 1, len(names)))
    order = np.random.default_rng(seed).permutation(len(points))
    figure, axis = plt.subplots(figsize=(7.2, 5.2))
    axis.scatter(*points[order].T, color=colours[cls[order]], alpha=0.5, s=12)
    for name, colour in zip(names, colours, strict=True):
        axis.scatter([], [], color=colour, label=name)
    axis.set(title=title, xticks=[], yticks=[])
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.tight_layout()
    return figure


def neighbour_agreement(points: np.ndarray, cls: np.ndarray) -> float:
    """Return the share of `points` [n, d] whose nearest neighbour is of their own class."""
    from scipy.spatial import cKDTree

    nearest = cKDTree(points).query(points, k=2)[1][:, 1]
    return float((cls[nearest] == cls).mean())


def print_confusion_matrix(matrix: np.ndarray, names: Sequence[str]) -> None:
    """Print the rows (the true classes) with their names, and the numbers of the columns below."""
    for number, (row, name) in enumerate(zip(matrix, names, strict=True)):
        print(" ".join(f"{count:>4}" for count in row), f"({number}) {name}")
    print(" ".join(f"{f'({number})':>4}" for number in range(len(names))))
