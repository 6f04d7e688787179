"""The reader of recordings: what eSpeak NG spoke, THCHS-30's layout, own folders, damaged files, the archive."""

import hashlib
import io
import tarfile
import wave

import numpy as np
import pytest

from utils.data import DataOptions, download, speech, spoken
from utils.problems import Problem


def write(path, samples, rate=16_000, channels=1, width=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as stream:
        stream.setparams((channels, width, rate, 0, "NONE", ""))
        stream.writeframes(np.asarray(samples, {1: np.uint8, 2: "<i2"}[width]).tobytes())


def tone(hertz=440, seconds=0.5, rate=16_000):
    return np.rint(10_000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate))


@pytest.fixture
def own(tmp_path):
    """Eight recordings with a transcript each, half of them as .trn and half as .txt."""
    folder = tmp_path / "own"
    for number in range(8):
        write(folder / f"r{number}.wav", tone(300 + 50 * number))
        (folder / f"r{number}.{'trn' if number % 2 else 'txt'}").write_text(f"sentence {number}\n", encoding="utf-8")
    return folder


@pytest.fixture
def thchs30(tmp_path):
    """THCHS-30's layout with a few recordings; in the parts the transcripts are pointers into ``data``."""
    folder = tmp_path / "data_thchs30"
    for part, names in {"train": ("A11_0", "A11_1"), "dev": ("A11_2",), "test": ("D4_750",)}.items():
        for name in names:
            for place in (part, "data"):
                write(folder / place / f"{name}.wav", tone())
            (folder / part / f"{name}.wav.trn").write_text(f"../data/{name}.wav.trn\n", encoding="utf-8")
            text = f"绿 是 {name}\nlv4 shi4\nl v4 sh ix4\n"
            (folder / "data" / f"{name}.wav.trn").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    return spoken.make(tmp_path_factory.mktemp("spoken") / "mandarin-9", "mandarin", 9)


def test_what_espeak_speaks_is_laid_out_like_recordings_of_ones_own(stand_in, tmp_path, monkeypatch):
    corpus = speech.load(DataOptions(folder=stand_in), language="english")
    assert {name: len(part) for name, part in corpus.parts.items()} == {
        "train": 8,
        "held-out-texts": 1,
        "held-out-voices": 1,
    }
    said = {name: {one.text for one in part} for name, part in corpus.parts.items()}
    assert not said["train"] & said["held-out-texts"]
    assert said["held-out-texts"] == said["held-out-voices"]
    voices = {name: {one.name[:2] for one in part} for name, part in corpus.parts.items()}
    assert not voices["train"] & voices["held-out-voices"]
    for one in corpus.parts["train"]:
        assert 16_000 < one.count < 64_000  # two seconds or so
        assert one.count == len(one.samples())
        assert 1_000 < np.abs(one.samples()).max() < 32_768


def test_it_sounds_the_same_each_time(stand_in, tmp_path):
    again = spoken.make(tmp_path / "mandarin-9", "mandarin", 9)
    files = sorted(path.relative_to(again) for path in again.rglob("*.*"))
    assert len(files) == 20
    for file in files:
        assert (again / file).read_bytes() == (stand_in / file).read_bytes()
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("language", spoken.LANGUAGES)
def test_sentences_differ_and_are_always_the_same(language):
    said = spoken.sentences(language, 500)
    assert len(set(said)) == 500
    assert said == spoken.sentences(language, 500)
    with pytest.raises(ValueError, match="has 2 to"):
        spoken.sentences(language, 100_000)


def test_a_synthesis_that_fails_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(spoken.LANGUAGES, "klingon", spoken.LANGUAGES["english"])  # the process that speaks has it not
    with pytest.raises(Problem, match=r"eSpeak NG could not speak the sentences: KeyError: 'klingon'$"):
        spoken.make(tmp_path / "x", "klingon", 5)
    assert [path.name for path in tmp_path.iterdir()] == [".x.lock"]


