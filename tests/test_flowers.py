"""The Flowers reader: its stand-in, the split, folders of one's own, damaged files, the download."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.data import DataOptions, download, flowers
from utils.problems import Problem, WrongFlag


@pytest.fixture(scope="module")
def stand_in():
    return flowers.load(DataOptions(sample=True))


def picture(path: Path, colour: tuple[int, int, int] = (200, 30, 90), size: tuple[int, int] = (12, 8)) -> Path:
    """Write a picture of one colour, in the format that the file's name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def archive_folder(tmp_path):
    """A folder with as many files in each class as the published archive has; most of them are empty."""
    folder = tmp_path / "flower_photos"
    for name, count in flowers.COUNTS.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            (folder / name / f"{number:04}.jpg").touch()
    (folder / "LICENSE.txt").touch()
    picture(folder / "roses" / "0003.jpg")
    return folder


def test_the_stand_in_is_laid_out_like_the_archive(stand_in):
    assert len(stand_in.names) == 5
    assert [len(part.files) for part in (stand_in.train, stand_in.validation)] == [200, 35]
    for part in (stand_in.train, stand_in.validation):
        assert set(part.labels) == set(range(5))
        for file, label in zip(part.files, part.labels, strict=True):
            path = Path(file)
            assert path.parent == stand_in.folder / stand_in.names[label]
            assert path.suffix == ".jpg"
    image = flowers.read(stand_in.train.files[0])
    assert image.shape == (256, 256, 3)
    assert image.dtype == np.uint8


def test_no_photo_of_the_stand_in_gives_pictures_to_both_sets(stand_in):
    train, validation = (
        {Path(file).stem.removeprefix(flowers.HELD_OUT).rsplit("-", 1)[0] for file in part.files}
        for part in (stand_in.train, stand_in.validation)
    )
    assert len(train) == 9
    assert len(validation) == 5
    assert not train & validation
    assert not {"motorcycle_left", "motorcycle_right"} & validation  # they show one motorcycle


def test_the_stand_in_is_the_same_each_time_and_says_that_it_is_one(stand_in, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(flowers, "STAND_IN", tmp_path / "again")
    options = DataOptions(sample=True)
    again = flowers.load(options)
    assert [source["real"] for source in options.sources] == [False]
    assert "stand-in" in capsys.readouterr().out
    for one, other in zip(stand_in.validation.files, again.validation.files, strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()


def test_the_real_pictures_are_split_as_slim_splits_them(archive_folder):
    options = DataOptions(folder=archive_folder.parent)
    data = flowers.load(options)
    assert options.sources == [{"name": "Flowers", "source": str(archive_folder), "real": True}]
    assert data.names == ["daisy", "dandelion", "roses", "sunflowers", "tulips"]
    assert [len(part.files) for part in (data.train, data.validation)] == [3320, 350]
    assert not set(data.train.files) & set(data.validation.files)
    assert np.bincount([*data.train.labels, *data.validation.labels]).tolist() == list(flowers.COUNTS.values())
    assert min(np.bincount(data.validation.labels)) > 30  # shuffled: each class is held out in part
    again = flowers.load(DataOptions(folder=archive_folder))  # the folder itself will do as well
    assert again.validation.files == data.validation.files
    assert flowers.status(archive_folder.parent) == ("real", archive_folder)
    np.testing.assert_allclose(flowers.read(archive_folder / "roses" / "0003.jpg")[4, 6], (200, 30, 90), atol=3)


def test_other_pictures_under_the_same_name_are_not_called_real(archive_folder):
    (archive_folder / "tulips" / "0000.jpg").unlink()
    options = DataOptions(folder=archive_folder.parent)
    data = flowers.load(options)
    assert not options.sources[0]["real"]
    assert len(data.validation.files) == 366
    assert flowers.status(archive_folder.parent)[0] == "other"


def test_half_an_archive_is_not_taken(archive_folder):
    for file in (archive_folder / "tulips").iterdir():
        file.unlink()
    assert flowers.status(archive_folder.parent) == ("missing", None)
    assert flowers.load(DataOptions(folder=archive_folder.parent, sample=True)).folder == flowers.STAND_IN


def test_any_folder_of_pictures_will_do(tmp_path):
    for number in range(12):
        picture(tmp_path / ("red" if number % 2 else "blue/deep") / f"{number}.{'PNG' if number % 3 else 'jpeg'}")
    picture(tmp_path / "alone.bmp")
    (tmp_path / "notes.txt").touch()
    options = DataOptions()
    data = flowers.load(options, images=str(tmp_path))
    assert options.sources[0]["ours"]
    assert not options.sources[0]["real"]
    assert len(data.train.files) == 12
    assert len(data.validation.files) == 1
    assert data.names == sorted(["blue", "red", tmp_path.name])
    deep = [label for file, label in zip(data.train.files, data.train.labels, strict=True) if "deep" in file]
    assert {data.names[label] for label in deep} == {"blue"}


def test_a_folder_without_pictures_is_a_wrong_flag(tmp_path, capsys):
    for folder, text in ((tmp_path / "none", "no such folder"), (tmp_path, "0 pictures")):
        with pytest.raises(WrongFlag) as caught:
            flowers.load(DataOptions(), images=str(folder))
        assert caught.value.code == 2
        assert text in capsys.readouterr().err


def test_a_damaged_picture_is_named(tmp_path):
    path = picture(tmp_path / "cut.jpg", size=(300, 300))
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(Problem, match=r"cut\.jpg is not a picture or a damaged one"):
        flowers.read(path)


def test_the_archive_is_unpacked_and_removed(archive_folder, tmp_path, monkeypatch):
    """With the download itself replaced: that one is tested in test_download.py."""
    target = tmp_path / "datasets"

    def fetch(urls, folder, name, *, sha256, size):
        folder.mkdir()
        with tarfile.open(folder / name, "w:gz", compresslevel=1) as tar:
            tar.add(archive_folder, flowers.FOLDER)
        return folder / name

    monkeypatch.setattr(download, "fetch", fetch)
    assert flowers.fetch(target) == target / flowers.FOLDER
    assert flowers.status(target) == ("real", target / flowers.FOLDER)
    assert [path.name for path in target.iterdir()] == [flowers.FOLDER]


def test_without_a_network_the_stand_in_is_taken(monkeypatch, tmp_path):
    def fetch(folder):
        raise Problem("no mirror can be reached")

    monkeypatch.delenv("TFBOOK_DOWNLOAD", raising=False)
    monkeypatch.setattr(flowers, "fetch", fetch)
    monkeypatch.setattr(DataOptions, "folders", lambda self: [tmp_path])
    options = DataOptions()
    assert flowers.load(options).folder == flowers.STAND_IN
    assert not options.sources[0]["real"]
