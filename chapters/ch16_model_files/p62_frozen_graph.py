"""Project 62 · Exporting and importing a frozen graph (导出/导入冻结图文件)

Book:      eng 12.1.2 and 12.3, listings 12-4 and 12-5
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b
Shows:     a checkpoint frozen by the tool freeze_graph and by its parts (variables to constants, training nodes
           removed); the file read without any source and run, with the answer of the trained session to the bit; what
           names that are not there and a device that is not there do. --restore-only freezes the run before
Departs:   freezes only what was saved (the book goes on with random weights where there is no checkpoint); the output
           node is `add` alone (the book names the placeholder too, which comes along in any case); files are written
           under another name and renamed; nothing is trained when a graph is exported
Time:      5 s on 2 CPU cores
"""

from pathlib import Path

import numpy as np
from models import linear_regression, one_epoch
from tensorflow.python.tools import freeze_graph

from utils import figures, frozen_graph
from utils.data.line import noisy_line
from utils.example import Example
from utils.problems import Problem
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, learning_rate=0.01, restore_only=False)

# %% The model
train_X, train_Y = noisy_line()
with tf.device(ex.device):
    model = linear_regression(ex.learning_rate)
saver = tf.train.Saver(save_relative_paths=True)
checkpoint = ex.checkpoint_of("p62", "linermodel.cpkt") if ex.restore_only else ex.checkpoint("linermodel.cpkt")
folder = Path(checkpoint).parent

if not ex.restore_only:
    with ex.session(threads=1) as sess:
        sess.run(tf.global_variables_initializer())
        for epoch in ex.progress(range(1, ex.epochs + 1), unit="epoch"):
            one_epoch(sess, model, train_X, train_Y)
            ex.record(epoch, cost=sess.run(model.cost, {model.X: train_X, model.Y: train_Y}))
        saver.save(sess, checkpoint)

with ex.session() as sess:
    saver.restore(sess, checkpoint)
    weight, bias, answer = sess.run([model.W[0], model.b[0], model.z], {model.X: 5})
    line = sess.run(model.z, {model.X: train_X})
print(f"the trained session: W= {weight}, b= {bias}, x=5, z= {answer}")
ex.figure(figures.points_and_line(train_X, train_Y, weight, bias), "fit")


# %% Export by the tool (listing 12-4)
def export(graph, folder, checkpoint):
    """Write `graph` as text and, with the values of `checkpoint` as constants, as a frozen graph; return its path."""
    print("the nodes to feed and to fetch:", model.z.name, model.X.name)
    tf.train.write_graph(graph.as_graph_def(), str(folder), "expert-graph.pb")
    part = folder / ".expert-graph-yes.pb.part"
    with tf.Graph().as_default():  # the tool imports what it reads into the default graph
        freeze_graph.freeze_graph(
            input_graph=str(folder / "expert-graph.pb"),
            input_saver="",
            input_binary=False,  # the graph was written as text
            input_checkpoint=checkpoint,
            output_node_names="add",
            restore_op_name="save/restore_all",
            filename_tensor_name="save/Const:0",
            output_graph=str(part),
            clear_devices=True,
            initializer_nodes="",
        )
    return part.replace(folder / "expert-graph-yes.pb")  # in one piece: a reader finds the whole file or none


frozen_file = export(tf.get_default_graph(), folder, checkpoint)

# %% The same by hand: what the tool does inside
with ex.session() as sess:
    saver.restore(sess, checkpoint)
    training_graph = tf.get_default_graph().as_graph_def()
    by_hand = tf.graph_util.convert_variables_to_constants(sess, training_graph, ["add"])
    try:
        tf.graph_util.convert_variables_to_constants(sess, training_graph, ["addition"])
    except (AssertionError, KeyError, ValueError) as error:
        wrong_output = f"{type(error).__name__}: {error}"
    else:
        raise Problem("the graph was frozen up to `addition`, which it does not have: TensorFlow has changed")
