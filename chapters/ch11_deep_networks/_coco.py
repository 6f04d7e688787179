"""The classes of COCO with the numbers that the Object Detection API gives them: 80 classes, numbers from 1 to 90."""

from pathlib import Path

from utils.paths import shown
from utils.problems import Problem

_NAMES = """
    1 person, 2 bicycle, 3 car, 4 motorcycle, 5 airplane, 6 bus, 7 train, 8 truck, 9 boat, 10 traffic light,
    11 fire hydrant, 13 stop sign, 14 parking meter, 15 bench, 16 bird, 17 cat, 18 dog, 19 horse, 20 sheep, 21 cow,
    22 elephant, 23 bear, 24 zebra, 25 giraffe, 27 backpack, 28 umbrella, 31 handbag, 32 tie, 33 suitcase, 34 frisbee,
    35 skis, 36 snowboard, 37 sports ball, 38 kite, 39 baseball bat, 40 baseball glove, 41 skateboard, 42 surfboard,
    43 tennis racket, 44 bottle, 46 wine glass, 47 cup, 48 fork, 49 knife, 50 spoon, 51 bowl, 52 banana, 53 apple,
    54 sandwich, 55 orange, 56 broccoli, 57 carrot, 58 hot dog, 59 pizza, 60 donut, 61 cake, 62 chair, 63 couch,
    64 potted plant, 65 bed, 67 dining table, 70 toilet, 72 tv, 73 laptop, 74 mouse, 75 remote, 76 keyboard,
    77 cell phone, 78 microwave, 79 oven, 80 toaster, 81 sink, 82 refrigerator, 84 book, 85 clock, 86 vase,
    87 scissors, 88 teddy bear, 89 hair drier, 90 toothbrush"""
COCO = {int(entry.split()[0]): entry.split(maxsplit=1)[1] for entry in _NAMES.replace("\n", " ").split(",")}


def read_labels(path):
    """Return number → name from a reader's file; Problem for another. Either a label map of the API (.pbtxt: items
    with id and display_name or name), or one name a line, from number 1 on."""
    import re

    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"--labels {path}: {getattr(error, 'strerror', None) or 'not a text in UTF-8'}") from None
    if "item" in text and "{" in text:
        found = {}
        for item in re.findall(r"item\s*\{(.*?)\}", text, re.DOTALL):
            number = re.search(r"\bid:\s*(\d+)", item)
            name = re.search(r"\bdisplay_name:\s*['\"](.*?)['\"]", item) or re.search(
                r"\bname:\s*['\"](.*?)['\"]", item
            )
            if number and name:
                found[int(number.group(1))] = name.group(1)
    else:
        found = {number: line.strip() for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    if not found:
        raise Problem(f"{shown(Path(path))} is no label map: neither items with id and name nor a name a line")
    return found
