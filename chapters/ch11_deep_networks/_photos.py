"""The photos of 85 to 87: those that come inside scikit-image and scikit-learn, or one of the reader's own."""

from pathlib import Path

import numpy as np
from PIL import Image

from utils.photo import load_photo, package_photo


def photos(ex, names, path=""):
    """Return name → picture [h, w, 3], uint8, and note the source. `path`: the reader's own picture instead."""
    if path:
        picture, source = load_photo(path)
        ex.data.note("photo", source, real=False, ours=True)
        return {Path(path).stem: picture}
    ex.data.note("photos", "of scikit-image and scikit-learn; the book's were not published", real=False, ours=True)
    return {name: package_photo(name) for name in names}


def fit(picture, edge):
    """Return the picture with its longer edge `edge` pixels long, bicubic; as it is where `edge` is 0."""
    if not edge:
        return picture
    height, width = picture.shape[:2]
    scale = edge / max(height, width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