lean = tf.graph_util.remove_training_nodes(by_hand)  # reading a constant needs no node of its own
part = folder / ".expert-graph-lean.pb.part"
part.write_bytes(lean.SerializeToString())
lean_file = part.replace(folder / "expert-graph-lean.pb")


def listed(graph_def):
    return [[node.name, node.op] for node in graph_def.node]


# %% Import (listing 12-5): from here on only the file is known
tf.reset_default_graph()
definition = frozen_graph.read(frozen_file)
nodes = {node.name: node for node in definition.node}
print(f"the graph to train has {len(training_graph.node)} nodes, the frozen one {len(nodes)}:", *nodes)
print("without the nodes of training:", *(node.name for node in lean.node))
print(nodes["weight"])


def predict(graph_def, x):
    """Import `graph_def` into a graph of its own and return what it makes of `x`."""
    with tf.Graph().as_default() as graph, tf.device(ex.device):
        tf.import_graph_def(graph_def, name="")
        with ex.session(graph) as sess:
            return sess.run("add:0", {"Placeholder:0": x})


frozen_answer, lean_answer = predict(definition, 5), predict(frozen_graph.read(lean_file), 5)
print("x=5, z=", frozen_answer, ex.beside("10.033242"))
on_the_line = np.abs(predict(definition, train_X) - line).max()
difference = max(abs(frozen_answer - answer).max(), abs(lean_answer - answer).max(), on_the_line)
print("largest difference to the trained session:", difference)

# %% Names that are not there
graph = tf.Graph()
with graph.as_default():
    tf.import_graph_def(definition, name="")
wrong_names = {"convert_variables_to_constants, output addition": wrong_output}
for call, attempt in {
    "get_tensor_by_name('add')": lambda: graph.get_tensor_by_name("add"),
    "get_tensor_by_name('sum:0')": lambda: graph.get_tensor_by_name("sum:0"),
    "import_graph_def, return_elements=['sum:0']": lambda: tf.import_graph_def(definition, return_elements=["sum:0"]),
}.items():
    try:
        attempt()
    except (KeyError, ValueError) as error:
        wrong_names[call] = f"{type(error).__name__}: {error}"
    else:
        raise Problem(f"{call} found something, and nothing has that name: TensorFlow has changed")
for call, said in wrong_names.items():
    print(f"{call}: {said}")

# %% A device that is not there, and clear_devices
pinned = tf.GraphDef()
pinned.CopyFrom(definition)
for node in pinned.node:
    node.device = "/device:GPU:7"
devices = {}
for name, graph_def, soft in (
    ("kept", pinned, False),
    ("kept, soft placement", pinned, True),
    ("cleared", definition, False),
):
    config = ex.config()
    config.allow_soft_placement = soft
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        with tf.Session(graph=graph, config=config) as sess:
            try:
                devices[name] = float(sess.run("add:0", {"Placeholder:0": 5})[0])
            except tf.errors.InvalidArgumentError as error:
                devices[name] = next(line for line in error.message.splitlines() if "Cannot assign" in line)
    print(f"made for GPU 7, devices {name}: {devices[name]}")

# %% Results
# One draw of the noise against the book's; three times the spread over 2,000 draws (W 0.056, b 0.030; z(5) 0.28).
ex.report("W", nodes["weight"].attr["value"].tensor.float_val[0], book=2.004253387451172, tolerance=0.17)
ex.report("z(5), frozen", frozen_answer[0], book=10.033242, tolerance=0.85)
ex.report("z(5), trained session", answer[0])
ex.report("W · 5 + b", np.float32(weight) * np.float32(5) + np.float32(bias))
ex.report("largest difference to the trained session", difference)
ex.report("nodes", listed(definition))
ex.report("nodes, by hand", listed(by_hand))
ex.report("nodes, lean", listed(lean))
ex.report("bytes of the frozen graph", frozen_file.stat().st_size)
ex.report("bytes of the checkpoint", sum(file.stat().st_size for file in folder.glob("linermodel.cpkt.*")))
ex.report("wrong names", wrong_names)
ex.report("made for GPU 7", devices)
ex.finish()
