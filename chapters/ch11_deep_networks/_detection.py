"""What 87 and 11.8 share: boxes, anchors, a small SSD (Liu et al., arXiv:1512.02325), its losses and its measure.

A box is ymin, xmin, ymax, xmax, in shares of the picture's edges, as in the graphs of the Object Detection API.
"""

import _shapes as shapes
import matplotlib.pyplot as plt
import numpy as np

from utils.tf1 import tf

EDGE = 96  # of the pictures that the network looks at
GRIDS = (12, 6, 3)  # cells along an edge of the three feature maps
SIZES = (0.2, 0.36, 0.56)  # of the anchors on each of them
SHAPES = ((1.0, 1.0), (1.0, 1.3), (1.4, 1.0), (1 / 1.4, 1.0))  # aspect ratio, factor of the size
VARIANCES = np.array([0.1, 0.1, 0.2, 0.2], np.float32)  # SSD's: they bring the offsets to a spread of about 1
OUTPUTS = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
FROZEN = "frozen_inference_graph.pb"
KINDS = len(shapes.KINDS)
THRESHOLDS = np.linspace(0.5, 0.95, 10)  # COCO's


# --- boxes, in NumPy


def anchors():
    """Return the 756 anchors, [a, 4] as centre y, centre x, height, width: 4 shapes at each cell of each grid."""
    made = []
    for grid, size in zip(GRIDS, SIZES, strict=True):
        centres = (np.arange(grid) + 0.5) / grid
        y, x = np.meshgrid(centres, centres, indexing="ij")
        for cell in zip(y.ravel(), x.ravel(), strict=True):
            made += [(*cell, size * f / np.sqrt(ratio), size * f * np.sqrt(ratio)) for ratio, f in SHAPES]
    return np.array(made, np.float32)


def corners_of(centred):
    """Return boxes [..., 4] of centre and size as corners."""
    half = centred[..., 2:] / 2
    return np.concatenate([centred[..., :2] - half, centred[..., :2] + half], axis=-1)


