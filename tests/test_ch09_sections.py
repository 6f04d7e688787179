"""Chapter 9: the hand-written networks (55, 56) and the sections on builders, states, dropout and layer norm."""

import re

import numpy as np
import pytest

# The five blocks that the book prints of listing 9-1, digit for digit.
BOOK_55 = """
iter 0
Total error: 3.97242498
Predicted: 00000000
True:      00000000
9 - 9 = 0
------------
iter 800
Total error: 2.17211820
Predicted: 00000000
True:      00010001
17 - 0 = 0
------------
iter 8000
Total error: 0.04588656
Predicted: 10010110
True:      10010110
167 - 17 = 150
------------
iter 8800
Total error: 0.08098026
Predicted: 10011000
True:      10011000
204 - 52 = 152
------------
iter 9600
Total error: 0.03262333
Predicted: 11000000
True:      11000000
209 - 17 = 192
------------
"""


def test_55_with_the_books_swap_prints_the_books_blocks(run_example):
    run = run_example("55", "--book")
    printed = re.sub(r" +\(book .*\)", "", run.out)
    for block in BOOK_55.split("iter ")[1:]:
        assert f"\niter {block}" in printed
    verdicts = [metric["verdict"] for metric in run.result["metrics"] if metric["book"] is not None]
    assert verdicts == ["as the book"] * 15
    assert run.metric("right over all pairs a ≥ b") == 1
    assert 0.2 < run.metric("share of steps on a − a") < 0.3  # 8128/32768 of the pairs, and a little by chance


def test_55_with_the_swap_put_right_subtracts_every_pair(quick):
    run = quick("55")
    assert run.metric("total error, iter 0") == pytest.approx(3.99972855, abs=1e-7)
    assert run.metric("equation, iter 0") == "60 - 9 = 0"
    assert run.metric("total error, iter 2400") == pytest.approx(0.18361106, abs=1e-6)
    assert run.metric("right over all pairs a ≥ b") == 1
    assert run.metric("right over all pairs with b ≥ 128") == 1
    assert run.metric("share of steps on a − a") < 0.02
    assert run.metric("alpha 0.1: right over all pairs a ≥ b") < 0.5
    assert [step for step, _ in run.scalars("total_error")] == [0, 800, 1600, 2400, 3200]


def test_56_shared_weights_learn_the_echo_and_the_listing_cannot(quick):
    run = quick("56")
    assert run.metric("weights, the listing") == 15 * 34
    assert run.metric("weights, shared") == 34
    assert run.metric("weights shared: loss, new bits") < 0.01  # 0.001 to 0.002 after these two epochs
    assert run.metric("weights shared: right, new bits") == 1
    listing = run.metric("the listing: loss by position, new bits")
    assert len(listing) == 15
    assert listing[0] > 0.6  # ln 2 = 0.693: the first position is a guess in each of 14 starts, to the end
    assert run.metric("the listing: positions 1 and 2 of it") > 0.06  # 0.083 to 0.093 in most starts by now, 0.066 once
    floor = 2 * np.log(2) / 15
    assert run.metric("the listing: loss, new bits") > 0.95 * floor
    assert run.metric("weights shared: loss of the first window") > 0.1  # 12 of its 75 targets nobody can know
    assert set(run.result["figures"]) == {"echo_shared.png", "echo_listing.png", "loss_by_position.png", "loss.png"}
    for name in ("shared", "listing"):
        steps = [step for step, _ in run.scalars(name)]
        assert steps[0] == 0
        assert steps == sorted(set(steps))
        assert len(steps) == 2 * 67


def test_9_4_2_all_builders_compute_the_same(quick):
    run = quick("9.4.2")
    for name in (
        "static_rnn against dynamic_rnn",
        "time_major against batch first",
        "4 steps of a graph of open length",
        "static against dynamic bidirectional",
        "backward half against the reversed sequence",
        "static against dynamic stack of two",
    ):
        assert run.metric(name) < 1e-6, name
    assert run.metric("shape of the stack's outputs") == [2, 6, 6]


