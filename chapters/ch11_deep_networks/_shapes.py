"""Pictures to learn detection from: shapes drawn by Pillow, with their boxes and kinds."""

import numpy as np
from PIL import Image, ImageDraw

KINDS = ("circle", "square", "triangle", "star", "cross")
MOST = 4  # shapes in a picture


def _outline(kind):
    """Return the corners of a shape inside the unit circle, [corners, 2]."""
    if kind == "circle":
        angles, radii = np.arange(0, 360, 10), 1.0
    elif kind == "square":
        angles, radii = np.arange(45, 360, 90), 1.0
    elif kind == "triangle":
        angles, radii = np.arange(-90, 270, 120), 1.0
    elif kind == "star":
        angles, radii = np.arange(-90, 270, 36), np.tile([1.0, 0.42], 5)
    else:
        arm = np.array([[1, 0.3], [0.3, 0.3], [0.3, 1], [-0.3, 1]]) / np.hypot(1, 0.3)
        quarter = np.array([[0, 1], [-1, 0]])
        return np.concatenate([arm[:3] @ np.linalg.matrix_power(quarter, turn) for turn in range(4)])
    angles = np.deg2rad(angles)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.reshape(radii, (-1, 1))


OUTLINES = [_outline(kind) for kind in KINDS]


def draw(count, edge, seed, scale=2):
    """Return drawn pictures, their boxes and the kinds in them.

    pictures uint8 [count, edge, edge, 3]; boxes float32 [count, 4, 4]: ymin, xmin, ymax, xmax as shares of the edges;
    kinds int32 [count, 4]: 1 … 5, 0 where there is no fourth, third, … shape. Each picture has 1 to 4 shapes, 12 % to
    60 % of the edge high and wide (98 in 100 of them 16 % to 56 %), turned, in any colour, over a background of colour,
    gradient and texture; they may cover a part of one another. Noise lies over it all. `scale`: how much larger than
    needed it is drawn, against jagged edges.
    """
    random = np.random.default_rng(seed)
    backgrounds = random.integers(0, 256, (count, 1, 1, 3)) + random.normal(0, 25, (count, 5, 5, 3))
    backgrounds = np.clip(backgrounds, 0, 255).astype(np.uint8)
    boxes = np.zeros((count, MOST, 4), np.float32)
    kinds = np.zeros((count, MOST), np.int32)
    pictures = np.empty((count, edge, edge, 3), np.uint8)
    large = edge * scale
    for number, background in enumerate(backgrounds):
        image = Image.fromarray(background).resize((large, large), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(image)
        placed = 0
        for _ in range(random.integers(1, MOST + 1)):
            kind = random.integers(len(KINDS))
            radius = random.uniform(0.1, 0.3)
            turn = random.uniform(0, 2 * np.pi)
            stretch = np.array([1.0, random.uniform(0.75, 1.0)])
            rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            corners = radius * (OUTLINES[kind] * stretch) @ rotation + random.uniform(radius, 1 - radius, 2)
            box = np.array([*corners.min(0)[::-1], *corners.max(0)[::-1]])
            if placed and _covered(boxes[number, :placed], box) > 0.35:
                continue
            contrast = random.integers(60, 196, 3)
            colour = (background.mean((0, 1)) + contrast).astype(int) % 256
            pen.polygon([tuple(corner) for corner in corners * large], fill=tuple(colour.tolist()))
            boxes[number, placed], kinds[number, placed] = np.clip(box, 0, 1), kind + 1
            placed += 1
        pictures[number] = np.asarray(image.resize((edge, edge), Image.Resampling.BOX))
    noise = random.normal(0, 1, (count, edge, edge, 1)).astype(np.float32) * random.uniform(2, 16, (count, 1, 1, 1))
    return np.clip(pictures + noise, 0, 255).astype(np.uint8), boxes, kinds


def _covered(boxes, box):
    """Return the largest share of one of the `boxes` [n, 4], or of `box` itself, that the two have in common."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return float((common / np.minimum(areas, np.prod(box[2:] - box[:2]))).max())


def turned(pictures, boxes, way):
    """Return the pictures and boxes mirrored or turned in one of eight ways, 0 … 7."""
    if way & 1:
        pictures, boxes = (
            pictures[:, :, ::-1],
            np.stack([boxes[..., 0], 1 - boxes[..., 3], boxes[..., 2], 1 - boxes[..., 1]], axis=-1),
        )
    if way & 2:
        pictures, boxes = (
            pictures[:, ::-1],
            np.stack([1 - boxes[..., 2], boxes[..., 1], 1 - boxes[..., 0], boxes[..., 3]], axis=-1),
        )
    if way & 4:
        pictures, boxes = pictures.transpose(0, 2, 1, 3), boxes[..., [1, 0, 3, 2]]
    return pictures, boxes
