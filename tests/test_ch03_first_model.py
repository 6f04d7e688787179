"""Chapter 3: a line through noisy points, and three ways to write its graph."""

import pytest

FIGURES = ("cost", "W", "b", "z(0.2)")


@pytest.mark.parametrize(
    ("seed", "expected"),
    # What the same algorithm gives for the noise of these seeds; the first W no longer matters to about 1e-4.
    [("1", (0.0697428, 2.035896, 0.0171483, 0.4243275)), ("0", (0.0929208, 2.035301, 0.016612, 0.423672))],
)
def test_01_finds_the_line(quick, seed, expected):
    run = quick("1", "--seed", seed)
    assert [run.metric(name) for name in FIGURES] == pytest.approx(expected, abs=1e-4)
    # All verdicts but the last two are comparisons with the book.
    assert [m["verdict"] for m in run.result["metrics"]] == ["as the book"] * 5 + ["", ""]


def test_01_prints_the_books_table_and_draws_three_figures(quick):
    run = quick("1", "--seed", "1")
    lines = run.out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("Epoch:")] == [str(n) for n in range(1, 20, 2)]
    assert sum(line.startswith("   the book:") for line in lines) == 10
    assert run.result["figures"] == ["data.png", "fit.png", "loss.png"]
    costs = run.scalars("cost")
    assert [step for step, _ in costs] == list(range(1, 21))
    assert costs[0][1] > 0.2 > costs[5][1] > 0.99 * costs[-1][1]  # seed 1: 0.502, 0.0709, 0.0697; y = 2x + 0 leaves 1.4


def test_01_shows_that_the_order_of_the_steps_matters(quick):
    run = quick("1", "--seed", "1")
    assert run.metric("cost.eval equals sess.run") is True
    assert run.metric("a variable made after the initialiser") == "FailedPreconditionError"
    assert "uninitialized value late" in run.out


def test_02_placeholders_in_a_dictionary_change_nothing(quick):
    first, run = quick("1", "--seed", "1"), quick("2")
    assert [run.metric(name) for name in FIGURES] == [first.metric(name) for name in FIGURES]
    assert run.scalars("cost") == first.scalars("cost")


def test_03_direct_input_ends_at_the_line_of_least_squares(quick):
    run = quick("3")
    assert [run.metric(name) for name in FIGURES[:3]] == pytest.approx((0.0696776, 2.049609, 0.018175), abs=1e-5)
    assert run.metric("W") == pytest.approx(run.metric("W of least squares"), abs=1e-4)
    assert run.metric("b") == pytest.approx(run.metric("b of least squares"), abs=1e-4)
    assert run.metric("z(0.2)") == pytest.approx(0.2 * run.metric("W") + run.metric("b"), abs=1e-6)
    assert run.metric("W after 20 steps") < 1  # one step an epoch is far too little: 0.53 with this seed
    assert "float64 first: Input 'y' of 'Mul' Op has type float32" in run.out


def test_04_parameters_in_a_dictionary_change_nothing(quick):
    first, run = quick("1", "--seed", "1"), quick("4")
    assert [run.metric(name) for name in FIGURES] == [first.metric(name) for name in FIGURES]
    assert run.scalars("cost") == first.scalars("cost")
    assert "{'w': 'weight:0', 'b': 'bias:0'}" in run.out
