"""Chapter 4, sections 4.2.1 to 4.2.7: every op of the tables, and where the book's table is wrong."""

import math
import re

import numpy as np
import pytest


def rows_of(run):
    """Return call → the line that the reader sees under it, and check that no call is shown twice."""
    found = re.findall(r"^  (\S.*?)(?:   with .*)?\n      (\S.*)$", run.out.partition("\n  figure")[0], re.MULTILINE)
    rows = dict(found)
    assert len(rows) == len(found)
    return rows


def numbers(line):
    """Return the numbers of a printed row, without its type and shape."""
    return [float(text) for text in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", line.partition("   ")[0])]


def check(run, expected, names):
    """Assert the printed rows, that each op of the book's table is among them, and that nothing differs from the book.

    `expected`: one line a row, `call → what is printed under it`. `names`: the ops of the book's table.
    """
    rows = rows_of(run)
    for line in expected.strip().splitlines():
        call, value = line.strip().split(" → ")
        assert rows[call] == value, call
    missing = [name for name in names.split() if not any(f"tf.{name}(" in call for call in rows)]
    assert missing == []
    assert {metric["verdict"] for metric in run.result["metrics"] if metric["book"] is not None} == {"as the book"}
    return rows


def test_421_types_ranks_casts_and_constants(quick):
    rows = check(
        quick("4.2.1"),
        """
        tf.constant(3.14, tf.float32) → 3.14   float32 ()
        tf.constant(3.14, tf.float64) → 3.14   float64 ()
        tf.constant(-7, tf.int64) → -7   int64 ()
        tf.constant(-7, tf.int32) → -7   int32 ()
        tf.constant(-7, tf.int16) → -7   int16 ()
        tf.constant(-7, tf.int8) → -7   int8 ()
        tf.constant(255, tf.uint8) → 255   uint8 ()
        tf.constant("bytes", tf.string) → b'bytes'
        tf.constant(True, tf.bool) → True   bool ()
        tf.constant(1 + 2j, tf.complex64) → (1+2j)   complex64 ()
        tf.rank(1) → 0   int32 ()
        tf.rank([1, 1, 1]) → 1   int32 ()
        tf.rank([[1, 1], [1, 1]]) → 2   int32 ()
        tf.rank([[[1], [2]], [[3], [4]]]) → 3   int32 ()
        tf.rank([[1, 2, 3], [4, 5, 6], [7, 8, 9]]) → 2   int32 ()
        tf.shape([[1, 2, 3], [4, 5, 6]]) → [2 3]   int32 (2,)
        tf.string_to_number("3.14") → 3.14   float32 ()
        tf.to_double(x) → [1.79999995 -2.70000005]   float64 (2,)
        tf.to_float([1, 2]) → [1. 2.]   float32 (2,)
        tf.to_int32(x) → [1 -2]   int32 (2,)
        tf.to_int64(x) → [1 -2]   int64 (2,)
        tf.cast(v, tf.int32) → 1   int32 ()
        tf.ones([2, 3], tf.int32) → [[1 1 1] [1 1 1]]   int32 (2, 3)
        tf.zeros([2, 3], tf.int32) → [[0 0 0] [0 0 0]]   int32 (2, 3)
        tf.ones_like(pair) → [[1 1 1] [1 1 1]]   int32 (2, 3)
        tf.zeros_like(pair) → [[0 0 0] [0 0 0]]   int32 (2, 3)
        tf.fill([2, 3], 1) → [[1 1 1] [1 1 1]]   int32 (2, 3)
        tf.constant(1, shape=[2, 3]) → [[1 1 1] [1 1 1]]   int32 (2, 3)
        tf.linspace(1.0, 5.0, 5) → [1. 2. 3. 4. 5.]   float32 (5,)
        tf.linspace(1, 5, 5) → [1. 2. 3. 4. 5.]   float64 (5,)
        tf.range(1, 5, 1) → [1 2 3 4]   int32 (4,)
        """,
        """string_to_number to_double to_float to_int32 to_int64 cast ones zeros ones_like zeros_like fill constant
        random_normal truncated_normal random_uniform random_crop linspace range shape size rank reshape expand_dims
        squeeze slice split concat stack unstack gather one_hot count_nonzero""",
    )
    assert rows["tf.constant(1, [2, 3])"].startswith("raises TypeError: ")


def test_421_random_numbers_keep_their_promises(quick):
    run = quick("4.2.1")
    rows = rows_of(run)
    # 10,000 draws: the mean is within 0.05 (5 standard errors), the standard deviation within 0.035 (5 again).
    assert abs(float(rows["tf.reduce_mean(normal)"].split()[0])) < 0.05
    assert abs(float(rows["tf.math.reduce_std(normal)"].split()[0]) - 1) < 0.035
    # That none of 10,000 normal draws lies beyond 3 has a chance of 2e-12, no truncated one beyond 1.9 less still.
    assert float(rows["tf.reduce_max(tf.abs(normal))"].split()[0]) > 3
    assert 1.9 < float(rows["tf.reduce_max(tf.abs(truncated))"].split()[0]) <= 2
    low, high = numbers(rows["[tf.reduce_min(uniform), tf.reduce_max(uniform)]"])
    assert 2 <= low < 2.05
    assert 4.95 < high < 5
    assert rows["tf.unique(tf.sort(whole)).y"] == "[0 1 2]   int32 (3,)"
    crop = np.reshape(numbers(rows["tf.random_crop(picture, [2, 2])"]), [2, 2])
    assert (crop - crop[0, 0] == [[0, 1], [4, 5]]).all()
    assert crop[0, 0] in (0, 1, 2, 4, 5, 6, 8, 9, 10)
    assert rows["window - window[0, 0]"] == "[[0 1] [4 5]]   int32 (2, 2)"
    assert rows["tf.reduce_all(tf.equal(tf.random_uniform([3], seed=5), tf.random_uniform([3], seed=5)))"][:4] == "True"
    assert run.metric("equal seeds, equal draws") is True
    assert run.metric("the next draw of a session differs") is True


def test_421_shapes_cutting_joining_and_their_errors(quick):
    run = quick("4.2.1")
    rows = check(
        run,
        """
        tf.shape(t) → [9]   int32 (1,)
        tf.shape(tf.shape(t)) → [1]   int32 (1,)
        np.shape([1, 2, 3, 4, 5, 6, 7, 8, 9]) → (9,)
        tf.size(four) → 12   int32 ()
        tf.rank(four) → 4   int32 ()
        tf.rank(four[0]) → 3   int32 ()
        tf.reshape(t, [3, 3]) → [[1 2 3] [4 5 6] [7 8 9]]   int32 (3, 3)
        tf.reshape(square, [1, -1]) → [[1 2 3 4 5 6 7 8 9]]   int32 (1, 9)
        tf.reshape(square, [1, -1]).shape → (1, 9)
        square.shape → (3, 3)
        tf.expand_dims(sheet, 1) → [[[2 3 3]] [[1 5 5]]]   int32 (2, 1, 3)
        tf.shape(tf.expand_dims(sheet, 0)) → [1 2 3]   int32 (3,)
        tf.shape(tf.expand_dims(sheet, 1)) → [2 1 3]   int32 (3,)
        tf.shape(tf.expand_dims(sheet, 2)) → [2 3 1]   int32 (3,)
        tf.shape(tf.expand_dims(sheet, -1)) → [2 3 1]   int32 (3,)
        tf.squeeze(deep, 0) → [[[2] [1]]]   int32 (1, 2, 1)
        tf.shape(tf.squeeze(deep, 0)) → [1 2 1]   int32 (3,)
        tf.shape(tf.squeeze(deep, 1)) → [1 2 1]   int32 (3,)
        tf.shape(tf.squeeze(deep, 3)) → [1 1 2]   int32 (3,)
        tf.shape(tf.squeeze(deep, -1)) → [1 1 2]   int32 (3,)
        tf.slice(blocks, [1, 0, 0], [1, 1, 3]) → [[[3 3 3]]]   int32 (1, 1, 3)
        tf.slice(blocks, [1, 0, 0], [1, 2, 3]) → [[[3 3 3] [4 4 4]]]   int32 (1, 2, 3)
        tf.slice(blocks, [1, 0, 0], [2, 1, 3]) → [[[3 3 3]] [[5 5 5]]]   int32 (2, 1, 3)
        tf.slice(ten, [7], [2]) → [7 8]   int32 (2,)
        tf.slice(ten, [7], [-1]) → [7 8 9]   int32 (3,)
        [tf.shape(part) for part in tf.split(wide, [4, 15, 11], 1)] → [5 4], [5 15], [5 11]
        tf.reduce_all(tf.equal(tf.concat(tf.split(wide, [4, 15, 11], 1), 1), wide)) → True   bool ()
        tf.concat([one, two], 0) → [[1 2 3] [4 5 6] [7 8 9] [10 11 12]]   int32 (4, 3)
        tf.concat([one, two], 1) → [[1 2 3 7 8 9] [4 5 6 10 11 12]]   int32 (2, 6)
        tf.stack([one, tens], 0) → [[[1 2 3] [4 5 6]] [[10 20 30] [40 50 60]]]   int32 (2, 2, 3)
        tf.stack([one, tens], 1) → [[[1 2 3] [10 20 30]] [[4 5 6] [40 50 60]]]   int32 (2, 2, 3)
        tf.unstack(one, axis=0) → [1 2 3], [4 5 6]
        tf.unstack(one, axis=1) → [1 4], [2 5], [3 6]
        tf.gather([0.0, 2.0, -1.0], [2, 0]) → [-1. 0.]   float32 (2,)
        tf.one_hot(labels, 3, 5.0, 0.0, axis=-1) → [[5. 0. 0.] [0. 0. 5.] [0. 0. 0.] [0. 5. 0.]]   float32 (4, 3)
        tf.one_hot(labels, 3, 5.0, 0.0, axis=0) → [[5. 0. 0. 0.] [0. 0. 0. 5.] [0. 5. 0. 0.]]   float32 (3, 4)
        tf.shape(tf.one_hot(batch, 3, axis=-1)) → [4 6 3]   int32 (3,)
        tf.shape(tf.one_hot(batch, 3, axis=0)) → [3 4 6]   int32 (3,)
        tf.shape(tf.one_hot(batch, 3, axis=1)) → [4 3 6]   int32 (3,)
        tf.count_nonzero([[0, 1], [2, 0]]) → 2   int64 ()
        """,
        "",
    )
    assert rows["tf.expand_dims(sheet, 3)"].startswith("raises ValueError: ")
    assert rows["tf.squeeze(deep, 2)"].startswith("raises ValueError: ")
    assert rows["tf.slice(ten, [7], [4])"].startswith("raises InvalidArgumentError: ")
    assert rows["tf.slice(ten, [-1], [1])"].startswith("raises InvalidArgumentError: ")
    assert rows["tf.concat(0, [one, two])"].startswith("raises ValueError: ")
    assert re.search(r'^print\(node\) +Tensor\("cond.*\nprint\(sess\.run\(node\)\) +34$', run.out, re.MULTILINE)
    assert run.metric("cond(less(2, 5), 2 * 17, 5 + 23)") == 34


def test_421_the_seed_decides_the_draws(quick, run_example):
    random = "tf.random_crop(picture, [2, 2])", "tf.reduce_mean(normal)", "tf.reduce_max(tf.abs(truncated))"
    first, again = rows_of(quick("4.2.1")), rows_of(run_example("4.2.1"))
    other = rows_of(run_example("4.2.1", "--seed", "2"))
    assert first == again
    assert [first[call] for call in random] != [other[call] for call in random]


def test_422_arithmetic(quick):
    rows = check(
        quick("4.2.2"),
        """
        tf.assign(v, 5.0) → 5.0   float32 ()
        tf.add(a, b) → [9 -5]   int32 (2,)
        tf.subtract(a, b) → [5 -9]   int32 (2,)
        tf.multiply(a, b) → [14 -14]   int32 (2,)
        tf.divide(a, b) → [3.5 -3.5]   float64 (2,)
        tf.div(a, b) → [3 -4]   int32 (2,)
        tf.div(7.0, 2.0) → 3.5   float32 ()
        tf.truncatediv(a, b) → [3 -3]   int32 (2,)
        tf.mod(a, 3) → [1 2]   int32 (2,)
        tf.truncatemod(a, 3) → [1 -1]   int32 (2,)
        tf.abs(x) → [2. 0. 3.]   float32 (3,)
        tf.negative(x) → [2. -0. -3.]   float32 (3,)
        tf.sign(x) → [-1. 0. 1.]   float32 (3,)
        tf.reciprocal(4.0) → 0.25   float32 ()
        tf.square(x) → [4. 0. 9.]   float32 (3,)
        tf.round(halves) → [1. 2. 2. 2. -4.]   float32 (5,)
        tf.cast(halves, tf.int32) → [0 2 2 1 -4]   int32 (5,)
        tf.floor(halves + 0.5) → [1. 3. 2. 2. -4.]   float32 (5,)
        tf.pow(base, exponent) → [[256 65536] [9 27]]   int32 (2, 2)
        tf.log(8.0, "ln_of_8").name → ln_of_8:0
        tf.maximum(a, b) → [7 2]   int32 (2,)
        tf.minimum(a, b) → [2 -7]   int32 (2,)
        tf.cond(tf.less(two, five), lambda: two * 17, lambda: five + 23) → 34   int32 ()
        """,
        """assign add subtract multiply divide div mod abs negative sign inv square round sqrt pow exp log maximum
        minimum cos sin tan atan cond""",
    )
    assert rows["tf.inv(4.0)"].startswith("raises AttributeError: ")
    assert rows["tf.log(8.0, 2)"].startswith("raises TypeError: ")
    root = math.sqrt(0.5)
    for call, values in {
        "tf.sqrt([4.0, 2.0])": [2, math.sqrt(2)],
        "tf.exp([0.0, 1.0])": [1, math.e],
        "tf.log([1.0, np.e])": [0, 1],
        'tf.log(8.0, "base_2")': [math.log(8)],
        "tf.log(8.0) / tf.log(2.0)": [3],
        "tf.cos(angle)": [1, root],
        "tf.sin(angle)": [0, root],
        "tf.tan(angle)": [0, 1],
        "tf.atan(tf.tan(angle))": [0, math.pi / 4],
        "tf.atan(1.0)": [math.pi / 4],
    }.items():
        assert numbers(rows[call]) == pytest.approx(values, abs=1e-6), call


def test_423_matrices(quick):
    rows = check(
        quick("4.2.3"),
        """
        tf.diag(diagonal) → [[1 0 0 0] [0 2 0 0] [0 0 3 0] [0 0 0 4]]   int32 (4, 4)
        tf.diag_part(tf.diag(diagonal)) → [1 2 3 4]   int32 (4,)
        tf.trace([[1, 2], [3, 4]]) → 5   int32 ()
        tf.transpose(rows) → [[1 4] [2 5] [3 6]]   int32 (3, 2)
        tf.reduce_all(tf.equal(tf.reverse(numbers, [-1]), tf.reverse(numbers, [3]))) → True   bool ()
        tf.matmul(square, right) → [[39.] [17.]]   float32 (2, 1)
        tf.matmul(rows, rows, transpose_b=True) → [[14 32] [32 77]]   int32 (2, 2)
        """,
        """diag diag_part trace transpose reverse matmul matrix_determinant matrix_inverse cholesky matrix_solve""",
    )
    cube = np.arange(24).reshape(1, 2, 3, 4)
    assert numbers(rows["tf.reverse(numbers, [3])"]) == cube[..., ::-1].ravel().tolist()
    assert numbers(rows["tf.reverse(numbers, [1, 2])"]) == cube[:, ::-1, ::-1].ravel().tolist()
    for call, values in {
        "tf.matrix_determinant(square)": [-1],
        "tf.matrix_inverse(square)": [-1, 3, 1, -2],
        "tf.matmul(square, tf.matrix_inverse(square))": [1, 0, 0, 1],
        "tf.cholesky(positive)": [2, 0, 1, 1.4142135],
        "tf.matmul(lower, lower, transpose_b=True)": [4, 2, 2, 3],
        "tf.matrix_solve(square, right)": [3, 2],
    }.items():
        assert numbers(rows[call]) == pytest.approx(values, abs=1e-6), call


def test_424_complex_numbers(quick):
    run = quick("4.2.4")
    rows = check(
        run,
        """
        tf.complex(real, imag) → [2.25+4.75j 3.25+5.75j]   complex64 (2,)
        tf.conj(z) → [2.25-4.75j 3.25-5.75j]   complex64 (2,)
        tf.imag(z) → [4.75 5.75]   float32 (2,)
        tf.real(z) → [2.25 3.25]   float32 (2,)
        """,
        "complex complex_abs abs conj imag real fft",
    )
    assert rows["tf.complex_abs(column)"].startswith("raises AttributeError: ")
    assert np.ravel(run.metric("tf.abs(column)")) == pytest.approx([5.25594902, 6.60492229], abs=1e-6)
    assert rows["tf.abs(column)"].endswith("   float32 (2, 1)")
    # In pairs of real and imaginary part.
    assert numbers(rows["tf.fft(signal)"]) == pytest.approx([10, 0, -2, 2, -2, 0, -2, -2], abs=1e-6)
    assert numbers(rows["tf.ifft(tf.fft(signal))"]) == pytest.approx([1, 0, 2, 0, 3, 0, 4, 0], abs=1e-6)


def test_425_reductions(quick):
    rows = check(
        quick("4.2.5"),
        """
        tf.reduce_sum(x) → 6   int32 ()
        tf.reduce_sum(x, 0) → [2 2 2]   int32 (3,)
        tf.reduce_sum(x, 1) → [3 3]   int32 (2,)
        tf.reduce_sum(x, 1, keepdims=True) → [[3] [3]]   int32 (2, 1)
        tf.reduce_sum(x, [0, 1]) → 6   int32 ()
        tf.reduce_sum(x, reduction_indices=1, keep_dims=True) → [[3] [3]]   int32 (2, 1)
        tf.reduce_prod(n) → 120   int32 ()
        tf.reduce_prod(n, 0) → [8 15]   int32 (2,)
        tf.reduce_min(n) → 2   int32 ()
        tf.reduce_min(n, 0) → [2 3]   int32 (2,)
        tf.reduce_max(n) → 5   int32 ()
        tf.reduce_max(n, 1) → [3 5]   int32 (2,)
        tf.reduce_mean(m) → 3.5   float32 ()
        tf.reduce_mean(m, 0) → [3. 4.]   float32 (2,)
        tf.reduce_mean(m, 1) → [2.5 4.5]   float32 (2,)
        tf.reduce_mean(n, 1) → [2 4]   int32 (2,)
        tf.reduce_all(flags) → False   bool ()
        tf.reduce_all(flags, 0) → [False False]   bool (2,)
        tf.reduce_all(flags, 1) → [True False]   bool (2,)
        tf.reduce_any(flags) → True   bool ()
        tf.reduce_any(flags, 0) → [True True]   bool (2,)
        tf.reduce_any(flags, 1) → [True False]   bool (2,)
        """,
        "reduce_sum reduce_prod reduce_min reduce_max reduce_mean reduce_all reduce_any",
    )
    assert len(rows) == 22


def test_426_segments(quick):
    rows = check(
        quick("4.2.6"),
        """
        tf.segment_sum(c, [0, 0, 1]) → [[0 0 0 0] [5 6 7 8]]   int32 (2, 4)
        tf.segment_prod(c, [0, 0, 1]) → [[-1 -4 -9 -16] [5 6 7 8]]   int32 (2, 4)
        tf.segment_min(c, [0, 0, 1]) → [[-1 -2 -3 -4] [5 6 7 8]]   int32 (2, 4)
        tf.segment_max(c, [0, 0, 1]) → [[1 2 3 4] [5 6 7 8]]   int32 (2, 4)
        tf.segment_mean(c, [0, 0, 1]) → [[0 0 0 0] [5 6 7 8]]   int32 (2, 4)
        tf.unsorted_segment_sum(c, [1, 0, 1], 2) → [[-1 -2 -3 -4] [6 8 10 12]]   int32 (2, 4)
        tf.sparse_segment_sum(c, [0, 1], [0, 0]) → [[0 0 0 0]]   int32 (1, 4)
        """,
        "segment_sum segment_prod segment_min segment_max segment_mean unsorted_segment_sum sparse_segment_sum",
    )
    assert rows["tf.segment_sum(c, [1, 0, 1])"].startswith("raises InvalidArgumentError: ")


def test_427_comparing_and_indexing(quick, run_example):
    run = quick("4.2.7")
    rows = check(
        run,
        """
        tf.argmin(m, 0) → [1 0 0]   int64 (3,)
        tf.argmin(m, 1) → [1 0]   int64 (2,)
        tf.argmax(m, 0) → [0 1 1]   int64 (3,)
        tf.argmax(m, 1) → [0 1]   int64 (2,)
        tf.setdiff1d(x, y) → out = [2 4 6], idx = [1 3 5]
        tf.gather(x, tf.setdiff1d(x, y).idx) → [2 4 6]   int32 (3,)
        tf.where(condition) → [[0] [3]]   int64 (2, 1)
        tf.where(condition, this, that) → [1 6 7 4]   int32 (4,)
        tf.unique(values) → y = [1 2 4 7 8], idx = [0 0 1 2 2 2 3 4 4]
        tf.gather(tf.unique(values).y, tf.unique(values).idx) → [1 1 2 4 4 4 7 8 8]   int32 (9,)
        tf.invert_permutation(order) → [2 4 3 0 1]   int32 (5,)
        tf.gather(order, tf.invert_permutation(order)) → [0 1 2 3 4]   int32 (5,)
        tf.sort(shuffled[:, 0]) → [1 2 3 4 5 6]   int32 (6,)
        tf.reduce_all(tf.equal(shuffled[:, 1], 10 * shuffled[:, 0])) → True   bool ()
        """,
        "argmin argmax setdiff1d where unique invert_permutation random_shuffle",
    )
    shuffled = np.reshape(numbers(rows["tf.random_shuffle(rows)"]), [6, 2])
    assert sorted(shuffled.tolist()) == [[i, 10 * i] for i in range(1, 7)]
    orders = {rows_of(run_example("4.2.7", "--seed", seed))["tf.random_shuffle(rows)"] for seed in "234"}
    assert len(orders | {rows["tf.random_shuffle(rows)"]}) > 1  # that four of 720 orders are equal: 3e-9
