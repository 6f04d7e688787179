"""Section 11.8 · Detection model families (实物检测领域的相关模型)

Book:      intro 11.8.1–11.8.6
Data:      drawn shapes of five kinds on textured backgrounds, 1 to 4 in a picture of 96×96, with their boxes
Model:     a small SSD: eight convolutions, box heads on feature maps of 12×12, 6×6 and 3×3 cells, 756 anchors
Shows:     what each family of models adds, with its step as an op to look at: SPP's output of fixed length, RoI
           pooling, anchors, their IoU, RPN's and SSD's matching, YOLO's output tensor, non-maximum suppression. Then an
           SSD is built and trained: matching, hard negative mining, two losses, suppression in the graph, mean average
           precision; checkpoint, and a frozen graph with the names of the Object Detection API, which example 87 runs
Departs:   the book describes, and trains nothing. YOLO's output is 7×7×(2×5 + 20) = 1470 values: the book prints + 10,
           which makes 980, and has 9 cells instead of 49, and "106 dimensions", which fit nothing. SPP's length hangs
           on the pyramid alone, not on the classes. RoI pooling and RPN work on the feature map, RPN predicts the
           offsets of anchors, and RPN with Fast R-CNN is called Faster R-CNN. What is negative for RPN the book leaves
           open: here, as in its paper, what overlaps no shape by 0.3
Time:      6.2 min on 2 CPU cores, beside another run
"""

import _shapes as shapes
import matplotlib.pyplot as plt
import numpy as np
from _detection import (
    EDGE,
    FROZEN,
    OUTPUTS,
    Detector,
    average_precision,
    corners_of,
    freeze,
    iou,
    match,
    rpn_proposals,
    show_boxes,
)

from utils import figures, frozen_graph
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    train_pictures=5000,
    test_pictures=500,
    steps=2500,
    batch_size=32,
    learning_rate=0.003,
    quick={"train_pictures": 500, "test_pictures": 100, "steps": 120},
)

# %% The families, in a line each
print("""
RCNN           selective search: 2000 windows, each scaled to 227×227, a CNN for each, an SVM for each class
SPP-Net        the CNN once for the picture; spatial pyramid pooling: a fixed length for any window
Fast R-CNN     RoI pooling, one scale; softmax and smooth L1 for the box, trained in one piece
Faster R-CNN   the windows come from a network too (RPN): for each anchor foreground or not, and offsets
YOLO           one look: 7×7 cells, each says two boxes with a confidence, and the class
SSD            anchors on feature maps of several scales: small things on fine grids, large ones on coarse grids
YOLO2          anchors, batch norm, no fully connected layers, a larger picture, the last pooling removed""")


# %% SPP-Net: the same number of values for a feature map of any size
def max_pool_to(features, grid):
    """Pool a feature map [h, w, c] to `grid`×`grid` cells, the maximum of each: [grid, grid, c]; RoI pooling."""
    height, width = features.shape.as_list()[:2]

    def cell(i, j):
        top, bottom = i * height // grid, -(-(i + 1) * height // grid)
        left, right = j * width // grid, -(-(j + 1) * width // grid)
        return tf.reduce_max(features[top:bottom, left:right], axis=[0, 1])

    return tf.stack([tf.stack([cell(i, j) for j in range(grid)]) for i in range(grid)])


PYRAMID = (4, 2, 1)
BOOK_YOLO = 1470  # what the book prints for the size of YOLO's output
demo = tf.Graph()
with demo.as_default(), tf.device(ex.device):
    lengths = {}
    for height, width in ((13, 13), (10, 17), (24, 9)):
        features = tf.zeros([height, width, 256])
        pyramid = tf.concat([tf.reshape(max_pool_to(features, grid), [-1]) for grid in PYRAMID], axis=0)
        lengths[f"{height}×{width}"] = pyramid.shape.num_elements()

    # RoI pooling: a window of the feature map, here rows 1 to 4 and columns 0 to 3, to 2×2 cells
    feature_map = tf.reshape(tf.range(30, dtype=tf.float32), [5, 6, 1])
    roi = max_pool_to(feature_map[1:5, 0:4], 2)

    # Non-maximum suppression: boxes 0 and 1 overlap by 0.68, box 2 stands alone; box 1 has the highest score
    nms_boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]], np.float32)
    nms_scores = np.array([0.8, 0.9, 0.7], np.float32)
    kept = tf.image.non_max_suppression(nms_boxes, nms_scores, max_output_size=3, iou_threshold=0.5)
    kept_loosely = tf.image.non_max_suppression(nms_boxes, nms_scores, max_output_size=3, iou_threshold=0.7)

    # YOLO: 49 cells, each with two boxes (x, y, w, h, confidence) and one probability for each of PASCAL's 20 classes
    boxes_of_cells = tf.random.stateless_uniform([1, 7, 7, 2, 5], seed=[ex.seed, 0])
    classes_of_cells = tf.random.stateless_uniform([1, 7, 7, 20], seed=[ex.seed, 1])
    cells = tf.concat([tf.reshape(boxes_of_cells, [-1, 7, 7, 2 * 5]), classes_of_cells], axis=3)
    yolo = tf.layers.flatten(cells)  # one row a picture, as the last layer gives it
    class_scores = boxes_of_cells[..., 4:] * classes_of_cells[..., None, :]  # [1, 7, 7, 2, 20]: 98 boxes
    with ex.session(demo) as sess:
        roi_values, kept_boxes, kept_loose, scores_shape = sess.run([roi, kept, kept_loosely, tf.shape(class_scores)])

