"""The verdicts, the table and what may be kept."""

import json

import numpy as np
import pytest

from utils import results
from utils.problems import Problem


@pytest.mark.parametrize(
    ("measured", "book", "better", "tolerance", "expected"),
    [
        (0.84, 0.8316, "higher", 0.0, "better"),
        (0.82, 0.8316, "higher", 0.0, "worse"),
        (0.82, 0.8316, "higher", 0.02, "as the book"),
        (0.9, 0.8, "lower", 0.0, "worse"),
        (0.9, 0.8, None, 0.0, "differs"),
        ([[1.0, 2.0]], [[1.0, 2.0]], None, 0.0, "as the book"),
        ([[1.0, 2.0]], [[1.0, 2.5]], None, 0.0, "differs"),
        ([1.0], [1.0, 2.0], None, 9.0, "differs"),
        ("a:0", "a:0", None, 0.0, "as the book"),
        ("a:0", "b:0", None, 9.0, "differs"),
        (float("nan"), 1.0, None, 9.0, "differs"),
    ],
)
def test_verdict(measured, book, better, tolerance, expected):
    assert results.verdict(measured, book, better, tolerance) == expected


def test_arrays_become_lists():
    assert results.plain({"a": np.eye(2, dtype=np.float32), "b": (np.int64(1), b"x")}) == {
        "a": [[1.0, 0.0], [0.0, 1.0]],
        "b": [1, "x"],
    }


def _result(tmp_path, **changes):
    base = {"id": "21", "title": "t", "preset": "default", "data": [], "metrics": []}
    folder = tmp_path / "outputs" / "21"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(base | changes), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"preset": "quick"}, "quick run"),
        ({"preset": "custom"}, "custom run"),
        ({"data": [{"name": "MNIST", "source": "x", "real": False}]}, "stand-in"),
    ],
)
def test_only_whole_runs_on_real_data_are_kept(tmp_path, monkeypatch, changes, reason):
    monkeypatch.setenv("TFBOOK_RUNS", str(tmp_path))
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    _result(tmp_path, **changes)
    with pytest.raises(Problem, match=reason):
        results.keep("21")
    assert not (tmp_path / "results").exists()


def test_a_default_run_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("TFBOOK_RUNS", str(tmp_path))
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    with pytest.raises(Problem, match=r"run `python run.py 21` first"):
        results.keep("21")
    _result(tmp_path)
    assert json.loads(results.keep("21").read_text(encoding="utf-8"))["id"] == "21"


def test_what_is_kept_does_not_name_the_readers_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("TFBOOK_RUNS", str(tmp_path))
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    sources = [
        {"name": "CIFAR-10", "source": f"{tmp_path}/cifar-10-batches-bin, not the publisher's bytes", "real": True},
        {"name": "MNIST", "source": "datasets/mnist", "real": True},
    ]
    _result(tmp_path, data=sources)
    kept = json.loads(results.keep("21").read_text(encoding="utf-8"))
    assert [data["source"] for data in kept["data"]] == [
        "cifar-10-batches-bin, not the publisher's bytes",
        "datasets/mnist",
    ]
