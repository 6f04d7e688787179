"""Example 55 · Hand-written RNN: a binary subtractor with borrow (简单循环神经网络实现——裸写一个退位减法器)

Book:      intro 9.2.1, listing 9-1
Data:      two random numbers of 8 bits at every step, from NumPy's generator started with the book's seed 0
Model:     2 → 16 → 1, sigmoid, 16 × 16 weights from step to step, no bias; NumPy alone
Shows:     forward pass and back-propagation through time written out: the borrow is in the hidden state; that the
           subtractor is right for all 32,896 pairs; that a learning rate of 0.1 is not enough
Departs:   where a < b the book's swap loses b and trains on a − a = 0, a quarter of its steps; here the two are
           swapped, so the printed figures differ. `--swap book` (or --book) has the book's, to the last digit
Time:      14 s on 2 CPU cores
"""

import numpy as np

from utils import figures
from utils.example import Choice, Example

ex = Example(
    __doc__,
    iterations=10_000,
    alpha=0.9,  # the learning rate; the seed below replaces --seed
    hidden_dim=16,
    numpy_seed=0,
    swap=Choice("fixed", "book"),
    quick={"iterations": 4000},
    book={"swap": "book"},
)

# What the book prints: iteration → total error, predicted bits, true bits, equation.
BOOK = {
    0: (3.97242498, "00000000", "00000000", "9 - 9 = 0"),
    800: (2.1721182, "00000000", "00010001", "17 - 0 = 0"),
    8000: (0.04588656, "10010110", "10010110", "167 - 17 = 150"),
    8800: (0.08098026, "10011000", "10011000", "204 - 52 = 152"),
    9600: (0.03262333, "11000000", "11000000", "209 - 17 = 192"),
}

# %% The numbers 0 … 255 in binary, the most significant bit first
binary_dim = 8
largest_number = 2**binary_dim
int2binary = np.unpackbits(np.arange(largest_number, dtype=np.uint8)[:, None], axis=1)
input_dim, output_dim = 2, 1


# %% The activation, and its derivative from its output
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_output_to_derivative(output):
    return output * (1 - output)


def initial_weights():
    """Return synapse_0 (input → hidden), synapse_1 (hidden → output), synapse_h (hidden → next step's hidden)."""
    shapes = [(input_dim, ex.hidden_dim), (ex.hidden_dim, output_dim), (ex.hidden_dim, ex.hidden_dim)]
    return [(2 * np.random.random(shape) - 1) * 0.05 for shape in shapes]