def iou(first, second):
    """Return the intersection over union of boxes [..., n, 4] and [..., m, 4]: [..., n, m]; 0 for empty ones."""
    first, second = first[..., :, None, :], second[..., None, :, :]
    low, high = np.maximum(first[..., :2], second[..., :2]), np.minimum(first[..., 2:], second[..., 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [np.prod(np.clip(boxes[..., 2:] - boxes[..., :2], 0, None), axis=-1) for boxes in (first, second)]
    return common / np.maximum(areas[0] + areas[1] - common, 1e-9)


def objects_found(boxes, scores, classes, real, kinds, least=0.5):
    """Return how many objects of one picture, `real` [m, 4] of `kinds` [m] (0: none), have a box of their class.

    `boxes` [k, 4], `scores` [k], `classes` [k]: what was found. A box counts from the score `least` on, and if its
    intersection over union with the object is 0.5 or more.
    """
    sure = scores >= least
    right = (iou(boxes[sure], real) >= 0.5) & (classes[sure][:, None] == kinds)
    return int((right.any(axis=0) & (kinds > 0)).sum())


def match(boxes, kinds, centred, least=0.5):
    """Give each anchor its task: the kind [n, a] (0: background) and the offsets [n, a, 4] of the box it stands for.

    `boxes` [n, m, 4], `kinds` [n, m] with 0 for no object, `centred`: the anchors. As in SSD an anchor stands for the
    box that it overlaps most, if by `least`; and each box keeps the anchor that overlaps it most, however little.
    """
    overlap = iou(corners_of(centred), boxes) * (kinds[:, None, :] > 0)  # [n, a, m]
    best = overlap.max(axis=1)  # of each box
    overlap = np.where((overlap == best[:, None]) & (best[:, None] > 0), 2 + overlap, overlap)
    of_anchor = overlap.argmax(axis=2)
    positive = overlap.max(axis=2) >= least
    rows = np.arange(len(boxes))[:, None]
    kind = np.where(positive, kinds[rows, of_anchor], 0)
    box = boxes[rows, of_anchor]
    size = np.maximum(box[..., 2:] - box[..., :2], 1e-3)
    shift = ((box[..., :2] + box[..., 2:]) / 2 - centred[:, :2]) / centred[:, 2:]
    offsets = np.concatenate([shift, np.log(size / centred[:, 2:])], axis=-1) / VARIANCES
    return kind.astype(np.int32), np.where(positive[..., None], offsets, 0).astype(np.float32)


def rpn_proposals(boxes, kinds, centred, random, count=256):
    """Choose the anchors that RPN learns from in a step, as in Faster R-CNN (Ren et al., arXiv:1506.01497).

    `boxes`, `kinds` and `centred` as in `match`, `random`: a NumPy generator. Returns [n, a]: 1 for a positive anchor,
    0 for a negative one, -1 for one that is left out. Positive is an anchor that overlaps a box by 0.7, and of each box
    the one that overlaps it most; negative is one that overlaps none by 0.3. Of `count` anchors of a picture half are
    positive, drawn from all that are; where there are fewer, negative ones fill up.
    """
    positive = match(boxes, kinds, centred, least=0.7)[0] > 0
    overlap = (iou(corners_of(centred), boxes) * (kinds[:, None, :] > 0)).max(axis=2)
    chosen = np.full(positive.shape, -1)
    for own, is_positive, is_negative in zip(chosen, positive, ~positive & (overlap < 0.3), strict=True):
        front = random.permutation(np.flatnonzero(is_positive))[: count // 2]
        back = random.permutation(np.flatnonzero(is_negative))[: count - len(front)]
        own[front], own[back] = 1, 0
    return chosen


def average_precision(boxes, kinds, found, scores, classes, thresholds=THRESHOLDS, count=KINDS):
    """Return the average precision of each class at each threshold of the IoU, [count, t]; NaN for a class not there.

    `boxes` [n, m, 4], `kinds` [n, m]: what is in the pictures, 0 for nothing. `found` [n, k, 4], `scores` [n, k],
    `classes` [n, k]: the detections, score 0 for none. In the order of its score each takes the free object of its
    class that it overlaps most, if by the threshold; what is left is a false alarm. The area under precision over
    recall, the precision made to fall, as in PASCAL VOC from 2010 on.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    rows = np.arange(len(scores))
    found, scores, classes = (values[rows[:, None], order] for values in (found, scores, classes))
    overlap = iou(found, boxes) * (classes[:, :, None] == kinds[:, None, :])
    taken = np.zeros((len(thresholds), *kinds.shape), bool)
    right = np.zeros((len(thresholds), *scores.shape), bool)
    for k in range(scores.shape[1]):
        free = np.where(taken, 0, overlap[:, k])
        best = free.argmax(axis=2)
        right[:, :, k] = free.max(axis=2) >= np.reshape(thresholds, (-1, 1))
        taken[np.arange(len(thresholds))[:, None], rows, best] |= right[:, :, k]
    result = np.full((count, len(thresholds)), np.nan)
    for kind in range(1, count + 1):
        objects = (kinds == kind).sum()
        own = (classes == kind) & (scores > 0)
        hits = right[:, own][:, np.argsort(-scores[own], kind="stable")].cumsum(axis=1)
        precision = hits / np.arange(1, own.sum() + 1)
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        if objects:
            result[kind - 1] = (np.diff(hits / objects, axis=1, prepend=0) * envelope).sum(axis=1)
    return result


# --- the network, in TensorFlow


def ssd(pixels, training):
    """Return what a small SSD says of `pixels`, float32 [n, 96, 96, 3], 0 to 255.

    Logits [n, 756, 6], of background and the five kinds, and offsets [n, 756, 4] from the anchors.
    The box heads are 3×3 convolutions on three feature maps: cells of 8, 16 and 32 pixels.
    """

    def conv(x, filters, stride=1):
        x = tf.layers.conv2d(x, filters, 3, stride, padding="same", use_bias=False)
        return tf.nn.relu(tf.layers.batch_normalization(x, training=training, momentum=0.9))

    with tf.variable_scope("ssd"):
        x = pixels / 127.5 - 1
        x = conv(x, 16, 2)
        x = conv(x, 32, 2)
        maps = []
        for filters in (64, 96, 96):
            x = conv(conv(x, filters, 2), filters)
            maps.append(x)
        heads = []
        for values in (KINDS + 1, 4):
            each = [tf.layers.conv2d(x, values * len(SHAPES), 3, padding="same") for x in maps]
            heads.append(tf.concat([tf.reshape(x, [tf.shape(x)[0], -1, values]) for x in each], axis=1))
    return heads


def ssd_losses(logits, offsets, kind, wanted):
    """Return SSD's two losses, each a sum over the anchors divided by the number of the positive ones.

    `kind` [n, a], `wanted` [n, a, 4]: the tasks of the anchors. Confidence: cross-entropy of the positive anchors and
    of the hardest negative ones, three for each positive one (hard negative mining); the rest, nearly all, would drown
    them. Localisation: smooth L1 of the offsets, of the positive ones alone.
    """
    positive = tf.cast(kind > 0, tf.float32)
    count = tf.reduce_sum(positive, axis=1)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=kind, logits=logits)
    of_negatives = tf.stop_gradient(entropy) * (1 - positive)
    rank = tf.argsort(tf.argsort(of_negatives, direction="DESCENDING"))
    hard = (1 - positive) * tf.cast(tf.cast(rank, tf.float32) < 3 * count[:, None], tf.float32)
    total = tf.maximum(tf.reduce_sum(count), 1)
    confidence = tf.reduce_sum(entropy * (positive + hard)) / total
    distance = tf.abs(offsets - wanted)
    smooth = tf.where(distance < 1, distance**2 / 2, distance - 0.5)
    localisation = tf.reduce_sum(smooth * positive[..., None]) / total
    return confidence, localisation


def detect(logits, offsets, centred, most=20, least=0.05, overlap=0.45):
    """Return the four outputs of a graph of the Object Detection API, under their names.

    detection_boxes [n, most, 4], detection_scores [n, most], detection_classes [n, most] (1, 2, …, as floats) and
    num_detections [n]. Non-maximum suppression, for each class alone, keeps of boxes that overlap by more than
    `overlap` the one with the highest score.
    """
    moved = offsets * VARIANCES
    centres = centred[:, :2] + moved[..., :2] * centred[:, 2:]
    halves = centred[:, 2:] * tf.exp(tf.minimum(moved[..., 2:], 4.0)) / 2
    boxes = tf.concat([centres - halves, centres + halves], axis=2)
    scores = tf.nn.softmax(logits)[..., 1:]
    boxes, scores, classes, number = tf.image.combined_non_max_suppression(
        boxes[:, :, None], scores, most, most, iou_threshold=overlap, score_threshold=least
    )
    outputs = (boxes, scores, classes + tf.cast(scores > 0, tf.float32), tf.cast(number, tf.float32))
    return {name: tf.identity(tensor, name) for name, tensor in zip(OUTPUTS, outputs, strict=True)}


class Detector:
    """The graph of the detector: for training, and for pictures of any size as the exported graph takes them."""

    def __init__(self, learning_rate, steps):
        self.anchors = anchors()
        self.image_tensor = tf.placeholder(tf.uint8, [None, None, None, 3], name="image_tensor")
        self.kind = tf.placeholder(tf.int32, [None, len(self.anchors)], name="kind")
        self.wanted = tf.placeholder(tf.float32, [None, len(self.anchors), 4], name="wanted")
        self.training = tf.placeholder_with_default(False, [], name="training")
        pixels = tf.image.resize_bilinear(tf.cast(self.image_tensor, tf.float32), [EDGE, EDGE], half_pixel_centers=True)
        logits, offsets = ssd(pixels, self.training)
        self.outputs = detect(logits, offsets, self.anchors)
        self.confidence, self.localisation = ssd_losses(logits, offsets, self.kind, self.wanted)
        self.loss = self.confidence + self.localisation
        step = tf.train.create_global_step()
        rate = tf.train.cosine_decay(learning_rate, step, steps, alpha=0.02)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            self.train = tf.train.AdamOptimizer(rate).minimize(self.loss, step)

    def fit(self, ex, sess, saver, pictures, boxes, kinds, *, steps, batch_size):
        """Train on drawn pictures, each time mirrored or turned in one of eight ways."""
        run = sess.make_callable(
            [self.train, self.confidence, self.localisation], [self.image_tensor, self.kind, self.wanted, self.training]
        )
        recent = []
        for step in ex.resumable(range(steps), sess, saver, unit="step", every=250):
            chosen = np.random.randint(len(pictures), size=batch_size)
            images, real = shapes.turned(pictures[chosen], boxes[chosen], np.random.randint(8))
            kind, wanted = match(real, kinds[chosen], self.anchors)
            recent.append(run(images, kind, wanted, True)[1:])
            done = step + 1
            if done % max(1, steps // 20) == 0 or done == steps:
                confidence, localisation = np.mean(recent, axis=0)
                recent.clear()
                ex.record(done, confidence_loss=confidence, localisation_loss=localisation)
                ex.log(f"step {done:5}  confidence loss {confidence:.3f}  localisation loss {localisation:.3f}")

    def __call__(self, sess, pictures, batch=100):
        """Return the four outputs for `pictures`, uint8 [n, h, w, 3], by their names."""
        run = sess.make_callable([self.outputs[name] for name in OUTPUTS], [self.image_tensor])
        parts = [run(pictures[start : start + batch]) for start in range(0, len(pictures), batch)]
        return dict(zip(OUTPUTS, map(np.concatenate, zip(*parts, strict=True)), strict=True))


def freeze(sess, path):
    """Write the graph from image_tensor to the four outputs to the file `path`, the variables as constants in it."""
    graph_def = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, list(OUTPUTS))
    part = path.with_name(f".{path.name}.part")  # a run that is killed here leaves no half graph for 87
    part.write_bytes(graph_def.SerializeToString())
    part.replace(path)
    return graph_def


def show_boxes(axis, picture, boxes, scores, classes, names, least=0.5, most=20):
    """Draw a picture with its boxes, names and scores, without those below `least` and all after the first `most`.

    `names`: number of the class → name. The two limits are those of the API's drawing function.
    """
    height, width = picture.shape[:2]
    axis.imshow(picture)
    axis.axis("off")
    chosen = [i for i in np.argsort(-scores, kind="stable") if scores[i] >= least][:most]
    for i in chosen:
        ymin, xmin, ymax, xmax = boxes[i] * [height, width, height, width]
        colour = plt.get_cmap("tab10")(int(classes[i]) % 10)
        axis.add_patch(plt.Rectangle((xmin, ymin), xmax - xmin, ymax - ymin, fill=False, lw=2, ec=colour))
        text = f"{names.get(int(classes[i]), int(classes[i]))}: {scores[i]:.0%}"
        box = {"facecolor": colour, "edgecolor": "none", "pad": 1}
        axis.text(xmin, max(ymin, 0), text, fontsize=8, va="bottom", bbox=box, clip_on=False)
    return chosen
