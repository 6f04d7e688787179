"""Project section 12.1.3 · SavedModel: export, inspect, load, serve (TF Serving 模块与 saved_model 模块)

Book:      eng 12.1.3
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b
Shows:     a SavedModel with a signature, written from a session; what saved_model_cli shows of it; loaded again in
           version 1 by tag and signature, and in a process of its own by the loader of version 2; the folders of
           versions that TF Serving watches, and the JSON of its REST interface
Departs:   the book describes this in prose, without a listing. No server is started: requests and answers are built
           and read here as its REST interface defines them
Time:      8 s on 2 CPU cores
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from models import linear_regression, one_epoch
from tensorflow.python.tools import saved_model_cli

from utils import paths
from utils.data.line import noisy_line
from utils.example import Example
from utils.problems import Problem
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, learning_rate=0.01)

# A process with TensorFlow 2, started now, because its import takes seconds; it waits for its task.
loader = subprocess.Popen(
    [sys.executable, str(Path(__file__).with_name("_version2.py"))],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    encoding="utf-8",
)

# %% Export: the session's graph and values, the tag "serve", and a signature that names what goes in and comes out
train_X, train_Y = noisy_line()
with tf.device(ex.device):
    model = linear_regression(ex.learning_rate, shape=[None])

served = ex.checkpoints / "line"  # the model's name for TF Serving
signature = tf.saved_model.predict_signature_def(inputs={"x": model.X}, outputs={"y": model.z})


def export(sess, version):
    """Write the model as `version`: under another name, then renamed, so that a server never finds half of it."""
    part, old, new = served / f"part-{version}", served / f"part-{version}-old", served / str(version)
    for leftover in (part, old):
        shutil.rmtree(leftover, ignore_errors=True)
    builder = tf.saved_model.Builder(str(part))
    builder.add_meta_graph_and_variables(
        sess,
        [tf.saved_model.tag_constants.SERVING],
        signature_def_map={tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: signature},
        clear_devices=True,
    )
    builder.save()
    if new.exists():  # --resume exports again; a folder that is not empty cannot be renamed over
        new.rename(old)
    part.rename(new)
    shutil.rmtree(old, ignore_errors=True)
    return new


with ex.session(threads=1) as sess:
    sess.run(tf.global_variables_initializer())
    answers = {}
    for version, until in ((9, 1), (10, ex.epochs)):  # after one epoch, and after all of them
        for epoch in ex.progress(range(1 if version == 9 else 2, until + 1), unit="epoch"):
            one_epoch(sess, model, train_X, train_Y)
            ex.record(epoch, cost=sess.run(model.cost, {model.X: train_X, model.Y: train_Y}))
        folder = export(sess, version)
        answers[version] = sess.run(model.z, {model.X: [5.0, 0.2, -1.0]})
        print(f"exported {paths.shown(folder)}: x= [5, 0.2, -1], y= {answers[version]}")


# %% Versions: the newest is the largest number, not the last in the alphabet
def newest(folder):
    """Return the folder of the newest version; what is not a number is none, such as an export that was cut off."""
    numbers = [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
    if not numbers:
        raise Problem(f"{paths.shown(folder)} holds no version of the model: run `python run.py p12.1.3` first")
    return folder / str(max(numbers))


(served / "part-11").mkdir(exist_ok=True)  # as a killed export leaves one
latest = newest(served)
print("folders:", *sorted(path.name for path in served.iterdir()), "- newest version:", latest.name)

# %% Inspect: what `saved_model_cli show --dir FOLDER --all` reads
print("files:", *sorted(str(path.relative_to(latest)) for path in latest.rglob("*") if path.is_file()))
signatures = saved_model_cli.get_signature_def_map(str(latest), "serve")
for name, entry in signatures.items():
    print(f"signature {name}, method {entry.method_name}")
    for kind, tensors in (("input", entry.inputs), ("output", entry.outputs)):
        for key, info in tensors.items():
            dims = [dim.size for dim in info.tensor_shape.dim]
            print(f"  {kind} {key}: {tf.as_dtype(info.dtype).name} {dims}, tensor {info.name}")


# %% Load again in version 1: the tag chooses the graph, the signature knows the names of the tensors
def load(folder, tags):
    with tf.Graph().as_default() as graph, ex.session(graph) as sess:
        loaded = tf.saved_model.loader.load(sess, tags, str(folder))
        entry = loaded.signature_def["serving_default"]
        return sess.run(entry.outputs["y"].name, {entry.inputs["x"].name: [5.0, 0.2, -1.0]})


reloaded = load(latest, ["serve"])
print("tf.saved_model.loader, version 1:", reloaded)
try:
    load(latest, ["train"])
except RuntimeError as error:
    wrong_tag = str(error).splitlines()[0].split(". To inspect")[0]
else:
    raise Problem("a graph was loaded by the tag train, and only serve was exported: TensorFlow has changed")
print("with the tag train:", wrong_tag)

# %% Load by version 2, in the other process
said, complaint = loader.communicate(json.dumps({"folder": str(latest), "x": [5.0, 0.2, -1.0]}) + "\n")
if loader.returncode:
    raise Problem(f"the process with TensorFlow 2 failed: {complaint.strip().splitlines()[-1]}")
version2 = json.loads(said)
print(f"tf.saved_model.load, TensorFlow {version2['version']}, eager {version2['eager']}:", version2["y"])


# %% Serve: POST http://HOST:8501/v1/models/line:predict (the newest version) or …/line/versions/9:predict
def answer(folder, body):
    """Return the JSON that TF Serving sends back for the JSON `body`, as its REST interface defines the two."""
    try:
        request = json.loads(body)
        if ("instances" in request) == ("inputs" in request):
            raise ValueError("a request has either instances (a row each) or inputs (a column each)")
        name = request.get("signature_name", "serving_default")
        known = saved_model_cli.get_signature_def_map(str(folder), "serve")
        if name not in known:  # looking up what is not there would add it
            raise KeyError(f"no signature {name!r}, only {', '.join(known)}")
        rows = request.get("instances")
        x = [row["x"] if isinstance(row, dict) else row for row in rows] if rows is not None else request["inputs"]
        x = np.asarray(x["x"] if isinstance(x, dict) else x, np.float32)
        if x.ndim != 1:
            raise ValueError(f"x has the shape {list(x.shape)}, the signature says [-1]")
    except (ValueError, KeyError, TypeError) as error:
        return json.dumps({"error": str(error.args[0])})
    with tf.Graph().as_default() as graph, ex.session(graph) as sess:
        tf.saved_model.loader.load(sess, ["serve"], str(folder))
        y = sess.run(known[name].outputs["y"].name, {known[name].inputs["x"].name: x})
    return json.dumps({"predictions" if rows is not None else "outputs": y.tolist()})


requests = {
    "rows": {"signature_name": "serving_default", "instances": [{"x": 5.0}, {"x": 0.2}, {"x": -1.0}]},
    "rows, one input": {"instances": [5.0, 0.2, -1.0]},
    "columns": {"inputs": {"x": [5.0, 0.2, -1.0]}},
    "neither": {"x": [5.0]},
    "no such signature": {"signature_name": "train", "instances": [5.0]},
}
responses = {}
for name, request in requests.items():
    body = json.dumps(request)
    responses[name] = json.loads(answer(latest, body))
    print(f"{name}: {body} → {json.dumps(responses[name])}")

# %% Results
ex.report("newest version", latest.name)
ex.report("y of x = 5, 0.2, -1 in the session", answers[10])
ex.report("y, version 9, after one epoch", answers[9])
ex.report("y, loaded by version 1", reloaded)
ex.report("y, loaded by version 2", version2["y"])
ex.report("largest difference", max(np.abs(answers[10] - y).max() for y in (reloaded, np.float32(version2["y"]))))
ex.report("version 2 is eager", version2["eager"])
ex.report("with the tag train", wrong_tag)
ex.report("method", signatures["serving_default"].method_name)
ex.report("answers", responses)
ex.finish()
