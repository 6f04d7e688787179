"""Pictures in TFRecord files as slim lays them out: written by section 11.5.3, read by 84 and 11.5.5."""

import hashlib
import io
import json
import os
import re
from pathlib import Path

import numpy as np
from PIL import Image

from utils import paths
from utils.contrib import slim
from utils.data import flowers
from utils.problems import write_json
from utils.tf1 import tf

LABELS = "labels.txt"  # number:name, line by line
SOURCE = "source.json"  # what was converted; written last, so a folder that has it is whole
FOLDER = "tfrecords"
ITEMS = {"image": "A colour picture of varying size.", "label": "A number into labels.txt."}


def features_of(content, kind, label, height, width):
    """Return a tf.train.Example with slim's five features; `content`: an encoded picture, `kind`: b"jpg" or b"png"."""

    def numbers(value):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    def text(value):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    feature = {
        "image/encoded": text(content),
        "image/format": text(kind),
        "image/class/label": numbers(label),
        "image/height": numbers(height),
        "image/width": numbers(width),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature))


def encoded(file):
    """Return a picture's bytes, format, height and width; what is neither RGB or grey JPEG nor PNG becomes PNG.

    Problem where the file is not a picture.
    """
    pixels = None
    try:
        with Image.open(file) as image:
            kind, mode, (width, height) = image.format, image.mode, image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        kind, mode, pixels = "", "", flowers.read(file)  # says what is wrong with it
    if kind in ("JPEG", "PNG") and mode in ("RGB", "L"):
        return Path(file).read_bytes(), b"jpg" if kind == "JPEG" else b"png", height, width
    pixels = flowers.read(file) if pixels is None else pixels
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue(), b"png", *pixels.shape[:2]


def shuffled(part):
    """Return a `flowers.Part` in the order of its records: mixed, the same each time, so that shards are alike."""
    order = np.random.default_rng(0).permutation(len(part.files))
    return flowers.Part([part.files[number] for number in order], part.labels[order])


def other_crops(data):
    """Return a `flowers.Flowers` with every fifth training picture held out, in place of the held-out ones."""
    part, place = data.train, np.arange(len(data.train.files)) % 5

    def chosen(which):
        return flowers.Part([part.files[number] for number in np.flatnonzero(which)], part.labels[which])

    return flowers.Flowers(data.folder, data.names, chosen(place != 4), chosen(place == 4))


def shard_name(name, split, number, shards):
    """Return a file name like slim's: flowers_train_00000-of-00005.tfrecord."""
    return f"{name}_{split}_{number:05}-of-{shards:05}.tfrecord"


def split_of(name):
    """Return the split that a shard's name tells; what is before it is free to hold another split's name."""
    return name.rsplit("_", 2)[1]


def name_of(data):
    """Return what the shards are called after: "flowers", or the reader's own folder, fit for a file name."""
    if data.folder == flowers.STAND_IN or set(data.names) == set(flowers.COUNTS):
        return "flowers"
    return re.sub(r"[^\w.-]+", "_", data.folder.name) or "pictures"


def convert(data, folder, shards=5):
    """Write the pictures of a `flowers.Flowers` into `folder`: shards of both splits and the names of the classes.

    Each file appears under its name when it is whole. Returns how many records each shard holds, by its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = describe(data)  # before they are read: what changes from now on is converted again the next time
    for old in (folder / SOURCE, *folder.glob("*.tfrecord")):
        old.unlink(missing_ok=True)
    counts = {}
    for split in ("train", "validation"):
        part = shuffled(getattr(data, split))
        for number, indices in enumerate(np.array_split(np.arange(len(part.files)), shards)):
            path = folder / shard_name(name_of(data), split, number, shards)
            unfinished = path.with_suffix(f".part-{os.getpid()}")
            with tf.python_io.TFRecordWriter(str(unfinished)) as writer:
                for index in indices:
                    content, kind, height, width = encoded(part.files[index])
                    example = features_of(content, kind, int(part.labels[index]), height, width)
                    writer.write(example.SerializeToString())
            unfinished.replace(path)
            counts[path.name] = len(indices)
    lines = [f"{number}:{label}\n" for number, label in enumerate(data.names)]
    unfinished = folder / f".{LABELS}.part"
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.replace(folder / LABELS)
    write_json(folder / SOURCE, source | {"shards": counts})
    return counts


def describe(data):
    """Return what tells one data set from another: where it is, its classes, and its pictures.

    The pictures by their number and a digest of their names, labels, sizes and times of change, so that none is read.
    """
    told = {"folder": str(data.folder), "names": data.names}
    seen = hashlib.sha256()
    for split in ("train", "validation"):
        part = getattr(data, split)
        told[split] = len(part.files)
        for file, label in zip(part.files, part.labels.tolist(), strict=True):
            now = Path(file).stat()
            seen.update(f"{split} {file} {label} {now.st_size} {now.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return told | {"pictures": seen.hexdigest()}


def find_or_convert(ex, data):
    """Return the folder with `data` as TFRecords: section 11.5.3's, this example's own, or one that is written now."""
    for folder in (paths.outputs("11.5.3") / FOLDER, ex.outputs / FOLDER):
        if (folder / SOURCE).exists():
            there = json.loads((folder / SOURCE).read_text(encoding="utf-8"))
            whole = all((folder / shard).exists() for shard in there["shards"])
            if whole and there.items() >= describe(data).items():
                print(f"records: those in {paths.shown(folder)}")
                return folder
    print(f"records: none are there yet; they are written into {paths.shown(ex.outputs / FOLDER)}")
    convert(data, ex.outputs / FOLDER)
    return ex.outputs / FOLDER


def read_labels(folder):
    """Return the names of the classes in the order of their numbers."""
    lines = (folder / LABELS).read_text(encoding="utf-8").splitlines()
    return [line.partition(":")[2] for line in lines]


def records(path):
    """Yield the tf.train.Example messages of one file."""
    for record in tf.python_io.tf_record_iterator(str(path)):
        yield tf.train.Example.FromString(record)


def get_split(split, folder):
    """Return slim's description of a split ("train", "validation"), like ``flowers.get_split`` of the models' folder.

    The data set is a list of files, a reader, a decoder from records to `image` and `label`, and a count.
    """
    keys_to_features = {
        "image/encoded": tf.FixedLenFeature((), tf.string, default_value=""),
        "image/format": tf.FixedLenFeature((), tf.string, default_value="png"),
        "image/class/label": tf.FixedLenFeature([], tf.int64, default_value=tf.zeros([], tf.int64)),
    }
    items_to_handlers = {
        "image": slim.tfexample_decoder.Image(),
        "label": slim.tfexample_decoder.Tensor("image/class/label"),
    }
    names = read_labels(folder)
    shards = json.loads((folder / SOURCE).read_text(encoding="utf-8"))["shards"]
    own = {name: count for name, count in shards.items() if split_of(name) == split and count}
    return slim.dataset.Dataset(
        data_sources=[str(folder / name) for name in own],
        reader=tf.TFRecordReader,
        decoder=slim.tfexample_decoder.TFExampleDecoder(keys_to_features, items_to_handlers),
        num_samples=sum(own.values()),
        items_to_descriptions=ITEMS,
        num_classes=len(names),
        labels_to_names=dict(enumerate(names)),
    )
