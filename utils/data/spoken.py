"""Speech for where there are no recordings: made-up sentences, Mandarin or English, spoken by eSpeak NG.

A folder of it has three parts. ``train``: sentences in eight voices. ``held-out-texts``: other sentences in the same
voices. ``held-out-voices``: those other sentences again, in three voices that ``train`` does not have. Each recording
is a ``NAME.wav`` (16 kHz, 16-bit, mono) with its ``NAME.txt``, as somebody would lay out recordings of their own.

It is easy speech: a formant synthesiser pronounces a word the same way every time, and the voices share their phonemes.

eSpeak NG goes on from the state that its last sentence left, so a folder is made by a process of its own: the same
sentences then sound the same each time, sample by sample.
"""

import ctypes
import math
import shutil
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from utils.paths import ROOT, shown
from utils.problems import Problem, disk_problem

RATE = 16_000  # Hz
HELD_OUT = 0.15  # the share of the sentences that no training recording says
TRAINING_VOICES = ("m1", "m2", "m3", "m4", "m5", "f1", "f2", "f3")
OTHER_VOICES = ("m6", "m7", "f4")
PARTS = ("train", "held-out-texts", "held-out-voices")
SPEED = (130, 211)  # words a minute, as eSpeak counts them
PITCH = (30, 71)  # of 0 to 100
NOISE = (20.0, 35.0)  # dB that the speech is louder than the white noise added to it


@dataclass(frozen=True)
class Language:
    """A voice of eSpeak NG and what it says: a sentence has one phrase of each slot, in this order."""

    voice: str
    joint: str
    slots: tuple[tuple[str, ...], ...]


# Mandarin: who, when, how, does what, with what. No two characters share both syllable and tone.
LANGUAGES = {
    "mandarin": Language(
        "cmn",
        "",
        (
            ("老师", "妈妈", "朋友", "学生", "医生", "我们", "孩子", "司机"),
            ("今天", "明天", "早上", "晚上", "周末", "下午", "后天"),
            ("想", "要", "会", "可以"),
            ("看", "买", "找", "画", "带", "洗"),
            ("苹果", "小狗", "手机", "地图", "雨伞", "书包", "牛奶", "红茶", "照片", "眼镜", "西瓜"),
        ),
    ),
    "english": Language(
        "en-us",
        " ",
        (
            ("the teacher", "my mother", "a doctor", "our friend", "the driver", "his sister", "the child"),
            ("will", "can", "must", "wants to", "likes to"),
            ("buy", "find", "draw", "carry", "wash", "see"),
            ("a red apple", "the little dog", "his new phone", "an old map", "some green tea", "her umbrella"),
            ("today", "tomorrow", "in the morning", "on sunday", "at noon"),
        ),
    ),
}


def sentences(language: str, count: int) -> list[str]:
    """Return `count` different sentences, always the same ones; ValueError for more than the slots give."""
    slots = LANGUAGES[language].slots
    sizes = [len(slot) for slot in slots]
    if not 2 <= count <= math.prod(sizes):
        raise ValueError(f"{language} has 2 to {math.prod(sizes):,} sentences, not {count:,}")
    chosen = np.random.default_rng(68).choice(math.prod(sizes), count, replace=False)
    places = zip(*np.unravel_index(chosen, sizes), strict=True)
    joint = LANGUAGES[language].joint
    return [joint.join(slot[place] for slot, place in zip(slots, one, strict=True)) for one in places]


def make(folder: Path, language: str, count: int) -> Path:
    """Write `count` sentences into the new `folder` (500 take some seconds and 36 MB) and return it.

    Of several processes that ask at once, one makes it and the others wait. Problem where eSpeak NG cannot be used.
    """
    sentences(language, count)  # first, so that a wrong count is an error of the caller
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if folder.exists():
                return folder
            print(f"eSpeak NG speaks {count} sentences into {shown(folder)} …", flush=True)
            scratch = folder.with_name(f".{folder.name}.part")  # what a killed process left lies in here
            shutil.rmtree(scratch, ignore_errors=True)
            command = [sys.executable, "-m", "utils.data.spoken", str(scratch.resolve()), language, str(count)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(scratch, ignore_errors=True)
                reason = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
                raise Problem(f"eSpeak NG could not speak the sentences: {reason}")
            scratch.rename(folder)
    except OSError as error:
        raise Problem(disk_problem(error) or f"{shown(folder)}: {error}") from None
    return folder


class Speaker:
    """eSpeak NG as the package ``espeakng-loader`` carries it, called through ctypes; one in a process."""

    def __init__(self) -> None:
        import espeakng_loader

        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        synchronous, give_an_error_instead_of_exiting = 2, 0x8000
        self.rate = self.library.espeak_Initialize(
            synchronous, 0, espeakng_loader.get_data_path().encode(), give_an_error_instead_of_exiting
        )
        if self.rate <= 0:
            raise Problem(f"eSpeak NG does not start with the data in {espeakng_loader.get_data_path()}")
        self._pieces: list[bytes] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._take)  # kept: the library holds only its address
        self.library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * count))
        return 0

    def say(self, text: str, voice: str, speed: int, pitch: int, seed: int = 0) -> np.ndarray:
        """Return `text` spoken in `voice` (as ``cmn+f3``): int16 samples, ``self.rate`` of them a second."""
        self._pieces.clear()
        if self.library.espeak_SetVoiceByName(voice.encode()):
            raise Problem(f"eSpeak NG has no voice {voice}")
        rate_parameter, pitch_parameter, utf8 = 1, 3, 1
        self.library.espeak_SetParameter(rate_parameter, speed, 0)
        self.library.espeak_SetParameter(pitch_parameter, pitch, 0)
        self.library.espeak_ng_SetRandSeed(ctypes.c_long(seed))  # of the breath in some voices
        content = text.encode()
        self.library.espeak_Synth(content, ctypes.c_size_t(len(content) + 1), 0, 1, 0, utf8, None, None)
        self.library.espeak_Synchronize()
        return np.frombuffer(b"".join(self._pieces), np.int16)


def _write(scratch: Path, language: str, count: int) -> None:
    from scipy.signal import resample_poly

    texts = sentences(language, count)
    held_out = max(1, round(HELD_OUT * count))
    parts = dict(zip(PARTS, (texts[held_out:], texts[:held_out], texts[:held_out]), strict=True))
    speaker = Speaker()
    divisor = math.gcd(RATE, speaker.rate)
    seed = 0
    for part, spoken in parts.items():
        (scratch / part).mkdir(parents=True)
        voices = OTHER_VOICES if part == "held-out-voices" else TRAINING_VOICES
        for number, text in enumerate(spoken):
            seed += 1
            rng = np.random.default_rng(seed)
            voice, speed, pitch = voices[number % len(voices)], int(rng.integers(*SPEED)), int(rng.integers(*PITCH))
            heard = speaker.say(text, f"{LANGUAGES[language].voice}+{voice}", speed, pitch, seed).astype(np.float64)
            if not len(heard):
                raise Problem(f"eSpeak NG says nothing for {text!r}")
            heard = resample_poly(heard, RATE // divisor, speaker.rate // divisor)
            heard += rng.standard_normal(len(heard)) * heard.std() / 10 ** (rng.uniform(*NOISE) / 20)
            name = scratch / part / f"{voice}_{number:04}"
            with wave.open(f"{name}.wav", "wb") as stream:
                stream.setparams((1, 2, RATE, 0, "NONE", ""))
                stream.writeframes(np.clip(np.rint(heard), -32768, 32767).astype("<i2").tobytes())
            Path(f"{name}.txt").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