def test_an_own_folder_is_read_and_sentences_are_held_out(own):
    options = DataOptions(folder=own)
    corpus = speech.load(options)
    assert [len(part) for part in corpus.parts.values()] == [7, 1]
    assert {one.text for part in corpus.parts.values() for one in part} == {f"sentence {n}" for n in range(8)}
    assert options.sources[0]["real"] is False
    assert options.sources[0]["ours"] is True
    assert speech.status(own) == ("own", own)
    np.testing.assert_array_equal(speech.read(own / "r3.wav"), tone(450))


def test_the_same_sentence_is_never_on_both_sides(own):
    for number in range(8):
        for path in own.glob(f"r{number}.t*"):
            path.write_text(f"sentence {number % 4}", encoding="utf-8")
    parts = speech.load(DataOptions(folder=own)).parts
    assert not {one.text for one in parts["train"]} & {one.text for one in parts["held-out-texts"]}
    assert len(parts["held-out-texts"]) == 2


def test_own_parts_are_kept_and_the_number_can_be_limited(own):
    for name in ("train", "mine"):
        (own / name).mkdir()
    for number in range(8):
        for path in own.glob(f"r{number}.*"):
            path.rename(own / ("train" if number < 6 else "mine") / path.name)
    parts = speech.load(DataOptions(folder=own), utterances=5).parts
    assert {name: len(part) for name, part in parts.items()} == {"train": 5, "mine": 1}


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
def test_any_rate_is_brought_to_16_khz(tmp_path, rate):
    write(tmp_path / "a.wav", tone(440, 1.0, rate), rate)
    samples = speech.read(tmp_path / "a.wav").astype(float)
    assert len(samples) == 16_000
    assert np.abs(np.fft.rfft(samples)).argmax() == 440  # Hz: the recording is a second long
    middle = slice(2_000, -2_000)
    assert np.abs(samples - tone(440, 1.0))[middle].max() < 50  # of 10,000; the two ends ring


def test_channels_are_averaged(tmp_path):
    write(tmp_path / "a.wav", np.stack([np.full(100, 300), np.full(100, 100)], 1), channels=2)
    np.testing.assert_array_equal(speech.read(tmp_path / "a.wav"), np.full(100, 200))


def test_unusable_files_are_named_and_skipped(own, capsys):
    (own / "r0.wav").write_bytes(b"")
    (own / "r1.wav").write_bytes(b"this is no RIFF file, whatever its name says" * 9)
    (own / "r2.wav").write_bytes((own / "r3.wav").read_bytes()[:5_000])
    write(own / "r4.wav", [])
    write(own / "r5.wav", np.full(500, 128), width=1)
    (own / "r6.txt").unlink()
    (own / "r7.trn").write_text(" \n", encoding="utf-8")
    write(own / "r8.wav", tone())
    (own / "r8.txt").write_text("another sentence", encoding="utf-8")
    corpus = speech.load(DataOptions(folder=own))
    assert sum(len(part) for part in corpus.parts.values()) == 2
    said = capsys.readouterr().out
    for name, reason in {
        "r0.wav": "the file is empty",
        "r1.wav": "no 16-bit PCM wav",
        "r2.wav": "cut off",
        "r4.wav": "no sound in it",
        "r5.wav": "8-bit samples; save it as 16-bit PCM",
        "r6.wav": "no transcript",
        "r7.trn": "is empty",
    }.items():
        assert [line for line in said.splitlines() if line.startswith("skipped") and name in line and reason in line]


def test_nothing_left_is_one_clear_line(own):
    for path in own.glob("*.wav"):
        path.write_bytes(b"RIFF")
    with pytest.raises(Problem, match=r"no recording to train on is left \(8 skipped\); each NAME\.wav"):
        speech.load(DataOptions(folder=own))


def test_one_sentence_only_cannot_be_tested_on(own):
    for path in [*own.glob("*.trn"), *own.glob("*.txt")]:
        path.write_text("the same", encoding="utf-8")
    with pytest.raises(Problem, match="one sentence only"):
        speech.load(DataOptions(folder=own))


