"""Chapter 9: the MNIST rows of examples 58 to 67, and the find-the-bug exercises."""

import sys
from pathlib import Path

import numpy as np
import pytest

CHAPTER = Path(__file__).parent.parent / "chapters" / "ch09_recurrent"
NOTHING = 2.3026  # the logarithm of 10: the cross-entropy of knowing nothing


def learns(run, *, name="", cost, accuracy):
    """Check a quick run's test on all pictures, and the book's measure on 128.

    The bounds leave about as much room below seeds 1 and 2 as these have learned; the figures stand beside them.
    """
    before = f"{name}: " if name else ""
    tag = f"{name.replace(' ', '_')}/loss" if name else "loss"
    loss = run.scalars(tag)
    assert [step for step, _ in loss] == list(range(10, 10 * len(loss) + 1, 10))
    assert loss[-1][1] < loss[0][1] < NOTHING + 0.05
    assert run.metric(f"{before}test cross-entropy, all 10,000 pictures") < cost
    assert run.metric(f"{before}test accuracy, all 10,000 pictures") > accuracy
    assert (128 * run.metric(f"{before}test accuracy, first 128 pictures")).is_integer()
    assert set(run.result["figures"]) == {"loss.png", "accuracy.png"}


def gru_weights(inputs, units):
    return 3 * units * (inputs + units + 1)


def lstm_weights(inputs, units):
    return 4 * units * (inputs + units + 1)


def test_58_a_gru_state_is_its_output(quick):
    run = quick("58")
    learns(run, cost=1.3, accuracy=0.55)  # 0.99 and 0.666
    assert run.metric("recurrent weights") == gru_weights(28, 128) == 60_288
    assert run.metric("all weights") == 60_288 + 1_290
    assert run.metric("largest difference of the last output and the state") == 0.0
    assert run.metric("what [-1] of the pair is with an LSTM") == "LSTMStateTuple"
    assert "LSTMStateTuple of (?, 128) (?, 128), not an output" in run.out


def test_59_transposes_and_takes_the_last_step(quick):
    run = quick("59")
    learns(run, cost=1.3, accuracy=0.55)  # 0.99 and 0.666
    assert run.metric("shapes: dynamic_rnn, transposed, last step") == "(?, 28, 128) (28, ?, 128) (?, 128)"
    assert run.metric("recurrent weights") == 60_288
    assert run.metric("largest difference from outputs[:, -1] and from the state") == 0.0
    static, dynamic = run.metric("operations, static_rnn"), run.metric("operations, dynamic_rnn")
    assert dynamic < static / 2


def test_60_stacks_three_lstms(quick):
    run = quick("60")
    learns(run, cost=1.3, accuracy=0.5)  # 1.01 to 1.02 and 0.66 to 0.67
    assert run.metric("outputs") == "28 (?, 128)"
    assert run.metric("states") == ["LSTMStateTuple"] * 3
    assert run.metric("recurrent weights") == lstm_weights(28, 128) + 2 * lstm_weights(128, 128) == 343_552
    assert run.metric("all weights") == 343_552 + 1_290
    assert run.metric("largest difference of the last output and the top layer's h") == 0.0


def test_61_feeds_an_lstm_into_a_gru(quick):
    run = quick("61")
    learns(run, cost=1.2, accuracy=0.55)  # 0.88 to 0.91 and 0.71 to 0.72
    assert run.metric("outputs") == "28 (?, 256)"
    assert run.metric("states: c and h of the LSTM, h of the GRU") == "(?, 128) (?, 128) (?, 256)"
    assert run.metric("recurrent weights") == lstm_weights(28, 128) + gru_weights(128, 256) == 376_064
    assert run.metric("all weights") == 376_064 + 2_570


def test_62_is_the_network_of_61_in_a_loop(quick):
    run = quick("62")
    learns(run, cost=1.2, accuracy=0.55)  # 0.88 to 0.91 and 0.71 to 0.72
    assert run.metric("shape that dynamic_rnn returns") == "(?, 28, 256)"
    assert run.metric("shape transposed") == "(28, ?, 256)"
    assert run.metric("shape of the last step") == "(?, 256)"
    assert run.metric("recurrent weights") == 376_064
    assert run.metric("all weights") == 376_064 + 2_570
    assert run.metric("largest difference from static_rnn with the same weights") < 1e-5


@pytest.mark.parametrize(
    ("example", "printed", "weights", "steps", "memory", "cost", "accuracy"),
    [  # the weaker network: 1.42 to 1.46 and 0.51 to 0.56 with 63 and 64, 1.91 to 1.98 and 0.33 to 0.34 with 66
        ("63", "2 (?, 28, 128) (?, 28, 128)", 160_768, 7, 128 * 512, 1.7, 0.4),
        ("64", "(?, 256) 28", 160_768, 7, 128 * 512, 1.7, 0.4),
        ("66", "(?, 256) (28, ?, 256)", 687_104, 4, 3 * 64 * 256, 2.1, 0.23),
    ],
)
def test_the_backward_cell_has_read_the_whole_picture_at_its_own_end_only(
    quick, example, printed, weights, steps, memory, cost, accuracy
):
    run = quick(example)
    assert printed in run.out.splitlines()
    assert run.metric("the printed line") == printed
    assert run.metric("recurrent weights") == weights
    assert run.metric("all weights") == weights + 2_570
    for name in ("both ends", "last position"):
        learns(run, name=name, cost=cost, accuracy=accuracy)
    assert run.metric("both ends: steps in the backward output") == list(range(steps))
    assert run.metric("last position: steps in the backward output") == [steps - 1]
    # Its first step starts from a state of zeros, so the gradient of these weights is exactly zero.
    assert run.metric("last position: untouched backward memory weights") == memory
    assert run.metric("both ends: untouched backward memory weights") < memory / 1000
    costs = [f"{name}: test cross-entropy, all 10,000 pictures" for name in ("both ends", "last position")]
    assert run.metric(costs[0]) < run.metric(costs[1]) - 0.03  # 0.12 to 0.22 apart
    assert 0.01 < run.metric("training pictures with a stroke in the bottom row") < 0.02


