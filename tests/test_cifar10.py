"""The CIFAR-10 reader: its stand-in, folders of one's own, damaged files, the download; the queue input on it."""

import hashlib
import io
import shutil
import tarfile

import numpy as np
import pytest

from utils.data import DataOptions, cifar10, cifar10_stand_in, download
from utils.problems import Problem


@pytest.fixture(scope="module")
def stand_in():
    return cifar10.load(DataOptions(sample=True))


@pytest.fixture
def own_folder(tmp_path):
    """A folder with six valid files: 10,000 small records of one grey level each."""
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in cifar10.MD5:
        records = np.repeat(rng.integers(0, 256, (10_000, 1), dtype=np.uint8), cifar10.RECORD_BYTES, axis=1)
        records[:, 0] = np.arange(10_000) % 10
        records.tofile(folder / name)
    return folder


def test_the_stand_in_has_the_publishers_format(stand_in):
    assert [len(part.files) for part in (stand_in.train, stand_in.test)] == [5, 1]
    assert stand_in.train.images.shape == (50_000, 32, 32, 3)
    assert stand_in.train.images.dtype == np.uint8
    assert np.bincount(stand_in.train.labels).tolist() == [5_000] * 10
    assert np.bincount(stand_in.test.labels).tolist() == [1_000] * 10
    assert stand_in.names == list(cifar10_stand_in.NAMES)
    assert not stand_in.original


def test_the_stand_in_is_the_same_each_time_and_says_that_it_is_one(stand_in):
    records = cifar10_stand_in.records(10_000, seed=5)
    np.testing.assert_array_equal(records[:, 0], stand_in.test.labels)
    np.testing.assert_array_equal(
        records[:50, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), stand_in.test.images[:50]
    )
    options = DataOptions(sample=True)
    cifar10.load(options)
    assert [source["real"] for source in options.sources] == [False]


def test_a_linear_classifier_stays_far_below_what_a_network_learns(stand_in):
    """0.21 measured with 6,000 training pictures; the quick run of 44 gets to 0.5 in 60 steps."""
    from sklearn.linear_model import RidgeClassifier

    images, labels = stand_in.train.first(6_000)
    classifier = RidgeClassifier(alpha=100).fit(images.reshape(6_000, -1) / 255, labels)
    assert classifier.score(stand_in.test.images[:3_000].reshape(3_000, -1) / 255, stand_in.test.labels[:3_000]) < 0.35


def test_channels_and_rows_are_where_the_format_has_them(own_folder):
    record = np.arange(cifar10.RECORD_BYTES) % 251
    record[0] = 7
    content = np.fromfile(own_folder / "test_batch.bin", np.uint8).reshape(10_000, -1)
    content[3] = record
    content.tofile(own_folder / "test_batch.bin")
    test = cifar10.load(DataOptions(folder=own_folder.parent)).test
    assert test.labels[3] == 7
    for row, column, channel in ((0, 0, 0), (0, 5, 0), (2, 1, 1), (31, 31, 2)):
        assert test.images[3, row, column, channel] == (1 + 1024 * channel + 32 * row + column) % 251


def test_other_pictures_than_cifar10s_are_not_called_real(own_folder):
    for folder in (own_folder, own_folder.parent):  # the folder itself will do as well
        options = DataOptions(folder=folder)
        cifar10.load(options)
        assert options.sources == [
            {"name": "CIFAR-10", "source": f"other pictures than CIFAR-10's in {own_folder}", "real": False}
        ]
    assert cifar10.status(own_folder.parent) == ("other", own_folder)


def test_the_publishers_files_are_told_by_their_md5(own_folder, monkeypatch):
    sums = {name: hashlib.md5((own_folder / name).read_bytes()).hexdigest() for name in cifar10.MD5}
    monkeypatch.setattr(cifar10, "MD5", sums)
    options = DataOptions(folder=own_folder)
    assert cifar10.load(options).original
    assert options.sources == [{"name": "CIFAR-10", "source": str(own_folder), "real": True}]
    monkeypatch.setitem(sums, "data_batch_3.bin", "0" * 32)
    assert not cifar10.load(DataOptions(folder=own_folder)).original


