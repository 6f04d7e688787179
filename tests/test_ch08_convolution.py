"""Chapter 8: convolution, pooling, gradients, and CNNs on CIFAR-10."""

import numpy as np


def test_37_prints_every_tensor_of_the_book(quick):
    run = quick("37")
    measured = {metric["name"]: metric["measured"] for metric in run.result["metrics"]}

    def rows(name):
        return np.array(measured[name]).tolist()  # -0.0 and 0.0 are equal

    assert rows("op1") == [[[-2], [-2], [-1]], [[-2], [-2], [-1]], [[-1], [-1], [-1]]]
    upper = [[-2, -2], [-2, -2], [-2, 0]]
    assert rows("op2") == [upper, upper, [[-1, -1], [-1, -1], [-1, 0]]]
    upper = [[-2, -2, -2], [-2, -2, -2], [-1, -1, -1]]
    assert rows("op3") == [upper, upper, [[-2, -1, 0], [-2, -1, 0], [-1, 0, 0]]]
    upper = [[-4, -4], [-4, -4], [-2, -2]]
    assert rows("op4") == [upper, upper, [[-2, -2], [-2, -2], [-1, -1]]]
    assert rows("op5") == [[[-4], [-4], [-2]], [[-4], [-4], [-2]], [[-2], [-2], [-1]]]
    for name in ("vop1", "op6", "vop6"):
        assert rows(name) == [[[-2], [-2]], [[-2], [-2]]], name
    for name in ("op1", "op2", "op3", "op4", "op5", "vop1", "op6", "vop6"):
        assert f"{name}, shape {[1, *np.shape(measured[name])]}" in run.out


def test_37_pads_as_section_8_4_2_says(quick):
    run = quick("37")
    assert run.metric("8.4.2 VALID: windows") == 2
    assert run.metric("8.4.2 SAME: windows, zeros before, zeros behind") == [3, 1, 2]
    # 1 … 13 under six ones: what TensorFlow's own convolution makes of the two rules
    assert run.metric("8.4.2 VALID: sums of the windows") == [21, 51]
    assert run.metric("8.4.2 SAME: sums of the windows") == [15, 45, 46]
    assert run.metric("zeros before and behind the 5×5 input") == [0, 1]
    for lesson in (
        "op1 is VALID on the padded input",
        "op3 is three convolutions side by side",
        "op5 is the sum over its input channels",
        "op6 is vop6",
    ):
        assert run.metric(lesson) is True, lesson
    assert all(m["verdict"] in ("", "as the book") for m in run.result["metrics"])
