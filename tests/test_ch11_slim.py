"""Chapter 11: slim's records (11.5.3), its data provider (84) and its training (11.5.5)."""

import numpy as np
from PIL import Image

from utils import frozen_graph
from utils.data import flowers
from utils.tf1 import tf

CLASSES = ["living", "plants", "sky", "stone", "things"]


def test_11_5_3_the_records_hold_the_pictures(quick):
    run = quick("11.5.3")
    folder = run.outputs / "tfrecords"
    assert (folder / "labels.txt").read_text(encoding="utf-8") == "".join(f"{n}:{c}\n" for n, c in enumerate(CLASSES))
    files = sorted(path.name for path in folder.glob("*.tfrecord"))
    names = [f"flowers_{split}_{n:05}-of-00005.tfrecord" for split in ("train", "validation") for n in range(5)]
    assert files == names
    assert not list(folder.glob("*.part*"))
    contents = set()
    for name in files:
        for record in tf.python_io.tf_record_iterator(str(folder / name)):
            feature = tf.train.Example.FromString(record).features.feature
            keys = {"image/encoded", "image/format", "image/class/label", "image/height", "image/width"}
            assert set(feature) == keys
            assert feature["image/format"].bytes_list.value[0] == b"jpg"
            assert feature["image/height"].int64_list.value[0] == 256
            label = feature["image/class/label"].int64_list.value[0]
            contents.add((feature["image/encoded"].bytes_list.value[0], CLASSES[label]))
    pictures = {(path.read_bytes(), path.parent.name) for path in flowers.STAND_IN.glob("*/*.jpg")}
    assert contents == pictures
    assert run.metric("training records") == 200
    assert run.metric("validation records") == 35
    assert "the book prints 2,500 and 2,500" in run.out


def test_11_5_3_a_folder_of_ones_own(run_example, tmp_path):
    for number in range(12):
        path = tmp_path / "mine" / ("red" if number % 2 else "blue") / f"{number}.{('png', 'bmp', 'jpg')[number % 3]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + number, 10), (200 * (number % 2), 0, 90)).save(path)
    run = run_example("11.5.3", "--quick", "--folder", str(tmp_path / "mine"), "--shards", "2")
    assert run.metric("training records") == 11
    assert run.metric("validation records") == 1
    assert run.metric("shards") == 4
    assert np.add(
        run.metric("training records of each class"), run.metric("validation records of each class")
    ).tolist() == [6, 6]
    wrong = run_example("11.5.3", "--folder", str(tmp_path / "none"), ok=False)
    assert wrong.code == 2
    assert wrong.err == f"--folder {tmp_path / 'none'}: no such folder\n"


def test_84_reads_pictures_with_their_labels_and_stops_its_threads(quick):
    run = quick("84")
    assert "\n(?, ?, 3)\n" in run.out
    assert run.metric("pictures that carry their own label") == 6
    assert run.metric("largest mean difference of a picture from its file") < 2  # grey levels: two JPEG decoders
    assert run.metric("records in order") == 35
    assert run.metric("labels in order are the pictures'") is True
    assert run.metric("sizes in order are the pictures'") is True
    assert run.metric("batch of pictures") == [8, 100, 100, 3]
    assert run.metric("threads still running") == 0
    assert run.result["figures"] == ["picture.png", "taken.png", "batch.png"]
    assert (run.outputs / "tfrecords" / "labels.txt").exists()  # there were none before


def test_11_5_5_trains_fine_tunes_and_evaluates(quick):
    run = quick("11.5.5")
    for name in ("scratch", "fine-tuned"):
        losses = [value for _, value in run.scalars(f"loss {name}")]
        assert losses[-1] < 0.8 * losses[0]
        assert run.metric(f"Recall_5, {name}") == 1  # five classes
        assert f"eval/Accuracy[{run.metric(f'accuracy, {name}'):.4f}] eval/Recall_5[1.0000]" in run.out
    # Crops of photos that are trained on, so far better than among flowers: 0.975 and 1.0 with seed 1
    assert run.metric("accuracy, scratch") > 0.6 > run.metric("accuracy, chance") == 0.4
    assert run.metric("accuracy, fine-tuned") > 0.85
    assert "Inception V3          78.0  93.9" in run.out
    assert run.result["figures"] == ["losses.png", "accuracy.png", "predictions.png"]


def test_11_5_5_the_scopes_decide_what_is_restored_and_what_changes(quick):
    run = quick("11.5.5")
    whole = "pre-trained: all restored, all trained"
    tuned = "fine-tuned: Logits excluded, Logits trained"
    everything = run.metric(f"{whole}: variables")
    assert len(run.metric(f"{whole}: restored")) == everything
    assert "SmallNet/Conv1/weights" in run.metric(f"{whole}: changed")
    head = {"SmallNet/Logits/weights", "SmallNet/Logits/biases"}
    assert len(run.metric(f"{tuned}: restored")) == everything - 2
    assert not head & set(run.metric(f"{tuned}: restored"))
    assert set(run.metric(f"{tuned}: changed")) == head
    assert run.metric("the source checkpoint is untouched") is True


def test_11_5_5_all_layers_learn_at_last(quick):
    run = quick("11.5.5")
    heads, all_layers = (
        tf.train.load_checkpoint(str(run.checkpoints / f"{name}.ckpt")) for name in ("fine-tuned", "all-layers")
    )
    shapes = all_layers.get_variable_to_shape_map()
    same = {n: np.array_equal(heads.get_tensor(n), all_layers.get_tensor(n)) for n in shapes if "FineNet" not in n}
    assert all(same[n] == (len(shapes[n]) != 4) for n in same if n != "global_step")  # kernels, not batch norms
    assert sum(not kept for kept in same.values()) > 40
    assert run.metric("accuracy, all layers") > 0.85


def test_11_5_5_the_frozen_graph_is_the_network(quick):
    run = quick("11.5.5")
    assert run.metric("frozen graph: variables left") == 0
    assert run.metric("frozen graph: largest difference of a probability") < 1e-5
    graph_def = frozen_graph.read(run.checkpoints / "frozen_graph.pb")
    assert {"input", "probabilities"} <= {node.name for node in graph_def.node}
