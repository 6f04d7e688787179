"""Project section 12.1.4 · Compiled sub-graphs (defun, today tf.function) (用编译子图提升动态图的执行效率)

Book:      eng 12.1.4, five listings
Data:      none
Shows:     functions that run at once beside the same ones compiled: equal results; what is fixed at tracing (random
           numbers of NumPy, prints, the branch that Python's `if` takes); variables; signatures; then how long each
           takes, and that autograph compiles `if` and `while` on tensors, which the book says is not possible
Departs:   tf.function replaces tf.contrib.eager.defun, which is gone; a variable made inside counts 1.0, 2.0 when
           compiled by defun and is a ValueError today: it is kept outside. The book's listing of the random numbers
           prints one number for two plain calls; its text says, rightly, that they differ, but takes the words function
           and sub-graph for each other there
Time:      9 s on 2 CPU cores
"""

import time

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.problems import Problem
from utils.tf1 import tf

ex = Example(__doc__, calls=50, quick={"calls": 10})

# %% Eager execution, for this script alone
tf.reset_default_graph()
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
tf.enable_v2_behavior()
ex.seed_everything()
place = tf.device(ex.device)
place.__enter__()


# %% 1. The same result
def f(x, y):
    return tf.reduce_mean(tf.multiply(x**2, 3) + y)


g = tf.function(f)
x, y = tf.constant([[2.0, 3.0]]), tf.constant([[3.0, -2.0]])
means = [f(x, y).numpy(), g(x, y).numpy()]
print("1. mean(3x² + y):", *means)


# %% 2. What Python does is done once, while the function is traced
printed = []


def add_noise():
    a = np.random.uniform(-1.0, 1.0)
    printed.append(f"a = {a:.6f}")
    return tf.add(2.0, a)


compiled_noise = tf.function(add_noise)
plain = [float(add_noise()) for _ in range(3)]
plain_prints, printed = printed, []
compiled = [float(compiled_noise()) for _ in range(3)]
compiled_prints = printed
print("2. plain:", *plain, "prints", plain_prints)
print("   compiled:", *compiled, "prints", compiled_prints)
argument = tf.function(lambda a: tf.add(2.0, a))  # the way out: the number comes from outside, as a tensor
passed = [float(argument(tf.constant(np.random.uniform(-1, 1), tf.float32))) for _ in range(3)]
print(
    "   compiled, the number as an argument:", *passed, "traced", argument.experimental_get_tracing_count(), "time(s)"
)


# %% 3. Branches: Python's `if` on an argument, tf.cond on tensors
def branch(x, y, train):
    if train:  # decided while tracing: two graphs, one for True and one for False
        return tf.cond(x < y, lambda: y * y, lambda: x * x)
    return x


compiled_branch = tf.function(branch)
a, b = tf.constant(10.0), tf.constant(20.0)
branches = {
    name: [float(function(a, b, train)) for train in (True, False)]
    for name, function in (("plain", branch), ("compiled", compiled_branch))
}
print("3. train, not train:", branches, "graphs:", compiled_branch.experimental_get_tracing_count())


# %% 4. Variables
def inside():
    v = tf.Variable(0.0)
    v.assign_add(1.0)
    return v.read_value()


counter = tf.Variable(0.0)


@tf.function
def outside():
    counter.assign_add(1.0)
    return counter.read_value()


counts = {"plain, made inside": [float(inside()), float(inside())]}
try:
    tf.function(inside)()
except ValueError as error:
    variable_error = str(error).strip().splitlines()[-1].strip()
else:
    raise Problem("a compiled function made a variable at every call: TensorFlow has changed")
counts["compiled, kept outside"] = [float(outside()), float(outside())]
print("4. counted:", counts)
print("   compiled, made inside:", variable_error)


# %% 5. Signatures: without one, each new shape is traced anew
def project(sentences, words):
    return tf.tensordot(sentences, words, 1)


any_shape = tf.function(project)
one_graph = tf.function(
    project, input_signature=[tf.TensorSpec([None, 50, 300], tf.float32), tf.TensorSpec([300, 100], tf.float32)]
)
words = tf.random.normal([300, 100])
for batch in (1, 2, 4):
    any_shape(tf.zeros([batch, 50, 300]), words), one_graph(tf.zeros([batch, 50, 300]), words)
traces = {"no signature": any_shape.experimental_get_tracing_count()}
traces["a signature"] = one_graph.experimental_get_tracing_count()
try:
    one_graph(tf.zeros([1, 50, 200]), words)
