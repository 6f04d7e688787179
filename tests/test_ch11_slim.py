"""Chapter 11: slim's records (11.5.3), its data provider (84) and its training (11.5.5)."""

import os
import sys
from types import SimpleNamespace

import numpy as np
from PIL import Image

from utils import frozen_graph, paths
from utils.data import flowers
from utils.tf1 import tf

sys.path.insert(0, str(paths.CHAPTERS / "ch11_deep_networks"))
import _tfrecords as tfrecords

sys.path.pop(0)

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


def _own_pictures(folder):
    for number in range(12):
        path = folder / ("red" if number % 2 else "blue") / f"{number}.{('png', 'bmp', 'jpg')[number % 3]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + number, 10), (200 * (number % 2), 0, 90)).save(path)
    return folder


def test_11_5_3_a_folder_of_ones_own(run_example, tmp_path):
    folder = _own_pictures(tmp_path / "my _validation_ 照片")  # a name that is no file's, and holds that of a split
    run = run_example("11.5.3", "--quick", "--folder", str(folder), "--shards", "2")
    shards = sorted(path.name for path in (run.outputs / "tfrecords").glob("*.tfrecord"))
    assert shards == [
        f"my__validation__照片_{split}_{number:05}-of-00002.tfrecord"
        for split in ("train", "validation")
        for number in (0, 1)
    ]
    run_example("84", "--quick", "--folder", str(folder), "--pictures", "1", "--batch-size", "1")
    assert run.metric("training records") == 11
    assert run.metric("validation records") == 1
    assert run.metric("shards") == 4
    assert np.add(
        run.metric("training records of each class"), run.metric("validation records of each class")
    ).tolist() == [6, 6]
    wrong = run_example("11.5.3", "--folder", str(tmp_path / "none"), ok=False)
    assert wrong.code == 2
    assert wrong.err == f"--folder {tmp_path / 'none'}: no such folder\n"


def test_pictures_that_were_exchanged_are_converted_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TFBOOK_RUNS", str(tmp_path / "runs"))
    ex = SimpleNamespace(outputs=paths.outputs("84"))
    mine = _own_pictures(tmp_path / "mine")

    def convert():
        data = flowers.load(images=str(mine), flag="--folder")
        folder = tfrecords.find_or_convert(ex, data)
        found = set()
        for shard in folder.glob("*.tfrecord"):
            for record in tfrecords.records(shard):
                found.add(record.features.feature["image/encoded"].bytes_list.value[0])
        return "they are written" in capsys.readouterr().out, found

    assert convert()[0]
    again, before = convert()
    assert not again
    # Another picture under the same name and nearly of the same age; then one that is moved to another class
    file = mine / "red" / "3.png"
    time = file.stat().st_mtime_ns
    Image.new("RGB", (23, 10), (0, 200, 90)).save(file)
    os.utime(file, ns=(time, time + 1_000_000))
    again, after = convert()
    assert again
    assert file.read_bytes() in after - before
    file.rename(mine / "blue" / "3.png")
    assert convert()[0]
    assert not convert()[0]


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
    # On 16 of the pictures: 0.082 → 0.026, 0.050 → 0.024, 0.034 → 0.022; with a new head 2.89 → 2.24, 2.21 → 1.81,
    # 2.67 → 2.12, seeds 1 to 3. It begins near log 7, of a network that does not know its 5 + 2 classes.
    (before, after), (new_before, new_after) = (
        run.metric(f"{name}: loss of the batch before and after five steps") for name in (whole, tuned)
    )
    assert after < before < 0.5 * np.log(7) < new_after < 0.92 * new_before


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
    nodes = {node.name: node for node in graph_def.node}
    assert "probabilities" in nodes
    # It takes pictures as the network was trained and evaluated on them: at --size, 96 in the quick run
    assert [dim.size for dim in nodes["input"].attr["shape"].shape.dim] == [-1, 96, 96, 3]
