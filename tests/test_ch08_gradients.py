"""Chapter 8: the transposed convolution, un-pooling, and tf.gradients."""

import numpy as np


def test_45_prints_every_tensor_of_the_book(quick):
    run = quick("45")
    assert run.out.count("(1, 2, 2, 1)\n") == 2
    rows = [[[-2], [0], [-2], [0]], [[2], [4], [2], [4]]]
    for name in ("conv", "cons"):
        assert run.metric(name) == [[[-2], [-2]], [[-2], [-2]]]
    for name in ("contv", "conts"):
        assert run.metric(name) == rows * 2
    compared = [m["verdict"] for m in run.result["metrics"] if m["book"] is not None]
    assert compared == ["as the book"] * 6
    assert run.metric("contv is the gradient of conv") is True
    assert run.metric("contv brings the picture back") is False
    assert run.metric("output_shape 5×5 of a 2×2 value is refused") is True


def test_45_four_steps_make_a_transposed_convolution(quick):
    run = quick("45")
    for case in [(2, 2, 4), (3, 1, 4), (3, 2, 5), (5, 1, 6), (3, 2, 4), (5, 3, 7), (4, 2, 9)]:
        assert run.metric(f"corrected padding, {case}") is True, case
        assert run.metric(f"the book's padding, {case}") is (case != (3, 2, 4)), case
    assert run.metric("corrected padding, cases of 60") == 60
    # the book's sides are right where the convolution put (kernel − 1) // 2 zeros before its picture
    right = [
        max((-(-size // stride) - 1) * stride + kernel - size, 0) // 2 == (kernel - 1) // 2
        for kernel in range(1, 6)
        for stride in range(1, 4)
        for size in range(4, 8)
    ]
    assert run.metric("the book's padding, cases of 60") == sum(right) < 60


def test_45_a_transposed_convolution_learns(quick):
    run = quick("45")
    first, last = run.metric("learning: loss, first and last step")
    # seeds 1 to 5: 1.42 to 2.51 at first, 1.6e-14 at most in the end, for the target can be met exactly
    assert last < 1e-6
    assert first > 0.1
    assert np.allclose(run.metric("learning: kernel"), 1, atol=1e-3)


def test_46_prints_every_tensor_of_the_book(quick):
    run = quick("46")
    for name in ("pooling2", "encode"):
        assert run.metric(name) == [[[1, 5], [1, 5]], [[3, 7], [3, 7]]]
    assert run.metric("mask") == [[[8, 9], [12, 13]], [[24, 25], [28, 29]]]
    assert run.metric("type of the mask") == "int64"
    zeros = [[0, 0]] * 4
    assert run.metric("reslut") == [zeros, [[1, 5], [0, 0]] * 2, zeros, [[3, 7], [0, 0]] * 2]
    compared = [m["verdict"] for m in run.result["metrics"] if m["book"] is not None]
    assert compared == ["as the book"] * 5
    assert run.metric("ties: the winners' columns") == [0, 2]  # of 0 and 1, of 2 and 3: the left ones


def test_46_takes_a_batch_of_two(quick):
    run = quick("46")
    assert run.metric("mask of the second picture") == [8, 9, 12, 13, 24, 25, 28, 29]
    assert run.metric("with the batch in the index") == [40, 41, 44, 45, 56, 57, 60, 61]
    assert run.metric("both ways un-pool to the same pictures") is True
    assert run.metric("un-pooled second picture, row 1") == [[11, 15], [0, 0], [11, 15], [0, 0]]


def test_46_spreads_an_average(quick):
    run = quick("46")
    assert run.metric("average un-pooled, rows of channel 0") == [0.5, 0.5, 2.5, 2.5]
    assert run.metric("pooling it again gives the averages") is True
    assert run.result["figures"] == ["unpooling.png"]


def test_47_has_a_gradient_for_floats_only(quick):
    run = quick("47")
    assert run.metric("y") == [[29]]
    assert run.metric("gradient for w1") == [[[9, 10]]]
    assert [m["verdict"] for m in run.result["metrics"] if m["book"] is not None] == ["as the book"]
    assert run.metric("gradient for w2 is None") is True
    assert run.metric("fetching the gradient for w2") == "TypeError"
    assert run.metric("with unconnected_gradients='zero'") == [[[9, 10]], [[0, 0]]]
    assert run.metric("gradient for whole numbers is None") is True
    assert run.metric("fetching the gradient for whole numbers") == "TypeError"


def test_48_adds_what_comes_from_both_sums(quick):
    run = quick("48")
    gradients = [run.metric(f"gradient for {name}") for name in ("w1", "w2", "w3", "w4")]
    assert gradients == [[1, 2], [1, 2], [4, 6], [3, 4]]
    assert [m["verdict"] for m in run.result["metrics"] if m["book"] is not None] == ["as the book"] * 4
    assert run.metric("w3 is the sum over y1 and y2") is True
    assert run.metric("as the gradient of the weighted sum") is True
    assert run.metric("without grad_ys") == [[1, 1], [1, 1], [2, 2], [1, 1]]


def test_49_stops_the_gradient(quick):
    run = quick("49")
    gradients = [run.metric(f"gradient for {name}") for name in ("w1", "w2", "w3", "w4")]
    assert gradients == [[1, 2], [1, 2], [4, 6], [3, 4]]
    assert run.metric("gradients2: None, or a tensor's shape") == [None, None, [2]]
    assert "gradients2: [None, None, <tf.Tensor" in run.out
    assert run.metric("fetching gradients2") == "TypeError"
    assert run.metric("gradients3") == [[1, 2]]
    assert run.metric("gradients without the stop") == [[1, 2]] * 3
    assert run.metric("the stop leaves the value alone") is True
    compared = [m["verdict"] for m in run.result["metrics"] if m["book"] is not None]
    assert compared == ["as the book"] * 6