except TypeError:
    misfit = "TypeError"
else:
    raise Problem("a compiled function took a shape that its signature rules out: TensorFlow has changed")
squares = tf.function(lambda n: tf.square(tf.cast(n, tf.float32)))
for n in range(3):
    squares(n)
traces["three Python numbers"] = squares.experimental_get_tracing_count()
for n in range(3):
    squares(tf.constant(n))
traces["and three tensors"] = squares.experimental_get_tracing_count()
print("5. graphs:", traces, "a shape that does not fit:", misfit)


# %% What the book rules out: `if` and `while` on tensors, compiled by autograph
# tf.equal, because in a program that began as version 1 a compiled `==` compares tensors as objects: then 6 takes 18
# steps, over numbers that grow until they turn negative.
def steps_to_one(n):
    steps = tf.constant(0)
    while n > 1:
        n = n // 2 if tf.equal(n % 2, 0) else 3 * n + 1
        steps += 1
    return steps


compiled_steps = tf.function(steps_to_one)
collatz = {n: [int(steps_to_one(tf.constant(n))), int(compiled_steps(tf.constant(n)))] for n in (6, 27)}
print("steps from 6 and 27 to 1, plain and compiled:", collatz)


# %% How long it takes: medians, after a call that traces
def many_small_ops(x):
    for _ in range(100):
        x = x * 1.01 + 0.1
    return x


def one_large_op(x):
    return tf.matmul(x, x)


def seconds(function, *arguments):
    """Return the seconds of the first call and the median of those that follow."""
    times = []
    for _ in range(ex.calls + 2):
        start = time.perf_counter()
        function(*arguments).numpy()
        times.append(time.perf_counter() - start)
    return times[0], float(np.median(times[2:]))


small, large = tf.ones([10]), tf.random.normal([700, 700])
tasks = {
    "mean(3x² + y)": (f, x, y),
    "200 small operations": (many_small_ops, small),
    "27 to 1 in a loop": (steps_to_one, tf.constant(27)),
    "a product of 700 × 700": (one_large_op, large),
}
measured = {}
for name, (function, *arguments) in tasks.items():
    _, eager_time = seconds(function, *arguments)
    first_call, compiled_time = seconds(tf.function(function), *arguments)
    measured[name] = [eager_time * 1e3, compiled_time * 1e3, first_call * 1e3]
    print("{}: plain {:.3f} ms, compiled {:.3f} ms, its first call {:.1f} ms".format(name, *measured[name]))

# %% Back to graphs, for the figure in the log and for another script in the same kernel
place.__exit__(None, None, None)
tf.disable_v2_behavior()
tf.reset_default_graph()
ex.seed_everything()
figure, axis = plt.subplots(figsize=(7.6, 3.2))
rows = np.arange(len(measured))
for offset, column, label in ((-0.2, 0, "plain"), (0.2, 1, "compiled")):
    values = [times[column] for times in measured.values()]
    bars = axis.barh(rows + offset, values, 0.38, label=label)
    axis.bar_label(bars, [f"{value:.3g} ms" for value in values], padding=3, fontsize=8)
axis.set(xscale="log", xlabel="milliseconds a call (median)", yticks=rows, yticklabels=measured)
axis.set_xlim(right=axis.get_xlim()[1] * 3)
axis.invert_yaxis()
axis.legend(loc="lower right", fontsize=8)
figure.tight_layout()
ex.figure(figure, "times")

# %% Results
ex.report("1. plain and compiled", means, book=[20.0, 20.0])
ex.report("2. different numbers, plain", len(set(plain)))
ex.report("2. different numbers, compiled", len(set(compiled)), book=1)
ex.report("2. prints of three calls, plain and compiled", [len(plain_prints), len(compiled_prints)])
ex.report("2. different numbers, passed in", len(set(passed)))
ex.report("3. plain", branches["plain"], book=[400.0, 10.0])
ex.report("3. compiled", branches["compiled"], book=[400.0, 10.0])
ex.report("3. graphs", compiled_branch.experimental_get_tracing_count())
ex.report("4. plain, made inside", counts["plain, made inside"], book=[1.0, 1.0])
ex.report("4. compiled, made inside", variable_error)
ex.report("4. compiled, kept outside", counts["compiled, kept outside"], book=[1.0, 2.0])
ex.report("5. graphs", traces)
ex.report("5. a shape that does not fit", misfit)
ex.report("steps to 1", collatz)
for name, times in measured.items():
    ex.report(f"{name}: ms plain, compiled, first call", times)
ex.finish()
