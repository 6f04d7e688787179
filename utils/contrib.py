"""The two libraries of the TensorFlow 1.x age that the books use, made importable today.

``from utils.contrib import slim`` is tf-slim, the books' ``tf.contrib.slim``; ``from utils.contrib import pt`` is
the real PrettyTensor 0.7.4. Each is loaded when first asked for.
"""

import collections
import collections.abc
import contextlib
import importlib
import inspect
import pkgutil
import sys
import types
from typing import Any

from utils.tf1 import tf


def __getattr__(name: str) -> Any:
    if name == "slim":
        return _load_slim()
    if name == "pt":
        return _load_prettytensor()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _load_slim() -> types.ModuleType:
    """tf-slim looks for the legacy layers, and for a few functions, where they no longer are."""
    from tensorflow.python.ops import array_ops, control_flow_ops

    for module, names in (
        (control_flow_ops, ("Assert", "case", "cond", "while_loop")),
        (array_ops, ("stack", "unstack")),
    ):
        for name in names:
            if not hasattr(module, name):
                setattr(module, name, getattr(tf, name))
    moved = importlib.import_module("tf_keras.src.legacy_tf_layers")
    sys.modules.setdefault("tf_keras.legacy_tf_layers", moved)
    for module in pkgutil.iter_modules(moved.__path__):
        name = f"{moved.__name__}.{module.name}"
        sys.modules.setdefault(f"tf_keras.legacy_tf_layers.{module.name}", importlib.import_module(name))
    return importlib.import_module("tf_slim")


def _load_prettytensor() -> types.ModuleType:
    """PrettyTensor expects names of an older Python and ``import tensorflow`` to be version 1."""
    if "prettytensor" in sys.modules:
        return sys.modules["prettytensor"]
    contrib = types.SimpleNamespace(
        nn=types.SimpleNamespace(
            deprecated_flipped_softmax_cross_entropy_with_logits=lambda logits, labels, name=None: (
                tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)
            ),
            deprecated_flipped_sparse_softmax_cross_entropy_with_logits=lambda logits, labels, name=None: (
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)
            ),
        )
    )
    version_1 = types.ModuleType("tensorflow")
    version_1.__dict__.update(vars(tf))
    version_1.__getattr__ = lambda name: contrib if name == "contrib" else getattr(tf, name)  # type: ignore[method-assign]
    # The module `collections` as it was before Python 3.10, for PrettyTensor's own files alone.
    collections_of_old = types.ModuleType("collections")
    collections_of_old.__dict__.update(vars(collections.abc) | vars(collections))
    inspect_of_old = types.ModuleType("inspect")
    inspect_of_old.__dict__.update(vars(inspect), getargspec=inspect.getfullargspec)
    lent = {"tensorflow": version_1, "collections": collections_of_old, "inspect": inspect_of_old}
    kept = {name: sys.modules[name] for name in lent}
    sys.modules.update(lent)
    try:
        pt = importlib.import_module("prettytensor")
    finally:
        sys.modules.update(kept)
    scopes = sys.modules["prettytensor.scopes"]
    scopes.var_and_name_scope = _var_and_name_scope  # type: ignore[attr-defined]
    return pt


@contextlib.contextmanager
def _var_and_name_scope(names: tuple[str | None, Any] | None):
    """Enter a name scope and the variable scope of the same name, as PrettyTensor's own function of this name did.

    Its own one reaches into a private collection of TensorFlow that is gone.
    """
    if not names:
        yield None, None
        return
    name, variable_scope = names
    with tf.name_scope(name) as scope:
        if variable_scope is None:
            parts = len(name.split("/"))
            variable_scope = "/".join(scope.split("/")[-parts - 1 : -1])
        with tf.variable_scope(variable_scope, auxiliary_name_scope=False) as entered:
            yield scope, entered
