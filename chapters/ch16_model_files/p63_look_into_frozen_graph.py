"""Project 63 · Reverse-analysing a frozen graph (逆向分析冻结图文件)

Book:      eng 12.4
Data:      the frozen graph of p62: run that first; or any other with --graph FILE
Shows:     what a frozen graph gives away: operations and their shapes, where data goes in and the result comes out,
           the constants that were variables once, with their values (--node NAME for one); the graph in TensorBoard
Departs:   the book's text breaks off after the task. The tool import_pb_to_tensorboard, which used to do this, reads
           only SavedModels today; a FileWriter shows any graph. Nothing of the file is run: a graph of a stranger with
           operations that reach for files, Python or other machines is refused in one line
Time:      4 s on 2 CPU cores
"""

import difflib
from collections import Counter
from pathlib import Path

import numpy as np
from _draw import draw_graph

from utils import frozen_graph, paths
from utils.example import Example
from utils.problems import Problem, WrongFlag
from utils.tf1 import tf

ex = Example(__doc__, graph="", node="", rows=40)

# %% Read the file; import it for the shapes, which runs nothing
if ex.graph:
    file = Path(ex.graph).expanduser()
else:
    file = Path(ex.checkpoint_of("p62", "linermodel.cpkt")).with_name("expert-graph-yes.pb")
if not ex.graph and not file.exists():
    raise Problem(f"example p63 looks into {paths.shown(file)}: run `python run.py p62` first")
definition = frozen_graph.read(file)
graph = tf.Graph()
with graph.as_default():
    try:
        tf.import_graph_def(definition, name="")
    except (ValueError, TypeError) as error:
        raise Problem(f"{paths.shown(file)} is no whole graph: {str(error).splitlines()[0]}") from None
operations = graph.get_operations()

# %% Operations and shapes
print(f"{file.name}: {file.stat().st_size:,} bytes, {len(operations)} operations")
print("kinds:", ", ".join(f"{count} {kind}" for kind, count in Counter(op.type for op in operations).most_common()))
for op in operations[: ex.rows]:
    shapes = ", ".join(f"{tensor.dtype.name} {tensor.shape}" for tensor in op.outputs)
    print(f"  {op.name:24} {op.type:16} {shapes:24} of {', '.join(tensor.name for tensor in op.inputs) or 'nothing'}")
if len(operations) > ex.rows:
    print(f"  … {len(operations) - ex.rows} more (--rows N shows more)")

# %% Where data goes in, and where the result comes out
read_by_others = {tensor.op.name for op in operations for tensor in op.inputs}
inputs = [op.name for op in operations if op.type.startswith("Placeholder")]
outputs = [op.name for op in operations if op.name not in read_by_others and op.type not in ("Const", "NoOp")]
print("goes in:", ", ".join(inputs) or "nothing")
print("comes out, as no other operation reads it:", ", ".join(outputs) or "nothing")

# %% The constants: what was a variable before the graph was frozen
constants = {node.name: tf.make_ndarray(node.attr["value"].tensor) for node in definition.node if node.op == "Const"}
largest = sorted(constants, key=lambda name: -constants[name].nbytes)
held = sum(value.nbytes for value in constants.values())
print(f"{len(constants)} constants hold {sum(v.size for v in constants.values()):,} values in {held:,} bytes")
if ex.node and ex.node not in constants:
    close = difflib.get_close_matches(ex.node, constants, n=3, cutoff=0.4) or largest[:3]
    there = "is no constant" if ex.node in {op.name for op in operations} else "is not in the graph"
    raise WrongFlag(f"--node {ex.node} {there}; constants are, for instance: {', '.join(close) or 'none'}")
for name in [ex.node] if ex.node else largest[:5]:
    value = constants[name]
    print(f"{name}: {value.dtype} {list(value.shape)}, {value.nbytes:,} bytes")
    print(np.array2string(value, threshold=20, edgeitems=2, precision=7))

# %% The same in TensorBoard: the tab GRAPHS
ex.writer.add_graph(graph)
ex.writer.flush()
log = max(ex.logs.glob("events.*"))  # the newest: its name has the time; with --resume there are those before it
shown = tf.GraphDef()
for event in tf.train.summary_iterator(str(log)):
    if event.HasField("graph_def"):
        shown.ParseFromString(event.graph_def)
same = [(node.name, node.op) for node in shown.node] == [(node.name, node.op) for node in definition.node]
print(f"read back from the log: {len(shown.node)} nodes, those of the file: {same}; see it by: python run.py board p63")
if len(operations) <= 30:
    ex.figure(draw_graph(graph), "graph")

# %% Results
ex.report("operations", len(operations))
ex.report("names and kinds", [[op.name, op.type] for op in operations[: ex.rows]])
ex.report("inputs", inputs)
ex.report("outputs", outputs)
ex.report("bytes of the file", file.stat().st_size)
ex.report("bytes of the constants", held)
ex.report("constants", {name: list(constants[name].shape) for name in largest[: ex.rows]})
ex.report("values", {name: constants[name] for name in largest[:5] if constants[name].size <= 10})
ex.report("the log holds the graph of the file", same)
ex.finish()
