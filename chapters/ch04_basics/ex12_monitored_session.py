"""Example 12 · Simpler checkpoints by time (更简便地保存检查点)

Book:      intro 4.1.14, listing 4-7
Data:      none: a counter is what is saved
Shows:     MonitoredTrainingSession, which saves by the clock and restores by itself: with --resume the first step is
           the one after the last saved step, whether the run before ended or was killed; it needs a global step, and
           it finalises the graph
Departs:   ends after --seconds (the book's loop is stopped by hand) and prints one line per 1,000 steps
Time:      10 s on 2 CPU cores
"""

import tempfile
import time

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, seconds=6.0, save_checkpoint_secs=2.0, quick={"seconds": 3.0, "save_checkpoint_secs": 1.0})

# %% The graph: a global step and an op that adds 1 to it
tf.reset_default_graph()
global_step = tf.train.get_or_create_global_step()
step = tf.assign_add(global_step, 1)
print("the global step is", global_step.dtype.base_dtype.name)

# %% Count. The session saves every save_checkpoint_secs (600 unless told) and at its orderly end.
folder = str(ex.checkpoints)
print("newest checkpoint at the start:", tf.train.latest_checkpoint(folder))
session = tf.train.MonitoredTrainingSession(
    checkpoint_dir=folder, save_checkpoint_secs=ex.save_checkpoint_secs, config=ex.config()
)
with session as sess:
    restored_step = int(sess.run(global_step))
    print([restored_step])
    end = time.monotonic() + ex.seconds
    first_step = last_step = int(sess.run(step))
    ex.log(f"step {first_step}")
    while not sess.should_stop() and time.monotonic() < end:
        last_step = int(sess.run(step))
        if last_step < first_step + 3 or last_step % 1000 == 0:
            ex.log(f"step {last_step}")

    try:  # every op must be there before the session starts
        tf.constant(0)
    except RuntimeError as error:
        finalised = str(error)
        print("a new op:", finalised)

newest = tf.train.latest_checkpoint(folder)
saved_step = int(newest.rpartition("-")[2])
print("newest checkpoint at the end:", newest)
files = sorted(file.name for file in ex.checkpoints.iterdir())
print("in its folder:", *[name for name in files if name.endswith(".index") or "ckpt" not in name])

# %% Without a global step there is nothing to count by
with tf.Graph().as_default(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as elsewhere:
    tf.Variable(0.0)
    try:
        tf.train.MonitoredTrainingSession(checkpoint_dir=elsewhere)
    except RuntimeError as error:
        without_step = str(error)
        print("without a global step:", without_step)

# %% Results
ex.report("global step at the start", restored_step)
ex.report("first step", first_step)
ex.report("first step minus the restored one", first_step - restored_step, book=8969 - 8968)
ex.report("last step", last_step)
ex.report("last saved step", saved_step)
ex.report("steps a second", (last_step - restored_step) / ex.seconds)
ex.report("a new op in the session", finalised)
ex.report("without a global step", without_step)
ex.finish()
