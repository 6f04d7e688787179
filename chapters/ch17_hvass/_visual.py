"""What tutorials 07, 11 and 13 to 15 share: their photos, and pictures stretched, resized and drawn."""

from pathlib import Path
from typing import Any

import numpy as np

from utils.photo import load_photo, package_photo

PHOTOS = "photos"


def default_photos(ex: Any, names: list[str]) -> dict[str, np.ndarray]:
    """Return photos by name, uint8 [h, w, 3], and note where they come from.

    `names`: photos that ``utils.photo.package_photo`` knows.
    """
    found = {name: package_photo(name) for name in names}
    homes = {"scikit-learn" if name in ("china", "flower") else "scikit-image" for name in names}
    ex.data.note(PHOTOS, f"{', '.join(names)} of {' and '.join(sorted(homes))}", real=False, ours=True)
    return found


def own_photo(ex: Any, path: str, flag: str = "--image") -> dict[str, np.ndarray]:
    """Return the reader's picture in the file `path` by its name without ending, uint8 [h, w, 3].

    WrongFlag, which names the `flag`, where it cannot be read.
    """
    photo, source = load_photo(path, flag)
    ex.data.note(PHOTOS, f"the reader's own {source}", real=False, ours=True)
    return {Path(path).stem: photo}


def normalize_image(x: np.ndarray) -> np.ndarray:
    """Return `x` stretched to 0 … 1; all 0.5 where it is constant."""
    low, high = x.min(), x.max()
    return (x - low) / (high - low) if high > low else np.full_like(x, 0.5)


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return `image`, [h, w, 3] of 0 to 255, at another `size` (height, width): float32, rounded to 8 bit, Lanczos."""
    from PIL import Image

    picture = Image.fromarray(as_pixels(image))
    return np.asarray(picture.resize(size[::-1], Image.Resampling.LANCZOS), np.float32)


def fit_image(image: np.ndarray, max_size: int) -> np.ndarray:
    """Return `image` shrunk, where it is larger, until its longer edge is `max_size`: float32, sizes cut."""
    factor = max_size / max(image.shape[:2])
    if factor >= 1:
        return image.astype(np.float32)
    height, width = (max(1, int(edge * factor)) for edge in image.shape[:2])
    return resize_image(image, (height, width))


def as_pixels(image: np.ndarray) -> np.ndarray:
    """Return `image` clipped to 0 … 255 and rounded, uint8."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def brush_strokes(size: int, seed: int) -> np.ndarray:
    """Paint a style: thick strokes of nine colours along the swirls of a random field, uint8 [size, size, 3]."""
    from PIL import Image, ImageDraw

    random = np.random.default_rng(seed)
    palette = np.array(["12285c", "1e4fa0", "3b86c6", "8cc4de", "f2d24b", "f6a623", "e8e4c9", "0b1836", "5f9e6e"])
    scale = 2  # painted twice as large and shrunk, so that the strokes have smooth edges
    count = 9000
    places = random.uniform(0, 1, (count, 2))
    # The direction at a place: three waves, and swirls round four centres.
    angle = sum(np.sin(places @ random.normal(0, 5, 2) + random.uniform(0, 6)) for _ in range(3))
    for centre in random.uniform(0.1, 0.9, (4, 2)):
        away = places - centre
        distance = np.hypot(*away.T)
        around = np.arctan2(away[:, 1], away[:, 0]) + np.pi / 2
        angle = np.where(distance < 0.2, around, angle)
    # The colour follows the place too, so that strokes side by side belong together.
    shade = np.sin(places @ random.normal(0, 6, 2)) + np.sin(places @ random.normal(0, 6, 2)) + 2
    shade = shade / 4 * (len(palette) - 1) + random.normal(0, 1.1, count)
    colours = palette[np.clip(np.rint(shade), 0, len(palette) - 1).astype(int)]
    half = random.uniform(0.012, 0.03, count)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    widths = random.uniform(0.006, 0.014, count) * size * scale

    picture = Image.new("RGB", (size * scale, size * scale), f"#{palette[1]}")
    draw = ImageDraw.Draw(picture)
    ends = np.concatenate([places - half, places + half], axis=1) * size * scale
    for line, colour, width in zip(ends.tolist(), colours, widths, strict=True):
        draw.line(line, fill=f"#{colour}", width=max(1, round(width)))
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))
