"""Recordings with their transcripts: THCHS-30, a folder of one's own, or sentences spoken by eSpeak NG.

THCHS-30 is the Mandarin corpus of Dong Wang and Xuewei Zhang, Tsinghua University (https://www.openslr.org/18/): about
34 hours read by 60 speakers, 16 kHz, 16-bit. Its archive unpacks to ``data_thchs30/`` with the folders ``train``,
``dev`` and ``test``; beside ``train/A11_0.wav`` lies ``A11_0.wav.trn``, whose first line is the transcript, or names
the file in ``data/`` that has it. The book's ``doc/trans/train.word.txt`` is read as well where it is there.

A folder of one's own has ``NAME.wav`` with ``NAME.trn`` or ``NAME.txt``: either all in one folder (a part of the
sentences is then held out), or in a folder ``train`` with held-out parts in folders beside it.

A wav is 16-bit PCM at any rate; several channels are averaged. One that is damaged or empty is named and left out.
"""

import hashlib
import re
import wave
from dataclasses import dataclass
from functools import partial
from math import gcd
from pathlib import Path

import numpy as np

from utils.data import DataOptions, download, locate, spoken, texts
from utils.paths import DATASETS, shown
from utils.problems import Problem

MIRRORS = (
    "https://www.openslr.org/resources/18/data_thchs30.tgz",
    "https://us.openslr.org/resources/18/data_thchs30.tgz",
    "https://openslr.elda.org/resources/18/data_thchs30.tgz",
    "https://openslr.magicdatatech.com/resources/18/data_thchs30.tgz",
)
ARCHIVE = "data_thchs30.tgz"
# OpenSLR publishes no hash. The size is the one that Kaldi's recipe for this corpus asks for, the MD5 the one that
# PaddleSpeech's asks for, the SHA-256 was written down in a public project that has the archive. An archive must fit
# all three (one that was put there by hand: size and MD5).
SIZE = 6_453_425_169
MD5 = "2d2252bde5c8429929e1841d4cb95e90"
SHA256 = "87e9231726af43b8ada6f84d2870fec4ebb23cb730439adbaacdc1dee77dbd1e"
FOLDER = "data_thchs30"
PARTS = {"train": 10_000, "dev": 893, "test": 2_495}  # recordings in each part of THCHS-30, as published
THCHS30_NAME = re.compile(r"[A-D]\d+_\d+")
STAND_IN = DATASETS / "stand-in" / "speech"
RATE = 16_000  # Hz, of what `samples` gives
HELD_OUT = 0.15  # the share of the sentences of an own folder without parts
NAMED = 20  # how many skipped files are named; the rest is counted


@dataclass(frozen=True)
class Utterance:
    """A recording and what is said in it. `count`: how many samples it has at 16 kHz."""

    name: str
    path: Path
    text: str
    count: int

    def samples(self) -> np.ndarray:
        """Return the recording: int16 [n], mono, 16 kHz. Problem where it cannot be read (any more)."""
        return read(self.path)


@dataclass(frozen=True)
class Speech:
    """A corpus: `name`, its `folder`, and its parts: ``train``, and one or more that are held out."""

    name: str
    folder: Path
    parts: dict[str, list[Utterance]]

    @property
    def held_out(self) -> dict[str, list[Utterance]]:
        """The parts that nothing may be trained on."""
        return {name: part for name, part in self.parts.items() if name != "train"}


def load(
    options: DataOptions | None = None,
    *,
    language: str = "mandarin",
    utterances: int = 500,
    least_bytes: int = 0,
    fetching: bool = False,
) -> Speech:
    """Return THCHS-30 or recordings of one's own, whichever is there, else sentences in `language` by eSpeak NG.

    `fetching`: download THCHS-30 (6.4 GB) before that last resort. `utterances`: that many sentences are spoken; of
    recordings at most that many are taken to train on, and a fifth of it from each held-out part (0: all).
    `least_bytes`: training recordings of THCHS-30 with smaller files are left out.
    """
    options = options or DataOptions()
    stand_in = partial(_stand_in, language, utterances or 1000)
    folder = locate(options, _places, _complete, fetch if fetching else _not_fetched, stand_in)
    speech = _read_folder(folder, least_bytes, options.seed)
    where = shown(folder)
    if STAND_IN in folder.parents:
        source = f"{language} sentences spoken by eSpeak NG in {where}; easy speech, no stand-in for THCHS-30"
        options.note("synthetic speech", source, real=False, ours=True)
        return speech
    if speech.name == "THCHS-30":
        found = {part: len(_wavs(folder / part)) for part in PARTS}
        if found == PARTS:
            options.note("THCHS-30", f"{where}, known by its layout and its numbers of recordings", real=True)
        else:
            counts = ", ".join(f"{part} {count:,}" for part, count in found.items())
            options.note("part of THCHS-30", f"{where} ({counts} recordings)", real=False, ours=True)
    else:
        options.note("own recordings", f"the reader's own, {where}", real=False, ours=True)
    return _limited(speech, utterances, options.seed)


