"""Example 87 · Object detection from a frozen graph (调用 Object Detection API 进行实物检测)

Book:      intro 11.7.2, listing 11-4
Data:      COCO's label map; photos of scikit-image, or one of your own (--image FILE)
Model:     SSD MobileNet v1, trained on COCO, as a frozen graph to download, or any graph with the same names of
           tensors (--graph FILE --labels FILE); where it cannot be had, the small SSD of section 11.8 on drawn pictures
Shows:     a frozen graph is read, looked at and run by the names of its tensors, with no code of the model: boxes,
           scores and classes, drawn over the picture
Departs:   the archive is the one that TensorFlow's own build files name, with its SHA-256, not the book's, of which no
           hash was published; both hold an SSD MobileNet v1 trained on COCO. A graph can hold operations that run
           Python or open files: these are refused before the import. Pictures are brought to RGB first; the book's
           loader fails for grey ones. A graph that takes pictures of one size gets them in it. The boxes are drawn by
           Matplotlib, with the limits of the API's own function. 11.7 counts COCO's annotations, 270 thousand persons
           and 886 thousand objects, in KB, and writes Fast RCNN for Faster R-CNN
Time:      13 s on 2 CPU cores, beside another run
"""

import time
from pathlib import Path

import _shapes as shapes
import matplotlib.pyplot as plt
import numpy as np
from _coco import COCO, read_labels
from _detection import EDGE, FROZEN, OUTPUTS, Detector, freeze, objects_found, show_boxes
from _photos import photos
from PIL import Image

from utils import checkpoints, frozen_graph, paths
from utils.data import locate
from utils.example import Example
from utils.pretrained.published import TENSORFLOW, Published
from utils.problems import Problem, WrongFlag
from utils.tf1 import tf

ex = Example(__doc__, graph="", labels="", image="", least=0.5, steps=400, quick={"steps": 120, "least": 0.2})

PUBLISHED = Published(
    tuple(f"{base}models/object_detection/ssd_mobilenet_v1_android_export.zip" for base in TENSORFLOW),
    "ssd_mobilenet_v1_android_export.pb",
    "",
    None,
    zip_sha256="bddd81ea5c80a97adfac1c9f770e6f55cbafd7cce4d3bbe15fbeb041e6b8f3e8",
)

# The book's figure 11-24, from the API's model zoo: to choose by, nothing here measures it.
FIGURE_11_24 = {
    "ssd_mobilenet_v1_coco": ("fast", 21),
    "ssd_inception_v2_coco": ("fast", 24),
    "rfcn_resnet101_coco": ("medium", 30),
    "faster_rcnn_resnet101_coco": ("medium", 32),
    "faster_rcnn_inception_resnet_v2_atrous_coco": ("slow", 37),
}
print("Figure 11-24, the book's: models trained on COCO, their speed and mean average precision; all give boxes")
for model, (speed, precision) in FIGURE_11_24.items():
    print(f"  {model:45}{speed:8}{precision:4}")


def train_small_ssd(path):
    """Train the detector of section 11.8 for a few steps and freeze it into the file `path`."""
    print(f"training the small SSD of section 11.8 for {ex.steps} steps; `python run.py 11.8` makes a better one")
    pictures, boxes, kinds = shapes.draw(ex.steps * 4, EDGE, ex.seed)
    with tf.Graph().as_default() as graph:
        ex.seed_everything()
        detector = Detector(0.003, ex.steps)
        saver = tf.train.Saver(save_relative_paths=True)
        with ex.session(graph) as sess:
            sess.run(tf.global_variables_initializer())
            detector.fit(ex, sess, saver, pictures, boxes, kinds, steps=ex.steps, batch_size=32)
            freeze(sess, path)
    return path


def size_wanted(tensor):
    """Return the height and width that a graph's image_tensor asks for, None where any does; Problem for no picture."""
    shape = tensor.shape.as_list() if tensor.shape.rank is not None else [None, None, None, 3]
    if tensor.dtype != tf.uint8 or len(shape) != 4 or shape[0] not in (None, 1) or shape[3] not in (None, 3):
        takes = f"{tensor.dtype.name} {shape}".replace("None", "?")
        raise Problem(f"{paths.shown(path)}: image_tensor:0 takes {takes}, not one picture, uint8 [1, h, w, 3]")
    return shape[1:3]


def fitted(picture, size):
    """Return `picture` [h, w, 3] with the edges of `size`, [height, width] or None for what may stay as it is."""
    height, width = (asked or own for asked, own in zip(size, picture.shape, strict=False))
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))


def ask(sess, picture):
    """Return the boxes [k, 4], scores [k] and classes [k] that the graph finds; Problem where it cannot be used so."""
    try:
        answers = sess.run(outputs, {image_tensor: np.expand_dims(picture, axis=0)})  # [1, h, w, 3], uint8
    except tf.errors.OpError as error:
        reason = next(line.strip() for line in error.message.splitlines() if line and "root error" not in line)
        raise Problem(f"{paths.shown(path)} cannot be run on a picture of {picture.shape}: {reason}") from None
    boxes, scores, classes, num = answers
    if boxes.shape != (1, scores.size, 4) or not scores.shape == classes.shape == (1, scores.size) or num.size != 1:
        shapes_of = ", ".join(f"{name} {list(answer.shape)}" for name, answer in zip(OUTPUTS, answers, strict=True))
        raise Problem(f"{paths.shown(path)} answers with {shapes_of}: no boxes [1, k, 4] with a score and a class each")
    count = int(np.clip(np.nan_to_num(num.item()), 0, scores.size))
    return boxes[0, :count], scores[0, :count], classes[0, :count].astype(int)


