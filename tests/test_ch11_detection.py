"""Chapter 11: detection, its boxes and its measure; the small SSD and the frozen graph that comes of it."""

import re
import shutil
import sys

import numpy as np
import pytest

from utils import frozen_graph, paths
from utils.problems import Problem
from utils.tf1 import tf

sys.path.insert(0, str(paths.CHAPTERS / "ch11_deep_networks"))
import _coco as coco
import _detection as detection
import _shapes as shapes

sys.path.pop(0)


# Seeds 1 to 3 of the quick runs, of 120 steps
QUICK_MAP = 0.13  # 0.244 to 0.299; 0.203 to 0.274 on pictures of another size
QUICK_COCO = 0.07  # 0.114 to 0.142
QUICK_FOUND = 0.15  # 4 of 11, 3 of 9, 3 of 13

# --- boxes and the measure


def test_iou_of_boxes():
    first = np.array([[0, 0, 2, 2], [0, 0, 0, 0]], float)
    second = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 4, 2]], float)
    np.testing.assert_allclose(detection.iou(first, second), [[1, 1 / 7, 0], [0, 0, 0]])


def test_average_precision_by_hand():
    # Two pictures, three objects of class 1, at IoU 0.5. In the order of the scores: right, wrong (the same object
    # again), right, wrong (too far away). Precision 1, 1/2, 2/3, 2/4 at recall 1/3, 1/3, 2/3, 2/3:
    # AP = 1/3 + 1/3 · 2/3.
    boxes = np.array([[[0, 0, 1, 1], [2, 2, 3, 3]], [[0, 0, 1, 1], [0, 0, 0, 0]]], float)
    kinds = np.array([[1, 1], [1, 0]])
    found = np.array([[[0, 0, 1, 1], [0, 0, 1, 0.9]], [[0, 0, 1, 0.8], [0.5, 0.5, 1.5, 1.5]]], float)
    scores = np.array([[0.9, 0.8], [0.7, 0.6]])
    precision = detection.average_precision(boxes, kinds, found, scores, np.ones((2, 2)), [0.5, 0.85], 2)
    # at 0.85 the third, IoU 0.8, is wrong too
    np.testing.assert_allclose(precision[0], [1 / 3 + 2 / 9, 1 / 3])
    assert np.isnan(precision[1]).all()  # no object of class 2


def test_average_precision_of_the_truth_is_one_and_of_another_class_zero():
    _, boxes, kinds = shapes.draw(20, 32, 3)
    scores = (kinds > 0) * 0.5
    np.testing.assert_allclose(detection.average_precision(boxes, kinds, boxes, scores, kinds), 1)
    np.testing.assert_allclose(detection.average_precision(boxes, kinds, boxes, scores, kinds % 5 + 1), 0)


def test_each_box_has_an_anchor_and_the_offsets_lead_to_it():
    _, boxes, kinds = shapes.draw(50, 32, 4)
    centred = detection.anchors()
    kind, offsets = detection.match(boxes, kinds, centred)
    assert kind.shape == (50, 756)
    with tf.Graph().as_default(), tf.Session() as sess:
        logits = 20 * np.eye(6, dtype=np.float32)[kind]
        found = sess.run(detection.detect(tf.constant(logits), tf.constant(offsets), centred))
    precision = detection.average_precision(boxes, kinds, *(found[name] for name in detection.OUTPUTS[:3]))
    np.testing.assert_allclose(precision, 1)  # decoding is the inverse of encoding; suppression leaves each object one
    np.testing.assert_array_equal(found["num_detections"], (kinds > 0).sum(axis=1))
    away = detection.iou(detection.corners_of(centred), boxes) * (kinds[:, None] > 0)
    assert not kind[away.max(axis=2) == 0].any()
    assert (kind[away.max(axis=2) >= 0.5] > 0).all()


