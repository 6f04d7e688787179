"""What `--transcribe` of example 68 needs beside the weights: the characters, and the sizes of the network."""

import json
from pathlib import Path

from _speech_features import Vocabulary

from utils.example import Example
from utils.paths import shown
from utils.problems import Problem, write_json

SIZES = ("n_hidden", "n_input", "n_context", "relu_clip", "fc5", "lstm_layers")


def remember(ex: Example, words: Vocabulary, checkpoint: str) -> str:
    """Write the characters and sizes beside `checkpoint`, and return it."""
    content = {"characters": words.characters, "sizes": {name: ex.settings[name] for name in SIZES}}
    write_json(Path(checkpoint + ".json"), content)
    return checkpoint


def recall(ex: Example, checkpoint: str) -> Vocabulary:
    """Return the characters of a saved network and give `ex` its sizes; Problem where they cannot be read."""
    path = Path(checkpoint + ".json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        vars(ex).update({name: content["sizes"][name] for name in SIZES})
        return Vocabulary(content["characters"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(f"{shown(path)} is missing or damaged ({error}): train again, `python run.py 68`") from None