# %% The graph: the reader's, the published one, or that of section 11.8
if ex.labels and not ex.graph:
    raise WrongFlag("--labels belongs to a graph of your own: name it with --graph")
drawn = False
if ex.graph:
    path, names = Path(ex.graph).expanduser(), read_labels(ex.labels) if ex.labels else COCO
    ex.data.note("frozen graph", f"the reader's own, {paths.shown(path)}", real=False, ours=True)
else:
    nowhere = Path()
    folder = locate(
        ex.data,
        lambda place: (place / "pretrained", place),
        lambda place: (place / PUBLISHED.name).is_file(),
        PUBLISHED.fetch,
        lambda: nowhere,
    )
    if folder != nowhere:
        path, names = folder / PUBLISHED.name, COCO
        # Only the archive has a known hash: nobody can say that a file which was there already is the published one.
        ex.data.note("SSD MobileNet v1", f"the graph in {paths.shown(path)}", real=False, ours=True)
    else:
        drawn, names = True, dict(enumerate(shapes.KINDS, 1))
        path, made = paths.checkpoints("11.8") / FROZEN, f"trained here for {ex.steps} steps"
        there_already = path.exists()
        if there_already:  # a quick run leaves a poor one, so say which it was
            run = checkpoints.read_run(path.parent) or {"settings": {}}
            preset, steps = (run["settings"].get(key, "unknown") for key in ("preset", "steps"))
            made = f"left by its {preset} run, steps: {steps}"
        ex.data.note("SSD MobileNet v1", f"the small SSD of section 11.8 for drawn shapes, {made}", real=False)
        if not there_already:
            path = train_small_ssd(ex.checkpoints / FROZEN)

# %% Import it: parsed and looked through, nothing of it is run yet
graph_def = frozen_graph.read(path)
detection_graph = tf.Graph()
with detection_graph.as_default(), tf.device(ex.device):
    try:
        tf.import_graph_def(graph_def, name="")
    except (ValueError, KeyError) as error:
        raise Problem(f"{paths.shown(path)} cannot be imported: {str(error).splitlines()[0]}") from None
operations = detection_graph.get_operations()  # the book's tip: the first are the inputs, the last the outputs
there = {operation.name for operation in operations if operation.outputs}
missing = [name for name in ("image_tensor", *OUTPUTS) if name not in there]
if missing:
    raise Problem(f"{paths.shown(path)} has no tensor {missing[0]}:0, so it is no graph of the Object Detection API")
print(f"\n{paths.shown(path)}: {len(operations)} operations")
for operation in [*operations[:3], *operations[-3:]]:
    print(f"  {operation.name} ({operation.type})")
image_tensor = detection_graph.get_tensor_by_name("image_tensor:0")
size = size_wanted(image_tensor)
outputs = [detection_graph.get_tensor_by_name(f"{name}:0") for name in OUTPUTS]

# %% The pictures: photos, or new drawn ones where the graph knows drawn shapes only
true_boxes = true_kinds = None
if drawn and not ex.image:
    sheet, true_boxes, true_kinds = shapes.draw(6, 384, 1000 + ex.seed)
    pictures = {f"drawn_{number}": picture for number, picture in enumerate(sheet, 1)}
else:
    pictures = photos(ex, ["chelsea", "coffee", "motorcycle"], ex.image)

# %% Detect
found = {}
with ex.session(detection_graph) as sess:
    for name, picture in pictures.items():
        looked_at = fitted(picture, size)  # the boxes are shares of the edges: they fit the picture of any size
        if looked_at.shape != picture.shape:
            print(f"\n{name}: the graph takes {looked_at.shape[0]}×{looked_at.shape[1]} pixels, so it is resized")
        started = time.perf_counter()
        found[name] = ask(sess, looked_at)
        seconds = time.perf_counter() - started
        print(f"\n{name}: {len(found[name][0])} boxes in {seconds:.2f} s; those above {ex.least:g}:")
        for box, score, kind in zip(*found[name], strict=True):
            if score >= ex.least:
                corners = ", ".join(f"{edge:.3f}" for edge in box)
                print(f"  {names.get(kind, kind)}: {score:.0%} at {corners}")

# %% Draw the boxes
for name, picture in pictures.items():
    figure, axis = plt.subplots(figsize=(12, 8) if not drawn or ex.image else (6, 6))
    shown_boxes = show_boxes(axis, picture, *found[name], names, ex.least)
    figure.tight_layout()
    ex.figure(figure, f"detected_{name}")
    ex.report(f"{name}: objects", len(shown_boxes))
    ex.report(f"{name}: found", [names.get(int(found[name][2][i]), "?") for i in shown_boxes])

# %% Results
if true_kinds is not None:
    rows = zip(found.values(), true_boxes, true_kinds, strict=True)
    hits = sum(objects_found(*answers, real, kinds, ex.least) for answers, real, kinds in rows)
    ex.report("objects in the drawn pictures", int((true_kinds > 0).sum()))
    ex.report("objects that were found", hits)
ex.report("operations in the graph", len(operations))
ex.report("classes with a name", len(names))
ex.finish()