def test_rpn_takes_what_fits_well_or_best_and_fills_up_with_what_is_far():
    # 400 anchors on a line of 40, one wide each. A box on number 5 exactly, one half on 20 and 21, one no object.
    centred = np.stack([np.full(400, 0.5), np.arange(400) + 0.5, np.ones(400), np.ones(400)], axis=1)
    boxes = np.array([[[0, 5, 1, 6], [0, 20.4, 1, 21.4], [0, 30, 1, 31]]], float)
    random = np.random.default_rng(1)
    (chosen,) = detection.rpn_proposals(boxes, np.array([[1, 2, 0]]), centred, random)
    # IoU 1 with number 5; 0.6 / 1.4 = 0.43 with number 20, the highest; 0.4 / 1.6 = 0.25 with 21: far enough
    assert np.flatnonzero(chosen == 1).tolist() == [5, 20]
    assert [(chosen == value).sum() for value in (1, 0, -1)] == [2, 254, 144]
    # Number 20 is between the two bounds once another anchor fits its box better: it may not be chosen at all
    nearer = np.concatenate([centred, [[0.5, 20.9, 1, 1]]])
    for seed in range(20):
        (chosen,) = detection.rpn_proposals(boxes, np.array([[1, 2, 0]]), nearer, np.random.default_rng(seed))
        assert np.flatnonzero(chosen == 1).tolist() == [5, 400]
        assert chosen[20] == -1
    # Where many fit, half of the proposals are positive, and each time others
    many = np.concatenate([np.tile(centred[5], (300, 1)), centred])
    first, second = (detection.rpn_proposals(boxes, np.array([[1, 0, 0]]), many, random)[0] for _ in range(2))
    for chosen in (first, second):
        assert [(chosen == value).sum() for value in (1, 0, -1)] == [128, 128, 444]
        assert set(np.flatnonzero(chosen == 1)) <= {*range(300), 305}
    assert (first != second).any()


def test_hard_negatives_are_three_for_each_positive():
    logits = np.zeros((1, 10, 6), np.float32)
    logits[0, :, 0] = np.arange(10)  # anchor 0 is the least sure to be background
    kind = np.zeros((1, 10), np.int32)
    kind[0, 9] = 2
    offsets = np.full((1, 10, 4), 3, np.float32)
    wanted = np.zeros((1, 10, 4), np.float32)
    wanted[0, 9] = [3, 3.5, 1, 3]
    with tf.Graph().as_default(), tf.Session() as sess:
        confidence, localisation = sess.run(detection.ssd_losses(*map(tf.constant, (logits, offsets, kind, wanted))))
    entropy = np.log(5 + np.exp(np.arange(10.0))) - np.arange(10)
    assert confidence == pytest.approx(entropy[:3].sum() + np.log(5 + np.exp(9.0)), rel=1e-5)
    assert localisation == pytest.approx(0.125 + 1.5)  # smooth L1 of 0.5 and of 2; the negative ones count nothing


def test_objects_are_found_by_a_sure_box_of_their_class():
    real = np.array([[0, 0, 2, 2], [4, 4, 6, 6], [7, 7, 9, 9], [0, 0, 0, 0]], float)
    kinds = np.array([1, 2, 3, 0])
    # right; the same object again; another class; not sure enough; just below an IoU of 0.5
    boxes = np.array([[0, 0, 2, 2], [0, 0, 2, 1.8], [4, 4, 6, 6], [7, 7, 9, 9], [7, 7, 9, 7.9]], float)
    scores, classes = np.array([0.9, 0.5, 0.9, 0.4, 0.9]), np.array([1, 1, 1, 3, 3])
    assert detection.objects_found(boxes, scores, classes, real, kinds) == 1
    assert detection.objects_found(boxes, scores, classes, real, kinds, least=0.3) == 2
    assert detection.objects_found(boxes, scores, np.array([1, 1, 2, 3, 3]), real, kinds) == 2
    assert detection.objects_found(boxes[:0], scores[:0], classes[:0], real, kinds) == 0


def test_drawn_shapes_lie_in_their_boxes():
    pictures, boxes, kinds = shapes.draw(200, 48, 5)
    again = shapes.draw(200, 48, 5)
    np.testing.assert_array_equal(pictures, again[0])
    assert pictures.dtype == np.uint8
    assert set(np.unique(kinds)) == set(range(6))
    real = boxes[kinds > 0]
    assert real.min() >= 0
    assert real.max() <= 1
    assert (real[:, 2:] - real[:, :2] > 0.08).all()
    assert (boxes[kinds == 0] == 0).all()
    for way in range(8):  # turning pictures and boxes alike: a bright box on black
        picture = np.zeros((1, 48, 48, 3), np.uint8)
        picture[:, 6:18, 24:30] = 255
        turned, box = shapes.turned(picture, np.array([[[6, 24, 18, 30]]]) / 48, way)
        ymin, xmin, ymax, xmax = (box[0, 0] * 48).round().astype(int)
        assert (turned[0, ymin:ymax, xmin:xmax] == 255).all()
        assert (turned == 255).sum() == 3 * 12 * 6 == 3 * (ymax - ymin) * (xmax - xmin)


