"""The weights that are published: where they are and how to know them."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from utils.data import download

KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"
RELEASES = "https://github.com/fchollet/deep-learning-models/releases/download/"  # where they were before
TENSORFLOW = ("https://storage.googleapis.com/download.tensorflow.org/", "http://download.tensorflow.org/")
FOLDER = "pretrained"  # in a data folder
MOST_BYTES = 100_000_000  # that an archive unpacks to


@dataclass(frozen=True)
class Published:
    """A file of weights.

    `name`: what Keras calls it on disk. `md5`: from tf_keras' own modules, which state no other hash. `size`: in bytes,
    as printed in public logs of downloads; None where none was found.
    `zip_sha256`: the file comes in a zip archive with this hash; `urls` and `size` are the archive's.
    """

    urls: tuple[str, ...]
    name: str
    md5: str
    size: int | None
    sha256: str = ""
    zip_sha256: str = ""

    def is_at(self, path: Path) -> bool:
        """Return whether the file `path` is this one, by its hash."""
        digest = hashlib.md5(usedforsecurity=False) if self.md5 else hashlib.sha256()
        with path.open("rb") as stream:
            while piece := stream.read(2**24):
                digest.update(piece)
        return digest.hexdigest() == (self.md5 or self.sha256)

    def fetch(self, folder: Path) -> Path:
        """Download the file into `FOLDER` in the data folder `folder` and return where; Problem where it fails."""
        place = folder / FOLDER
        if self.zip_sha256:
            archive = download.fetch(self.urls, place, f"{self.name}.zip", sha256=self.zip_sha256, size=self.size)
            with tempfile.TemporaryDirectory(prefix=f".{self.name}-", dir=place) as scratch:
                unpacked = download.unpack(archive, Path(scratch) / "archive", most_bytes=MOST_BYTES)
                (unpacked / self.name).replace(place / self.name)
            archive.unlink()
        else:
            download.fetch(self.urls, place, self.name, sha256=self.sha256, md5=self.md5, size=self.size)
        return place


def _file(folder: str, name: str, release: str, md5: str, size: int | None, sha256: str = "") -> Published:
    stem, dot, kind = name.rpartition(".")
    urls = (f"{KERAS}{folder}/{name}", f"{RELEASES}{release}/{name}")
    kept = f"{stem.lower().replace('-', '_')}{dot}{kind}"
    return Published(urls, kept, md5, size, sha256)


_KERNELS = "_weights_tf_dim_ordering_tf_kernels"
_RESNET = "inception_resnet_v2"

# By name, and whether the classifier is in it. The SHA-256 of VGG-19's two files were written down in a public project
# that has the files and compared their MD5 with Keras'; the first stands in another's Git LFS pointer too.
PUBLISHED = {
    ("vgg16", True): _file("vgg16", f"vgg16{_KERNELS}.h5", "v0.1", "64373286793e3c8b2b4e3219cbf3544b", 553_467_096),
    ("vgg16", False): _file(
        "vgg16", f"vgg16{_KERNELS}_notop.h5", "v0.1", "6d6bbae143d832006294945121d1f1fc", 58_889_256
    ),
    ("vgg19", True): _file(
        "vgg19",
        f"vgg19{_KERNELS}.h5",
        "v0.1",
        "cbe5617147190e668d6c5d5026f83318",
        574_710_816,
        "c872d82e40328910cd7a12763dae043d56eb00efe6a137f31899514d637d4cdb",
    ),
    ("vgg19", False): _file(
        "vgg19",
        f"vgg19{_KERNELS}_notop.h5",
        "v0.1",
        "253f8cb515780f3b799900260a226db6",
        80_134_624,
        "bde7da0dfd621cbf86e11ce04e4946a9a42634c2cfd21318bba090d860699e35",
    ),
    ("inception_v3", True): _file(
        "inception_v3", f"inception_v3{_KERNELS}.h5", "v0.5", "9a0d58056eeedaa3f26cb7ebd46da564", 96_112_376
    ),
    ("inception_v3", False): _file(
        "inception_v3", f"inception_v3{_KERNELS}_notop.h5", "v0.5", "bcbd6486424b2319ff4ef7d526e38f63", 87_910_968
    ),
    (_RESNET, True): _file(_RESNET, f"{_RESNET}{_KERNELS}.h5", "v0.7", "e693bd0210a403b3192acc6073ad2e96", None),
    (_RESNET, False): _file(
        _RESNET, f"{_RESNET}{_KERNELS}_notop.h5", "v0.7", "d19885ff4a710c122648d3b5c3b684e4", 219_055_592
    ),
    ("nasnet_mobile", True): _file(
        "nasnet", "NASNet-mobile.h5", "v0.8", "020fb642bf7360b370c678b08e0adf61", 24_227_760
    ),
    ("nasnet_mobile", False): _file(
        "nasnet", "NASNet-mobile-no-top.h5", "v0.8", "1ed92395b5b598bdda52abe5c0dbfd63", 19_993_432
    ),
    ("nasnet_large", True): _file("nasnet", "NASNet-large.h5", "v0.8", "11577c9a518f0070763c2b964a382f17", None),
    ("nasnet_large", False): _file(
        "nasnet", "NASNet-large-no-top.h5", "v0.8", "d81d89dc07e6e56530c4e77faddd61b5", 343_610_240
    ),
    # The archive's SHA-256 is from TensorFlow's own WORKSPACE file of 2017, the graph's from projects that have it.
    ("inception_5h", False): Published(
        tuple(f"{base}models/inception5h.zip" for base in TENSORFLOW),
        "tensorflow_inception_graph.pb",
        "",
        None,
        "a39b08b826c9d5a5532ff424c03a3a11a202967544e389aca4b06c2bd8aef63f",
        "d13569f6a98159de37e92e9c8ec4dae8f674fbf475f69fe6199b514f756d4364",
    ),
}
