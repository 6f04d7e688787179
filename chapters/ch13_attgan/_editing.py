"""Which labels to ask AttGAN for, how well its edits do what they should, and the sheets that show them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils import checkpoints, paths, summaries
from utils.data.celeba import as_pictures
from utils.problems import Problem, WrongFlag

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")


def trained_settings() -> dict[str, Any]:
    """Return the settings, the preset and the data of the run of project 55 whose network is there.

    Problem where the folder lacks the file that holds them: without it the network cannot be built again.
    """
    folder = paths.checkpoints("p55")
    run = checkpoints.read_run(folder)
    if run is None:
        missing = paths.shown(folder / checkpoints.RUN_FILE)
        raise Problem(f"{missing} is missing: put it back beside the network, or run `python run.py p55` again")
    return run["settings"]


def attribute_number(names: list[str], wanted: str) -> int:
    """Return the place of the attribute `wanted` in `names`; WrongFlag where it is none of them."""
    places = [number for number, name in enumerate(names) if name.lower() == wanted.lower()]
    if not places:
        raise WrongFlag(f"--attribute {wanted}: there are {', '.join(names)}")
    return places[0]


def flipped(labels: np.ndarray, number: int, names: list[str]) -> np.ndarray:
    """Return `labels` [n, attributes], 0 or 1, with attribute `number` turned, and what cannot be beside it taken off.

    A bald head has no hair colour and no bangs; nobody has two hair colours.
    """
    changed = labels.copy()
    changed[:, number] = 1 - changed[:, number]
    name = names[number]
    if name == "Bald":
        excluded = [*HAIR, "Bangs"]
    elif name == "Bangs":
        excluded = ["Bald"]
    elif name in HAIR:
        excluded = ["Bald", *(other for other in HAIR if other != name)]
    else:
        excluded = []
    for other in excluded:
        if other in names:
            changed[changed[:, number] == 1, names.index(other)] = 0
    return changed


def wanted(labels: np.ndarray, names: list[str], thres_int: float, test_int: float) -> np.ndarray:
    """Return what the decoder is asked for: [1 + attributes, n, attributes].

    First the `labels` themselves, at ±`thres_int`, then each attribute flipped, that one at ±`test_int`.
    """
    asked = [(2 * labels - 1) * thres_int]
    for number in range(len(names)):
        asked.append((2 * flipped(labels, number, names) - 1) * thres_int)
        asked[-1][:, number] *= test_int / thres_int
    return np.stack(asked).astype(np.float32)


def slider(own: np.ndarray, number: int, strengths: Sequence[float]) -> np.ndarray:
    """Return the labels of one face, `own` [attributes], and then those with attribute `number` at each strength.

    float32 [1 + strengths, 1, attributes], as ``edits`` wants them.
    """
    asked = np.repeat(own[None, None], 1 + len(strengths), axis=0)
    asked[1:, 0, number] = strengths
    return asked.astype(np.float32)


def edits(sess: Any, editor: Any, pictures: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return `pictures` [n, …] with each of the labels that `asked` [k, n, attributes] wants: [k, n, …].

    `editor`: a ``models.Editor`` whose variables `sess` has restored.
    """
    count = len(asked)
    repeated = np.broadcast_to(pictures, (count, *pictures.shape)).reshape(-1, *pictures.shape[1:])
    made = editor.edit(sess, repeated, asked.reshape(-1, asked.shape[2]))
    return made.reshape(count, *pictures.shape)


def verdict(judge: Any, made: np.ndarray, labels: np.ndarray, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return for each attribute how often its edit takes effect, and how often the others stay: two of [attributes].

    `made`: the edited pictures [attributes, n, size, size, 3] of faces with `labels` [n, attributes]. An edit takes
    effect where the `judge` sees the new value. The others stay where it sees their true value, counted over those
    that the edit does not exclude.
    """
    took, stayed = [], []
    for number, pictures in enumerate(made):
        seen, aim = judge.sees(pictures), flipped(labels, number, names)
        took.append((seen[:, number] == aim[:, number]).mean())
        same = aim == labels
        stayed.append((seen == labels)[same].mean())
    return np.array(took), np.array(stayed)


def likeness(pictures: np.ndarray, made: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return PSNR in decibels and SSIM of each of the `made` pictures, uint8 [n, …]: two of [n]."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    pairs = list(zip(pictures, made, strict=True))
    psnr = [peak_signal_noise_ratio(one, other) for one, other in pairs]
    ssim = [structural_similarity(one, other, channel_axis=2) for one, other in pairs]
    return np.array(psnr), np.array(ssim)


def strips(pictures: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Return the book's sheet: in each row a face, a black gap, and what was made of it: uint8 [h, w, 3].

    `pictures`: [n, s, s, 3]; `made`: [k, n, s, s, 3]; values in [−1, 1]. The gap is a tenth of a picture wide.
    """
    count, size = pictures.shape[:2]
    gap = np.full((count, size, size // 10, 3), -1, np.float32)
    return as_pictures(np.concatenate([pictures, gap, *made], axis=2).reshape(count * size, -1, 3))


def save_png(ex: Any, path: Path, sheet: np.ndarray, step: int) -> None:
    """Write `sheet`, uint8 [h, w, 3], as a PNG in one piece, and into the TensorBoard log under ``samples``."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    Image.fromarray(sheet).save(part, "png")
    part.replace(path)
    ex.writer.add_summary(summaries.png("samples", path.read_bytes(), *sheet.shape[:2]), step)
