"""The request lines of example p57, and how lines become numbers."""

import numpy as np
import pytest

from utils.data import DataOptions, requests
from utils.problems import Problem


def test_the_made_up_log_is_the_same_each_time_and_varied():
    options = DataOptions()
    log = requests.load(options, train=2000, held_out=500)
    assert options.sources[0]["ours"]
    assert log.train[:2] == requests.load(DataOptions(), train=2000, held_out=500).train[:2]
    assert len(log.train) == 2000 and len(log.held_out) == 500
    assert len(set(log.train)) > 1500
    assert max(map(len, log.train)) <= 32
    assert np.mean([len(line) for line in log.train]) == pytest.approx(20, abs=3)
    assert set("".join(log.train)) <= set(log.alphabet)
    assert all(line.startswith(("get /", "post /")) for line in log.train)


def test_lines_become_numbers_and_lines_again():
    log = requests.Requests([], [], "abc")
    codes = log.encode(["cab", "a", "", "abcabc"], 4)
    assert codes.tolist() == [[3, 1, 2, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 2, 3, 1]]
    assert requests.decode(codes, "abc") == ["cab", "a", "", "abca"]
    # what stands behind the end does not count
    assert requests.decode(np.array([[1, 0, 2], [0, 1, 2]]), "abc") == ["a", ""]


def test_own_files_are_split_and_what_is_wrong_is_one_line(tmp_path):
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("\n".join(f"first {number}" for number in range(60)), encoding="utf-8")
    two.write_text("\n\n".join(f"second {number} é" for number in range(40)), encoding="utf-8")
    log = requests.load(DataOptions(), f"{one}, {two}")
    assert len(log.train) == 80 and len(log.held_out) == 20
    assert log.held_out[:2] == ["first 4", "first 9"]
    assert "é" in log.alphabet
    assert requests.decode(log.encode(["second 1 é"], 12), log.alphabet) == ["second 1 é"]
    with pytest.raises(Problem, match=r"two\.txt: 40 lines are too few to learn from"):
        requests.load(DataOptions(), str(two))
    with pytest.raises(Problem, match=r"missing\.txt: No such file"):
        requests.load(DataOptions(), str(tmp_path / "missing.txt"))
    one.write_text("\n".join(chr(200 + number) * 2 for number in range(300)), encoding="utf-8")
    with pytest.raises(Problem, match="300 different characters; this example learns at most 255"):
        requests.load(DataOptions(), str(one))