def test_9_4_2_sequence_length_gives_zeros_and_the_last_valid_state(quick):
    run = quick("9.4.2")
    assert run.metric("largest output behind the end") == 0
    assert run.metric("LSTM: h against the last valid output") == 0
    assert run.metric("GRU: state against the last valid output") == 0
    assert run.metric("LSTM state: members") == run.metric("GRU state: rows") == 2
    short, medium, long = run.metric("operations for 7, 14, 28 steps, static")
    assert medium - short > 50
    assert long - medium > 2 * 50
    assert len(set(run.metric("operations for 7, 14, 28 steps, dynamic"))) == 1


def test_9_4_2_the_lstms_written_out_are_basic_lstm_cell(quick):
    run = quick("9.4.2")
    for name in ("static_rnn", "raw_ops.BlockLSTM", "inputs in one product", "the same, own gradient"):
        assert run.metric(f"{name}: output against dynamic_rnn") < 2e-6  # values of 0.1; 1e-7 measured
        assert run.metric(f"{name}: kernel's gradient against dynamic_rnn") < 1e-7  # values to 1e-3; 5e-9 measured
        assert 0 < run.metric(f"ms a step, {name}, best") <= run.metric(f"ms a step, {name}, median")
    assert run.metric("ms a step, dynamic_rnn, best") > 0
    assert run.metric("ms a step, Keras layer, best") > run.metric("ms a step, its products alone, best") > 0


def test_9_4_14_a_state_can_be_given_and_handed_on(quick):
    run = quick("9.4.14")
    assert run.metric("zero_state: every element") == [0, 0]
    for name in (
        "explicit zeros against the default",
        "static_rnn with zero_state against dynamic_rnn",
        "a chosen state: step 1 against NumPy",
        "cut in two: outputs against one pass",
        "cut in two: final state against one pass",
    ):
        assert run.metric(name) < 1e-6, name
    assert run.metric("a chosen state: step 1 against that after zeros") > 0.05
    assert run.metric("second half from zeros: first output against one pass") > 0.05


def test_9_4_15_dropout_drops_and_scales_outputs_not_the_state(quick):
    run = quick("9.4.15")
    assert run.metric("output dropout: factors") == [0, 2]
    assert run.metric("input dropout: factors") == [0, 1.25]
    assert run.metric("output dropout: share dropped") == pytest.approx(0.5, abs=0.06)  # 1,280 draws: 4 deviations
    assert run.metric("input dropout: share dropped") == pytest.approx(0.2, abs=0.065)  # 640 draws: 4 deviations
    assert run.metric("mean of 200 dropped outputs against the plain ones") == pytest.approx(1, abs=0.02)
    assert run.metric("final state, output dropout against none") == 0
    assert run.metric("state_keep_prob: difference of c") == 0
    assert run.metric("state_keep_prob: factors of h") == [0, 2]
    assert run.metric("variational: one mask for all steps") is True
    assert run.metric("stack: state of layer 1 moved by") == 0 < run.metric("stack: state of layer 2 moved by")
    assert run.metric("training: two runs differ by") > 0.1
    assert run.metric("keep_prob 1: difference from the plain cell") == 0


def test_9_4_15_layer_norm_is_its_formula(quick):
    run = quick("9.4.15")
    assert run.metric("layer norm against its formula") < 1e-5  # values to 2; 2e-7 measured
    assert run.metric("layer norm against the library") < 1e-5
    assert run.metric("LSTM cell with layer norm against NumPy") < 1e-5  # 6e-7 measured
    assert run.metric("layer norm written out: the ε in its result") > 0.9e-5  # 1e-5, or 1e-3 with oneDNN
    assert run.metric("other company: layer norm moves a row by") < 1e-6
    assert run.metric("other company: batch norm moves a row by") > 0.5
