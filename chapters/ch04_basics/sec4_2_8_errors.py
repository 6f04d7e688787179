"""Section 4.2.8 · Error classes (错误类)

Book:      intro 4.2.8, table 4-16
Data:      none
Shows:     the classes of `tf.errors` with their codes and their constructor; 13 of the 16 met as real failures of ops
           and files and caught by class; what a caught error tells
Departs:   DeadlineExceeded, Unavailable and Unauthenticated are not in the book's table; Unimplemented means that an
           op has no such implementation, not that it was not executed
Time:      5 s on 2 CPU cores
"""

import tempfile
import threading
from pathlib import Path

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The table: constructor (node_def, op, message), one code per class
NOT_IN_THE_BOOK = {"DeadlineExceededError", "UnavailableError", "UnauthenticatedError"}
classes = {}
for code in range(1, 17):
    error_class = tf.errors.exception_type_from_error_code(code)
    error = error_class(None, None, "made by hand")
    classes[error_class.__name__] = error.error_code
    note = "   (not in the book)" if error_class.__name__ in NOT_IN_THE_BOOK else ""
    print(f"{error.error_code:3} {error_class.__name__:24} message: {error.message}{note}")

# %% What a caught error tells; OpError is the base class of them all
tf.reset_default_graph()
ex.seed_everything()
sess = ex.session()
x = tf.placeholder(tf.float32, name="x")
product = tf.matmul(x, x, name="product")
try:
    sess.run(product, {x: np.ones([2, 3])})
except tf.OpError as error:
    caught = error
print("\nop:", caught.op.name, " node_def.op:", caught.node_def.op, " error_code:", caught.error_code)
print("message:", caught.message)
print()


# %% Real failures
provoked = []


def reason(error):
    """Return the line of the message that says what is wrong; the others say where."""
    lines = [line for line in error.message.splitlines() if line.strip()]
    return [line for line in lines if "[[{{" not in line and not line.startswith("Hint:")][-1]


def provoke(error_class, action):
    """Run `action`, which must fail with `error_class`, and report the code."""
    try:
        action()
    except error_class as error:
        print(f"{error.error_code:3} {type(error).__name__:24} {reason(error)}")
        ex.report(error_class.__name__, error.error_code)
        provoked.append(error_class.__name__)
        return
    raise AssertionError(f"{error_class.__name__} did not come")


def python_op(function):
    """Run `function` as an op of the graph."""
    return sess.run(tf.py_func(function, [1.0], tf.float32))


def fail(_):
    raise RuntimeError("a Python function inside the graph failed")


# Queues: closed while somebody waits to put in, emptied, and empty for too long.
full = tf.FIFOQueue(1, tf.float32, shapes=[()])
put = full.enqueue(1.0)
sess.run(put)
threading.Timer(0.2, sess.run, [full.close(cancel_pending_enqueues=True)]).start()
provoke(tf.errors.CancelledError, lambda: sess.run(put))

ended = tf.FIFOQueue(1, tf.float32, shapes=[()])
sess.run(ended.close())
provoke(tf.errors.OutOfRangeError, lambda: sess.run(ended.dequeue()))

empty = tf.FIFOQueue(1, tf.float32, shapes=[()])
in_time = tf.RunOptions(timeout_in_ms=200)
provoke(tf.errors.DeadlineExceededError, lambda: sess.run(empty.dequeue(), options=in_time))

# Python functions in the graph: what they raise, and what they may not return.
provoke(tf.errors.UnknownError, lambda: python_op(fail))
provoke(tf.errors.InternalError, lambda: python_op(lambda _: object()))

# Ops with wrong input, without an initialised variable, without memory (2^60 bytes), without an implementation.
provoke(tf.errors.InvalidArgumentError, lambda: sess.run(product))
provoke(tf.errors.FailedPreconditionError, lambda: sess.run(tf.Variable(1.0)))
with tf.device("/cpu:0"):
    size = tf.placeholder(tf.int64, [1])
    huge = tf.fill(size, 1.0)
provoke(tf.errors.ResourceExhaustedError, lambda: sess.run(huge, {size: [2**58]}))
provoke(tf.errors.UnimplementedError, lambda: sess.run(tf.cast(tf.constant("3"), tf.float32)))

# Files: missing, in the way, damaged.
with tempfile.TemporaryDirectory() as folder:
    records, copy = str(Path(folder, "data.tfrecords")), str(Path(folder, "copy.tfrecords"))
    provoke(tf.errors.NotFoundError, lambda: sess.run(tf.read_file(records)))

    with tf.python_io.TFRecordWriter(records) as writer:
        writer.write(b"a record with a checksum")
    tf.gfile.Copy(records, copy)
    provoke(tf.errors.AlreadyExistsError, lambda: tf.gfile.Copy(records, copy))

    content = bytearray(Path(records).read_bytes())
    content[20] ^= 1  # one bit of the record
    Path(records).write_bytes(content)
    provoke(tf.errors.DataLossError, lambda: list(tf.python_io.tf_record_iterator(records)))

# A server that forgot its sessions. Not in a `with`: to close such a session fails in the same way.
server = tf.train.Server.create_local_server(config=ex.config())
remote = tf.Session(server.target)
remote.run(tf.constant(1.0))
tf.Session.reset(server.target)
provoke(tf.errors.AbortedError, lambda: remote.run(tf.constant(2.0)))
sess.close()

# %% Results
print(
    f"\n{len(provoked)} of {len(classes)} classes provoked; made by hand only: {sorted(set(classes) - set(provoked))}"
)
ex.report("codes", classes)
ex.report("op of the caught error", [caught.op.name, caught.node_def.op, caught.error_code])
ex.report("not in the book's table", sorted(NOT_IN_THE_BOOK))
ex.finish()
