"""What the word2vec examples (70, 71, 9.7.6a and 9.7.6b) share: words, batches, the loop, and what was learned.

The graphs stay in the scripts. A word is an id: 0 is UNK, the others are numbered by falling frequency.
"""

import logging
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure

from utils import figures
from utils.data.texts import Text
from utils.example import Example
from utils.paths import shown
from utils.problems import Problem
from utils.tf1 import tf

UNK = "UNK"
FEWEST_WORDS = 100  # different ones: with fewer there is nothing to choose 64 negatives from

# The words of datasets/texts/town.txt that stand in like contexts: vectors that learned something put them together.
GROUPS = {
    "weekdays": "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    "family": "爷爷 奶奶 爸爸 妈妈 哥哥 姐姐 弟弟 妹妹",
    "animals": "小猫 小狗 兔子 山羊 黄牛 白马 母鸡 鸭子",
    "colours": "红色 黄色 蓝色 绿色 紫色 白色 黑色",
    "cities": "北京 上海 广州 成都 西安 杭州 南京",
    "seasons": "春天 夏天 秋天 冬天",
    "fruits": "苹果 桃子 西瓜 葡萄 橘子 草莓",
}
GROUP_OF = {word: group for group, words in GROUPS.items() for word in words.split()}

# fmt: off
CHINESE_FONTS = (
    "SimHei", "Microsoft YaHei", "PingFang SC", "Heiti SC", "Hiragino Sans GB", "Noto Sans CJK SC", "Noto Sans SC",
    "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Arial Unicode MS",
    "STSong", "SimSun",
)
# fmt: on


def segment(text: str) -> list[str]:
    """Return the words of a Chinese text as jieba cuts them, in its default mode, without white space."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes and an import that newer versions of Python warn of
        import jieba
    # Else the first use in a process reports its dictionary on stderr. Its cache, in the folder for temporary files, is
    # written beside and renamed, so that two processes at once do no harm.
    jieba.setLogLevel(logging.CRITICAL)
    return " ".join(jieba.cut(text)).split()


@dataclass(frozen=True)
class Words:
    """A text as ids. `data`: [tokens] ids; `names`: the word of each id; `counts`: [size] how often it occurs."""

    data: np.ndarray
    names: list[str]
    counts: np.ndarray

    @property
    def size(self) -> int:
        """The number of words in the dictionary, UNK among them."""
        return len(self.names)

    def ids(self, words: list[str]) -> list[int]:
        """Return the ids of those `words` that are in the dictionary."""
        place = {name: number for number, name in enumerate(self.names) if name != UNK}
        return [place[word] for word in words if word in place]


def build_dataset(tokens: list[str], words_size: int) -> Words:
    """Number the `words_size` − 1 most frequent words from 1 on; all others, and only they, become UNK, which is 0."""
    names = [UNK] + [word for word, _ in Counter(tokens).most_common(words_size - 1)]
    place = {name: number for number, name in enumerate(names)}
    data = np.array([place.get(token, 0) for token in tokens], dtype=np.int32)
    return Words(data, names, np.bincount(data, minlength=len(names)))


def read_words(text: Text, words_size: int) -> tuple[list[str], Words]:
    """Return the tokens of `text` and its words as ids; Problem where it is too short to train on."""
    tokens = segment(text.content)
    words = build_dataset(tokens, words_size)
    if words.size < FEWEST_WORDS:
        raise Problem(
            f"{shown(text.path)} with a dictionary of {words_size} gives {words.size} words: "
            f"word2vec needs {FEWEST_WORDS} here, so take a longer text or a larger --words-size"
        )
    return tokens, words


class Batches:
    """Batches for word2vec, any number at once, in the order of the text and around its end.

    ``model="skip-gram"``: a pair is a word → one of its neighbours, `num_skips` of them for each word, drawn without
    repetition. ``model="cbow"``: all 2 · `skip_window` neighbours → the word between them.
    """

    def __init__(self, data: np.ndarray, model: str, batch_size: int, num_skips: int, skip_window: int) -> None:
        if model == "skip-gram" and (batch_size % num_skips or num_skips > 2 * skip_window):
            raise Problem(
                f"--num-skips {num_skips} must divide --batch-size {batch_size} and be at most "
                f"2 · --skip-window = {2 * skip_window}"
            )
        windows = np.lib.stride_tricks.sliding_window_view(data, 2 * skip_window + 1)  # [positions, span]
        self.centres = windows[:, skip_window]
        self.neighbours = np.delete(windows, skip_window, axis=1)
        self.model, self.batch_size, self.num_skips = model, batch_size, num_skips
        self.position = 0  # the place in the text, which a resumed training puts back

    @property
    def input_shape(self) -> list[int]:
        """The shape of one batch of inputs: [batch] words, or [batch, 2 · skip_window] neighbours."""
        return [self.batch_size] + ([self.neighbours.shape[1]] if self.model == "cbow" else [])

    def take(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the next `count` batches: inputs [count, *input_shape] and labels [count, batch, 1]."""
        per_batch = self.batch_size // (1 if self.model == "cbow" else self.num_skips)
        places = (self.position + np.arange(count * per_batch)) % len(self.centres)
        self.position = int(places[-1] + 1) % len(self.centres)
        centres, neighbours = self.centres[places], self.neighbours[places]
        if self.model == "cbow":
            inputs, labels = neighbours, centres
        else:
            columns = np.argsort(np.random.random_sample(neighbours.shape), axis=1)[:, : self.num_skips]
            inputs, labels = centres.repeat(self.num_skips), np.take_along_axis(neighbours, columns, axis=1)
        return inputs.reshape(count, *self.input_shape), labels.reshape(count, self.batch_size, 1)


