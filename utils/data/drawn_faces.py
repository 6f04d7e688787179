"""A stand-in for CelebA in its own layout: faces drawn with Pillow, with the thirteen attributes that AttGAN edits.

Place, size, tilt and turn of the head, skin, hair, clothes, background, light and noise are drawn at random, so that
no pixel and no colour tells an attribute by itself. The attributes are independent of each other, but for hair: a bald
face has no colour of hair and no bangs, and black, blond and brown exclude each other. An attribute shows as a child
would draw it: whoever is not Male has long hair and red lips, whoever is not Young has wrinkles.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from utils.paths import shown
from utils.problems import Problem, disk_problem

ATTRIBUTES = (
    *("Bald", "Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Bushy_Eyebrows", "Eyeglasses", "Male"),
    *("Mouth_Slightly_Open", "Mustache", "No_Beard", "Pale_Skin", "Young"),
)
WIDTH, HEIGHT = 178, 218  # pixels, as CelebA's aligned pictures
PICTURES, LIST = "img_align_celeba", "list_attr_celeba.txt"

_SHARE = {"Bald": 0.2, "Bangs": 0.4, "Bushy_Eyebrows": 0.5, "Eyeglasses": 0.4, "Male": 0.5, "Mouth_Slightly_Open": 0.5}
_SHARE |= {"Mustache": 0.4, "No_Beard": 0.5, "Pale_Skin": 0.4, "Young": 0.5}
_OTHER_HAIR = 0.15  # the share of the hair that is neither black nor blond nor brown
_HAIR = {"Black_Hair": (28, 24, 26), "Blond_Hair": (222, 188, 108), "Brown_Hair": (112, 68, 38)}
_OTHER = ((150, 150, 152), (186, 78, 40))  # grey and red
_SKINS = ((224, 172, 138), (205, 150, 112), (176, 122, 86), (140, 92, 62))
_PALE = (248, 232, 224)
_EYES = ((70, 48, 32), (60, 100, 140), (70, 110, 70))
_FRAMES = ((24, 24, 28), (90, 30, 30), (40, 50, 110))
_CENTRE = (89, 120)  # of the head
_MARGIN = 24  # drawn round the picture, so that a tilted one has no empty corners
_FINE = 2  # drawn so many times as large, then reduced


def make(folder: Path, count: int) -> Path:
    """Write `count` faces, ``img_align_celeba/000001.jpg`` …, and their list into the new `folder`, and return it.

    The same faces each time. Of several processes that ask at once, one makes them and the others wait.
    """
    scratch = folder.with_name(f".{folder.name}.part")  # what a killed process left lies in here
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if folder.exists():
                return folder
            print(f"drawing {count:,} faces in CelebA's place in {shown(folder)} …", flush=True)
            shutil.rmtree(scratch, ignore_errors=True)
            (scratch / PICTURES).mkdir(parents=True)
            labels = attributes(count)
            lines = [str(count), " ".join(ATTRIBUTES)]
            for number, label in enumerate(labels, start=1):
                name = f"{number:06}.jpg"
                picture = draw(label, np.random.default_rng([13, number]))
                picture.save(scratch / PICTURES / name, quality=90)
                lines.append(f"{name} " + " ".join(f"{2 * value - 1:2}" for value in label))
            (scratch / LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")
            scratch.rename(folder)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise Problem(disk_problem(error) or f"{shown(folder)}: {error}") from None
    return folder


def attributes(count: int) -> np.ndarray:
    """Return the attributes of `count` faces: int64 [count, 13], 0 or 1, in the order of ``ATTRIBUTES``.

    The first n of them are the same for any `count` from n on.
    """
    values = np.random.default_rng(13).random((count, len(ATTRIBUTES) + 1))
    column = {name: number for number, name in enumerate(ATTRIBUTES)}
    labels = np.zeros((count, len(ATTRIBUTES)), np.int64)
    for name, share in _SHARE.items():
        labels[:, column[name]] = values[:, column[name]] < share
    hair = np.minimum(values[:, -1] / (1 - _OTHER_HAIR) * 3, 3).astype(int)  # 0, 1, 2: a colour of _HAIR; 3: another
    for number, name in enumerate(_HAIR):
        labels[:, column[name]] = hair == number
    bald = labels[:, column["Bald"]] == 1
    for name in ("Bangs", *_HAIR):
        labels[bald, column[name]] = 0
    return labels


def draw(label: np.ndarray, rng: np.random.Generator) -> Any:
    """Return a face with the attributes `label`, [13] of 0 or 1, as Pillow's image of 178×218; the rest is `rng`'s."""
    from PIL import Image, ImageDraw

    face = dict(zip(ATTRIBUTES, label, strict=True))
    size = (_FINE * (WIDTH + 2 * _MARGIN), _FINE * (HEIGHT + 2 * _MARGIN))
    corners = rng.integers(20, 236, (2, 2, 3), dtype=np.uint8)  # the background's colours
    canvas = Image.fromarray(corners).resize((64, 64), Image.Resampling.BILINEAR)
    canvas = canvas.resize(size, Image.Resampling.NEAREST)
    _Face(ImageDraw.Draw(canvas), face, rng).draw()

    angle, scale = np.deg2rad(rng.uniform(-8, 8)), rng.uniform(0.92, 1.08) / _FINE
    shift = np.array(_CENTRE) + rng.uniform(-4, 4, 2)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    offset = _FINE * (np.array(_CENTRE) + _MARGIN) - turn @ shift
    matrix = (*turn[0], offset[0], *turn[1], offset[1])
    small = canvas.transform((WIDTH, HEIGHT), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)

    grain = rng.normal(128, 0.03 * 255, (HEIGHT // 2, WIDTH // 2)).clip(0, 255).astype(np.uint8)
    grain = Image.fromarray(grain).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    light = (rng.uniform(0.75, 1.03) * rng.uniform(0.96, 1.04, 3)).astype(np.float32)
    values = np.asarray(small, np.float32) * light + (np.asarray(grain, np.float32)[:, :, None] - 128)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


class _Face:
    """One face on a canvas. Coordinates are those of an aligned picture of CelebA: eyes at (69, 112) and (109, 112)."""

    def __init__(self, canvas: Any, face: dict[str, int], rng: np.random.Generator) -> None:
        self.canvas, self.face, self.rng = canvas, face, rng
        self.turn = rng.uniform(-4, 4)
        self.skin = self._near(_PALE if face["Pale_Skin"] else _SKINS[rng.integers(len(_SKINS))], 6)
        self.shade = tuple(int(0.68 * value) for value in self.skin)
        self.wrinkle = tuple(int(0.55 * value) for value in self.skin)
        named = [name for name in _HAIR if face[name]]
        self.hair = self._near(_HAIR[named[0]] if named else _OTHER[rng.integers(len(_OTHER))], 9)
        self.beard = self._near((50, 38, 32), 7)

    def _near(self, colour: Any, spread: float) -> tuple[int, ...]:
        return tuple(int(value) for value in (np.array(colour) + self.rng.normal(0, spread, 3)).clip(0, 255))

    @staticmethod
    def _at(points: Any, move: float = 0.0) -> list[tuple[float, float]]:
        return [(_FINE * (x + move + _MARGIN), _FINE * (y + _MARGIN)) for x, y in points]

    def _oval(self, left: float, top: float, right: float, bottom: float, fill: Any, move: float = 0.0) -> None:
        self.canvas.ellipse(self._at([(left, top), (right, bottom)], move), fill)

    def _shape(self, points: Any, fill: Any, move: float = 0.0) -> None:
        self.canvas.polygon(self._at(points, move), fill)

    def _line(self, points: Any, fill: Any, width: float, move: float = 0.0) -> None:
        self.canvas.line(self._at(points, move), fill, round(_FINE * width), joint="curve")

    def draw(self) -> None:
        """Draw from behind to the front."""
        self._body()
        self._head()
        self._hair()
        self._eyes()
        self._nose_and_mouth()

    def _body(self) -> None:
        long_hair = not (self.face["Bald"] or self.face["Male"])
        if long_hair:
            self._oval(33, 44, 145, 170, self.hair)
            self._shape([(33, 107), (145, 107), (149, 214), (29, 214)], self.hair)
        neck = 26 if self.face["Male"] else 19
        self._shape([(89 - neck, 160), (89 + neck, 160), (89 + neck, 215), (89 - neck, 215)], self.shade)
        self._oval(10, 196, 168, 300, self._near(self.rng.integers(20, 236, 3), 0))

    def _head(self) -> None:
        for left in (39, 127):
            self._oval(left, 106, left + 12, 132, self.skin)
        if self.face["Male"]:
            self._oval(44, 52, 134, 178, self.skin)
            self._oval(50, 104, 128, 189, self.skin)
            self._shape([(50, 140), (128, 140), (118, 176), (60, 176)], self.skin)
        else:
            self._oval(46, 52, 132, 172, self.skin)
            self._shape([(51, 138), (127, 138), (98, 183), (80, 183)], self.skin)
            self._oval(76, 164, 102, 186, self.skin)
        if not self.face["No_Beard"]:
            wide = 36 if self.face["Male"] else 31
            self._shape([(89 - wide, 142), (89 + wide, 142), (111, 180), (89, 189), (67, 180)], self.beard)
            self._oval(68, 128, 110, 166, self.skin, self.turn)

    def _hair(self) -> None:
        if self.face["Bald"]:
            return
        top = self._at([(43, 42), (135, 134)])
        self.canvas.chord(top, 196, 344, self.hair)
        if self.face["Male"]:
            for points in ([(43, 72), (52, 72), (48, 108), (44, 108)], [(135, 72), (126, 72), (130, 108), (134, 108)]):
                self._shape(points, self.hair)
        else:
            for points in ([(35, 80), (53, 72), (49, 150), (33, 205)], [(143, 80), (125, 72), (129, 150), (145, 205)]):
                self._shape(points, self.hair)
        if self.face["Bangs"]:
            edges = np.linspace(50, 128, 9)
            low = [(x, 97 - 5 * (number % 2)) for number, x in enumerate(edges)]
            self._shape([(48, 74), (130, 74), *reversed(low)], self.hair)

    def _eyes(self) -> None:
        move, bushy = self.turn, self.face["Bushy_Eyebrows"]
        iris = self._near(_EYES[self.rng.integers(len(_EYES))], 8)
        brow = self._near((44, 34, 30), 8) if bushy else self.shade
        old = not self.face["Young"]
        for x, side in ((69, -1), (109, 1)):
            self._oval(x - 10, 107, x + 10, 118, (244, 244, 244), move)
            self._oval(x - 5, 107, x + 5, 117, iris, move)
            self._oval(x - 2, 110, x + 2, 114, (10, 10, 10), move)
            self._line([(x - 13 * side, 103), (x, 99), (x + 12 * side, 101)], brow, 7 if bushy else 2, move)
            if old:
                self._line([(x - 10, 121), (x, 125), (x + 10, 121)], self.wrinkle, 3.5, move)
                self._line(
                    [(89 + side * 17, 138), (89 + side * 25, 148), (89 + side * 25, 160)], self.wrinkle, 3.5, move
                )
        if old and not self.face["Bangs"]:
            for y in (82, 90):
                self._line([(66, y + 1), (89, y - 1), (112, y + 1)], self.wrinkle, 3, move)
        if self.face["Eyeglasses"]:
            frame = self._near(_FRAMES[self.rng.integers(len(_FRAMES))], 8)
            for x in (69, 109):
                box = self._at([(x - 17, 99), (x + 17, 127)], move)
                self.canvas.rounded_rectangle(box, 8 * _FINE, outline=frame, width=round(3.5 * _FINE))
            self._line([(86, 111), (92, 111)], frame, 3.5, move)
            self._line([(52, 109), (42, 106)], frame, 3, move)
            self._line([(126, 109), (136, 106)], frame, 3, move)

    def _nose_and_mouth(self) -> None:
        move = 1.3 * self.turn
        self._line([(88, 116), (84, 134), (94, 135)], self.shade, 2, move)
        lips = self._near((186, 92, 84) if self.face["Male"] else (206, 34, 58), 8)
        if self.face["Mouth_Slightly_Open"]:
            self._oval(72, 147, 106, 166, lips, self.turn)
            self._oval(75, 150, 103, 163, (60, 14, 20), self.turn)
            self._shape([(78, 152), (100, 152), (98, 157), (80, 157)], (240, 238, 230), self.turn)
        else:
            tall = 3 if self.face["Male"] else 5
            self._oval(73, 155 - tall, 105, 155 + tall, lips, self.turn)
            self._line([(74, 155), (104, 155)], tuple(int(0.6 * value) for value in lips), 1.5, self.turn)
        if self.face["Mustache"]:
            points = [(70, 149), (76, 141), (89, 139), (102, 141), (108, 149), (89, 146)]
            self._shape(points, self.beard, self.turn)