def test_thchs30_is_known_by_its_layout_and_numbers(thchs30, monkeypatch):
    for folder in (thchs30, thchs30.parent):
        options = DataOptions(folder=folder)
        corpus = speech.load(options)
        assert [one.text for one in corpus.parts["train"]] == ["绿 是 A11_0", "绿 是 A11_1"]
        assert list(corpus.parts) == ["train", "dev", "test"]
        assert options.sources[0]["name"] == "part of THCHS-30"
        assert options.sources[0]["real"] is False
    assert speech.status(thchs30.parent) == ("part", thchs30)
    monkeypatch.setattr(speech, "PARTS", {"train": 2, "dev": 1, "test": 1})
    options = DataOptions(folder=thchs30)
    speech.load(options)
    assert options.sources[0]["name"] == "THCHS-30"
    assert options.sources[0]["real"] is True
    assert speech.status(thchs30) == ("real", thchs30)


def test_thchs30s_list_of_transcripts_and_least_size(thchs30):
    listed = thchs30.parent / "doc" / "trans" / "train.word.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("A11_0 他 来 了\nA11_1 我 走\n", encoding="gb18030")
    corpus = speech.load(DataOptions(folder=thchs30))
    assert [one.text for one in corpus.parts["train"]] == ["他 来 了", "我 走"]
    write(thchs30 / "train" / "A11_1.wav", tone(seconds=1))
    corpus = speech.load(DataOptions(folder=thchs30), least_bytes=20_000)
    assert [one.name for one in corpus.parts["train"]] == ["A11_1"]


def test_a_transcript_that_points_outside_is_not_followed(thchs30, capsys):
    (thchs30.parent / "secret.trn").write_text("nothing to hear", encoding="utf-8")
    (thchs30 / "train" / "A11_0.wav.trn").write_text("../../secret.trn\n", encoding="utf-8")
    assert [one.name for one in speech.load(DataOptions(folder=thchs30)).parts["train"]] == ["A11_1"]
    assert "outside" in capsys.readouterr().out


@pytest.fixture
def archive(thchs30, tmp_path, monkeypatch):
    """An archive of the small THCHS-30 in a folder, taken for the real one."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        tar.add(thchs30, speech.FOLDER)
    target = tmp_path / "datasets" / speech.ARCHIVE
    target.parent.mkdir()
    target.write_bytes(content.getvalue())
    monkeypatch.setattr(speech, "SIZE", len(content.getvalue()))
    monkeypatch.setattr(speech, "MD5", hashlib.md5(content.getvalue()).hexdigest())
    return target


def test_the_archive_is_unpacked_and_removed(archive, monkeypatch):
    content = archive.read_bytes()
    archive.unlink()

    def fetch(urls, folder, name, *, sha256, size):
        (folder / name).write_bytes(content)
        return folder / name

    monkeypatch.setattr(download, "fetch", fetch)
    target = speech.fetch(archive.parent)
    assert speech.status(archive.parent) == ("part", target)
    assert [path.name for path in archive.parent.iterdir()] == [speech.FOLDER]


def test_an_archive_put_there_by_hand_is_checked_and_used(archive):
    content = archive.read_bytes()
    archive.write_bytes(content[:-1] + b"x")
    with pytest.raises(Problem, match="is not the archive of THCHS-30"):
        speech.fetch(archive.parent)
    archive.write_bytes(content[:-1])
    with pytest.raises(Problem, match="bytes, THCHS-30's archive"):
        speech.fetch(archive.parent)
    archive.write_bytes(content)
    corpus = speech.load(DataOptions(folder=archive.parent))  # no download is asked for
    assert corpus.name == "THCHS-30"


def test_six_gigabytes_are_fetched_only_on_request(tmp_path, stand_in, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(speech, "fetch", lambda folder: asked.append(folder) or stand_in)
    monkeypatch.setattr(spoken, "make", lambda folder, language, count: stand_in)
    monkeypatch.setattr(speech, "STAND_IN", stand_in.parent)
    monkeypatch.setattr("utils.data.DATASETS", tmp_path)
    monkeypatch.delenv("TFBOOK_DOWNLOAD", raising=False)
    options = DataOptions(folder=tmp_path)
    speech.load(options)
    assert not asked
    assert "--book fetches it" in capsys.readouterr().out
    assert options.sources[0]["name"] == "synthetic speech"
    assert options.sources[0]["real"] is False
    assert options.sources[0]["ours"] is True
    speech.load(DataOptions(folder=tmp_path), fetching=True)
    assert asked == [tmp_path]