def nearest(similarity: np.ndarray, valid: np.ndarray, names: list[str], count: int = 8) -> dict[str, list[str]]:
    """Return the `count` words nearest to each of `valid`, from the cosines `similarity` [valid, words]."""
    order = np.argsort(-similarity, axis=1)
    return {
        names[word]: [names[other] for other in row if other != word][:count]
        for word, row in zip(valid, order, strict=True)
    }


def print_nearest(ex: Example, found: dict[str, list[str]]) -> None:
    """Print what `nearest` found, a line a word."""
    for word, others in found.items():
        ex.log(f"Nearest to {word}: {', '.join(others)}")


@dataclass
class Training:
    """The loop of these examples; the script makes its nodes.

    `inputs`, `labels`: placeholders of a block of batches, one a step. `losses`: name → the node that makes a training
    step on each batch of the block and returns their losses [steps]. `similarity`: the cosines of the words `valid`;
    `vectors`: name → the vectors of all words, of unit length.
    """

    inputs: Any
    labels: Any
    losses: dict[str, Any]
    similarity: Any
    valid: np.ndarray
    vectors: dict[str, Any]

    def run(self, ex: Example, sess: Any, words: Words, batches: Batches, watch: Any = None) -> None:
        """Train for ``ex.steps`` steps, with a line of mean losses every ``ex.display_step`` of them, as the book.

        With each line the share of `group_measure` is recorded, and every ``ex.nearest_step`` steps the words nearest
        to `valid` are printed. `watch`: called as ``watch(step, values)`` with what each block of steps returned.
        """
        ex.data.readers.append(batches)
        blocks = range(0, ex.steps, ex.display_step)  # step 0 is a block of its own
        for step in ex.resumable(blocks, sess, tf.train.Saver(save_relative_paths=True), unit="block", every=5):
            block = batches.take(1 if step == 0 else ex.display_step)
            values = sess.run(self.losses, {self.inputs: block[0], self.labels: block[1]})
            similarity, vectors = sess.run([self.similarity, self.vectors])
            found = {name: group_measure(value, words) for name, value in vectors.items()}
            shares = {f"{name}_groups": learned.share for name, learned in found.items() if learned}
            means = {name: float(np.mean(value)) for name, value in values.items() if value.ndim == 1}
            ex.record(step, **means, **shares)
            ex.log(f"Average loss at step {step}: " + ", ".join(f"{name} {mean:.6f}" for name, mean in means.items()))
            if watch:
                watch(step, values)
            if step % ex.nearest_step == 0:
                print_nearest(ex, nearest(similarity, self.valid, words.names))


@dataclass(frozen=True)
class Learned:
    """How well vectors put the words of ``GROUPS`` together.

    `share`: of the three words nearest to a word of a group, how many are of its group. `chance`: the same for vectors
    drawn at random. `within`, `between`: the mean cosine of two words of one group, and of two groups.
    """

    share: float
    chance: float
    within: float
    between: float
    words: int


def group_measure(vectors: np.ndarray, words: Words) -> Learned | None:
    """Measure unit `vectors` [words, size]; None where the text has too few words of the groups."""
    groups = {group: words.ids(members.split()) for group, members in GROUPS.items()}
    groups = {group: members for group, members in groups.items() if len(members) > 3}
    if len(groups) < 2:
        return None
    members = np.concatenate(list(groups.values()))
    label = np.full(words.size, -1)
    for number, ids in enumerate(groups.values()):
        label[ids] = number
    cosine = vectors[members] @ vectors.T
    cosine[np.arange(len(members)), members] = -np.inf
    hits = label[np.argsort(-cosine, axis=1)[:, :3]] == label[members][:, None]
    same = label[members][:, None] == label[members]
    pairs, apart = cosine[:, members], ~np.eye(len(members), dtype=bool)
    others = (np.bincount(label[members])[label[members]] - 1) / (words.size - 1)
    return Learned(
        float(hits.mean()),
        float(others.mean()),
        float(pairs[same & apart].mean()),
        float(pairs[~same].mean()),
        len(members),
    )