def test_drawn_boxes_are_those_above_the_threshold_where_they_belong():
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    boxes = np.array([[0, 0, 1, 1], [0.1, 0.2, 0.5, 0.8], [0.5, 0, 1, 0.5], [0.2, 0.2, 0.3, 0.3]])
    scores = np.array([0.4, 0.6, 0.9, 0.8])
    picture = np.zeros((40, 100, 3), np.uint8)
    what = picture, boxes, scores, np.array([1, 2, 3, 9]), {1: "a", 2: "b", 3: "c"}
    assert detection.show_boxes(axis, *what) == [2, 3, 1]  # the surest first; number 0 is below 0.5
    assert detection.show_boxes(Figure().subplots(), *what, most=2) == [2, 3]
    # x, y, width and height in a picture 100 wide and 40 high
    drawn = [[*patch.get_xy(), patch.get_width(), patch.get_height()] for patch in axis.patches]
    np.testing.assert_allclose(drawn, [[0, 20, 50, 20], [20, 8, 10, 4], [20, 4, 60, 16]])
    assert [text.get_text() for text in axis.texts] == ["c: 90%", "9: 80%", "b: 60%"]


def test_label_maps(tmp_path):
    assert len(coco.COCO) == 80
    assert max(coco.COCO) == 90
    assert (coco.COCO[1], coco.COCO[17], coco.COCO[47]) == ("person", "cat", "cup")
    own = tmp_path / "map.pbtxt"
    own.write_text("item {\n  name: '/m/1'\n  id: 3\n  display_name: 'tea pot'\n}\nitem {\n id: 5 name: 'bird'\n}\n")
    assert coco.read_labels(own) == {3: "tea pot", 5: "bird"}
    own.write_text("circle\nsquare\n")
    assert coco.read_labels(own) == {1: "circle", 2: "square"}
    own.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Problem, match="UTF-8"):
        coco.read_labels(own)
    with pytest.raises(Problem, match="No such file"):
        coco.read_labels(tmp_path / "missing")


# --- section 11.8


def test_118_shows_the_steps_of_the_families(quick):
    run = quick("11.8")
    assert run.metric("YOLO's output: values") == 1470
    assert "YOLO: 7 × 7 × 30 = 1470 values, the book's 1470; its 49×(2×5 + 10) are 980." in run.out
    assert run.metric("SPP: lengths of three sizes") == [21 * 256] * 3
    # rows 1 to 4 and columns 0 to 3 of 0, 1, … 29 in rows of 6
    assert run.metric("RoI pooling") == [[13, 15], [25, 27]]
    assert run.metric("IoU of boxes 0 and 1") == pytest.approx(81 / 119)
    assert run.metric("suppression keeps, IoU 0.5 and 0.7") == [[1, 2], [1, 0, 2]]
    assert run.metric("anchors") == 756
    # SSD's bound of 0.5 takes more than RPN's of 0.7: 9.2 and 2.0 in a picture (8.9 to 10.1, 2.0 to 2.1, seeds 1 to 3)
    names = ("positive", "negative", "left out")
    positive, negative, left_out = (run.metric(f"RPN's anchors in a picture, {name}") for name in names)
    assert 1 < positive < 4 < run.metric("anchors that stand for a shape, in a picture")
    assert positive + negative == pytest.approx(256)
    assert left_out == pytest.approx(500)


def test_118_learns_to_detect(quick):
    run = quick("11.8")
    assert run.metric("mAP at IoU 0.5, untrained") < 0.02
    assert run.metric("mAP at IoU 0.5, boxes of another picture") < 0.05
    assert run.metric("mAP at IoU 0.5") > QUICK_MAP
    assert run.metric("mAP at IoU 0.5 to 0.95") > QUICK_COCO
    for name in ("confidence_loss", "localisation_loss"):
        values = [value for _, value in run.scalars(name)]
        assert values[-1] < 0.6 * values[0]


