"""Chapter 9: CTC's loss and decoders (9.4.17, 9.4.18), held against the enumeration of all paths."""

import numpy as np
import pytest


def test_9_4_17_the_loss_sums_over_all_paths(quick):
    run = quick("9.4.17")
    for labels, ways in (([0], 6), ([0, 1], 5), ([0, 0], 1)):
        assert run.metric(f"loss of {labels}, zero logits") == pytest.approx(np.log(27 / ways), abs=1e-6)
    assert "1 paths (0_0)" in run.out  # a double needs a blank between
    loss, by_hand = "loss of [0, 1], random logits", "loss of [0, 1], random logits, all 81 paths"
    assert run.metric(loss) == pytest.approx(1.5568573, abs=1e-6)
    assert run.metric(by_hand) == pytest.approx(1.5568573, abs=1e-6)
    assert run.metric("gradient: largest difference from all paths") < 2e-6  # 1e-7 measured


def test_9_4_17_batches_and_the_switches_for_repeats(quick):
    run = quick("9.4.17")
    losses = run.metric("batch of unequal lengths")
    assert losses == pytest.approx(run.metric("batch of unequal lengths, all paths"), rel=1e-5)
    assert losses == pytest.approx(run.metric("batch of unequal lengths, time_major=False"), rel=1e-6)
    found = []
    for collapse in (True, False):
        for merge in (True, False):
            name = f"collapse {collapse}, merge {merge}"
            found.append(run.metric(name))
            assert found[-1] == pytest.approx(run.metric(f"{name}, all paths"), rel=1e-5)
    assert np.diff(sorted(found)).min() > 0.5  # four switches, four meanings


def test_9_4_17_what_does_not_fit(quick):
    run = quick("9.4.17")
    assert run.metric("labels too long for the frames") == "inf"
    assert run.metric("more labels than frames") == "InvalidArgumentError"
    assert run.metric("the same with ignore_longer_outputs_than_inputs") == 0
    assert run.metric("loss of the blank as a label") == pytest.approx(1.9095, abs=1e-4)
    assert "labels must be 0 … 1, and [2] are not: 2 is the blank" in run.out


def test_9_4_17_sparse_tensors_and_the_edit_distance(quick):
    run = quick("9.4.17")
    assert run.metric("SparseTensor [3, 5]: entries (1, 3) and (2, 4)") == pytest.approx([18, 3.6])
    assert run.metric("SparseTensor [3, 5]: sum of all entries") == pytest.approx(21.6)
    assert run.metric("lists → sparse → dense") == [[0, 1, 1], [2, -1, -1], [-1, -1, -1]]  # zeros stay
    assert run.metric("edit distance kitten → sitting") == 3
    assert run.metric("the same, normalised") == pytest.approx(3 / 7)


def test_9_4_18_merge_repeated_means_two_things(quick):
    run = quick("9.4.18")
    assert run.metric("greedy, merge_repeated True") == [0, 0, 1]
    assert run.metric("greedy, merge_repeated False") == [0, 0, 0, 1]
    assert run.metric("beam, merge_repeated True") == [0, 1]
    assert run.metric("beam, merge_repeated False") == [0, 0, 1]
    assert run.metric("greedy's second result") == -25
    assert run.metric("the beam's second result") == pytest.approx(
        run.metric("ln of the probability of all paths"), abs=1e-5
    )


def test_9_4_18_the_beam_finds_the_likeliest_labelling(quick):
    run = quick("9.4.18")
    assert run.metric("0.4, 0, 0.6 twice: greedy") == []
    assert run.metric("0.4, 0, 0.6 twice: beam") == [0]
    assert run.metric("0.4, 0, 0.6 twice: the beam's probability") == pytest.approx(0.64, abs=1e-6)
    beam = run.metric("random logits: the beam's labellings")
    assert beam == run.metric("random logits: the labellings of all paths")
    assert len(beam) == 5
    assert run.metric("random logits: largest difference in probability") < 1e-6
    shares = [run.metric(f"likeliest labelling found, {name}") for name in ("greedy", "beam_width 2", "beam_width 100")]
    assert shares[0] < shares[1] < shares[2] == 1.0  # 0.55, 0.825 and 1 of the same 40 samples each time
    assert run.metric("label error, beam") == 0 < run.metric("label error, greedy")