def read(path: Path) -> np.ndarray:
    """Return a recording as int16 [n], mono, 16 kHz; Problem for what is no 16-bit PCM wav with sound in it."""
    try:
        with wave.open(str(path), "rb") as stream:
            channels, _, rate, _ = _check(stream, path)
            content = np.frombuffer(stream.readframes(stream.getnframes()), "<i2").reshape(-1, channels)
    except (OSError, EOFError, ValueError, RuntimeError, wave.Error) as error:
        raise Problem(f"{shown(path)}: {_reason(error)}") from None
    mono = content.mean(axis=1) if channels > 1 else content[:, 0]
    if rate != RATE:
        from scipy.signal import resample_poly

        divisor = gcd(RATE, rate)
        mono = resample_poly(mono.astype(np.float64), RATE // divisor, rate // divisor)
    return np.clip(np.rint(mono), -32768, 32767).astype(np.int16)


def fetch(folder: Path) -> Path:
    """Download the archive into `folder`, unpack it to ``folder/data_thchs30`` and return that."""
    target = folder / FOLDER
    if _complete(target):
        return target
    by_hand = (folder / ARCHIVE).exists()
    archive = download.fetch(MIRRORS, folder, ARCHIVE, sha256=SHA256, size=SIZE)
    _check_archive(archive, by_hand)
    download.install(archive, target, most_bytes=12_000_000_000)
    if not _complete(target):
        raise Problem(f"{shown(archive)} does not hold THCHS-30's layout: delete it and fetch it again")
    archive.unlink()
    return target


def status(folder: Path) -> tuple[str, Path | None]:
    """Return what `folder` holds (``real``, ``part``, ``own``, ``missing``) and where."""
    place = next((place for place in _places(folder) if _complete(place)), None)
    if place is None:
        return "missing", None
    if not _is_thchs30(place):
        return "own", place
    return ("real" if {part: len(_wavs(place / part)) for part in PARTS} == PARTS else "part"), place


def _check_archive(archive: Path, by_hand: bool) -> None:
    advice = f"delete it and fetch it again from {MIRRORS[0]}" if by_hand else "delete it, it is fetched again"
    size = archive.stat().st_size
    if size != SIZE:
        raise Problem(f"{shown(archive)} has {size:,} bytes, THCHS-30's archive {SIZE:,}: {advice}")
    digest = hashlib.md5(usedforsecurity=False)
    with archive.open("rb") as stream:
        while piece := stream.read(2**24):
            digest.update(piece)
    if digest.hexdigest() != MD5:
        raise Problem(f"{shown(archive)} is not the archive of THCHS-30 (MD5 {digest.hexdigest()}): {advice}")


def _not_fetched(folder: Path) -> Path:
    if (folder / ARCHIVE).exists():
        return fetch(folder)
    raise Problem("THCHS-30 (6.4 GB) is not here; `python run.py data speech` or --book fetches it")


def _stand_in(language: str, count: int) -> Path:
    folder = spoken.make(STAND_IN / f"{language}-{count}", language, count)
    if not _complete(folder):
        raise Problem(f"{shown(folder)} lacks files: delete it, it is made anew")
    return folder


def _places(folder: Path) -> tuple[Path, ...]:
    return folder / FOLDER, folder / "speech", folder


def _complete(folder: Path) -> bool:
    return _is_thchs30(folder) or bool(_wavs(folder)) or bool(_wavs(folder / "train"))


def _is_thchs30(folder: Path) -> bool:
    wavs = _wavs(folder / "train")
    named = bool(wavs) and THCHS30_NAME.fullmatch(_key(wavs[0])) is not None
    return named and all((folder / part).is_dir() for part in PARTS)


def _wavs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() == ".wav" and not path.name.startswith("."))


def _key(path: Path) -> str:
    return path.name.split(".", 1)[0]


def _read_folder(folder: Path, least_bytes: int, seed: int) -> Speech:
    thchs30 = _is_thchs30(folder)
    skipped: list[str] = []

    def part(place: Path) -> list[Utterance]:
        return _part(place, folder, least_bytes if thchs30 and place.name == "train" else 0, skipped)

    if _wavs(folder / "train"):
        names = PARTS if thchs30 else ["train", *(p.name for p in sorted(folder.iterdir()) if p.name != "train")]
        parts = {name: part(folder / name) for name in names if _wavs(folder / name)}
    else:
        parts = {"train": part(folder)}
    for line in skipped[:NAMED]:
        print(f"skipped {line}")
    if len(skipped) > NAMED:
        print(f"skipped {len(skipped) - NAMED:,} more")
    parts = {name: found for name, found in parts.items() if found}
    if not parts.get("train"):
        raise Problem(
            f"{shown(folder)}: no recording to train on is left ({len(skipped)} skipped); each NAME.wav (16-bit PCM) "
            "needs a NAME.trn or NAME.txt with what is said in it"
        )
    if len(parts) == 1:
        parts = _split(parts["train"], folder, seed)
    return Speech("THCHS-30" if thchs30 else "speech", folder, parts)