def test_118_checkpoint_and_frozen_graph_answer_alike(quick):
    run = quick("11.8")
    assert run.metric("restored: largest difference") < 1e-4
    assert run.metric("frozen: largest difference") < 1e-4
    assert (run.checkpoints / "ssd.ckpt.index").exists()
    graph_def = frozen_graph.read(run.checkpoints / detection.FROZEN)
    assert not [node.name for node in graph_def.node if "Variable" in node.op or node.op == "VarHandleOp"]
    pictures, boxes, kinds = shapes.draw(100, 144, 77)  # of another size than in the training
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        assert graph.get_tensor_by_name("image_tensor:0").dtype == tf.uint8
        with tf.Session() as sess:
            outputs = [f"{name}:0" for name in detection.OUTPUTS]
            found = sess.run(outputs, {"image_tensor:0": pictures})
            unseen, real, kinds_there = shapes.draw(100, detection.EDGE, 1001)
            answers = sess.run(outputs, {"image_tensor:0": unseen})
    # What the run reports was measured on these pictures, drawn from another seed than those it learned from.
    precision = detection.average_precision(real, kinds_there, *answers[:3])
    assert run.metric("mAP at IoU 0.5") == pytest.approx(np.nanmean(precision[:, 0]), abs=0.005)
    assert run.metric("mAP at IoU 0.5 to 0.95") == pytest.approx(np.nanmean(precision), abs=0.005)
    number = found[3].astype(int)
    assert ((found[1] > 0).sum(axis=1) == number).all()
    assert found[0].min() >= 0
    assert found[0].max() <= 1
    assert np.nanmean(detection.average_precision(boxes, kinds, *found[:3])[:, 0]) > QUICK_MAP


def test_118_draws(quick):
    run = quick("11.8")
    assert set(run.result["figures"]) == {"detected.png", "anchors.png", "losses.png"}
    assert {"figures/detected", "figures/anchors", "figures/losses"} <= set(run.events().Tags()["images"])


# --- example 87


def test_87_works_on_its_own(quick):
    run = quick("87")
    assert "training the small SSD of section 11.8" in run.out
    assert run.metric("objects that were found") > QUICK_FOUND * run.metric("objects in the drawn pictures")
    assert "image_tensor (Placeholder)" in run.out
    # The printed lines tell the same: what it is, and where, in six pictures of another seed
    _, boxes, kinds = shapes.draw(6, 384, 1001)
    assert run.metric("objects in the drawn pictures") == (kinds > 0).sum()
    found = 0
    for number, (real, names) in enumerate(zip(boxes, kinds, strict=True), 1):
        printed = run.out.split(f"\ndrawn_{number}: ")[1].split("\n\n")[0]
        lines = re.findall(r"^  (\w+): (\d+)% at (.*)$", printed, re.MULTILINE)
        assert run.metric(f"drawn_{number}: objects") == len(lines)
        assert all(int(percent) >= 20 for _, percent, _ in lines)  # --least of the quick run
        assert sorted(run.metric(f"drawn_{number}: found")) == sorted(name for name, _, _ in lines)
        overlap = detection.iou(np.reshape([place.split(", ") for *_, place in lines], (-1, 4)).astype(float), real)
        same = np.reshape([shapes.KINDS.index(name) + 1 for name, *_ in lines], (-1, 1)) == names
        found += ((overlap >= 0.5) & same).any(axis=0)[names > 0].sum()
    assert run.metric("objects that were found") == pytest.approx(found, abs=1)  # three decimals are printed
    assert set(run.result["figures"]) == {f"detected_drawn_{number}.png" for number in range(1, 7)}


def test_87_runs_a_graph_and_a_picture_of_the_readers_own(quick, run_example, tmp_path):
    from PIL import Image

    graph = quick("11.8").checkpoints / detection.FROZEN
    pictures, _, _ = shapes.draw(1, 200, 13)
    Image.fromarray(pictures[0]).convert("L").save(tmp_path / "grey.png")
    (tmp_path / "labels.txt").write_text("\n".join(f"my {kind}" for kind in shapes.KINDS))
    run = run_example(
        "87", "--quick", "--graph", str(graph), "--labels", str(tmp_path / "labels.txt"), "--least", "0.2",
        "--image", str(tmp_path / "grey.png"),
    )  # fmt: skip
    assert run.metric("classes with a name") == 5
    assert run.metric("grey: objects") > 0  # one, with a score of 0.74
    assert all(name.startswith("my ") for name in run.metric("grey: found"))
    assert run.result["figures"] == ["detected_grey.png"]
    assert "training the small SSD" not in run.out


