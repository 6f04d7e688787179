"""The MNIST reader: the real files, the old semantics, damaged files, the stand-in."""

import gzip
import shutil

import numpy as np
import pytest

from utils import data
from utils.data import DataOptions, mnist
from utils.paths import DATASETS
from utils.problems import Problem


@pytest.fixture(scope="module")
def digits():
    return mnist.load(DataOptions(seed=1))


def test_the_repository_holds_the_real_mnist(digits):
    assert mnist.status(DATASETS) == ("real", DATASETS / "mnist")
    assert [part.num_examples for part in (digits.train, digits.validation, digits.test)] == [55_000, 5_000, 10_000]
    assert digits.test.cls[:9].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5]
    assert np.bincount(digits.test.cls).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert digits.validation.cls[:4].tolist() == [5, 0, 4, 1]  # the book's figure 5-1
    assert digits.train.images.dtype == np.float32
    assert (digits.train.images.min(), digits.train.images.max()) == (0.0, 1.0)
    assert digits.train.labels.shape == (55_000, 10)


def test_an_epoch_shows_every_picture_once_and_the_next_in_another_order(digits):
    train = digits.train
    train.position = [0, 0]
    first = np.concatenate([train.next_batch(1000)[0].sum(axis=1) for _ in range(55)])
    second = np.concatenate([train.next_batch(1000)[0].sum(axis=1) for _ in range(55)])
    whole = np.sort(train.images.sum(axis=1))
    np.testing.assert_array_equal(np.sort(first), whole)
    np.testing.assert_array_equal(np.sort(second), whole)
    assert not np.array_equal(first, second)


def test_a_rest_of_an_epoch_is_filled_up_or_dropped_as_the_loader_did(digits):
    digits.train.position = [0, 54_990]
    assert len(digits.train.next_batch(64)[0]) == 64
    assert digits.train.position == [1, 54]
    old = mnist.load(DataOptions(), loader="tf-0.12").train
    np.testing.assert_array_equal(old.next_batch(3)[0], old.images[:3])
    old.position = [0, 54_990]
    old.next_batch(64)
    assert old.position == [1, 64]


def test_the_position_brings_the_same_batches_back(digits):
    digits.train.position = [2, 300]
    first = digits.train.next_batch(10)[0]
    digits.train.next_batch(10)
    digits.train.position = [2, 300]
    np.testing.assert_array_equal(first, digits.train.next_batch(10)[0])


def test_a_batch_has_a_sensible_size(digits):
    for size in (0, -1, 55_001):
        with pytest.raises(ValueError, match="a batch has 1 to 55000"):
            digits.train.next_batch(size)


def _copy(tmp_path):
    folder = tmp_path / "mnist"
    shutil.copytree(DATASETS / "mnist", folder)
    return folder


def test_a_folder_of_ones_own_is_used_packed_or_unpacked(tmp_path):
    folder = _copy(tmp_path)
    packed = folder / "t10k-labels-idx1-ubyte.gz"
    (folder / "t10k-labels-idx1-ubyte").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    options = DataOptions(folder=tmp_path)
    assert mnist.load(options).test.cls[0] == 7
    assert options.sources == [{"name": "MNIST", "source": str(folder), "real": True}]


def test_a_truncated_file_is_one_clear_line(tmp_path):
    file = _copy(tmp_path) / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:100_000])
    with pytest.raises(Problem, match=r"train-images-idx3-ubyte\.gz is damaged .*run\.py data mnist") as caught:
        mnist.load(DataOptions(folder=tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\0\0\x08\x01\0\0\0\x05abcde", bytes(10_008)])
def test_a_wrong_file_is_one_clear_line(tmp_path, content):
    file = _copy(tmp_path) / "t10k-labels-idx1-ubyte.gz"
    file.write_bytes(gzip.compress(content))
    with pytest.raises(Problem, match="is not MNIST's t10k-labels"):
        mnist.load(DataOptions(folder=tmp_path))


def test_other_digits_are_not_called_mnist(tmp_path):
    file = _copy(tmp_path) / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(file.read_bytes()))
    content[8] = 3
    file.write_bytes(gzip.compress(bytes(content)))
    options = DataOptions(folder=tmp_path)
    mnist.load(options)
    assert options.sources[0]["real"] is False


def test_the_real_reader_reads_the_stand_in(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mnist, "STAND_IN", tmp_path / "stand-in" / "mnist")
    options = DataOptions(sample=True)
    digits = mnist.load(options)
    assert options.sources[0]["real"] is False
    assert capsys.readouterr().out.count("a stand-in, not the real data") == 1
    assert digits.train.images.shape == (55_000, 784)
    assert digits.test.images.max() > 0.9
    # what is learnt on it carries over to its other writers: the class means alone get most of them right
    means = np.stack([digits.train.images[digits.train.cls == c].mean(axis=0) for c in range(10)])
    distance = ((digits.test.images[:2000, None] - means) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == digits.test.cls[:2000]).mean() > 0.5
    first = (tmp_path / "stand-in" / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes()
    shutil.rmtree(tmp_path / "stand-in")
    mnist.load(DataOptions(sample=True))
    assert (tmp_path / "stand-in" / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes() == first


def test_without_files_and_network_the_stand_in_takes_over(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))
    monkeypatch.setattr(mnist, "STAND_IN", tmp_path / "stand-in" / "mnist")
    monkeypatch.setattr(data, "DATASETS", tmp_path)
    options = DataOptions()
    mnist.load(options)
    said = capsys.readouterr().out
    assert "could not be downloaded" in said
    assert "cannot be reached" in said
    assert options.sources[0]["real"] is False


def test_a_data_folder_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("TFBOOK_DATA", "/nowhere/at/all")
    with pytest.raises(Problem, match=r"TFBOOK_DATA names /nowhere/at/all"):
        mnist.load(DataOptions())
