"""Example 10 · What is inside a checkpoint; other ways to save (分析模型内容，演示模型的其他保存方法)

Book:      intro 4.1.11, listing 4-5
Data:      the checkpoint of example 9: run that first
Shows:     the names, types, shapes and values in a checkpoint; a Saver that is given a crossed dictionary, a straight
           one, one made of op names, or a list
Departs:   works on a copy of example 9's model and saves under other prefixes: the book saves over that model, which
           example 9 can then restore no more (shown at the end); reads with the public NewCheckpointReader and
           list_variables instead of TensorFlow's private inspect_checkpoint
Time:      4 s on 2 CPU cores
"""

import shutil
from pathlib import Path

import numpy as np
from models import linear_regression

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% A copy of the checkpoint of example 9
original = Path(ex.checkpoint_of("9", "linermodel.cpkt"))
for file in sorted(original.parent.glob("linermodel.cpkt.*")):
    shutil.copyfile(file, ex.checkpoints / file.name)
    print("copied", file.name)


# %% What is in it
def dump(path):
    """Print every tensor of the checkpoint `path` and return name → value."""
    reader = tf.train.NewCheckpointReader(path)
    types = reader.get_variable_to_dtype_map()
    values = {}
    for name, shape in tf.train.list_variables(path):
        values[name] = reader.get_tensor(name)
        print(f"tensor: {name} ({types[name].name}) {shape}\n{values[name]}")
    print("# Total number of params:", sum(np.size(value) for value in values.values()))
    return values


print("\nexample 9 (the book: bias [0.01919404], weight [2.03479218])")
trained = dump(ex.checkpoint("linermodel.cpkt"))

# %% Two variables, saved under each other's name
W = tf.Variable(1.0, name="weight")
b = tf.Variable(2.0, name="bias")
crossed_saver = tf.train.Saver({"weight": b, "bias": W}, save_relative_paths=True)

with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    crossed_path = crossed_saver.save(sess, ex.checkpoint("crossed.cpkt"))
    print("\ncrossed dictionary (the book: bias 1.0, weight 2.0)")
    crossed = dump(crossed_path)

    # The other forms: all three save each variable under its own name.
    forms = {
        "straight dictionary": {"weight": W, "bias": b},
        "dictionary by v.op.name": {v.op.name: v for v in [W, b]},
        "list": [W, b],
    }
    saved = {}
    for form, var_list in forms.items():
        print("\n" + form)
        saver = tf.train.Saver(var_list, save_relative_paths=True)
        saved[form] = dump(saver.save(sess, ex.checkpoint(f"{form.split()[0]}.cpkt")))

# %% Why not over the model of example 9: its graph has vectors of one element, not scalars
with tf.Graph().as_default() as graph:
    linear_regression()
    with ex.session(graph) as sess:
        try:
            tf.train.Saver().restore(sess, crossed_path)
        except tf.errors.InvalidArgumentError as error:
            misfit = type(error).__name__
            reason = next(line for line in error.message.splitlines() if "shape" in line)
            print(f"\nexample 9's graph from the crossed checkpoint: {misfit}: {reason}")

# %% Results
# Example 9 is one draw of the noise: three times the spread over 2,000 draws (W 0.056, b 0.030).
ex.report("bias of example 9", trained["bias"], book=[0.01919404], tolerance=0.09)
ex.report("weight of example 9", trained["weight"], book=[2.03479218], tolerance=0.17)
ex.report("bias, crossed", crossed["bias"], book=1.0)
ex.report("weight, crossed", crossed["weight"], book=2.0)
for form, values in saved.items():
    ex.report(f"weight and bias, {form}", [values["weight"], values["bias"]])
ex.report("example 9's graph from the crossed checkpoint", misfit)
ex.finish()