def test_87_says_which_run_of_118_left_the_graph(quick, run_example, tmp_path):
    left = quick("11.8").checkpoints
    (tmp_path / "checkpoints" / "11.8").mkdir(parents=True)
    for name in (detection.FROZEN, "run.json"):
        shutil.copy(left / name, tmp_path / "checkpoints" / "11.8" / name)
    run = run_example("87", "--quick", "--sample-data")
    assert "the small SSD of section 11.8 for drawn shapes, left by its quick run, steps: 120" in run.out
    assert "training the small SSD" not in run.out
    assert re.search(r"^  faster_rcnn_inception_resnet_v2_atrous_coco +slow +37$", run.out, re.MULTILINE)


def _frozen(build):
    with tf.Graph().as_default() as graph:
        build()
    return graph.as_graph_def().SerializeToString()


def _detector(image=(tf.uint8, [1, 30, 40, 3]), boxes=(1, 2, 4), of=lambda pixels: pixels):
    """A graph with the names of the API's: two boxes, the second as likely as the first row of pixels is bright."""
    pixels = of(tf.cast(tf.placeholder(*image, name="image_tensor"), tf.float32))
    bright = tf.reduce_mean(pixels[0, 0]) / 255
    tf.reshape(tf.tile([0.0, 0.0, 0.5, 1.0], [2]), boxes, name="detection_boxes")
    tf.stack([[tf.constant(0.9), bright]], name="detection_scores")
    tf.constant([[1.0, 2.0]], name="detection_classes")
    tf.constant([2.0], name="num_detections")


def test_87_brings_the_picture_to_the_size_that_a_graph_asks_for(run_example, tmp_path):
    from PIL import Image

    picture = np.zeros((90, 80, 3), np.uint8)
    picture[:45] = 204
    graph, image = tmp_path / "graph.pb", tmp_path / "half.png"
    Image.fromarray(picture).save(image)
    for size, shape in (("30×40", [1, 30, 40, 3]), ("64×80", [None, 64, None, 3]), ("", None)):
        graph.write_bytes(_frozen(lambda shape=shape: _detector((tf.uint8, shape))))
        run = run_example("87", "--quick", "--graph", str(graph), "--image", str(image))
        assert run.metric("half: found") == ["person", "bicycle"]
        assert "  bicycle: 80% at 0.000, 0.000, 0.500, 1.000" in run.out  # the bright half is above in any size
        assert (f"half: the graph takes {size} pixels" in run.out) == bool(size)


BAD = {
    "no frozen graph": b"this is no graph",
    "no operations": b"",
    "reaches beyond the graph": _frozen(lambda: tf.read_file("/etc/hostname")),
    "has no tensor image_tensor:0": _frozen(lambda: tf.constant(1.0)),
    "has no tensor image_tensor:0, so": _frozen(lambda: tf.no_op("image_tensor")),
    "takes float32 [?, 30, 40, 3], not one picture": _frozen(lambda: _detector((tf.float32, [None, 30, 40, 3]))),
    "takes uint8 [4, ?, ?, 3], not one picture": _frozen(lambda: _detector((tf.uint8, [4, None, None, 3]))),
    "takes uint8 [?, ?, 3], not one picture": _frozen(lambda: _detector((tf.uint8, [None, None, 3]))),
    "answers with detection_boxes [2, 4]": _frozen(lambda: _detector(boxes=(2, 4))),
    "cannot be run on a picture of (300, 451, 3): ": _frozen(
        lambda: _detector((tf.uint8, [1, None, None, 3]), of=lambda pixels: tf.reshape(pixels, [1, 30, 40, 3]))
    ),
}


@pytest.mark.parametrize("words", BAD)
def test_87_refuses_other_graphs_in_one_line(run_example, tmp_path, words):
    path = tmp_path / "graph.pb"
    path.write_bytes(BAD[words])
    run = run_example("87", "--quick", "--graph", str(path), ok=False)
    assert run.code == 1
    assert len(run.err.splitlines()) == 1
    assert words in run.err
    assert "graph.pb" in run.err