def test_65_has_three_networks(quick):
    run = quick("65")
    learns(run, cost=1.5, accuracy=0.45)  # 1.13 to 1.18 and 0.59 to 0.63
    assert run.metric("outputs") == "(?, 256) 28"
    below = 2 * lstm_weights(28, 128)
    assert run.metric("recurrent weights, one") == below == 160_768
    assert run.metric("recurrent weights, list") == below + 4 * lstm_weights(256, 128) == 949_248
    assert run.metric("recurrent weights, multi") == below + 4 * lstm_weights(128, 128) == 687_104
    assert run.metric("all weights") == 949_248 + 2_570
    for variant in ("one", "list", "multi"):
        at = "of rows 0 to 2 in the backward half at the {} position, " + variant
        # Where the directions meet between the layers, the forward cells hand what they know to the backward ones.
        assert run.metric(at.format("last")) == ([0, 1, 2] if variant == "list" else [2])
        assert run.metric(at.format("first")) == [0, 1, 2]
    assert run.metric("backward memory weights") == 3 * 64 * 256
    assert run.metric("untouched backward memory weights") < 50


def test_65_the_books_readout_leaves_the_backward_memory_of_the_top_layer_untrained(run_example):
    """One layer and a stack of three in each direction, the other variants, are 63 and 66: see above."""
    flags = ("--training-iters", "700", "--display-step", "1", "--n-steps", "2", "--n-hidden", "32")
    run = run_example("65", "--quick", *flags, "--variant", "list", "--readout", "last-position")
    assert run.metric("untouched backward memory weights") == 32 * 128
    assert run.metric("test cross-entropy, all 10,000 pictures") < NOTHING


def test_67_cell_is_the_formula(quick):
    run = quick("67")
    assert run.metric("largest difference from the formula") < 2e-6
    assert run.metric("largest difference that the gates' bias makes") < 1e-5
    assert run.metric("recurrent weights, plain") == 60_288
    assert run.metric("recurrent weights, normalised") == 60_288 + 6 * 128 == 61_056


def test_67_normalised_learns_faster(quick):
    run = quick("67")
    learns(run, name="normalised", cost=0.9, accuracy=0.7)  # 0.54 to 0.56 and 0.85
    learns(run, name="plain", cost=1.7, accuracy=0.45)  # 1.41 and 0.58
    normalised, plain = (run.metric(f"mean of the printed losses, {name}") for name in ("normalised", "plain"))
    assert normalised < plain - 0.4  # 0.95 and 1.93


def test_67_other_cells(run_example):
    flags = ("--training-iters", "1300", "--n-steps", "2", "--n-hidden", "32")
    run = run_example("67", "--quick", *flags, "--cell", "LSTM", "--layers", "2")
    assert run.metric("largest difference from the formula") < 2e-6
    assert run.metric("recurrent weights, plain") == lstm_weights(28, 32) + lstm_weights(32, 32)
    assert run.metric("recurrent weights, normalised") == run.metric("recurrent weights, plain") + 2 * 8 * 32
    assert run.metric("normalised: test cross-entropy, all 10,000 pictures") < NOTHING


def test_67_formula_normalises(monkeypatch):
    monkeypatch.syspath_prepend(str(CHAPTER))
    formula = __import__("_layer_norm")
    values = formula.ln(np.array([[1.0, 2.0, 3.0, 6.0]]), np.ones(4), np.zeros(4))
    assert values == pytest.approx(np.array([[-2.0, -1.0, 0.0, 3.0]]) / np.sqrt(3.5), abs=1e-5)
    sys.modules.pop("_layer_norm")


def test_9_4_9_every_mistake_shows_and_every_cure_learns(quick):
    run = quick("9.4.9")
    said = {m["name"]: m["measured"] for m in run.result["metrics"] if m["name"].startswith("broken")}
    assert len(said) == 8
    expected = {
        "3-D tensor": "TypeError",
        "without a reshape": "ValueError: Cannot feed value of shape (100, 784)",
        "along axis 0": "InvalidArgumentError: Input shape axis 0 must equal 7, got shape [100,7,112]",
        "second time": "ValueError: Variable rnn/lstm_cell/kernel already exists",
        "not unpacked": "LSTMStateTuple",
        "no transpose": "outputs[-1] is (7, 64)",
        "[cell] * 3": "ValueError: Dimensions must be equal, but are 128 and 176",
        "not concatenated": "outputs[-1] is the backward output, (?, 7, 64); its last step (?, 64), not (?, 128)",
    }
    for mistake, what in expected.items():
        (text,) = (text for name, text in said.items() if mistake in name)
        assert what in text, mistake
        assert "\n" not in text
    for exercise in range(1, 5):
        assert run.metric(f"cured: test cross-entropy, exercise {exercise}") < 2.05  # 1.46 to 1.82
        assert run.metric(f"cured: test accuracy, exercise {exercise}") > 0.25  # 0.41 to 0.52
        loss = run.scalars(f"exercise_{exercise}/loss")
        assert loss[-1][1] < loss[0][1]


@pytest.mark.parametrize("example", ["60", "63"])
def test_rows_that_cannot_be_divided_are_one_clear_line(run_example, example):
    run = run_example(example, "--n-steps", "5", ok=False)
    assert run.code == 1
    assert run.err.strip() == "--n-steps 5: 28 rows can be read in 1, 2, 4, 7, 14 or 28 steps"