def report_learning(ex: Example, before: np.ndarray, after: np.ndarray, words: Words, name: str = "") -> None:
    """Print and report the measure of the groups for the untrained and the trained vectors, both of unit length."""
    untrained, trained = group_measure(before, words), group_measure(after, words)
    if not untrained or not trained:
        print("no measure of the groups: this text has too few of their words")
        return
    name = f"{name}: " if name else ""
    print(f"{name}of the three words nearest to each of {trained.words} words, how many are of its group:")
    print(f"  trained {trained.share:.3f}, untrained {untrained.share:.3f}, by chance {trained.chance:.3f}")
    print(f"{name}mean cosine within the groups {trained.within:.3f}, between them {trained.between:.3f}")
    print(f"  before the training {untrained.within:.3f} and {untrained.between:.3f}")
    ex.report(f"{name}nearest three of the same group", trained.share)
    ex.report(f"{name}nearest three of the same group, untrained", untrained.share)
    ex.report(f"{name}nearest three of the same group, by chance", trained.chance)
    ex.report(f"{name}cosine within groups − between", trained.within - trained.between)
    ex.report(f"{name}cosine within groups − between, untrained", untrained.within - untrained.between)


def draw_groups(ex: Example, names: list[str]) -> None:
    """Draw how the shares that `Training.run` recorded for the vectors `names` grew, if there are any."""
    lines = {name: ex.history[f"{name}_groups"] for name in names if f"{name}_groups" in ex.history}
    if lines:
        label, title = "nearest three of the same group", "words of one kind beside each other"
        ex.figure(figures.curves(lines, xlabel="step", ylabel=label, title=title), "groups")


def tsne(vectors: np.ndarray, iterations: int, seed: int) -> np.ndarray:
    """Return a picture of `vectors` [n, size] in the plane, [n, 2], by t-SNE with the book's settings."""
    from sklearn.manifold import TSNE

    perplexity = min(30, (len(vectors) - 1) / 3)
    # exact: so few points need no approximation, which takes ten times as long here
    model = TSNE(perplexity=perplexity, init="pca", max_iter=iterations, method="exact", random_state=seed)
    return model.fit_transform(vectors)


def word_picture(points: np.ndarray, names: list[str]) -> Figure:
    """Draw words at `points` [n, 2]; where no Chinese font is there, their ids are drawn and the words printed."""
    fonts = {font.name for font in font_manager.fontManager.ttflist}
    family = next((name for name in CHINESE_FONTS if name in fonts), None)
    if family is None:
        print("no Chinese font here: the picture has numbers, which stand for")
        for start in range(0, len(names), 10):
            print("  " + "  ".join(f"{i} {names[i]}" for i in range(start, min(start + 10, len(names)))))
    figure, axis = plt.subplots(figsize=(18, 18))
    groups = np.array([GROUP_OF.get(name, "other words") for name in names])
    for number, group in enumerate([*GROUPS, "other words"]):
        if (groups == group).any():
            colour = "lightgrey" if group == "other words" else f"C{number}"
            axis.scatter(*points[groups == group].T, s=120, color=colour, label=group)
    for number, (name, point) in enumerate(zip(names, points, strict=True)):
        style = {"family": family, "fontsize": 20} if family else {"fontsize": 18}
        label = name if family else str(number)
        axis.annotate(label, point, xytext=(5, 2), textcoords="offset points", ha="right", va="bottom", **style)
    axis.set_xlabel("t-SNE, first axis", fontsize=16)
    axis.set_ylabel("t-SNE, second axis", fontsize=16)
    axis.set_title(f"the vectors of the {len(names)} most frequent words, by t-SNE", fontsize=20)
    axis.legend(fontsize=16)
    figure.tight_layout()
    return figure


def write_projector(ex: Example, sess: Any, embeddings: Any, words: Words) -> None:
    """Put what TensorBoard's projector shows into the log: the vectors, a table of their words, and where it is."""
    from tensorboard.plugins import projector

    ex.writer.flush()  # makes the folder
    rows = [
        f"{name}\t{count}\t{GROUP_OF.get(name, '-')}" for name, count in zip(words.names, words.counts, strict=True)
    ]
    (ex.logs / "metadata.tsv").write_text("\n".join(["word\tcount\tgroup", *rows]) + "\n", encoding="utf-8")
    config = projector.ProjectorConfig()
    config.embeddings.add(tensor_name=embeddings.name, metadata_path="metadata.tsv")
    projector.visualize_embeddings(str(ex.logs), config)
    tf.train.Saver([embeddings], save_relative_paths=True).save(sess, str(ex.logs / "embedding.ckpt"))
    print(f"the projector: `tensorboard --logdir {shown(ex.logs)}`, tab Projector")
