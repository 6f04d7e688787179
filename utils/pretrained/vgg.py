"""VGG-16 and VGG-19 (Simonyan & Zisserman, arXiv:1409.1556), op by op, with the weights of Keras' applications.

The three fully connected layers are convolutions, so that pictures may have any size from 224×224 on; the
convolutional part takes smaller ones too. Layers are named as in the books: conv1_1 … pool5, fc6, fc7.
"""

from pathlib import Path
from typing import Any

import numpy as np

from utils.paths import shown
from utils.pretrained import keras_file
from utils.pretrained.network import TOP, Variables
from utils.problems import Problem
from utils.tf1 import tf

CHANNELS = (64, 128, 256, 512, 512)
MEANS = (103.939, 116.779, 123.68)  # of blue, green and red in ImageNet
FC = (("fc6", "fc1", 7, 512, 4096), ("fc7", "fc2", 1, 4096, 4096), ("fc8", "predictions", 1, 4096, 1000))


class Vgg:
    """One of the two; see `Architecture`. `depths`: how many convolutions each of the five blocks has."""

    input_size = 224
    top = ("fc6", "fc7", *TOP)

    def __init__(self, title: str, depths: tuple[int, ...], content_layer: str) -> None:
        self.title = title
        self.content_layer = content_layer
        self._convolutions: list[tuple[str, str, int, int]] = []  # layer, Keras' name, channels in, channels out
        names: list[str] = []
        inputs = 3
        for block, (depth, outputs) in enumerate(zip(depths, CHANNELS, strict=True), 1):
            for number in range(1, depth + 1):
                self._convolutions.append((f"conv{block}_{number}", f"block{block}_conv{number}", inputs, outputs))
                names.append(f"conv{block}_{number}")
                inputs = outputs
            names.append(f"pool{block}")
        self._pools = names
        self.layers = (*names, *self.top)

    def read(self, path: Path, top: bool) -> dict[str, np.ndarray]:
        """Return the arrays in Keras' file, of the classifier too with `top`; Problem where they do not fit."""
        stored = keras_file.read(path)
        expected = {layer: (keras, (3, 3, inputs, outputs)) for layer, keras, inputs, outputs in self._convolutions}
        if top:
            expected |= {layer: (keras, (edge, edge, inputs, outputs)) for layer, keras, edge, inputs, outputs in FC}
        arrays = {}
        for layer, (keras, shape) in expected.items():
            found = stored.get(keras, [])
            flat = (int(np.prod(shape[:3])), shape[3])
            wanted = [shape if layer.startswith("conv") else flat, shape[3:]]
            if [array.shape for array in found] != wanted:
                problem = f"{keras} has the shapes {[list(array.shape) for array in found]}" if found else f"no {keras}"
                raise Problem(f"{shown(path)} does not hold the weights of {self.title}: {problem}")
            arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"] = found[0].reshape(shape), found[1]
        return arrays

    def build(self, pixels: Any, variables: Variables, wanted: frozenset[str]) -> dict[str, Any]:
        """Return the `wanted` layers and those on the way there."""
        made: dict[str, Any] = {}

        def convolve(x: Any, layer: str, padding: str) -> Any:
            x = tf.nn.conv2d(x, variables[f"{layer}/kernel"], strides=1, padding=padding)
            return tf.nn.bias_add(x, variables[f"{layer}/bias"])

        x = tf.reverse(pixels, [-1]) - MEANS  # RGB to BGR
        for layer in self._pools:
            if layer.startswith("pool"):
                x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
            else:
                x = tf.nn.relu(convolve(x, layer, "SAME"))
            made[layer] = x
            if wanted <= made.keys():
                return made

        if any(edge is not None and edge < self.input_size for edge in pixels.shape.as_list()[1:3]):
            raise ValueError(f"the classifier of {self.title} needs 224×224 pixels or more: name the layers you want")
        made["fc6"] = x = tf.nn.relu(convolve(x, "fc6", "VALID"))
        made["fc7"] = x = tf.nn.relu(convolve(x, "fc7", "VALID"))
        made["features"] = tf.reduce_mean(x, axis=[1, 2])
        made["logit_map"] = convolve(x, "fc8", "VALID")
        made["logits"] = tf.reduce_mean(made["logit_map"], axis=[1, 2])
        made["probabilities"] = tf.nn.softmax(made["logits"])
        return made


VGG16 = Vgg("VGG-16", (2, 2, 3, 3, 3), "conv3_1")
VGG19 = Vgg("VGG-19", (2, 2, 4, 4, 4), "conv5_4")
