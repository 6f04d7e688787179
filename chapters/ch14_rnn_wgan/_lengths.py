"""The lengths that p57 trains one after the other, and how long each of them is trained."""

from utils.problems import WrongFlag


def numbers(flag: str, text: str) -> list[int]:
    """Return the whole numbers above 0 in `text`, like "4,8,16" or "1-255"; WrongFlag for anything else."""
    try:
        first, dash, last = text.partition("-")
        found = list(range(int(first), int(last) + 1)) if dash else [int(word) for word in text.split(",") if word]
    except ValueError:
        found, dash = [0], ""
    if any(number < 1 for number in found) or (dash and not found):
        raise WrongFlag(f"--{flag} {text}: give numbers above 0 with commas between them, or a range like 1-255")
    return found


def schedule(lengths: str, iterations: str, prefix: str = "") -> list[tuple[int, int]]:
    """Return the pairs (length, iterations) of a training; the book trains length L for min(200 · (L + 1), 2000).

    `lengths` and `iterations` are the texts of the flags ``--<prefix>lengths`` and ``--<prefix>iterations``. Only with
    a `prefix` may there be none: then that training is left out. WrongFlag for what makes no training.
    """
    growing = numbers(f"{prefix}lengths", lengths)
    if not growing and not prefix:
        raise WrongFlag("--lengths: give one length at least")
    if growing != sorted(set(growing)):
        raise WrongFlag(f"--{prefix}lengths {lengths}: each length must be above the one before it")
    if iterations == "book":
        counts = [min((length + 1) * 200, 2000) for length in growing]
    else:
        counts = numbers(f"{prefix}iterations", iterations)
    if len(counts) != len(growing):
        raise WrongFlag(f"--{prefix}iterations has {len(counts)} numbers, --{prefix}lengths has {len(growing)}")
    return list(zip(growing, counts, strict=True))
