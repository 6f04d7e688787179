"""The larger networks, built by Keras' applications: Inception v3, Inception-ResNet v2 and NASNet.

Keras gives the layers up to the last feature map; its variables are taken out of all collections but "pretrained", and
the classifier is ours, so that it can be had at every position. As Keras itself does, the arrays in a file are taken
in the order of the layers: the names in the published files are those of an older version.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from utils.paths import shown
from utils.pretrained import keras_file
from utils.pretrained.network import COLLECTION, TOP, Variables
from utils.problems import Problem
from utils.tf1 import tf

CLASSES = 1000


class KerasNetwork:
    """One of them; see `Architecture`.

    `application`: its name in ``tf.keras.applications``. `sizes`: how many arrays and how many numbers there are
    without the classifier, and the channels of the last feature map. `fixed`: what is built depends on the pictures'
    size, so that has to be known.
    """

    top = TOP

    def __init__(
        self,
        title: str,
        application: str,
        input_size: int,
        sizes: tuple[int, int, int],
        layers: Iterator[str],
        content_layer: str,
        *,
        fixed: bool = False,
    ) -> None:
        self.title = title
        self.input_size = input_size
        self.layers = (*layers, *TOP)
        self.content_layer = content_layer
        self._application = application
        self._arrays, self._numbers, self._channels = sizes
        self._fixed = fixed

    def read(self, path: Path, top: bool) -> dict[str, np.ndarray]:
        """Return the arrays in Keras' file by number, the classifier's with `top`; Problem where they do not fit."""
        arrays = [array for layer in keras_file.read(path).values() for array in layer]
        classifier = arrays[self._arrays :]
        del arrays[self._arrays :]
        misfit = f"{shown(path)} does not hold the weights of {self.title}"
        if len(arrays) != self._arrays or sum(array.size for array in arrays) != self._numbers:
            raise Problem(f"{misfit}: {len(arrays)} arrays with {sum(array.size for array in arrays):,} numbers")
        named = {_name(number): array for number, array in enumerate(arrays)}
        if not top:
            return named
        if [array.shape for array in classifier] != [(self._channels, CLASSES), (CLASSES,)]:
            raise Problem(f"{misfit} with its classifier")
        return named | {"predictions/kernel": classifier[0], "predictions/bias": classifier[1]}

    def build(self, pixels: Any, variables: Variables, wanted: frozenset[str]) -> dict[str, Any]:
        """Return all layers; the classifier's if one of them is `wanted`."""
        if self._fixed and not all(pixels.shape.as_list()[1:3]):
            raise ValueError(f"{self.title} is built for one size of pictures: give the pixels a known shape")
        model, created = self._model(pixels / 127.5 - 1, variables)
        made = {layer.name: layer.output for layer in model.layers}
        convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
        for number, layer in enumerate(sorted(convolutions, key=lambda layer: created[id(layer.weights[0])])):
            made[f"conv_{number}"] = layer.output
        if not wanted.isdisjoint(TOP):
            kernel, bias = variables["predictions/kernel"], variables["predictions/bias"]
            made["features"] = tf.reduce_mean(model.output, axis=[1, 2])
            made["logit_map"] = tf.nn.conv2d(model.output, kernel[None, None], strides=1, padding="VALID") + bias
            made["logits"] = tf.matmul(made["features"], kernel) + bias
            made["probabilities"] = tf.nn.softmax(made["logits"])
        return made

    def _model(self, x: Any, variables: Variables) -> tuple[Any, dict[int, int]]:
        """Return Keras' model on `x` and the order in which its variables are created, by their id."""
        created: list[Any] = []

        def create(make: Any, **options: Any) -> Any:
            if len(created) == len(variables.of_keras):  # else it is built a second time
                start = tf.zeros(options["shape"])
                options |= {"initial_value": start, "trainable": False, "collections": [COLLECTION]}
                variables.of_keras.append(make(**options))
            created.append(variables.of_keras[len(created)])
            return created[-1]

        keras = tf.keras
        with warnings.catch_warnings(), tf.variable_creator_scope(create):
            warnings.simplefilter("ignore")  # that the next line is deprecated
            with keras.backend.learning_phase_scope(0):
                application = getattr(keras.applications, self._application)
                model = application(include_top=False, weights=None, input_tensor=keras.layers.Input(tensor=x))
        # Keras lists the trainable ones of a layer first, and a second time, as it finds them not trainable now.
        ordered = {id(weight): weight for layer in model.layers for weight in layer.weights}
        for number, variable in enumerate(ordered.values()):
            variables.adopt(_name(number), variable)
        return model, {id(variable): number for number, variable in enumerate(created)}


def _name(number: int) -> str:
    return f"array_{number}"


def _inception_v3() -> Iterator[str]:
    """Name the convolutions (before batch normalisation and ReLU) and the blocks behind them."""
    number = 0
    for block, count in enumerate((5, 7, 7, 7, 4, 10, 10, 10, 10, 6, 9, 9), -1):
        yield from (f"conv_{number + place}" for place in range(count))
        number += count
        if block >= 0:
            yield f"mixed{block}"


def _inception_resnet_v2() -> Iterator[str]:
    number = 0
    for block, count in (
        ("", 5),
        ("mixed_5b", 7),
        *((f"block35_{place}_ac", 7) for place in range(1, 11)),
        ("mixed_6a", 4),
        *((f"block17_{place}_ac", 5) for place in range(1, 21)),
        ("mixed_7a", 7),
        *((f"block8_{place}_ac", 5) for place in range(1, 10)),
        ("", 5),
        ("conv_7b_ac", 1),
    ):
        yield from (f"conv_{number + place}" for place in range(count))
        number += count
        if block:
            yield block


def _nasnet(cells: int) -> Iterator[str]:
    """Name the cells: two reductions of the stem, then thrice `cells` normal ones with a reduction in between."""
    yield from ("reduction_concat_stem_1", "reduction_concat_stem_2")
    yield from (f"normal_concat_{number}" for number in range(cells))
    for third in (1, 2):
        yield f"reduction_concat_reduce_{third * cells}"
        yield from (f"normal_concat_{third * cells + number}" for number in range(1, cells + 1))


ARCHITECTURES = {
    "inception_v3": KerasNetwork(
        "Inception v3", "InceptionV3", 299, (376, 21_802_784, 2048), _inception_v3(), "mixed4"
    ),
    "inception_resnet_v2": KerasNetwork(
        "Inception-ResNet v2",
        "InceptionResNetV2",
        299,
        (896, 54_336_736, 1536),
        _inception_resnet_v2(),
        "block17_10_ac",
    ),
    "nasnet_mobile": KerasNetwork(
        "NASNet-A mobile", "NASNetMobile", 224, (1124, 4_269_716, 1056), _nasnet(4), "normal_concat_8", fixed=True
    ),
    "nasnet_large": KerasNetwork(
        "NASNet-A large", "NASNetLarge", 331, (1544, 84_916_818, 4032), _nasnet(6), "normal_concat_12", fixed=True
    ),
}
