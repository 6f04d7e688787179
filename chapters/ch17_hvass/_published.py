"""What tutorials 07, 11 and 13 print of their own pictures, in the Inception v3 of 2015.

Those pictures and those weights are not here. The figures are for the reader with the book on the desk, and stand
beside a run without being compared with it.
"""

from typing import NamedTuple

# Tutorial 07: the ten likeliest classes with their scores in percent, by the pictures' files without ending.
_TOP_TEN = {
    "cropped_panda": "giant panda 89.23, indri 0.86, lesser panda 0.26, custard apple 0.14, earthstar 0.11, "
    "sea urchin 0.08, forklift 0.05, soccer ball 0.05, go-kart 0.05, digital watch 0.05",
    "parrot": "macaw 97.30, African grey 0.07, toucan 0.07, jacamar 0.05, bee eater 0.04, lorikeet 0.04, "
    "sulphur-crested cockatoo 0.02, jay 0.02, kite 0.01, sandbar 0.01",
    "parrot_cropped1": "macaw 97.38, African grey 0.09, sulphur-crested cockatoo 0.03, toucan 0.02, "
    "reflex camera 0.02, comic book 0.01, backpack 0.01, bib 0.01, vulture 0.01, lens cap 0.01",
    "parrot_cropped2": "macaw 93.94, toucan 0.77, African grey 0.55, jacamar 0.13, bee eater 0.12, "
    "sulphur-crested cockatoo 0.11, magpie 0.10, jay 0.09, lorikeet 0.07, hornbill 0.05",
    "parrot_cropped3": "jacamar 26.11, grasshopper 10.61, chime 4.05, bulbul 2.24, fountain pen 2.00, "
    "leafhopper 1.60, cricket 1.26, kite 1.25, macaw 1.13, torch 0.80",
    "parrot_padded": "macaw 96.78, toucan 0.06, African grey 0.06, bee eater 0.05, sulphur-crested cockatoo 0.04, "
    "king penguin 0.03, jacamar 0.03, lorikeet 0.03, kite 0.01, anemone fish 0.01",
    "elon_musk": "sweatshirt 19.73, abaya 16.82, suit 4.17, trench coat 3.46, ping-pong ball 3.05, "
    "cellular telephone 1.92, baseball 1.86, jersey 1.77, kimono 1.54, water bottle 1.43",
    "elon_musk_100x100": "sweatshirt 17.85, cowboy boot 16.36, balance beam 10.68, abaya 8.87, suit 5.36, "
    "Loafer 4.57, trench coat 2.94, maillot 2.65, jersey 1.87, unicycle 1.42",
    "willy_wonka_old": "bow tie 97.22, cowboy hat 0.92, sombrero 0.21, suit 0.09, bolo tie 0.06, Windsor tie 0.05, "
    "cornet 0.04, flute 0.03, banjo 0.02, revolver 0.02",
    "willy_wonka_new": "sunglasses 31.48, sunglass 18.77, velvet 1.55, wig 1.02, cowboy hat 0.77, seat belt 0.69, "
    "sombrero 0.67, jean 0.62, poncho 0.46, jersey 0.43",
}


def _pairs(line: str) -> list[tuple[str, float]]:
    named = (entry.rsplit(" ", 1) for entry in line.split(", "))
    return [(label, float(percent) / 100) for label, percent in named]


TOP_TEN = {picture: _pairs(line) for picture, line in _TOP_TEN.items()}


class Search(NamedTuple):
    """A search for noise: the class that was seen first, how many gradients it took, and what it began and ended with.

    Scores are 0 to 1; the pairs are those of the first and the last iteration; `noise` is its smallest and largest
    value, mean and standard deviation.
    """

    source: str
    evaluations: int
    source_score: tuple[float, float]
    target_score: tuple[float, float]
    step_size: tuple[float, float]
    noise: tuple[float, float, float, float]


