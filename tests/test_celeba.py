"""The CelebA reader: its drawn stand-in, folders of one's own, the crop, damaged files, what has to be downloaded."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from utils.data import DataOptions, celeba, drawn_faces
from utils.problems import Problem

NAMES = list(drawn_faces.ATTRIBUTES)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """Ninety-six drawn faces in a folder of their own."""
    return drawn_faces.make(tmp_path_factory.mktemp("celeba") / "96", 96)


def own_folder(place, pictures=90, listed=95):
    """Write `pictures` plain JPEGs of 178×218, number i of grey level i, and a list that names `listed` of them."""
    (place / celeba.PICTURES).mkdir(parents=True)
    lines = [str(listed), "Young Eyeglasses Male "]
    for number in range(listed):
        lines.append(f"{number:06}.jpg {1 if number % 2 else -1:2} {1 if number % 3 else -1:2} -1")
        if number < pictures:
            Image.new("RGB", celeba.SIZE, (number,) * 3).save(place / celeba.PICTURES / f"{number:06}.jpg")
    (place / celeba.LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def test_the_stand_in_is_laid_out_like_celeba(stand_in):
    assert sorted(path.name for path in stand_in.iterdir()) == [celeba.PICTURES, celeba.LIST]
    lines = (stand_in / celeba.LIST).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "96"
    assert lines[1].split() == NAMES
    assert lines[2].split()[0] == "000001.jpg"
    assert set(" ".join(lines[2].split()[1:]).split()) == {"1", "-1"}
    with Image.open(stand_in / celeba.PICTURES / "000096.jpg") as image:
        assert image.size == (178, 218)


def test_the_drawn_attributes_are_independent_but_for_hair():
    labels = drawn_faces.attributes(20_000)
    np.testing.assert_array_equal(labels[:50], drawn_faces.attributes(50))
    value = dict(zip(NAMES, labels.T, strict=True))
    colours = value["Black_Hair"] + value["Blond_Hair"] + value["Brown_Hair"]
    assert colours.max() == 1
    assert not (value["Bald"] & (colours | value["Bangs"])).any()
    assert (1 - colours[value["Bald"] == 0]).mean() == pytest.approx(0.15, abs=0.02)  # grey or red
    others = [name for name in NAMES if not name.endswith("_Hair") and name not in ("Bald", "Bangs")]
    correlation = np.corrcoef([value[name] for name in others]) - np.eye(len(others))
    assert abs(correlation).max() < 0.04  # a standard error is 0.007
    assert labels.mean(axis=0).min() > 0.15 and labels.mean(axis=0).max() < 0.55


def test_each_drawn_attribute_shows_in_the_picture_and_nothing_else_moves():
    """The same random numbers with one attribute turned: something visible changes, and less than the half."""
    base = np.array([name in ("Brown_Hair", "Male", "No_Beard", "Young") for name in NAMES], np.int64)
    for number, name in enumerate(NAMES):
        other = base.copy()
        other[number] = 1 - other[number]
        one, two = (
            celeba.crop(np.asarray(drawn_faces.draw(label, np.random.default_rng(3))), 48).astype(int)
            for label in (base, other)
        )
        changed = (abs(one - two).max(axis=2) > 25).mean()
        assert 0.002 < changed < 0.5, (name, changed)


def test_the_drawn_faces_differ_also_where_their_attributes_agree():
    label = drawn_faces.attributes(1)[0]
    faces = np.stack(
        [celeba.crop(np.asarray(drawn_faces.draw(label, np.random.default_rng(i))), 48) for i in range(12)]
    )
    again = celeba.crop(np.asarray(drawn_faces.draw(label, np.random.default_rng(3))), 48)
    np.testing.assert_array_equal(faces[3], again)
    assert faces.astype(float).std(axis=0).mean() > 25  # grey levels


def test_the_stand_in_is_read_split_and_announced(stand_in, monkeypatch, capsys):
    monkeypatch.setattr(celeba, "STAND_IN", stand_in.parent)
    options = DataOptions(sample=True)
    faces = celeba.load(options, size=48, drawn=96)
    assert [part.num_examples for part in (faces.train, faces.validation, faces.test)] == [60, 1, 35]
    assert options.sources[0]["name"] == "CelebA" and not options.sources[0]["real"]
    assert "CelebA: a stand-in" in capsys.readouterr().out
    assert options.readers == [faces.train, faces.validation, faces.test]
    np.testing.assert_array_equal(faces.train.labels, drawn_faces.attributes(96)[:60])
    assert faces.test.files[0].name == "000062.jpg"
    assert faces.train.pictures([3, 5]).shape == (2, 48, 48, 3)
    np.testing.assert_array_equal(faces.train.pictures(3)[0], celeba.read(faces.train.files[3], 48))


def test_batches_come_shuffled_and_go_on_from_a_position(stand_in, monkeypatch):
    monkeypatch.setattr(celeba, "STAND_IN", stand_in.parent)
    one, two = (celeba.load(DataOptions(sample=True), size=16, drawn=96).train for _ in range(2))
    batches = [one.next_batch(25) for _ in range(3)]  # the third takes 10 of this epoch and 15 of the next
    assert one.position == [1, 15]
    values, labels = batches[0]
    assert values.dtype == labels.dtype == np.float32
    assert values.min() >= -1 and values.max() <= 1
    found = [int(np.argmin(abs(celeba.as_values(two.pictures(np.arange(60))) - v).sum(axis=(1, 2, 3)))) for v in values]
    assert len(set(found)) == 25 and found != sorted(found)
    np.testing.assert_array_equal(labels, two.labels[found])
    two.position = [0, 50]
    np.testing.assert_array_equal(two.next_batch(25)[0], batches[2][0])
    with pytest.raises(ValueError, match="1 to 60"):
        one.next_batch(61)
    monkeypatch.setattr(celeba, "KEPT_BYTES", 0)  # a part that is too large for the memory reads its files each time
    large = celeba.load(DataOptions(sample=True), size=16, drawn=96).train
    np.testing.assert_array_equal(large.next_batch(25)[0], values)


def test_the_crop_is_that_of_attgan():
    picture = np.zeros((218, 178, 3), np.uint8)
    picture[26:196, 3:173] = 200
    assert celeba.crop(picture, 170).min() == 200
    assert celeba.crop(picture, 48).shape == (48, 48, 3)
    picture[26:111, 3:88, 0] = 10  # the upper left quarter
    small = celeba.crop(picture, 34)
    red = small[:, :, 0]  # bicubic: it swings beside an edge
    assert red[:16, :16].max() < 40 and red[18:].min() > 150 and red[:, 18:].min() > 150
    large = np.asarray(Image.fromarray(picture).resize((356, 436), Image.Resampling.NEAREST))
    wide = np.zeros((436, 1000, 3), np.uint8)
    wide[:, 322:678] = large  # a picture of another shape: its middle counts
    assert abs(celeba.crop(wide, 34).astype(int) - small).max() < 40
    grey = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(celeba.as_pictures(celeba.as_values(grey)), grey)


def test_a_folder_of_ones_own_is_read_by_the_names_of_the_columns(tmp_path):
    own_folder(tmp_path / "celeba")
    options = DataOptions(folder=tmp_path)
    faces = celeba.load(options, size=16, names=("Eyeglasses", "Young"))
    assert not options.sources[0]["real"] and "other faces" in options.sources[0]["source"]
    assert [part.num_examples for part in (faces.train, faces.validation, faces.test)] == [56, 1, 33]  # 5 are missing
    assert faces.train.labels[:4].tolist() == [[0, 0], [1, 1], [1, 0], [0, 1]]
    assert abs(faces.test.pictures(0).astype(int) - 57).max() <= 1
    assert celeba.status(tmp_path) == ("other", tmp_path / "celeba")
    with pytest.raises(Problem, match="no attribute Bald"):
        celeba.load(DataOptions(folder=tmp_path))


def test_the_archives_own_folders_will_do(tmp_path):
    own_folder(tmp_path)
    (tmp_path / "Anno").mkdir()
    (tmp_path / "Img").mkdir()
    (tmp_path / celeba.LIST).rename(tmp_path / "Anno" / celeba.LIST)
    (tmp_path / celeba.PICTURES).rename(tmp_path / "Img" / celeba.PICTURES)
    assert celeba.load(DataOptions(folder=tmp_path), size=16, names=("Male",)).train.num_examples == 56


def test_celeba_itself_is_split_as_attgan_splits_it(tmp_path, monkeypatch):
    """With the publisher's list replaced by a short one: 0 to 59, 60 to 69, and the rest."""
    own_folder(tmp_path, pictures=95)
    monkeypatch.setattr(celeba, "COUNT", 95)
    monkeypatch.setattr(celeba, "SPLIT", (60, 10))
    size = (tmp_path / celeba.LIST).stat().st_size
    monkeypatch.setitem(celeba.FILES, celeba.LIST, (size, celeba._sha256(tmp_path / celeba.LIST)))
    options = DataOptions(folder=tmp_path)
    faces = celeba.load(options, size=16, names=("Male",))
    assert options.sources == [{"name": "CelebA", "source": str(tmp_path), "real": True}]
    assert [part.num_examples for part in (faces.train, faces.validation, faces.test)] == [60, 10, 25]
    assert faces.test.files[0].name == "000070.jpg"
    assert celeba.status(tmp_path)[0] == "real"
    (tmp_path / celeba.PICTURES / "000003.jpg").unlink()
    options = DataOptions(folder=tmp_path)
    celeba.load(options, size=16, names=("Male",))
    assert not options.sources[0]["real"] and "94 of CelebA's faces" in options.sources[0]["source"]