def draw_numbers():
    """Return a and b, at most 255: the minuend and the subtrahend. Draws a, then b, as the book does."""
    a_int = np.random.randint(largest_number)
    b_int = np.random.randint(largest_number // 2)
    if a_int < b_int:
        if ex.swap == "fixed":
            a_int, b_int = b_int, a_int
        else:  # the book's: the number put aside is a, it goes to b and then back to a
            b_int = a_int
    return a_int, b_int


def shown(bits):
    return "".join(str(int(bit)) for bit in bits)


def train(alpha, watch=None):
    """Train from new weights; return them, each iteration's total error, and whether its difference was right.

    `watch(iteration, error, predicted bits, true bits, a, b)` sees every 800th iteration.
    """
    np.random.seed(ex.numpy_seed)
    synapse_0, synapse_1, synapse_h = initial_weights()
    errors, right = [], []
    for iteration in range(ex.iterations):
        a_int, b_int = draw_numbers()
        a, b, c = int2binary[a_int], int2binary[b_int], int2binary[a_int - b_int]
        X = np.stack([a, b], axis=1).astype(float)  # the two bits of each position, [8, 2]
        d = np.zeros(binary_dim)  # what the network makes of them
        overall_error = 0.0
        layer_2_deltas = np.zeros([binary_dim, 1])
        layer_1_values = np.zeros([binary_dim + 1, ex.hidden_dim])
        layer_1_values[binary_dim] = 0.1  # the state before the first step

        # Forward, from the least significant bit: the borrow goes from right to left.
        for position in reversed(range(binary_dim)):
            layer_1 = sigmoid(np.dot(X[position], synapse_0) + np.dot(layer_1_values[position + 1], synapse_h))
            layer_2 = sigmoid(np.dot(layer_1, synapse_1))
            layer_2_error = c[position] - layer_2
            layer_2_deltas[position] = layer_2_error * sigmoid_output_to_derivative(layer_2)
            overall_error += abs(layer_2_error[0])
            d[position] = round(layer_2[0])
            layer_1_values[position] = layer_1

        # Backward, from the last step to the first: a step's delta is what its own output and the next step hand it.
        layer_1_deltas = np.zeros([binary_dim, ex.hidden_dim])
        future_layer_1_delta = np.zeros(ex.hidden_dim)
        for position in range(binary_dim):
            layer_1_deltas[position] = future_layer_1_delta = (
                np.dot(future_layer_1_delta, synapse_h.T) + np.dot(layer_2_deltas[position], synapse_1.T)
            ) * sigmoid_output_to_derivative(layer_1_values[position])

        # All steps share the weights, so their updates add up: a product over the steps, input by delta.
        synapse_1_update = np.dot(layer_1_values[:-1].T, layer_2_deltas)
        synapse_h_update = np.dot(layer_1_values[1:].T, layer_1_deltas)
        synapse_0_update = np.dot(X.T, layer_1_deltas)

        synapse_0 += synapse_0_update * alpha
        synapse_1 += synapse_1_update * alpha
        synapse_h += synapse_h_update * alpha

        errors.append(overall_error)
        right.append(np.array_equal(d, c))
        if watch and iteration % 800 == 0:
            watch(iteration, overall_error, d, c, a_int, b_int)
    return (synapse_0, synapse_1, synapse_h), errors, right


def subtract(weights, a, b):
    """Return the network's a − b for arrays of numbers, all at once."""
    synapse_0, synapse_1, synapse_h = weights
    state = np.full([len(a), ex.hidden_dim], 0.1)
    bits = np.zeros([len(a), binary_dim], np.uint8)
    for position in reversed(range(binary_dim)):
        X = np.stack([int2binary[a, position], int2binary[b, position]], axis=1)
        state = sigmoid(X @ synapse_0 + state @ synapse_h)
        bits[:, position] = np.round(sigmoid(state @ synapse_1))[:, 0]
    return np.packbits(bits, axis=1)[:, 0].astype(int)


# %% Train, and print every 800 iterations as the book does
blocks = {}


def show(iteration, error, predicted, true, a_int, b_int):
    out = int(np.packbits(predicted.astype(np.uint8))[0])
    blocks[iteration] = (round(float(error), 8), shown(predicted), shown(true), f"{a_int} - {b_int} = {out}")
    ex.record(iteration, total_error=error)
    book = BOOK.get(iteration)
    print(f"iter {iteration}")
    print(f"Total error: {error:.8f}" + (ex.beside(str(book[0])) if book else ""))
    print("Predicted:", blocks[iteration][1])
    print("True:     ", blocks[iteration][2])
    print(blocks[iteration][3] + (ex.beside(book[3]) if book else ""))
    print("------------")


weights, errors, right = train(ex.alpha, show)
last_right = np.mean(right[-1000:])

# %% The book calls this completely fitted. Every pair a ≥ b, the subtrahends from 128 on too
a_all, b_all = np.tril_indices(largest_number)
correct = subtract(weights, a_all, b_all) == a_all - b_all
large = b_all >= largest_number // 2  # the generator draws none of these: only the swap brings them
np.random.seed(ex.numpy_seed)
initial_weights()
drawn = [draw_numbers() for _ in range(ex.iterations)]
trivial = np.mean([a == b for a, b in drawn])
print(f"right in the last {len(right[-1000:])} iterations: {last_right:.1%}")
print(f"right over all {len(a_all):,} pairs: {correct.mean():.2%}, with b of 128 or more {correct[large].mean():.2%}")
print(f"steps spent on a - a = 0: {trivial:.1%}")

# %% Apart from the book: the same with a learning rate of 0.1
slow_weights, slow_errors, slow_right = train(0.1)
slow_correct = subtract(slow_weights, a_all, b_all) == a_all - b_all
print(f"with alpha 0.1: {np.mean(slow_right[-1000:]):.1%} of the last, {slow_correct.mean():.2%} of all pairs")

lines = {
    f"alpha {alpha:g}": list(enumerate(figures.moving_average(values, 100)))
    for alpha, values in ((ex.alpha, errors), (0.1, slow_errors))
}
figure = figures.curves(lines, xlabel="iteration", ylabel="total error, mean of 100", title="8 bits, sum of |error|")
if ex.comparable:
    figure.axes[0].plot(list(BOOK), [block[0] for block in BOOK.values()], "s", label="the book, single iterations")
    figure.axes[0].legend()
ex.figure(figure, "total_error")

# %% Results
for iteration, (error, predicted, true, equation) in blocks.items():
    printed = BOOK.get(iteration, (None,) * 4)
    ex.report(f"total error, iter {iteration}", error, book=printed[0])
    ex.report(
        f"predicted and true, iter {iteration}", [predicted, true], book=list(printed[1:3]) if printed[1] else None
    )
    ex.report(f"equation, iter {iteration}", equation, book=printed[3])
ex.report("right in the last 1,000 iterations", last_right)
ex.report("right over all pairs a ≥ b", correct.mean())
ex.report("right over all pairs with b ≥ 128", correct[large].mean())
ex.report("share of steps on a − a", trivial)
ex.report("alpha 0.1: right in the last 1,000 iterations", np.mean(slow_right[-1000:]))
ex.report("alpha 0.1: right over all pairs a ≥ b", slow_correct.mean())
ex.finish()