def _part(place: Path, folder: Path, least_bytes: int, skipped: list[str]) -> list[Utterance]:
    listed = _listed(place, folder)
    found = []
    for path in _wavs(place):
        if path.stat().st_size < least_bytes:
            continue
        try:
            count = _length(path)
            text = listed.get(_key(path)) or _transcript(path, folder)
        except Problem as problem:
            skipped.append(str(problem))
            continue
        found.append(Utterance(_key(path), path, text, count))
    return found


def _length(path: Path) -> int:
    """Return the number of samples at 16 kHz, from the header; Problem where the file cannot be used."""
    try:
        with wave.open(str(path), "rb") as stream:
            channels, width, rate, count = _check(stream, path)
    except (OSError, EOFError, ValueError, RuntimeError, wave.Error) as error:
        raise Problem(f"{shown(path)}: {_reason(error)}") from None
    if path.stat().st_size < count * channels * width:
        raise Problem(f"{shown(path)}: the file is cut off")
    return -(-count * RATE // rate)


def _check(stream: wave.Wave_read, path: Path) -> tuple[int, int, int, int]:
    channels, width, rate, count, _, _ = stream.getparams()
    if width != 2:
        raise Problem(f"{shown(path)}: {8 * width}-bit samples; save it as 16-bit PCM")
    if rate < 1 or not count:
        raise Problem(f"{shown(path)}: no sound in it" if rate else f"{shown(path)}: the header states no rate")
    return channels, width, rate, count


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"no 16-bit PCM wav ({str(error) or 'the file is empty or ends in its header'})"


def _listed(place: Path, folder: Path) -> dict[str, str]:
    """Return the transcripts of ``doc/trans/<part>.word.txt``: lines of a name and, after the first space, the text."""
    for base in (folder, folder.parent):
        path = base / "doc" / "trans" / f"{place.name}.word.txt"
        if path.is_file():
            lines = (line.split(maxsplit=1) for line in texts.read(path).splitlines())
            return {words[0]: words[1].strip() for words in lines if len(words) == 2}
    return {}


def _transcript(wav: Path, folder: Path) -> str:
    names = (f"{wav.name}.trn", f"{wav.stem}.trn", f"{wav.name}.txt", f"{wav.stem}.txt")
    path = next((wav.with_name(name) for name in names if wav.with_name(name).is_file()), None)
    if path is None:
        raise Problem(f"{shown(wav)}: no transcript ({wav.stem}.trn or {wav.stem}.txt) beside it")
    line = texts.read(path).lstrip().splitlines()[0].strip()
    target = (path.parent / line).resolve() if line.endswith(".trn") else path
    if target != path:  # what was a link in the corpus is a file with the path in it
        if not target.is_relative_to(folder.resolve()):
            raise Problem(f"{shown(path)} points to {line}, outside {shown(folder)}")
        line = texts.read(target).lstrip().splitlines()[0].strip()
    return line.replace(" l =", "")  # a slip in a few transcripts of THCHS-30, which its recipes take out as well


def _split(utterances: list[Utterance], folder: Path, seed: int) -> dict[str, list[Utterance]]:
    """Hold out a part of the sentences: what is said in a held-out recording is said in none to train on."""
    said = sorted({utterance.text for utterance in utterances})
    if len(said) < 2:
        raise Problem(f"{shown(folder)} has one sentence only: add recordings of other sentences to test on")
    order = np.random.default_rng(seed).permutation(len(said))
    apart = {said[place] for place in order[: max(1, round(HELD_OUT * len(said)))]}
    return {
        "train": [utterance for utterance in utterances if utterance.text not in apart],
        "held-out-texts": [utterance for utterance in utterances if utterance.text in apart],
    }


def _limited(speech: Speech, most: int, seed: int) -> Speech:
    def some(name: str, part: list[Utterance]) -> list[Utterance]:
        limit = most if name == "train" else max(1, most // 5)
        if not most or len(part) <= limit:
            return part
        chosen = np.random.default_rng(seed).choice(len(part), limit, replace=False)
        return [part[place] for place in sorted(chosen)]

    return Speech(speech.name, speech.folder, {name: some(name, part) for name, part in speech.parts.items()})