def test_what_is_damaged_is_named(tmp_path):
    own_folder(tmp_path)
    faces = celeba.load(DataOptions(folder=tmp_path), size=16, names=("Male",))
    broken = faces.train.files[7]
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(Problem, match=r"000007\.jpg is missing or a damaged picture"):
        faces.train.pictures(7)
    lines = (tmp_path / celeba.LIST).read_text(encoding="utf-8").splitlines()
    lines[11] = "000009.jpg 1 0 1"
    (tmp_path / celeba.LIST).write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Problem, match=r"list_attr_celeba\.txt, line 12: .*3 times 1 or -1"):
        celeba.load(DataOptions(folder=tmp_path), names=("Eyeglasses",))
    (tmp_path / celeba.LIST).write_text("\n".join(lines[:9]), encoding="utf-8")
    with pytest.raises(Problem, match=r"7 of the pictures .* too few"):
        celeba.load(DataOptions(folder=tmp_path), names=("Male",))


def test_what_to_download_stands_in_one_line_and_the_stand_in_is_taken(tmp_path, stand_in, monkeypatch, capsys):
    with pytest.raises(Problem) as caught:
        celeba.fetch(tmp_path)
    text = str(caught.value)
    assert "\n" not in text
    for part in ("1,443,490,838 bytes", "46fb8944", "26,721,026 bytes", "f0e5da28", celeba.PAGE, "--data-dir"):
        assert part in text
    monkeypatch.delenv("TFBOOK_DOWNLOAD", raising=False)
    monkeypatch.setattr(celeba, "STAND_IN", stand_in.parent)
    monkeypatch.setattr(DataOptions, "folders", lambda self: [tmp_path])
    assert celeba.load(DataOptions(), size=16, drawn=96).folder == stand_in
    assert "not fetched by itself" in capsys.readouterr().out


def test_an_archive_put_there_is_checked_and_unpacked(tmp_path):
    place = tmp_path / "celeba"
    own_folder(place)
    with zipfile.ZipFile(place / celeba.ARCHIVE, "w") as archive:
        for path in sorted((place / celeba.PICTURES).iterdir()):
            archive.write(path, f"{celeba.PICTURES}/{path.name}")
            path.unlink()
    with pytest.raises(Problem, match=r"img_align_celeba\.zip is not the publisher's file"):
        celeba.fetch(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        for name in celeba.FILES:
            patch.setitem(celeba.FILES, name, ((place / name).stat().st_size, celeba._sha256(place / name)))
        assert celeba.fetch(tmp_path) == place
    assert sorted(path.name for path in place.iterdir()) == [celeba.PICTURES, celeba.LIST]
    assert len(list((place / celeba.PICTURES).iterdir())) == 90
