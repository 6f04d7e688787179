"""The published course of tutorial 12 with its full settings: shares of the batches, and the test after each round."""

_TENTHS = [*range(0, 1000, 100), 999]
# Normal training, and the search for the first noise: the accuracy (%) of the batch
_FIRST = [
    "12.5 90.6 84.4 84.4 89.1 87.5 93.8 93.8 93.8 96.9 92.2",
    "6.2 93.8 96.9 98.4 95.3 96.9 100 98.4 95.3 93.8 100",
]
# The noise for each of the ten classes, at iterations 0, 100, 200 and 299
_ALL_NOISES = """
    9.4 90.6 92.2 93.8    7.8 62.5 62.5 75.0    7.8 93.8 95.3 96.9    6.2 98.4 96.9 98.4    12.5 81.2 82.8 82.8
    7.8 96.9 96.9 98.4    6.2 93.8 92.2 96.9    12.5 98.4 93.8 92.2   4.7 96.9 93.8 96.9    7.8 84.4 87.5 90.6"""
# Class 3 twice, the ten classes once, the ten classes twice each. A search: the batch at iterations 0, 100, … 400, 499,
# then the correct test pictures; the immunisation behind it: the batch at 0, 100 and 199, then the test pictures again.
_ROUNDS = """
    3.1 93.8 93.8 96.9 96.9 96.9    1443  42.2 90.6 89.1  9529
    7.8 32.8 32.8 29.7 34.4 26.6    7207  75.0 93.8 92.2  9519
    4.7 73.4 75.0 85.9 81.2 90.6    2326  34.4 95.3 95.3  9559
    12.5 57.8 62.5 62.5 67.2 67.2   4218  59.4 93.8 95.3  9555
    6.2 43.8 57.8 70.3 68.8 71.9    4639  59.4 96.9 92.2  9545
    6.2 48.4 46.9 53.1 50.0 48.4    5648  54.7 93.8 96.9  9581
    9.4 85.9 85.9 87.5 95.3 92.2    1557  18.8 95.3 96.9  9557
    18.8 71.9 90.6 95.3 89.1 92.2   1745  15.6 96.9 95.3  9601
    10.9 81.2 93.8 92.2 89.1 92.2   1762  20.3 93.8 95.3  9570
    14.1 93.8 98.4 100 96.9 100     1281  12.5 98.4 98.4  9587
    4.7 64.1 81.2 71.9 78.1 84.4    2493  25.0 95.3 96.9  9601
    9.4 48.4 50.0 53.1 64.1 65.6    4546  51.6 95.3 95.3  9615
    7.8 53.1 73.4 79.7 84.4 95.3    2921  29.7 96.9 95.3  9619
    1.6 12.5 7.8 18.8 9.4 9.4       9437  89.1 98.4 93.8  9635
    7.8 42.2 60.9 75.0 70.3 85.9    2875  39.1 98.4 95.3  9643
    7.8 15.6 18.8 12.5 9.4 12.5     9428  95.3 95.3 92.2  9685
    6.2 60.9 64.1 71.9 75.0 82.8    3427  31.2 100 98.4   9657
    6.2 9.4 14.1 10.9 7.8 17.2      9435  96.9 98.4 96.9  9664
    14.1 20.3 40.6 57.8 54.7 64.1   4837  54.7 98.4 100   9650
    4.7 10.9 17.2 15.6 1.6 9.4      9570  95.3 90.6 98.4  9667
    7.8 67.2 78.1 79.7 81.2 96.9    2373  26.6 95.3 96.9  9632
    4.7 7.8 12.5 15.6 7.8 14.1      9197  92.2 95.3 95.3  9632
    4.7 57.8 76.6 85.9 89.1 85.9    2297  28.1 93.8 98.4  9663
    6.2 10.9 18.8 18.8 20.3 21.9    8824  93.8 93.8 93.8  9665
    7.8 40.6 53.1 51.6 56.2 62.5    4400  39.1 96.9 93.8  9642
    4.7 17.2 12.5 14.1 20.3 7.8     9457  93.8 100 95.3   9682
    4.7 65.6 89.1 82.8 85.9 90.6    1809  23.4 95.3 93.8  9682
    12.5 10.9 18.8 18.8 28.1 18.8   8412  84.4 100 100    9699
    7.8 48.4 46.9 71.9 70.3 75.0    3678  48.4 96.9 93.8  9699
    7.8 14.1 12.5 7.8 4.7 9.4       9625  96.9 98.4 95.3  9720
    9.4 23.4 43.8 37.5 45.3 39.1    6494  67.2 95.3 98.4  9746
    9.4 7.8 10.9 15.6 12.5 4.7      9709  98.4 100 95.3   9768"""

_rounds = [[float(number) for number in line.split()] for line in _ROUNDS.strip().splitlines()]
_noises = [float(number) for number in _ALL_NOISES.split()]

BATCHES: list[dict[int, float]] = []
"""For each phase of the tutorial, in its order: iteration → the accuracy (%) of the batch, of a search its success."""
for _line in _FIRST:
    BATCHES.append(dict(zip(_TENTHS, map(float, _line.split()), strict=True)))
for _start in range(0, len(_noises), 4):
    BATCHES.append(dict(zip((0, 100, 200, 299), _noises[_start : _start + 4], strict=True)))
for _row in _rounds:
    BATCHES.append(dict(zip((0, 100, 200, 300, 400, 499), _row[:6], strict=True)))
    BATCHES.append(dict(zip((0, 100, 199), _row[7:10], strict=True)))

CORRECT = [int(_row[column]) for _row in _rounds for column in (6, 10)]
"""Correct test pictures of 10,000 after each search and after the immunisation behind it, in turn."""
