"""Project section 12.1.5 · TF Lite: convert a frozen graph and run it (TF_Lite 模块)

Book:      eng 12.1.5
Data:      MNIST, 55,000 training / 10,000 test pictures; 100 points near y = 2x, drawn in the script
Model:     a small CNN, 28×28 → conv 8 → conv 16 → 64 → 10, 54,314 weights; z = W·x + b
Shows:     frozen graphs converted to TF Lite and run by its interpreter: as float, with weights of 8 bits (dynamic
           range), of 16 bits, and all of it in whole numbers of 8 bits, whose ranges 200 training pictures give; sizes
           of the files, largest differences, accuracies
Departs:   the book converts an Inception of its own on the command line by toco, which is gone: TFLiteConverter does it
           here on graphs that the script trains
Time:      10 s on 2 CPU cores
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from _lite import quiet
from models import linear_regression, one_epoch

from utils.data import mnist
from utils.data.line import noisy_line
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, steps=500, batch_size=100, learning_rate=0.003, epochs=20, quick={"steps": 150})

# %% Two frozen graphs: train, turn the variables into constants, drop the nodes of training
VARIANTS = ("float", "dynamic range", "float16", "full integer")


def freeze(sess, output, name):
    """Write the session's graph up to the node `output` as checkpoints/…/`name` and return the path."""
    graph_def = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), [output])
    graph_def = tf.graph_util.remove_training_nodes(graph_def)
    path = ex.checkpoints / name
    part = path.with_name(f".{name}.part")
    part.write_bytes(graph_def.SerializeToString())
    return part.replace(path)


digits = mnist.load(ex.data, one_hot=False)
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="input")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    net = tf.reshape(x, [-1, 28, 28, 1])
    net = tf.layers.conv2d(net, 8, 5, strides=2, padding="same", activation=tf.nn.relu)
    net = tf.layers.conv2d(net, 16, 5, strides=2, padding="same", activation=tf.nn.relu)
    net = tf.layers.dense(tf.reshape(net, [-1, 7 * 7 * 16]), 64, activation=tf.nn.relu)
    logits = tf.layers.dense(net, 10)
    probabilities = tf.nn.softmax(logits, name="final_result")
    cost = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    optimizer = tf.train.AdamOptimizer(ex.learning_rate).minimize(cost)

saver = tf.train.Saver(save_relative_paths=True)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([optimizer, cost], [x, labels])
    for step in ex.resumable(range(1, ex.steps + 1), sess, saver, unit="step", every=100):
        _, loss = train(*digits.train.next_batch(ex.batch_size))
        if step % 50 == 0:
            ex.record(step, cost=loss)
    in_session = sess.run(probabilities, {x: digits.test.images})
    digits_pb = freeze(sess, "final_result", "digits.pb")
accuracy = float(np.mean(in_session.argmax(1) == digits.test.cls))
print(f"digits: accuracy in the session {accuracy:.4f}, {digits_pb.stat().st_size:,} bytes frozen")

tf.reset_default_graph()
ex.seed_everything()
train_X, train_Y = noisy_line()
with tf.device(ex.device):
    line = linear_regression(0.01, shape=[None])
with ex.session(threads=1) as sess:
    sess.run(tf.global_variables_initializer())
    for _ in ex.progress(range(ex.epochs), unit="epoch"):
        one_epoch(sess, line, train_X, train_Y)
    line_x = np.linspace(-1, 1, 201, dtype=np.float32)
    line_in_session = sess.run(line.z, {line.X: line_x})
    line_pb = freeze(sess, "add", "line.pb")


# %% Convert (toco's part), and run by the interpreter
def convert(path, names, shape, variant, examples):
    """Return the bytes of a TF Lite model. `names`: of input and output; `examples` [n, …]: give the value ranges."""
    converter = tf.lite.TFLiteConverter.from_frozen_graph(str(path), names[:1], names[1:], {names[0]: [1, *shape]})
    if variant != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if variant == "full integer":
        converter.representative_dataset = lambda: ([example[None]] for example in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with quiet():
        return converter.convert()


def interpret(model, inputs):
    """Run the TF Lite `model` on `inputs` [n, …], float32; return its outputs as floats and the seconds it took."""
    with quiet():
        interpreter = tf.lite.Interpreter(model_content=model, num_threads=1)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], inputs.shape)
        interpreter.allocate_tensors()
    (source,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    if source["dtype"] == np.int8:  # whole numbers stand for (number - zero) · scale
        scale, zero = source["quantization"]
        inputs = np.clip(np.round(inputs / scale) + zero, -128, 127).astype(np.int8)
    start = time.perf_counter()
    interpreter.set_tensor(source["index"], inputs)
    interpreter.invoke()
    outputs = interpreter.get_tensor(result["index"])
    seconds = time.perf_counter() - start
    if result["dtype"] == np.int8:
        scale, zero = result["quantization"]
        outputs = (outputs.astype(np.float32) - zero) * np.float32(scale)
    return outputs, seconds


measured = {}
for variant in VARIANTS:
    line_model = convert(line_pb, ["Placeholder", "add"], [], variant, line_x)
    line_out, _ = interpret(line_model, line_x)
    model = convert(digits_pb, ["input", "final_result"], [784], variant, digits.train.images[:200])
    name = f"digits-{variant.replace(' ', '-')}.tflite"
    part = ex.checkpoints / f".{name}.part"
    part.write_bytes(model)
    part.replace(ex.checkpoints / name)
    out, seconds = interpret(model, digits.test.images)
    measured[variant] = {
        "bytes": len(model),
        "accuracy": float(np.mean(out.argmax(1) == digits.test.cls)),
        "same digit": float(np.mean(out.argmax(1) == in_session.argmax(1))),
        "difference": float(np.abs(out - in_session).max()),
        "ms": seconds / len(out) * 1e3,
        "line bytes": len(line_model),
        "line difference": float(np.abs(line_out - line_in_session).max()),
    }
    print(
        "{:13} digits: {bytes:7,} bytes, accuracy {accuracy:.4f}, the session's digit for {same digit:.2%}, largest "
        "difference {difference:.2g}, {ms:.3f} ms a picture; line: {line bytes:,} bytes, {line difference:.2g}".format(
            variant, **measured[variant]
        )
    )

# %% Sizes and accuracies
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.0), sharey=True)
names = ["frozen graph", *VARIANTS]
sizes = [digits_pb.stat().st_size / 1e3, *(measured[v]["bytes"] / 1e3 for v in VARIANTS)]
wrong = [100 * (1 - accuracy), *(100 * (1 - measured[v]["accuracy"]) for v in VARIANTS)]
for axis, values, text, form in (
    (left, sizes, "kilobytes", "{:.0f}"),
    (right, wrong, "wrong test digits, %", "{:.2f}"),
):
    bars = axis.barh(names, values, color=["C7", *(["C0"] * len(VARIANTS))])
    axis.bar_label(bars, [form.format(value) for value in values], padding=3, fontsize=9)
    axis.set(xlabel=text, xlim=(0, max(values) * 1.2))
left.invert_yaxis()
figure.tight_layout()
ex.figure(figure, "sizes")

# %% Results
ex.report("test accuracy, session", accuracy)
ex.report("bytes, frozen graph", digits_pb.stat().st_size)
for variant, row in measured.items():
    for name, value in row.items():
        ex.report(f"{variant}: {name}", value)
ex.finish()
