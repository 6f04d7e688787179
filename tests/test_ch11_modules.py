"""Chapter 11: the modules of GoogLeNet and ResNet (11.2, 11.3) and the cells of NASNet (11.9)."""

import sys

import numpy as np
import pytest

from utils import paths
from utils.tf1 import tf

sys.path.insert(0, str(paths.CHAPTERS / "ch11_deep_networks"))
import _costs as costs
import models

sys.path.pop(0)


def test_11_2_the_bottleneck_and_the_heads(quick):
    run = quick("11.2")
    assert run.metric("multiply-adds at a place, 3×3 on 256 channels") == 589_824
    assert run.metric("multiply-adds at a place, through 64 channels") == 69_632
    assert run.metric("how many times fewer") == pytest.approx(8.47, abs=0.01)
    assert run.metric("parameters of the pooled head") == 384 * 1000 + 1000
    dense = 6 * 6 * 256 * 4096 + 4096 * 4096 + 4096 * 1000 + 4096 + 4096 + 1000
    assert run.metric("parameters of AlexNet's fully connected layers") == dense
    assert "589,824 multiply-adds at a place; through 64 channels 69,632" in run.out


def test_11_2_what_the_section_says_holds_in_numbers(quick):
    run = quick("11.2")
    assert run.metric("mlpconv, largest difference from a network slid over the picture") < 1e-5
    assert run.metric("global average pooling, largest difference from the mean") < 1e-6
    assert run.metric("1×n and n×1, largest difference from their product") < 1e-4
    assert run.metric("rank of the kernel that 1×n and n×1 make") == 1
    assert 0.4 < run.metric("share of a random kernel that rank 1 misses") < 1  # 0.75 with seed 1
    for name, weights in (("one 5×5", 25), ("two 3×3", 18), ("1×5 and 5×1", 10)):
        assert run.metric(f"pixels that {name} sees") == 25
        assert run.metric(f"weights of {name}") == weights


def test_11_2_the_modules(quick):
    run = quick("11.2")
    outputs = {
        "original": [28, 28, 64 + 128 + 32 + 192],  # pooling keeps the input's depth: it can only grow
        "v1": [28, 28, 256],  # GoogLeNet's table: inception (3a)
        "v2": [28, 28, 256],
        "v3, 35×35": [35, 35, 256],
        "v3, 17×17": [17, 17, 768],
        "v3, 8×8": [8, 8, 2048],
        "v4, stem": [35, 35, 384],
        "v4, A": [35, 35, 384],
        "v4, reduction A": [17, 17, 1024],
        "v4, B": [17, 17, 1024],
        "v4, reduction B": [8, 8, 1536],
        "v4, C": [8, 8, 1536],
    }
    for name, shape in outputs.items():
        assert run.metric(f"output of {name}") == shape, name
    kernels = 192 * 64 + 192 * 96 + 96 * 128 * 9 + 192 * 16 + 16 * 32 * 25 + 192 * 32
    biases = 64 + 96 + 128 + 16 + 32 + 32
    assert run.metric("parameters of v1") == kernels + biases
    assert run.metric("multiply-adds of v1") == 28 * 28 * kernels
    assert run.metric("multiply-adds of v1") < 0.5 * run.metric("multiply-adds of original")
    # slim's inception_v4 has 42.68 million with its 1001 classes: 1537 fewer with 1000
    assert run.metric("parameters of Inception v4 with 1000 classes") == pytest.approx(42.68e6, rel=0.002)
    assert run.result["figures"] == ["modules.png", "costs.png", "kernels.png"]


