"""Section 8.4.2 · Padding rules (padding 规则介绍)

Book:      intro 8.4.1–8.4.2
Data:      the numbers 1 … 13 in a row, and rows of other lengths
Shows:     how many windows VALID and SAME make and where SAME puts its zeros, worked out by the book's formulas and
           held against tf.nn.conv2d over a range of sizes; the book's case of 13, 6 and 5; that SAME keeps the size
           at stride 1 only; the two rules read backwards, for the output_shape of tf.nn.conv2d_transpose
Departs:   the sizes of the transposed convolution are ours: the book meets them in 8.6.3 only
Time:      5 s on 2 CPU cores
"""

import math

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)


# %% The formulas
def valid_windows(size, kernel, stride):
    return math.ceil((size - kernel + 1) / stride)


def same_windows(size, stride):
    return math.ceil(size / stride)


def same_zeros(size, kernel, stride):
    """Return the zeros before and behind the row: the odd one goes behind."""
    zeros = max((same_windows(size, stride) - 1) * stride + kernel - size, 0)
    return zeros // 2, zeros - zeros // 2


def window_sums(row, kernel, stride, count):
    """Return the sums of the first `count` windows of `row`, without TensorFlow."""
    return [sum(row[start : start + kernel]) for start in range(0, count * stride, stride)]


def by_formula(size, kernel, stride, padding):
    """Return the sums of all windows over 1 … `size`."""
    row = list(range(1, size + 1))
    if padding == "VALID":
        return window_sums(row, kernel, stride, valid_windows(size, kernel, stride))
    before, behind = same_zeros(size, kernel, stride)
    return window_sums([0] * before + row + [0] * behind, kernel, stride, same_windows(size, stride))


# %% The same with tf.nn.conv2d: pictures one row high, and kernels of ones
BOOK_CASE = (13, 6, 5)
SIZES, KERNELS, STRIDES = (1, 4, 5, 6, 13), range(1, 7), range(1, 6)
rows = {size: tf.reshape(tf.range(1.0, size + 1.0), [1, 1, size, 1]) for size in SIZES}
ones = {kernel: tf.ones([1, kernel, 1, 1]) for kernel in KERNELS}
cases = [
    (size, kernel, stride, padding)
    for size in SIZES
    for kernel in KERNELS
    for stride in STRIDES
    for padding in ("VALID", "SAME")
    if padding == "SAME" or kernel <= size
]
nodes = {
    (size, kernel, stride, padding): tf.nn.conv2d(rows[size], ones[kernel], [1, 1, stride, 1], padding)
    for size, kernel, stride, padding in cases
}

# %% Backwards: which sizes may a transposed convolution of a value of `size` elements have?
# Those whose convolution makes `size` windows: VALID from (size − 1)·stride + kernel, SAME from (size − 1)·stride + 1,
# in both cases `stride` sizes one after the other. The layer of the library takes one of them by itself.
value = tf.placeholder(tf.float32, [1, 1, 3, 1])
transposed_size = tf.placeholder(tf.int32, [])


def transposed(kernel, stride, padding):
    """Return the node of a transposed convolution of `value` to `transposed_size` elements."""
    shape = tf.stack([1, 1, transposed_size, 1])
    return tf.nn.conv2d_transpose(value, tf.ones([1, kernel, 1, 1]), shape, [1, 1, stride, 1], padding)


def smallest(size, kernel, stride, padding):
    return (size - 1) * stride + (kernel if padding == "VALID" else 1)


def layer_size(size, kernel, stride, padding):
    """Return the size that tf.layers.conv2d_transpose makes."""
    return size * stride + (max(kernel - stride, 0) if padding == "VALID" else 0)


backwards = [(*case, padding) for case in ((1, 2), (3, 1), (3, 2), (6, 5)) for padding in ("VALID", "SAME")]
transposed_nodes = {case: transposed(*case) for case in backwards}
layers = {
    (kernel, stride, padding): tf.layers.conv2d_transpose(
        tf.zeros([1, 1, 3, 1]), 1, [1, kernel], strides=[1, stride], padding=padding
    ).shape.as_list()[2]
    for kernel, stride, padding in backwards
}


def accepted(case):
    """Return the sizes up to 21 that TensorFlow makes of three elements."""
    found = []
    for wanted in range(1, 22):
        try:
            sess.run(transposed_nodes[case].op, {value: np.ones([1, 1, 3, 1]), transposed_size: wanted})
            found.append(wanted)
        except tf.errors.OpError:  # the kernels of CPU and GPU have different errors for it
            continue
    return found


# %% Run
with ex.session() as sess:
    results = sess.run(nodes)
    sizes_made = {case: accepted(case) for case in backwards}

results = {case: sums.ravel() for case, sums in results.items()}
agrees = [np.array_equal(results[case], by_formula(*case)) for case in cases]
keeps = [stride for stride in STRIDES if all(len(results[13, kernel, stride, "SAME"]) == 13 for kernel in KERNELS)]

size, kernel, stride = BOOK_CASE
valid, same = results[13, 6, 5, "VALID"], results[13, 6, 5, "SAME"]
print(f"{size} elements, kernel {kernel}, stride {stride}")
print(f"  VALID: ceil(({size} − {kernel} + 1) / {stride}) = {valid_windows(*BOOK_CASE)} windows, sums {valid}")
starts = [1 + stride * window for window in range(len(valid))]
last = starts[-1] + kernel - 1
print(
    f"         they cover {', '.join(f'{s}–{s + kernel - 1}' for s in starts)}: {list(range(last + 1, 14))} are dropped"
)
print(f"  SAME: ceil({size} / {stride}) = {same_windows(size, stride)} windows, sums {same}")
print(f"         zeros before and behind: {same_zeros(*BOOK_CASE)}")
print(f"the formulas give TensorFlow's sums in {sum(agrees)} of {len(cases)} cases")
print("SAME keeps 13 elements at the strides", keeps)
print("transposed convolution of 3 elements: the sizes that TensorFlow accepts, and the layer's own")
for case, sizes in sizes_made.items():
    print(f"  kernel {case[0]}, stride {case[1]}, {case[2]:5}: {sizes}, layer {layers[case]}")

# %% Results
ex.report("VALID: windows", len(valid), book=2)
ex.report("VALID: elements dropped", list(range(last + 1, 14)), book=[12, 13])
ex.report("SAME: windows", len(same), book=3)
ex.report("SAME: zeros before and behind", same_zeros(*BOOK_CASE), book=[1, 2])
ex.report("VALID: sums of the windows", valid)
ex.report("SAME: sums of the windows", same)
ex.report("sizes, kernels and strides compared", len(cases))
ex.report("of these as the formulas say", sum(agrees))
ex.report("strides at which SAME keeps the size", keeps)
for padding in ("VALID", "SAME"):
    own = [case for case in backwards if case[2] == padding]
    lowest = {case: smallest(3, *case) for case in own}
    as_rule = [sizes_made[case] == [*range(lowest[case], lowest[case] + case[1])] for case in own]
    ex.report(f"transposed, {padding}: the sizes are as the rule says", all(as_rule))
    as_layer = [layers[case] == layer_size(3, *case) for case in own]
    ex.report(f"transposed, {padding}: the layer's size is as the rule says", all(as_layer))
    ex.report(f"transposed, 3 elements, kernel 6, stride 5, {padding}", sizes_made[6, 5, padding])
ex.finish()
