"""Section 4.1.7 · Choosing the device (指定 GPU 运算)

Book:      intro 4.1.7
Data:      none
Shows:     `tf.device` pins nodes to a device; a device that is not there is an error, unless soft placement lets
           TensorFlow take another; which devices there are, and where each node ran
Departs:   the device block stands where the graph is built: the book has it inside the session, which is not needed
Time:      5 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)


def addition(device):
    """Make a new graph with the addition of example 7 pinned to `device`; return its two inputs and the sum."""
    tf.reset_default_graph()
    ex.seed_everything()
    with tf.device(device):
        a = tf.placeholder(tf.int16, name="a")
        b = tf.placeholder(tf.int16, name="b")
        return a, b, tf.add(a, b, name="add")


# %% The devices of this machine
with ex.session() as sess:
    devices = sess.list_devices()
for device in devices:
    print(device.name, device.device_type)
gpus = [device.name for device in devices if device.device_type == "GPU"]
absent = f"/gpu:{len(gpus)}"  # GPUs are counted from 0, so this one is surely not there

# %% Pinned to a device that is not there, without soft placement
a, b, add = addition(absent)
config = ex.config()
config.allow_soft_placement = False
try:
    with tf.Session(config=config) as sess:
        sess.run(add, {a: 3, b: 4})
except tf.errors.InvalidArgumentError as error:
    kind, reason = type(error).__name__, error.message.splitlines()[-2]
print(f"without soft placement, {absent}: {kind}: {reason}")

# %% The same with soft placement
config = ex.config()
config.allow_soft_placement = True
with tf.Session(config=config) as sess:
    instead = sess.run(add, {a: 3, b: 4})
print(f"with soft placement, {absent}: {instead}")

# %% The book's second GPU, with the placement logged
# log_device_placement makes TensorFlow itself print the lines "add: (AddV2): …" to the console. The same can be had
# in Python: the partition graphs of a run name the device that each of its nodes was on.
a, b, add = addition("/gpu:1")
config = ex.config()
config.allow_soft_placement = True
config.log_device_placement = True
options = tf.RunOptions(output_partition_graphs=True)
metadata = tf.RunMetadata()
with tf.Session(config=config) as sess:
    second = sess.run(add, {a: 3, b: 4}, options=options, run_metadata=metadata)
placed = {node.name: node.device for graph in metadata.partition_graphs for node in graph.node}
print("asked for", add.op.device, "- ran on", placed["add"], "- result", second)

# %% Results
ex.report("devices", [device.name.rpartition("/")[2] for device in devices])
ex.report("without soft placement", kind)
ex.report("reason", reason)
ex.report("with soft placement", instead)
ex.report("on /gpu:1 with soft placement", second)
ex.report("device asked for", add.op.device)
ex.report("device it ran on", placed["add"].rpartition("/")[2])
ex.finish()
