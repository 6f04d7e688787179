"""A trained network of examples 93 to 96 at work on a picture of the reader's: ``--image FILE``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _super_resolution_pictures import LUMA, as_pixels, detail_of

from utils import checkpoints, figures, paths
from utils.example import Example
from utils.photo import load_photo
from utils.problems import Problem
from utils.tf1 import tf

TILE = 128  # pixels: a large picture goes through the network in squares, so that it fits into the memory
MARGIN = 24  # how far neighbouring squares overlap; what a pixel farther away than that changes is not seen
LARGEST = 4_000_000  # pixels


def trained_settings(example: str) -> dict[str, Any]:
    """Return the settings of the last run of `example`; {} where there is none."""
    run = checkpoints.read_run(paths.checkpoints(example))
    return run["settings"] if run else {}


def saved_network(ex: Example, name: str) -> dict[str, Any]:
    """Return the JSON file `name` that `ex` saved beside its checkpoint; Problem where there is none."""
    path = paths.checkpoints(ex.id) / name
    if not path.exists():
        raise Problem(_nothing_trained(ex))
    return json.loads(path.read_text(encoding="utf-8"))


def _nothing_trained(ex: Example) -> str:
    folder = paths.shown(paths.checkpoints(ex.id))
    return f"no trained network in {folder}: `python run.py {ex.id}` makes one, then --image enlarges a picture with it"


def in_tiles(run: Callable[[np.ndarray], np.ndarray], picture: np.ndarray, factor: int) -> np.ndarray:
    """Return `picture` [h, w, c] enlarged square by square: [h · factor, w · factor, c].

    `run`: enlarges [1, h, w, c].
    """
    height, width, channels = picture.shape
    whole = np.empty((height * factor, width * factor, channels), np.float32)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            first = max(0, top - MARGIN), max(0, left - MARGIN)
            last = min(height, top + TILE + MARGIN), min(width, left + TILE + MARGIN)
            made = run(picture[None, first[0] : last[0], first[1] : last[1]])[0]
            inside = (slice(top * factor, (top + TILE) * factor), slice(left * factor, (left + TILE) * factor))
            start = (top - first[0]) * factor, (left - first[1]) * factor
            target = whole[inside]
            target[:] = made[start[0] : start[0] + target.shape[0], start[1] : start[1] + target.shape[1]]
    return whole


def enlarge_photo(
    ex: Example, checkpoint: str, smalls: Any, outputs: dict[str, Any], factor: int, white: float = 255
) -> None:
    """Enlarge the picture ``ex.image`` with the network that this example trained last, and save it as PNG files.

    `checkpoint`: the name under which it was saved. `smalls`: the tensor [b, h, w, c] to feed, with 1 or 3
    channels and values from 0 to `white`; `outputs`: name → the enlarged pictures, the network's last. Problem where
    nothing was trained yet, or the picture is too large. Nothing else of an earlier run is touched: neither result.json
    nor its log.
    """
    path = paths.checkpoints(ex.id) / checkpoint
    if not path.with_name(path.name + ".index").exists():
        raise Problem(_nothing_trained(ex))
    photo, _ = load_photo(ex.image)
    height, width = photo.shape[:2]
    if height * width > LARGEST:
        raise Problem(f"--image {ex.image}: {width}×{height} pixels are too many to enlarge, {LARGEST:,} at most")
    grey = smalls.shape[-1] == 1
    photo = (white / 255 * ((photo @ LUMA)[:, :, None] if grey else photo)).astype(np.float32)
    with ex.session() as sess:
        tf.train.Saver().restore(sess, str(path))
        made = {
            name: as_pixels(255 / white * in_tiles(sess.make_callable(tensor, [smalls]), photo, factor))
            for name, tensor in outputs.items()
        }
    made = {name: picture[:, :, 0] if grey else picture for name, picture in made.items()}
    *_, (ours, picture) = made.items()
    enlarged = ex.outputs / f"enlarged-{Path(ex.image).stem}.png"
    save_png(enlarged, picture)
    print(f"{ex.image}, {width}×{height} → {width * factor}×{height * factor}: {paths.shown(enlarged)}")

    edge = min(160, *picture.shape[:2])
    place = detail_of(np.repeat(picture[:, :, None], 3, 2) if grey else picture, edge)
    figure = figures.image_grid([one[place] for one in made.values()], list(made), columns=len(made), size=4)
    beside = enlarged.with_name(f"enlarged-{Path(ex.image).stem}-detail.png")
    figure.savefig(beside, dpi=100)
    print(f"a detail beside {', '.join(name for name in made if name != ours)}: {paths.shown(beside)}")


def save_png(path: Path, picture: np.ndarray) -> None:
    """Write `picture`, uint8 [h, w] or [h, w, 3], as a PNG in one piece."""
    from PIL import Image

    part = path.with_suffix(".part")
    Image.fromarray(picture).save(part, "png")
    part.replace(path)
