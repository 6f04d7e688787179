"""Plain texts: encodings, line ends, and what is said of a file that is no text."""

import pytest

from utils.data import DataOptions, texts
from utils.problems import Problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb2312", "gb18030"])
def test_a_text_is_read_in_the_encodings_of_the_books_and_of_today(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes("人体与电能\r\n阴阳\r".encode(encoding))
    assert texts.read(path) == "人体与电能\n阴阳\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xff\xff", "no text file"), (b"a\0b", "no text file")],
)
def test_what_is_no_text_is_named(tmp_path, content, said):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(Problem, match=f"a.txt.*{said}"):
        texts.read(path)
    with pytest.raises(Problem, match="give a text file"):
        texts.read(tmp_path / "none.txt")


def test_neither_text_is_the_books_but_a_result_on_it_may_be_kept(tmp_path, capsys):
    path = tmp_path / "mine.txt"
    path.write_text("春去秋来", encoding="utf-8")
    options = DataOptions()
    assert texts.load(options, "town", str(path)).content == "春去秋来"
    assert texts.load(options, "town").path == texts.FOLDER / "town.txt"
    assert [(source["name"], source["real"], source["ours"]) for source in options.sources] == [
        ("mine.txt", False, True),
        ("town.txt", False, True),
    ]
    assert "stand-in" not in capsys.readouterr().out
