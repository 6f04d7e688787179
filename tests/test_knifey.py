"""The Knifey-Spoony reader: its stand-in, the publisher's layout, folders of one's own, damaged files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.data import DataOptions, knifey
from utils.problems import Problem, WrongFlag


def picture(path: Path, size: tuple[int, int] = (12, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (200, 30, 90)).save(path)
    return path


@pytest.fixture
def archive_folder(tmp_path):
    """A folder with as many files as the published archive has; they are empty."""
    folder = tmp_path / knifey.FOLDER
    for name, counts in knifey.COUNTS.items():
        (folder / name / "test").mkdir(parents=True)
        for inside, count in zip(("", "test"), counts, strict=True):
            for number in range(count):
                (folder / name / inside / f"{name}-{number:04}.jpg").touch()
    return folder


@pytest.fixture
def own_folder(tmp_path):
    folder = tmp_path / "mine"
    for name in ("car", "bike"):
        for number in range(3):
            picture(folder / name / f"{number}.jpg")
        picture(folder / name / "test" / "0.JPEG")
    (folder / "notes").mkdir()  # no pictures: no class
    return folder


def test_the_stand_in_is_laid_out_like_the_archive(capsys):
    options = DataOptions(sample=True)
    data = knifey.load(options)
    assert "stand-in" in capsys.readouterr().out
    assert [source["real"] for source in options.sources] == [False]
    assert data.names == ["forky", "knifey", "spoony"]
    assert np.bincount(data.train.labels).tolist() == [100, 120, 200]
    assert np.bincount(data.test.labels).tolist() == [50, 50, 80]
    for file, label in zip(data.test.files, data.test.labels, strict=True):
        assert file.parent == data.folder / data.names[label] / "test"
    images = np.stack([knifey.read(file) for file in data.train.files[:20]])
    assert images.shape == (20, 200, 200, 3)
    assert images.dtype == np.uint8
    assert len(np.unique(images.reshape(20, -1), axis=0)) == 20  # no frame twice


def test_the_stand_in_is_drawn_the_same_each_time(tmp_path):
    for folder in ("one", "two"):
        knifey._videos(tmp_path / folder, "knifey", 10, 1, test=True)
    files = sorted((tmp_path / "one").iterdir())
    assert len(files) == 10
    for file in files:
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_the_publishers_folders_are_the_real_data(archive_folder):
    options = DataOptions(folder=archive_folder.parent)
    data = knifey.load(options)
    assert options.sources == [{"name": "Knifey-Spoony", "source": str(archive_folder), "real": True}]
    assert [len(part.files) for part in (data.train, data.test)] == [4170, 530]
    assert data.train.files == sorted(data.train.files)
    (archive_folder / "spoony" / "spoony-0000.jpg").unlink()
    options = DataOptions(folder=archive_folder.parent)
    knifey.load(options)
    assert not options.sources[0]["real"]


def test_the_list_of_files_has_names_as_seen_from_the_folder(own_folder, tmp_path):
    knifey.load(DataOptions(), str(own_folder)).save(tmp_path / "files.json")
    listed = json.loads((tmp_path / "files.json").read_text(encoding="utf-8"))
    assert listed["names"] == ["bike", "car"]
    assert listed["train"][:2] == [["bike/0.jpg", 0], ["bike/1.jpg", 0]]
    assert listed["test"] == [["bike/test/0.JPEG", 0], ["car/test/0.JPEG", 1]]


def test_a_folder_without_classes_or_test_pictures_is_a_wrong_flag(own_folder, tmp_path, capsys):
    (own_folder / "car" / "test" / "0.JPEG").unlink()
    for folder, text in (
        (tmp_path / "none", "no such folder"),
        (own_folder / "bike", "test lacks some"),
        (own_folder, "car lacks some"),
    ):
        with pytest.raises(WrongFlag) as caught:
            knifey.load(DataOptions(), str(folder))
        assert caught.value.code == 2
        assert text in capsys.readouterr().err


def test_without_the_archive_it_is_said_how_to_get_it(tmp_path):
    with pytest.raises(Problem, match=r"download https://github.com/\S+ and unpack it in"):
        knifey.fetch(tmp_path)


def test_a_damaged_picture_is_named(tmp_path):
    path = picture(tmp_path / "cut.jpg", (300, 300))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(Problem, match=r"cut\.jpg is not a picture or a damaged one"):
        knifey.read(path)
