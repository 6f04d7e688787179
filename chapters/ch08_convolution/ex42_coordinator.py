"""Example 42 · Using a Coordinator (协调器的用法演示)

Book:      intro 8.5.7, listing 8-7
Data:      a counter
Shows:     tf.FIFOQueue, tf.train.QueueRunner and tf.train.Coordinator: two threads count and put the count into a
           queue, the main thread takes ten numbers out and stops them without an error; the race between the two
           threads, and the same queue without it
Departs:   request_stop() only asks (the text: it returns when all threads have ended): coord.join() waits, as counted;
           both operations run in threads of the QueueRunner (the text: the main thread counts); the dequeue is built
           once, not again for every number; at the end a queue without a race, which gives 1 … 10
Time:      5 s on 2 CPU cores
"""

import threading
import time
from itertools import pairwise

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The queue and its two operations (listing 8-7)
queue = tf.FIFOQueue(100, "float")
c = tf.Variable(0.0)  # the counter
op = tf.assign_add(c, tf.constant(1.0))  # one thread adds 1 to it, again and again
enqueue_op = queue.enqueue(c)  # another puts it into the queue, whatever it is just then
qr = tf.train.QueueRunner(queue, enqueue_ops=[op, enqueue_op])
dequeue = queue.dequeue()

# %% Apart from the book: no race. Counting is a part of putting in, so that each number goes in once.
ordered = tf.FIFOQueue(100, "float")
steps = tf.get_variable("steps", initializer=0.0, use_resource=True)  # such a variable is read when it is asked
with tf.control_dependencies([tf.assign_add(steps, 1.0)]):
    ordered_enqueue = ordered.enqueue(steps.read_value())
ordered_runner = tf.train.QueueRunner(ordered, enqueue_ops=[ordered_enqueue])
ordered_dequeue = ordered.dequeue()


def alive(threads):
    """Return how many of `threads` still run."""
    return sum(thread.is_alive() for thread in threads)


def last_words():
    """Stand for what a thread may still have to do when it was asked to stop: here, half a second of it."""
    coord.wait_for_stop()
    time.sleep(0.5)


# %% Start, take ten numbers, stop, wait
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    enqueue_threads = qr.create_threads(sess, coord=coord, start=True)
    slow = threading.Thread(target=last_words, daemon=True)
    slow.start()

    numbers = []
    for _ in range(10):
        print("-" * 25)
        numbers.append(float(sess.run(dequeue)))
        print(numbers[-1])

    threads = [*enqueue_threads, slow]
    running = alive(threads)
    coord.request_stop()
    after_request = alive(threads)
    try:
        coord.join(threads)  # raises what a thread raised
        error = "none"
    except Exception as caught:
        error = type(caught).__name__
    after_join = alive(threads)

print(f"threads alive: {running} while counting, {after_request} after request_stop, {after_join} after join")
rises = [later - earlier for earlier, later in pairwise(numbers)]
print(f"from one number to the next: {min(rises):g} to {max(rises):g}; without the race it would be 1 each time")

# %% The same without the race
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    ordered_threads = ordered_runner.create_threads(sess, coord=coord, start=True)
    in_order = [float(sess.run(ordered_dequeue)) for _ in range(10)]
    coord.request_stop()
    coord.join(ordered_threads)
print("counted when put in:", *in_order)

# %% Results
# The book's numbers are 3, 405, 410, 413, 420, 475, 478, 896, 902, 904; the race makes others each time.
ex.report("ten numbers", numbers)
ex.report("they never fall", min(rises) >= 0)
ex.report("whole and not negative", all(number >= 0 and number == int(number) for number in numbers))
ex.report("threads of the QueueRunner", len(enqueue_threads))
ex.report("threads alive after request_stop", after_request)
ex.report("threads alive after join", after_join)
ex.report("error at the close", error)
ex.report("ten numbers without the race", in_order)
ex.finish()
