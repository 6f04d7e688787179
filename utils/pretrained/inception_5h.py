"""Inception 5h, the Inception v1 of the DeepDream programs: a frozen graph, its weights in it as constants.

Only the convolutional part serves here: the twelve layers that DeepDream looks at. Its classifier has other classes
than the rest of the networks.
"""

from pathlib import Path
from typing import Any

import numpy as np

from utils import frozen_graph
from utils.paths import shown
from utils.pretrained.network import Variables
from utils.problems import Problem
from utils.tf1 import tf

MEAN = 117.0  # of all three colours: what the network was trained on is the picture without it
GRAPH = "graph"


class Inception5h:
    """See `Architecture`."""

    title = "Inception 5h"
    input_size = 224
    layers = (
        *("conv2d0", "conv2d1", "conv2d2", "mixed3a", "mixed3b"),
        *("mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e", "mixed5a", "mixed5b"),
    )
    top = ()
    content_layer = "mixed3b"

    def read(self, path: Path, top: bool) -> dict[str, np.ndarray]:
        """Return the graph as bytes, uint8 [n]; Problem where the file is none or lacks a layer. `top` is ignored."""
        graph_def = frozen_graph.read(path)
        there = {node.name for node in graph_def.node}
        missing = [name for name in ("input", *self.layers) if name not in there]
        if missing:
            raise Problem(f"{shown(path)} is not the graph of {self.title}: it has no {missing[0]}")
        return {GRAPH: np.frombuffer(graph_def.SerializeToString(), np.uint8)}

    def build(self, pixels: Any, variables: Variables, wanted: frozenset[str]) -> dict[str, Any]:
        """Return the `wanted` layers; see `Architecture`. There are no variables: each ``build`` adds the constants."""
        graph_def = tf.GraphDef.FromString(variables.array(GRAPH).tobytes())
        names = sorted(wanted)
        tensors = tf.import_graph_def(
            graph_def, {"input": pixels - MEAN}, [f"{name}:0" for name in names], name="inception_5h"
        )
        return dict(zip(names, tensors, strict=True))


INCEPTION_5H = Inception5h()
