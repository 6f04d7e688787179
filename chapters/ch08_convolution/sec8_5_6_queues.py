"""Section 8.5.6 · Queues in TensorFlow (在 TensorFlow 中使用 queue)

Book:      intro 8.5.6, variations on listing 8-5
Data:      CIFAR-10, the 10,000 test pictures
Shows:     what goes wrong with queues and its cures: without start_queue_runners the program waits for ever; a ``with``
           session that closes before the threads stop logs errors; a session that stays open puts them off; a
           Coordinator does away with them
Departs:   the wait is cut short by a time limit. The book's first two cures only leave the session open: closing it
           brings the same errors, which is shown
Time:      11 s on 2 CPU cores
"""

import logging
import threading

import _cifar10_input as cifar10_input

from utils.data import cifar10
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, batch_size=128, wait_ms=1500, quick={"wait_ms": 500})

# %% Errors of the queue's threads are collected here, so that they can be counted and printed in order
messages = []
error_log = logging.Handler(logging.ERROR)
error_log.emit = lambda record: messages.append("ERROR:tensorflow:" + record.getMessage().split("\n")[0])
logging.getLogger("tensorflow").handlers = [error_log]
threading.excepthook = lambda failure: messages.append(f"{failure.thread.name} died of {failure.exc_type.__name__}")


def report_errors(way, threads):
    """Wait a second for the threads to end; print and return how many errors came and how many threads live."""
    for thread in threads:
        thread.join(timeout=1)
    alive = sum(thread.is_alive() for thread in threads)
    print(f"\n{way}: {len(messages)} errors, {alive} of {len(threads)} threads alive")
    for message in messages:
        print("   ", message[:110])
    counts = [len(messages), alive]
    messages.clear()
    return counts


# %% The graph of listing 8-5
data = cifar10.load(ex.data)
images_test, labels_test = cifar10_input.inputs(data, eval_data=True, batch_size=ex.batch_size)

# %% 1. Nobody fills the queue: the fetch waits for ever
with ex.session() as sess:
    try:
        sess.run([images_test, labels_test], options=tf.RunOptions(timeout_in_ms=ex.wait_ms))
        waited = "a batch came"
    except tf.errors.DeadlineExceededError as error:
        waited = type(error).__name__
print(f"without start_queue_runners: {waited} after {ex.wait_ms} ms; without the limit it would wait for ever")

# %% 2. The session closes while the threads are at work
with ex.session() as sess:
    threads = tf.train.start_queue_runners()
    closed_batch = sess.run(labels_test)
closed_first = report_errors("a with session, closed first", threads)

# %% 3. The book's first cures: an InteractiveSession, or a plain session that is named; both stay open
sess = tf.InteractiveSession(config=ex.config())
threads = tf.train.start_queue_runners()
open_batch = sess.run(labels_test)
left_open = report_errors("an InteractiveSession, left open", threads)
sess.close()
closed_later = report_errors("the same, closed in the end", threads)

sess = ex.session()
threads = tf.train.start_queue_runners(sess=sess)
named_batch = labels_test.eval(session=sess)
named_open = report_errors("a plain session given as sess= and session=, left open", threads)
sess.close()
named_closed = report_errors("the same, closed in the end", threads)

# %% 4. The cure: a Coordinator stops the threads, join waits for them, then the session closes
with ex.session() as sess:
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    coordinated_batch = sess.run(labels_test)
    coord.request_stop()
    coord.join(threads)
    coordinated_open = report_errors("a with session and a Coordinator, after join", threads)
coordinated_closed = report_errors("the same, closed in the end", threads)

# %% Results: [errors, threads alive]
ex.report("no thread fills the queue", waited)
ex.report("with session, closed first", closed_first)
ex.report("InteractiveSession, open", left_open)
ex.report("InteractiveSession, closed", closed_later)
ex.report("plain session, open", named_open)
ex.report("plain session, closed", named_closed)
ex.report("Coordinator, after join", coordinated_open)
ex.report("Coordinator, closed", coordinated_closed)
batches = (closed_batch, open_batch, named_batch, coordinated_batch)
ex.report("batches that came", [len(batch) for batch in batches])
ex.finish()