def test_a_re_encoded_copy_is_real_but_not_called_the_publishers(own_folder, monkeypatch):
    train = np.concatenate(
        [np.fromfile(own_folder / name, np.uint8).reshape(-1, 3073) for name in list(cifar10.MD5)[:5]]
    )
    monkeypatch.setattr(cifar10, "CHANNEL_MEAN", [train[:, 1:].mean()] * 3)
    monkeypatch.setattr(cifar10, "CHANNEL_STD", [train[:, 1:].std()] * 3)
    options = DataOptions(folder=own_folder)
    assert not cifar10.load(options).original
    assert options.sources[0]["real"]
    assert options.sources[0]["name"] == "CIFAR-10 (re-encoded copy)"
    labels = np.fromfile(own_folder / "test_batch.bin", np.uint8).reshape(10_000, -1)
    labels[0, 0] = 1  # a class has one picture too many
    labels.tofile(own_folder / "test_batch.bin")
    assert cifar10.status(own_folder)[0] == "other"


def test_files_of_the_wrong_size_or_with_impossible_labels_are_named(own_folder):
    path = own_folder / "data_batch_4.bin"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(Problem, match=r"data_batch_4\.bin has 30,729,999 bytes, not 10,000 records of 3,073"):
        cifar10.load(DataOptions(folder=own_folder))
    path.write_bytes(b"\x0b" + content[1:])
    with pytest.raises(Problem, match=r"data_batch_4\.bin holds the label 11"):
        cifar10.load(DataOptions(folder=own_folder))


def test_an_incomplete_folder_is_not_taken(own_folder):
    (own_folder / "data_batch_2.bin").unlink()
    assert cifar10.status(own_folder.parent) == ("missing", None)


def test_the_archive_is_unpacked_and_removed(own_folder, tmp_path, monkeypatch):
    """With the download itself replaced: that one is tested in test_download.py."""
    target = tmp_path / "datasets"

    def fetch(urls, folder, name, *, sha256, size):
        folder.mkdir()
        with tarfile.open(folder / name, "w:gz", compresslevel=1) as tar:
            for path in sorted(own_folder.iterdir()):
                tar.add(path, f"{cifar10.FOLDER}/{path.name}")
        return folder / name

    monkeypatch.setattr(download, "fetch", fetch)
    assert cifar10.fetch(target) == target / cifar10.FOLDER
    assert cifar10.status(target)[0] == "other"
    assert [path.name for path in target.iterdir()] == [cifar10.FOLDER]


def test_an_archive_with_a_path_outside_leaves_nothing(tmp_path, monkeypatch):
    def fetch(urls, folder, name, *, sha256, size):
        with tarfile.open(folder / name, "w:gz") as tar:
            member = tarfile.TarInfo("../escaped.bin")
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        return folder / name

    monkeypatch.setattr(download, "fetch", fetch)
    with pytest.raises(Problem, match="leads outside its folder"):
        cifar10.fetch(tmp_path)
    assert not (tmp_path.parent / "escaped.bin").exists()
    assert not (tmp_path / cifar10.FOLDER).exists()


def test_without_a_network_the_stand_in_is_taken(monkeypatch, tmp_path, capsys):
    def fetch(folder):
        raise Problem("no mirror can be reached")

    monkeypatch.delenv("TFBOOK_DOWNLOAD", raising=False)
    monkeypatch.setattr(cifar10, "fetch", fetch)
    monkeypatch.setattr(DataOptions, "folders", lambda self: [tmp_path])
    options = DataOptions()
    cifar10.load(options)
    assert "no mirror can be reached" in capsys.readouterr().out
    assert not options.sources[0]["real"]


def test_a_reader_may_forbid_the_download(monkeypatch, tmp_path):
    monkeypatch.setenv("TFBOOK_DOWNLOAD", "no")
    monkeypatch.setattr(cifar10, "fetch", lambda folder: pytest.fail("tried to download"))
    monkeypatch.setattr(DataOptions, "folders", lambda self: [tmp_path])
    options = DataOptions()
    cifar10.load(options)
    assert not options.sources[0]["real"]


def test_a_stand_in_that_another_process_made_is_left_alone(tmp_path, capsys):
    made = tmp_path / "made"
    made.mkdir()
    (made / "mine").touch()
    assert cifar10_stand_in.make(made) == made
    assert [path.name for path in made.iterdir()] == ["mine"]
    shutil.rmtree(made)