def test_11_2_the_whole_networks_have_their_published_numbers():
    with tf.Graph().as_default():
        models.alexnet(tf.placeholder(tf.float32, [1, 227, 227, 3]), 1000)
        # Five convolutions, three of them in two halves; then 9216, 4096 and 4096 values to 4096, 4096 and 1000
        kernels = 96 * 363 + 256 * 1200 + 384 * 2304 + 384 * 1728 + 256 * 1728
        biases = 96 + 256 + 384 + 384 + 256
        dense = 9217 * 4096 + 4097 * 4096 + 4097 * 1000
        assert costs.parameters() == kernels + biases + dense == 60_965_224
        convolutions = 55**2 * 96 * 363 + 27**2 * 256 * 1200 + 13**2 * (384 * 2304 + (384 + 256) * 1728)
        assert costs.multiply_adds() == convolutions + 9216 * 4096 + 4096 * 4096 + 4096 * 1000
    with tf.Graph().as_default():
        logits = models.googlenet(tf.placeholder(tf.float32, [1, 224, 224, 3]), 1000)
        last = [t for op in tf.get_default_graph().get_operations() for t in op.outputs if op.type == "ConcatV2"][-1]
        assert (last.shape.as_list(), logits.shape.as_list()) == ([1, 7, 7, 1024], [1, 1000])
        # The rows of table 1 in GoogLeNet's paper add up to 6.8 million and to 1,502 million operations, rounded each
        assert costs.parameters() == pytest.approx(6.8e6, rel=0.03)
        assert costs.multiply_adds() == pytest.approx(1.502e9, rel=0.06)


def test_11_3_the_blocks_and_the_two_orders(quick):
    run = quick("11.3")
    assert run.metric("original: x and F(x) joined") == [0, 1, 0.5, 5]
    assert run.metric("book: x and F(x) joined") == [-3, 1, 1, 5]
    assert run.metric("plain: x and F(x) joined") == [0, 2, 0, 2]
    assert run.metric("basic: output") == [56, 56, 64]
    assert run.metric("basic: multiply-adds") == 56 * 56 * 2 * 9 * 64 * 64
    assert run.metric("bottleneck: output") == [56, 56, 256]
    assert run.metric("bottleneck: multiply-adds") == 56 * 56 * 69_632  # the bottleneck of 11.2
    assert run.metric("basic, stride 2: output") == [28, 28, 128]
    shortcut = 64 * 128
    assert run.metric("basic, stride 2: multiply-adds") == 28 * 28 * (9 * 64 * 128 + 9 * 128 * 128 + shortcut)


def test_11_3_the_gradient_fades_without_shortcuts_and_grows_with_them(quick):
    run = quick("11.3")
    growth = {
        order: run.metric(f"{order}: gradient behind 32 layers") / run.metric(f"{order}: gradient behind 2 layers")
        for order in ("plain", "original", "book")
    }
    # 2e-5 to 7e-5 without shortcuts; 15 to 21 in the paper's order, 56 to 90 in the book's: seeds 1 to 3
    assert growth["plain"] < 1e-3
    assert 5 < growth["original"] < 0.6 * growth["book"]


def test_11_3_a_deep_network_learns_with_shortcuts_better_than_without(quick):
    run = quick("11.3")
    for order in ("original", "book"):
        assert run.metric(f"{order}: test accuracy") > 0.75  # 0.885 to 0.908, seeds 1 to 3
        assert run.metric(f"{order}: test accuracy with one block out, mean") > 0.65  # 0.786 to 0.874
    assert run.metric("plain: test accuracy") < 0.65  # 0.445 to 0.458
    losses = {order: dict(run.scalars(f"loss_{order}"))[150] for order in ("plain", "original", "book")}
    assert max(losses["original"], losses["book"]) < losses["plain"]
    assert run.result["figures"] == ["gradients.png", "losses.png", "one_block_out.png"]


def test_11_9_the_cells_of_nasnet(quick):
    run = quick("11.9", "--sample-data")
    assert run.metric("normal cells of mobile") == 12
    assert run.metric("reduction cells of mobile") == 4
    assert run.metric("parameters of mobile") == 5_326_716
    assert run.metric("multiply-adds of mobile over the paper's") == pytest.approx(1, abs=0.1)
    for kind in ("normal", "reduction"):
        in_graph, in_table = (
            run.metric(f"{kind} cell: separable branches, poolings in the {where}") for where in ("graph", "table")
        )
        assert in_graph == in_table
    assert in_table == [5, 4]
    assert run.metric("network that looked at the photo") == "EfficientNet-Lite0"
    assert run.metric("likeliest class").startswith("palace")  # of china.jpg
    assert np.isclose(run.metric("its probability"), 0.3344, atol=0.01)
    assert run.result["figures"] == ["cells.png", "shrinking.png", "photo.png"]