# Tutorial 11: its four pictures on the way to a bookcase, with the noise limit 3 and the score 0.99.
SEARCHES = {
    "parrot_cropped1": Search(
        "macaw", 26, (0.9738, 0.0), (0.0, 0.9912), (5110.94, 311258.06), (-3.0, 3.0, 0.001, 1.492)
    ),
    "elon_musk": Search(
        "sweatshirt", 7, (0.1973, 0.0), (0.0001, 0.9909), (838.48, 244856.71), (-3.0, 3.0, -0.001, 0.668)
    ),
    "willy_wonka_new": Search(
        "sunglasses", 24, (0.3148, 0.0003), (0.0003, 0.9903), (3210.13, 294094.62), (-3.0, 3.0, 0.010, 1.534)
    ),
    "willy_wonka_old": Search(
        "bow tie", 16, (0.9722, 0.0), (0.0, 0.9972), (2017.94, 1590352.60), (-3.0, 3.0, -0.0, 1.309)
    ),
}


class Ascent(NamedTuple):
    """A feature's or a class's rise: the loss at each iteration, and at some the likeliest class and its score."""

    loss: tuple[float, ...]
    seen: dict[int, str]


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split())


# Tutorial 13, feature 2 of its convolution 5.
FEATURE = Ascent(
    _numbers(
        "4.83793 5.59611 6.91725 7.93267 8.85594 9.70698 10.4558 11.1371 11.7331 12.2777 "
        "12.7673 13.2062 13.6149 13.9922 14.3428 14.6689 14.968 15.2644 15.5303 15.7967 "
        "16.0442 16.2883 16.5165 16.7361 16.9544 17.1659 17.3637 17.559 17.7469 17.9321"
    ),
    {
        0: "dishwasher 4.81%",
        1: "kite 15.12%",
        2: "wall clock 6.85%",
        7: "syringe 43.79%",
        12: "binder 15.05%",
        29: "bib 18.87%",
    },
)
# Tutorial 13, the class kit fox.
_FOX = _numbers("30.05 55.10 45.79 71.39 82.78 67.38 57.64 69.09 82.98 99.04 86.78 96.57 99.04 68.39 98.38 98.36 99.44")
CLASS = Ascent(
    _numbers(
        "-0.837608 -0.416723 2.77814 3.27751 5.95497 5.07394 7.98241 2.61856 8.18703 9.4695 "
        "8.49094 12.4999 11.1421 11.186 9.67373 12.9428 10.6559 16.579 11.7084 17.8698 "
        "17.922 12.5718 14.0164 19.118 23.2171 21.0666 21.2772 23.1276 25.9384 22.4687 "
        "21.3727 13.2659 23.113 20.4645 22.9016 19.6406 26.6898 21.2908 28.4096 32.005 "
        "34.7635 32.2997 34.8329 33.3857 33.5334 34.6049 36.0055 31.0812 36.9466 39.6561 "
        "34.06 26.9699 37.3345 39.8643 37.7343 41.346 35.9501 42.5105 43.219 38.7929 "
        "45.1963 39.2328 42.8966 43.5881 49.4166 41.3484 45.9205 42.3279 46.414 42.8873 "
        "49.2656 49.4512 52.4693 47.8848 53.1304 52.802 51.9139 49.05 58.7734 60.3876 "
        "60.4282 59.8338 60.1702 59.8085 63.3426 62.9884 66.6128 63.2206 68.5237 71.2678 "
        "62.0469 70.518 67.8497 69.9785 69.6375 76.1746 58.1862 73.5772 67.5603 75.6356"
    ),
    {
        0: "dishwasher 4.98%",
        1: "ballpoint 8.52%",
        2: "spider web 90.44%",
        3: "pot 3.01%",
        4: "American egret 11.55%",
        5: "spider web 21.98%",
        6: "kit fox 29.21%",
        7: "brain coral 8.95%",
    }
    | {iteration: f"kit fox {percent:.2f}%" for iteration, percent in enumerate(_FOX, 8)}
    | {iteration: "kit fox 100.00%" for iteration in (40, *range(51, 100))},
)