print(f"\nSPP with grids of {PYRAMID}: " + ", ".join(f"{size} → {length}" for size, length in lengths.items()))
print(f"RoI pooling of rows 1–4, columns 0–3 to 2×2: {roi_values[..., 0].astype(int).tolist()}")
yolo_values = int(yolo.shape[1])
print(f"YOLO: {' × '.join(map(str, cells.shape[1:]))} = {yolo_values} values, the book's {BOOK_YOLO}; ", end="")
print(f"its 49×(2×5 + 10) are {49 * (2 * 5 + 10)}. Scores of boxes and classes {scores_shape.tolist()}")
print(f"IoU of the boxes:\n{iou(nms_boxes, nms_boxes).round(3)}")
print(f"suppression above an IoU of 0.5 keeps {kept_boxes.tolist()}, above 0.7 {kept_loose.tolist()}")

# %% The pictures
train = shapes.draw(ex.train_pictures, EDGE, ex.seed)
test_pictures, test_boxes, test_kinds = shapes.draw(ex.test_pictures, EDGE, 1000 + ex.seed)
ex.data.note("drawn shapes", "made here; the section trains nothing", real=False, ours=True)

# %% The detector: three feature maps, anchors on each, two losses (see _detection.py, from SSD's paper)
with tf.device(ex.device):
    detector = Detector(ex.learning_rate, ex.steps)
saver = tf.train.Saver(save_relative_paths=True)
kind, _ = match(test_boxes, test_kinds, detector.anchors)
positives = (kind > 0).sum(axis=1)
print(
    f"\n{len(detector.anchors)} anchors, of which {positives.mean():.1f} in a picture stand for one of its shapes (SSD)"
)
# RPN's rule on the same pictures: an anchor must fit better, so fewer do, and half of 256 is never reached
proposals = rpn_proposals(test_boxes, test_kinds, detector.anchors, np.random.default_rng(ex.seed))
rpn_counts = [(proposals == value).sum(axis=1).mean() for value in (1, 0, -1)]
print("RPN learns from 256: {:.1f} positive and {:.1f} negative ones, {:.1f} are left out".format(*rpn_counts))
parameters = sum(v.shape.num_elements() for v in tf.trainable_variables())


def measure(found):
    """Return the average precision of each kind at IoU 0.5, and the mean of all kinds at 0.5 and at 0.5 to 0.95."""
    boxes, scores, classes = (found[name] for name in OUTPUTS[:3])
    precision = average_precision(test_boxes, test_kinds, boxes, scores, classes)
    return precision[:, 0], np.nanmean(precision[:, 0]), np.nanmean(precision)


# %% Training, checkpoint, frozen graph
frozen = ex.checkpoints / FROZEN
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    _, untrained, untrained_coco = measure(detector(sess, test_pictures))
    detector.fit(ex, sess, saver, *train, steps=ex.steps, batch_size=ex.batch_size)
    found = detector(sess, test_pictures)
    saver.save(sess, ex.checkpoint("ssd.ckpt"))
    graph_def = freeze(sess, frozen)
