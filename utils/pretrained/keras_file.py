"""Read the weights in an HDF5 file of Keras: the arrays and their names, nothing else in it."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from utils.paths import shown
from utils.problems import Problem


def read(path: Path) -> dict[str, list[np.ndarray]]:
    """Return the arrays of each layer that has some, by the layer's name, in the order of the file, as float32.

    Problem for what is not such a file.
    """
    try:
        with h5py.File(path) as file:
            root = file.get("model_weights", file)  # a whole model or its weights
            found = {
                layer: [_array(root[layer], name) for name in _names(root[layer], "weight_names")]
                for layer in _names(root, "layer_names")
            }
    except FileNotFoundError:
        raise Problem(f"{shown(path)}: no such file") from None
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Problem(f"{shown(path)} is no HDF5 file of Keras weights ({_line(error)})") from None
    return {layer: arrays for layer, arrays in found.items() if arrays}


def _names(group: Any, attribute: str) -> list[str]:
    """Return a list of names; where it is too long for one attribute, Keras cuts it into numbered pieces."""
    if attribute in group.attrs:
        pieces = [group.attrs[attribute]]
    else:
        pieces = []
        while f"{attribute}{len(pieces)}" in group.attrs:
            pieces.append(group.attrs[f"{attribute}{len(pieces)}"])
        if not pieces:
            raise ValueError(f"it lacks {attribute}")
    return [name.decode() if isinstance(name, bytes) else str(name) for piece in pieces for name in piece]


def _array(group: Any, name: str) -> np.ndarray:
    dataset = group[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind != "f" or dataset.external:
        raise ValueError(f"{name} is no array of numbers")
    return np.asarray(dataset[()], np.float32)


def _line(error: Exception) -> str:
    return str(error).strip("'\"").splitlines()[0] if str(error) else type(error).__name__
