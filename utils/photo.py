"""Reading a photo of the reader's own, or one that a package ships."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from utils.problems import WrongFlag


def load_photo(path: str, flag: str = "--image") -> tuple[np.ndarray, str]:
    """Return a picture [height, width, 3], uint8, and a text that says where it comes from.

    `path`: a file in any format that Pillow reads; "" for china.jpg, which comes with scikit-learn. A photo is turned
    as its EXIF tag says, grey becomes three equal channels, and what is transparent becomes white. WrongFlag, which
    names the `flag`, where the file cannot be read as a picture.
    """
    if not path:
        return package_photo("china"), "china.jpg of scikit-learn"

    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(Path(path).expanduser()) as image:
                return _as_rgb(ImageOps.exif_transpose(image)), path
    except UnidentifiedImageError:
        problem = "not a picture (of a format that Pillow reads)"
    except Image.DecompressionBombError:
        problem = "too large a picture"
    except OSError as error:
        problem = error.strerror or f"a damaged picture ({error})"
    except (SyntaxError, ValueError) as error:  # what Pillow's readers raise for files that only begin well
        problem = f"a damaged picture ({error})"
    raise WrongFlag(f"{flag} {path}: {problem}")


def package_photo(name: str) -> np.ndarray:
    """Return a photo that comes inside a package, uint8 [height, width, 3].

    `name`: china or flower of scikit-learn; else a photo that lies in scikit-image itself (chelsea, coffee, camera,
    rocket, …; motorcycle is the left one of its stereo pair).
    """
    if name in ("china", "flower"):
        from sklearn.datasets import load_sample_image

        return load_sample_image(f"{name}.jpg")
    import skimage.data

    photo = skimage.data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(skimage.data, name)()
    return np.repeat(photo[:, :, None], 3, axis=2) if photo.ndim == 2 else photo


def _as_rgb(image: Any) -> np.ndarray:
    """Return Pillow's `image` as an array [height, width, 3], uint8."""
    from PIL import Image

    if image.mode in ("F", "I") or image.mode.startswith("I;"):  # grey with more than 8 bits
        values = np.asarray(image, np.float64)
        spread = values.max() - values.min()
        grey = (values - values.min()) / (spread or 1) * 255
        return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"))
