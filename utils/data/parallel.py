"""Sentence pairs in English and Chinese: the reader's two files, or pairs that a small grammar of this project makes.

The grammar's sentences are everyday ones: who did what, where and when, how many of what, which one is dearer, why
somebody stayed at home. Chinese puts time and place before the verb, what describes a thing before the thing, and a
measure word behind each number, so that a translator has to look in another order than the words came in.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.data import DataOptions, texts
from utils.problems import Problem

Pair = tuple[str, str]


PHRASES = texts.FOLDER / "parallel_phrases.txt"


@dataclass(frozen=True)
class _Person:
    en: str
    zh: str
    verb: str  # "third": an English verb takes its -s
    object: str

    def form(self, plain: str, third: str) -> str:
        return third if self.verb == "third" else plain

    @property
    def be(self) -> str:
        return "am" if self.en == "I" else self.form("are", "is")


def _phrases() -> dict[str, list[list[str]]]:
    """Return the sections of the phrase file: name → rows of cells."""
    sections: dict[str, list[list[str]]] = {}
    for line in texts.read(PHRASES).splitlines():
        if line.startswith("["):
            rows = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            rows.append([cell.strip() for cell in line.split("|")])
    return sections


class _Grammar:
    """Draws one pair after the other. Each method of `TEMPLATES` returns English and Chinese without the full stop."""

    def __init__(self, rng: np.random.RandomState) -> None:
        self.rng = rng
        self.table = _phrases()
        self.people = [_Person(*row) for row in self.table["people"]]
        self.nouns = {row[0]: row for row in self.table["nouns"]}
        self.places = {row[0]: (row[1], row[2]) for row in self.table["places"]}
        self.small, self.large = ([row[0] for row in self.table[name]] for name in ("small", "large"))
        self.verbs = [[*row[:3], row[3].split(), row[4].split()] for row in self.table["verbs"]]
        self.activities = [[*row[:4], row[4].split()] for row in self.table["activities"]]

    def pick(self, entries: Sequence) -> list:
        return entries[self.rng.randint(len(entries))]

    def chance(self, share: float) -> bool:
        return self.rng.rand() < share

    def who(self, but: str = "") -> _Person:
        return self.pick([person for person in self.people if person.en != but])

    def noun(self, names: Sequence[str], kind: str = "any") -> Pair:
        """Return a noun with its article or number; `kind`: any, or the (that one), or number."""
        one, many, zh, measure, group = self.nouns[self.pick(names)]
        en_adjective, zh_adjective = self.pick(self.table[f"adjectives of a {group}"]) if self.chance(0.4) else ("", "")
        if kind == "number" or (kind == "any" and self.chance(0.4)):
            number, zh_number = self.pick(self.table["numbers"])
            return f"{number} {en_adjective} {many}", f"{zh_number}{measure}{zh_adjective}{zh}"
        if kind == "the":
            return f"that {en_adjective} {one}", f"那{measure}{zh_adjective}{zh}"
        article = "an" if (en_adjective or one)[0] in "aeiou" else "a"
        return f"{article} {en_adjective} {one}", f"一{measure}{zh_adjective}{zh}"

    def place(self, names: Sequence[str], share: float = 0.4) -> Pair:
        return self.places[self.pick(names)] if self.chance(share) else ("", "")

    def did(self) -> Pair:
        who, verb, (when, zh_when) = self.who(), self.pick(self.verbs), self.pick(self.table["past"])
        (what, zh_what), (where, zh_where) = self.noun(verb[3]), self.place(verb[4])
        return f"{who.en} {verb[1]} {what} {where} {when}", f"{who.zh}{zh_when}{zh_where}{verb[2]}了{zh_what}"

    def did_not(self) -> Pair:
        who, verb, (when, zh_when) = self.who(), self.pick(self.verbs), self.pick(self.table["past"])
        what, zh_what = self.noun(verb[3], "the")
        return f"{who.en} did not {verb[0]} {what} {when}", f"{who.zh}{zh_when}没有{verb[2]}{zh_what}"

    def did_question(self) -> Pair:
        who, verb, (when, zh_when) = self.who("I"), self.pick(self.verbs), self.pick(self.table["past"])
        (what, zh_what), (where, zh_where) = self.noun(verb[3]), self.place(verb[4], 0.3)
        return f"did {who.en} {verb[0]} {what} {where} {when}?", f"{who.zh}{zh_when}{zh_where}{verb[2]}了{zh_what}吗？"

    def who_question(self) -> Pair:
        verb, (when, zh_when) = self.pick(self.verbs), self.pick(self.table["past"])
        (what, zh_what), (where, zh_where) = self.noun(verb[3], "the"), self.place(verb[4], 0.5)
        return f"who {verb[1]} {what} {where} {when}?", f"{zh_when}谁{zh_where}{verb[2]}了{zh_what}？"

    def where_question(self) -> Pair:
        who, verb = self.who("I"), self.pick(self.verbs)
        what, zh_what = self.noun(verb[3], "the")
        when, zh_when = self.pick(self.table["past"]) if self.chance(0.4) else ("", "")
        return f"where did {who.en} {verb[0]} {what} {when}?", f"{who.zh}{zh_when}是在哪儿{verb[2]}的{zh_what}？"

    def doing(self) -> Pair:
        who, act = self.who(), self.pick(self.activities)
        where, zh_where = self.place(act[4], 0.8)
        if self.chance(0.3):
            return f"{who.en} {who.be} not {act[2]} {where} now", f"{who.zh}现在没有{zh_where}{act[3]}"
        return f"{who.en} {who.be} {act[2]} {where}", f"{who.zh}正{zh_where or '在'}{act[3]}"

    def habit(self) -> Pair:
        who, act, (when, zh_when) = self.who(), self.pick(self.activities), self.pick(self.table["habit"])
        where, zh_where = self.place(act[4], 0.7)
        return f"{who.en} {who.form(act[0], act[1])} {where} {when}", f"{who.zh}{zh_when}{zh_where}{act[3]}"

    def not_habit(self) -> Pair:
        who, act, (when, zh_when) = self.who(), self.pick(self.activities), self.pick(self.table["habit"])
        where, zh_where = self.place(act[4], 0.7)
        does = who.form("do", "does")
        return f"{who.en} {does} not {act[0]} {where} {when}", f"{who.zh}{zh_when}不{zh_where}{act[3]}"

    def will(self) -> Pair:
        who, verb, (when, zh_when) = (
            self.who(),
            self.pick([v for v in self.verbs if v[0] not in ("find", "see")]),
            self.pick(self.table["future"]),
        )
        what, zh_what = self.noun(verb[3])
        if self.chance(0.3):
            return f"will {who.en} {verb[0]} {what} {when}?", f"{who.zh}{zh_when}会{verb[2]}{zh_what}吗？"
        return f"{who.en} will {verb[0]} {what} {when}", f"{who.zh}{zh_when}会{verb[2]}{zh_what}"

    def there_is(self) -> Pair:
        side, names = self.pick([("inside", self.small), ("outside", self.large)])
        (where, zh_where), (what, zh_what) = self.pick(self.table[side]), self.noun(names)
        is_are = "is" if what.startswith("a") else "are"
        if self.chance(0.2):
            return f"{is_are} there {what} {where}?", f"{zh_where}有{zh_what}吗？"
        return f"there {is_are} {what} {where}", f"{zh_where}有{zh_what}"

    def has(self) -> Pair:
        who, (what, zh_what) = self.who(), self.noun([*self.small, *self.large])
        if self.chance(0.4):
            one, _, zh, _, _ = self.nouns[self.pick([*self.small, *self.large])]
            article = "an" if one[0] in "aeiou" else "a"
            return f"{who.en} {who.form('do', 'does')} not have {article} {one}", f"{who.zh}没有{zh}"
        return f"{who.en} {who.form('have', 'has')} {what}", f"{who.zh}有{zh_what}"

    def which_is(self) -> Pair:
        who, (when, zh_when) = self.who(), self.pick(self.table["past"])
        verb = self.pick([v for v in self.verbs if v[0] in ("read", "write", "buy", "sell", "borrow", "find", "draw")])
        one, _, zh, measure, group = self.nouns[self.pick(verb[3])]
        how, zh_how = self.pick(
            self.table["verdicts on a work"]
            if group == "work"
            else self.table["verdicts on a thing"]
            if group == "thing"
            else self.table["verdicts on a thing"][1:2]
        )
        return (
            f"the {one} that {who.en} {verb[1]} {when} is {how}",
            f"{who.zh}{zh_when}{verb[2]}的那{measure}{zh}{zh_how}",
        )

    def compared(self) -> Pair:
        if self.chance(0.5):
            one = self.who()
            other, (how, zh_how) = self.who(one.en), self.pick(self.table["people compared"])
            return f"{one.en} {one.be} {how} than {other.object}", f"{one.zh}比{other.zh}{zh_how}"
        one, _, zh, measure, _ = self.nouns[
            self.pick([*self.small[2:], "coat", "shirt", "chair", "table", "lamp", "car", "computer", "box"])
        ]
        how, zh_how = self.pick(self.table["things compared"])
        return f"this {one} is {how} than that one", f"这{measure}{zh}比那{measure}{zh_how}"

    def because(self) -> Pair:
        who, (did, zh_did), (why, zh_why) = (
            self.who(),
            self.pick(self.table["results"]),
            self.pick(self.table["reasons"]),
        )
        if did.startswith("was") and not (who.verb == "third" or who.en == "I"):
            did = did.replace("was", "were")
        when, zh_when = self.pick(self.table["past"][:4]) if self.chance(0.4) else ("", "")
        return f"{who.en} {did} {when} because {why}", f"因为{zh_when}{zh_why}，所以{who.zh}{zh_did}"

    def went(self) -> Pair:
        who, (city, zh_city), (by, zh_by) = (
            self.who(),
            self.pick(self.table["cities"]),
            self.pick(self.table["transport"]),
        )
        if self.chance(0.5):
            when, zh_when = self.pick(self.table["past"])
            return f"{who.en} went to {city} {by} {when}", f"{who.zh}{zh_when}{zh_by}去了{zh_city}"
        when, zh_when = self.pick(self.table["future"])
        return f"{who.en} {who.be} going to {city} {by} {when}", f"{who.zh}{zh_when}要{zh_by}去{zh_city}"

    def price(self) -> Pair:
        one, _, zh, measure, _ = self.nouns[
            self.pick([*self.small, "coat", "shirt", "chair", "table", "lamp", "computer", "bed"])
        ]
        yuan, where = self.rng.randint(3, 900), self.place(["market", "shop"], 0.4)
        return f"this {one} costs {yuan} yuan {where[0]}", f"这{measure}{zh}{where[1]}卖{yuan}元"

    def clock(self) -> Pair:
        (what, zh_what, zh_does), hour = self.pick(self.table["clock"]), self.rng.randint(1, 13)
        when, zh_when = self.pick([*self.table["habit"][:6], *self.table["future"][:1]])
        return f"{what} at {hour} o'clock {when}", f"{zh_what}{zh_when}{hour}点{zh_does}"

    def gave(self) -> Pair:
        who = self.who()
        other, (when, zh_when) = self.who(who.en), self.pick(self.table["past"])
        what, zh_what = self.noun(
            ["book", "hat", "watch", "camera", "umbrella", "cake", "photo", "bird", "flower", "cup"]
        )
        return f"{who.en} gave {other.object} {what} {when}", f"{who.zh}{zh_when}送给{other.zh}{zh_what}"

    def asked(self) -> Pair:
        who, act = self.who(), self.pick(self.activities)
        other, (where, zh_where) = self.who(who.en), self.place(act[4], 0.7)
        if self.chance(0.5):
            return (
                f"{who.en} told {other.object} not to {act[0]} {where}",
                f"{who.zh}叫{other.zh}不要{zh_where}{act[3]}",
            )
        return f"{who.en} asked {other.object} to {act[0]} {where}", f"{who.zh}请{other.zh}{zh_where}{act[3]}"

    def thinks(self) -> Pair:
        who, (inner, zh_inner) = (
            self.who(),
            self.pick([self.compared, self.which_is, self.price, self.went, self.clock])(),
        )
        verb, third, zh = self.pick(self.table["thinking"])
        return f"{who.en} {who.form(verb, third)} that {inner}", f"{who.zh}{zh}{zh_inner}"

    def but(self) -> Pair:
        (one, zh_one), (other, zh_other) = (self.pick([self.habit, self.not_habit, self.doing])() for _ in range(2))
        return f"{one}, but {other}", f"{zh_one}，但是{zh_other}"

    TEMPLATES: tuple[Callable, ...] = (
        did, did, did_not, did_question, who_question, where_question, doing, habit, not_habit, will, there_is, has,
        which_is, compared, because, went, price, clock, gave, asked, thinks, but,
    )  # fmt: skip


def _sentence(en: str, zh: str) -> Pair:
    en = re.sub(r" +([,?])", r"\1", " ".join(en.split()))
    question = en.endswith("?")
    return en[0].upper() + en[1:] + ("" if question else "."), zh + ("" if question else "。")


def make(count: int, seed: int = 1) -> list[Pair]:
    """Return `count` pairs (English, Chinese), the same ones for the same `seed`.

    No two of them agree in either language, their numerals aside: any part held out is new to a model that was
    trained on the rest.
    """
    grammar, pairs = _Grammar(np.random.RandomState(seed)), []
    seen: set[str] = set()
    for _ in range(200 * count):
        pair = _sentence(*grammar.pick(grammar.TEMPLATES)(grammar))
        keys = {re.sub(r"\d+", "0", text) for text in pair}
        if not keys & seen:
            seen |= keys
            pairs.append(pair)
            if len(pairs) == count:
                return pairs
    raise Problem(f"the grammar has not {count} different pairs: ask for fewer (10000, say)")


def read(english: Path, chinese: Path) -> list[Pair]:
    """Return the pairs of two text files, one sentence a line, line by line each other's translation.

    Lines that are empty in both files are left out. Problem where the files have not the same number of lines, or where
    a sentence has no partner.
    """
    both = [texts.read(path).rstrip("\n").split("\n") for path in (english, chinese)]
    if len(both[0]) != len(both[1]):
        raise Problem(
            f"{english} has {len(both[0])} lines and {chinese} has {len(both[1])}: "
            "line n of the one must be the translation of line n of the other"
        )
    pairs = []
    for number, (en, zh) in enumerate(zip(*both, strict=True), start=1):
        if bool(en.strip()) != bool(zh.strip()):
            raise Problem(f"line {number} is empty in one of {english} and {chinese}: give it its translation")
        if en.strip():
            pairs.append((en.strip(), zh.strip()))
    return pairs


def load(options: DataOptions, folder: Path, count: int, english: str = "", chinese: str = "") -> list[Pair]:
    """Return the pairs of the reader's two files, or `count` pairs of this project's grammar.

    The grammar's pairs are written into `folder` as two such files first (english.txt, chinese.txt), and read back.
    """
    if bool(english) != bool(chinese):
        raise Problem("a parallel corpus is two files: give both --english FILE and --chinese FILE")
    if english:
        options.note(
            "parallel corpus",
            f"the reader's own files {Path(english).name}, {Path(chinese).name}",
            real=False,
            ours=True,
        )
        return read(Path(english).expanduser(), Path(chinese).expanduser())
    options.note(
        "parallel corpus",
        f"{count} pairs made by this project's grammar, utils/data/parallel.py",
        real=False,
        ours=True,
    )
    files = folder / "english.txt", folder / "chinese.txt"
    for file, sentences in zip(files, zip(*make(count), strict=True), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    return read(*files)
