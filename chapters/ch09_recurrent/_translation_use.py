"""A trained network of example 74 or 75 at work: restored from its checkpoint, asked one sentence after the other."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from _translation_data import UNK, Dictionary, load_settings, with_numbers
from _translation_model import Seq2SeqModel, Written

from utils import checkpoints, paths
from utils.example import Example
from utils.problems import Problem
from utils.tf1 import tf

CHECKPOINT = "seq2seqtest.ckpt"


@dataclass
class Answer:
    """A sentence's way through the network: its words and their numbers, and what was written."""

    words: list[str]
    numbers: list[int]
    written: Written
    text: str
    unknown: list[str]

    def show(self) -> str:
        """Return the lines that the book's test script prints: the numbers in, reversed, the numbers out, the text."""
        lines = [f"  ids {self.numbers[::-1]} (the last word first)", f"  output {self.written.ids}"]
        if self.unknown:
            lines.insert(0, f"  not in the dictionary: {', '.join(self.unknown)}")
        end = "" if self.written.ended else f"   (cut off: no end within {len(self.written.ids)} words)"
        return "\n".join([*lines, f"  {self.text}{end}"])


def answer(
    model: Seq2SeqModel,
    sess: Any,
    sentence: str,
    cut: Callable[[str], list[str]],
    source: Dictionary,
    target: Dictionary,
) -> Answer:
    """Return what the network writes for `sentence`; ValueError where it is empty or too long."""
    words = cut(sentence)
    if not words:
        raise ValueError("that is an empty sentence")
    if model.bucket_of(len(words)) is None:
        raise ValueError(f"{len(words)} words are too many: the longest bucket takes {model.buckets[-1][0] - 1}")
    numbers = source.encode(words)
    written = model.translate(sess, [numbers])[0]
    unknown = [word for word, number in zip(words, numbers, strict=True) if number == UNK]
    text = "".join(with_numbers(target.decode(written.words), sentence))
    return Answer(words, numbers, written, text, unknown)


def trained_model(ex: Example, sess: Any) -> tuple[Seq2SeqModel, Dictionary, Dictionary]:
    """Return the network that this example trained, restored in `sess`, and its two dictionaries.

    It is taken from the end of the last run, or from where an interrupted one stopped (``--resume``). Problem where
    there is none.
    """
    folder = paths.checkpoints(ex.id)
    path = tf.train.latest_checkpoint(str(folder)) or checkpoints.latest(folder)
    if not path:
        raise Problem(f"no trained network in {paths.shown(folder)}: `python run.py {ex.id}` makes one")
    settings = load_settings(folder)
    source, target = (Dictionary.load(folder / settings[name]) for name in ("source_dictionary", "target_dictionary"))
    model = Seq2SeqModel(len(source), len(target), **settings["network"])
    with tf.device(ex.device):
        model.add_decoder(0)
    tf.train.Saver(tf.trainable_variables()).restore(sess, path)
    print(f"restored from {paths.shown(path)}")
    return model, source, target


def sentences(first: str, prompt: str) -> Iterator[str]:
    """Yield `first`, or without it the lines of the standard input up to its end or an empty line."""
    if first:
        yield first
        return
    while True:
        if sys.stdin.isatty():
            print(prompt, end="", flush=True)
        line = sys.stdin.readline().strip()
        if not line:
            return
        yield line


def converse(ex: Example, first: str, prompt: str, cut: Callable[[str], list[str]]) -> None:
    """Answer `first`, or line by line what is typed, with the trained network of this example."""
    with ex.session() as sess:
        model, source, target = trained_model(ex, sess)
        for sentence in sentences(first, prompt):
            print(sentence)
            try:
                print(answer(model, sess, sentence, cut, source, target).show(), flush=True)
            except ValueError as error:
                if first:
                    raise Problem(str(error)) from None
                print(f"  {error}")