of_kind, trained, trained_coco = measure(found)
# A baseline that has seen the answers of another picture: the boxes of the next one, surest first
others = {"detection_boxes": np.roll(test_boxes, 1, axis=0), "detection_classes": np.roll(test_kinds, 1, axis=0)}
others["detection_scores"] = (others["detection_classes"] > 0) * np.linspace(1, 0.9, shapes.MOST)
_, another, another_coco = measure(others)
print(f"\nmean average precision at IoU 0.5: {trained:.3f}, untrained {untrained:.3f}, another's boxes {another:.3f}")
print(f"mean over IoU 0.5 to 0.95: {trained_coco:.3f}, untrained {untrained_coco:.3f}")
for name, precision in zip(shapes.KINDS, of_kind, strict=True):
    print(f"  {name:<9} {precision:.3f}")

# %% The checkpoint and the frozen graph give the same answers
with ex.session() as sess:
    saver.restore(sess, ex.checkpoint("ssd.ckpt"))
    restored = detector(sess, test_pictures)
with tf.Graph().as_default() as reloaded:
    tf.import_graph_def(frozen_graph.read(frozen), name="")
    with ex.session(reloaded) as sess:
        ask = sess.make_callable([f"{name}:0" for name in OUTPUTS], ["image_tensor:0"])
        parts = [ask(test_pictures[start : start + 100]) for start in range(0, len(test_pictures), 100)]
from_file = dict(zip(OUTPUTS, map(np.concatenate, zip(*parts, strict=True)), strict=True))
differences = [
    max(float(abs(found[name] - other).max()) for name, other in answers.items()) for answers in (restored, from_file)
]
print(f"largest difference: restored {differences[0]:.1g}, frozen {differences[1]:.1g}")

# %% Figures
names = dict(enumerate(shapes.KINDS, 1))
figure, axes = plt.subplots(3, 4, figsize=(13, 10), layout="constrained")
for number, axis in enumerate(axes.flat):
    show_boxes(axis, test_pictures[number], *(found[name][number] for name in OUTPUTS[:3]), names)
ex.figure(figure, "detected")

figure, axes = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
shown = int(positives.argmax())
for axis in axes:
    axis.imshow(test_pictures[shown])
    axis.axis("off")
for box in corners_of(detector.anchors) * EDGE - 0.5:
    if np.allclose((box[:2] + box[2:]) / 2, EDGE / 2 - 0.5, atol=8):
        axes[0].add_patch(plt.Rectangle(box[1::-1], *(box[2:] - box[:2])[::-1], fill=False, ec="white", lw=0.8))
for box in (corners_of(detector.anchors) * EDGE - 0.5)[kind[shown] > 0]:
    axes[1].add_patch(plt.Rectangle(box[1::-1], *(box[2:] - box[:2])[::-1], fill=False, ec="yellow", lw=0.8))
axes[0].set_title("anchors near the middle, of all three maps")
axes[1].set_title("anchors that stand for a shape")
ex.figure(figure, "anchors")
lines = {name: ex.history[f"{name}_loss"] for name in ("confidence", "localisation")}
ex.figure(figures.curves(lines, xlabel="step", ylabel="loss"), "losses")

# %% Results
ex.report("YOLO's output: values", yolo_values)
ex.report("SPP: lengths of three sizes", list(lengths.values()))
ex.report("RoI pooling", roi_values[..., 0])
ex.report("IoU of boxes 0 and 1", iou(nms_boxes[:1], nms_boxes[1:2])[0, 0])
ex.report("suppression keeps, IoU 0.5 and 0.7", [kept_boxes.tolist(), kept_loose.tolist()])
ex.report("anchors", len(detector.anchors))
ex.report("anchors that stand for a shape, in a picture", positives.mean())
for name, value in zip(("positive", "negative", "left out"), rpn_counts, strict=True):
    ex.report(f"RPN's anchors in a picture, {name}", value)
ex.report("parameters", parameters)
ex.report("mAP at IoU 0.5", trained)
ex.report("mAP at IoU 0.5, untrained", untrained)
ex.report("mAP at IoU 0.5, boxes of another picture", another)
ex.report("mAP at IoU 0.5 to 0.95", trained_coco)
ex.report("mAP at IoU 0.5 to 0.95, untrained", untrained_coco)
ex.report("mAP at IoU 0.5 to 0.95, boxes of another picture", another_coco)
for name, precision in zip(shapes.KINDS, of_kind, strict=True):
    ex.report(f"average precision at IoU 0.5, {name}", precision)
ex.report("restored: largest difference", differences[0])
ex.report("frozen: largest difference", differences[1])
ex.report("nodes in the frozen graph", len(graph_def.node))
ex.finish()
