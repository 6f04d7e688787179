"""How good translations are (BLEU, and what it is worth without any network), and what the attention looked at."""

from collections import Counter
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "SimHei", "PingFang SC",
    "Hiragino Sans GB", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Arial Unicode MS", "STSong",
)  # fmt: skip


def bleu(translations: Sequence[str], references: Sequence[str]) -> float:
    """Return the corpus BLEU, 0 to 100, of Chinese `translations`: sacrebleu with its tokenizer "zh" (characters)."""
    import sacrebleu

    return sacrebleu.corpus_bleu(list(translations), [list(references)], tokenize="zh").score


def nearest(sentences: Sequence[Sequence[int]], known: Sequence[Sequence[int]], words: int) -> np.ndarray:
    """Return, for each of `sentences` (word numbers below `words`), the place of the most similar one in `known`.

    Similarity is the cosine of the word counts: a translation memory, the simplest translator there is.
    """

    def counts(rows: Sequence[Sequence[int]]) -> np.ndarray:
        table = np.zeros((len(rows), words), np.float32)
        for row, numbers in enumerate(rows):
            for number, times in Counter(numbers).items():
                table[row, number] = times
        return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)

    return (counts(sentences) @ counts(known).T).argmax(axis=1)


def chinese_font() -> str | None:
    """Return the name of an installed font with Chinese characters, None where there is none."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in installed), None)


def attention_figure(weights: np.ndarray, source: Sequence[str], written: Sequence[str]) -> Figure:
    """Draw how much each written word (row) looked at each source word (column). `weights`: [written, source].

    Without a Chinese font the written words are numbered, and what the numbers mean is printed.
    """
    font = chinese_font()
    labels = list(written)
    if font is None and any(not word.isascii() for word in written):
        labels = [str(number) for number in range(1, len(written) + 1)]
        print("rows of the attention figure:", " ".join(f"{n}={word}" for n, word in zip(labels, written, strict=True)))
    figure, axis = plt.subplots(figsize=(0.55 * len(source) + 2.2, 0.4 * len(written) + 1.6))
    image = axis.imshow(weights, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    keywords = {"fontfamily": font} if font else {}
    axis.set_xticks(range(len(source)), source, rotation=45, ha="right", **keywords)
    axis.set_yticks(range(len(written)), labels, **keywords)
    axis.set(xlabel="source word", ylabel="written word", title="attention")
    figure.colorbar(image, label="weight")
    figure.tight_layout()
    return figure
