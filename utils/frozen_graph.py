"""Frozen graphs: a GraphDef in a file, its weights as constants, read without trust."""

import re
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from utils.paths import shown
from utils.problems import Problem
from utils.tf1 import tf

# A graph that computes has no need of these: they call Python, read or write files, or speak with other machines.
_REACHING_OUT = re.compile(
    r"PyFunc|File|Save|Restore|Reader|Dataset|Iterator|SummaryWriter|Checkpoint|Rpc|Send|Recv|Print|Load|Lookup|HashTable"
)


def read(path: Path) -> Any:
    """Return the GraphDef in the file `path`, in binary form.

    Nothing in it is run. Problem for a file that is missing or no graph, and for a graph with an operation that this
    TensorFlow does not know or that reaches beyond the graph: Python functions, files, other machines.
    """
    from tensorflow.python.framework import op_def_registry  # after utils.tf1

    graph_def = tf.GraphDef()
    try:
        graph_def.ParseFromString(path.read_bytes())
    except DecodeError:
        raise Problem(f"{shown(path)} is no frozen graph (a GraphDef in binary form)") from None
    except OSError as error:
        raise Problem(f"{shown(path)}: {(error.strerror or str(error)).lower()}") from None
    if not graph_def.node:
        raise Problem(f"{shown(path)} is no frozen graph: there are no operations in it")
    functions = graph_def.library.function
    own = {function.signature.name for function in functions}
    for node in [*graph_def.node, *(node for function in functions for node in function.node_def)]:
        if node.op in own:
            continue
        if op_def_registry.get(node.op) is None:
            raise Problem(f"{shown(path)}: TensorFlow {tf.__version__} has no operation {node.op} (node {node.name})")
        if _REACHING_OUT.search(node.op):
            raise Problem(
                f"{shown(path)}: the operation {node.op} (node {node.name}) reaches beyond the graph: not imported"
            )
    return graph_def
