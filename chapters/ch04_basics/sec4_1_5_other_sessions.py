"""Section 4.1.5 · Other ways to make a session (建立 session 的其他方法)

Book:      intro 4.1.5
Data:      none
Shows:     `InteractiveSession`, which makes itself the default, so that `node.eval()` works without a `with`;
           `Supervisor`, which initialises, restores, and saves by the clock; `MonitoredTrainingSession`, its
           successor, going on where the Supervisor stopped
Time:      6 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, steps=10)

# %% InteractiveSession
tf.reset_default_graph()
ex.seed_everything()
total = tf.constant(3) + tf.constant(4)
session = tf.InteractiveSession(config=ex.config())
evaluated = total.eval()
print("InteractiveSession:", evaluated)
session.close()


# %% What the two trainers run: a counter
def counter():
    """Make a new graph with a global step and return the step and the op that adds 1 to it."""
    tf.reset_default_graph()
    ex.seed_everything()
    step = tf.train.get_or_create_global_step()
    return step, tf.assign_add(step, 1)


folder = str(ex.checkpoints)
earlier = set(tf.train.get_checkpoint_state(folder).all_model_checkpoint_paths) if ex.resumed else set()

# %% Supervisor: no initialiser to run, no save to call
step, count = counter()
sv = tf.train.Supervisor(logdir=folder, saver=tf.train.Saver(save_relative_paths=True), save_model_secs=1)
with sv.managed_session(config=ex.config()) as sess:
    started = stopped = sess.run(step)
    by_itself = set()  # until its clock has saved twice: at the start, and a second later
    while len(by_itself) < 2 and not sv.should_stop():
        stopped = sess.run(count)
        by_itself |= set(sv.saver.last_checkpoints) - earlier
    # Its end saves nothing: what came after the last second would be lost. The clock is stopped first, because
    # a Saver is not made for two threads.
    sv.stop()
    sv.saver.save(sess, sv.save_path, global_step=stopped)
print(f"Supervisor: from step {started} to {stopped}, {len(by_itself)} checkpoints by itself")

# %% A second Supervisor on the same folder restores
step, count = counter()
sv = tf.train.Supervisor(logdir=folder, saver=tf.train.Saver(save_relative_paths=True), save_model_secs=0)
with sv.managed_session(config=ex.config()) as sess:
    restored = sess.run(step)
print("a second Supervisor starts at step", restored)

# %% MonitoredTrainingSession, the successor: the same folder; hooks do the work, and its end saves
step, count = counter()
hooks = [tf.train.StopAtStepHook(num_steps=ex.steps)]
scaffold = tf.train.Scaffold(saver=tf.train.Saver(save_relative_paths=True))
with tf.train.MonitoredTrainingSession(
    checkpoint_dir=folder, scaffold=scaffold, hooks=hooks, save_checkpoint_secs=600, config=ex.config()
) as sess:
    successor = sess.run(step)
    while not sess.should_stop():
        last = sess.run(count)
saved = tf.train.load_variable(folder, "global_step")
print(f"MonitoredTrainingSession: from step {successor} to {last}, saved at its end: {saved}")
print("kept by now:", sorted(path.stem for path in ex.checkpoints.glob("model.ckpt-*.index")))

# %% Results
ex.report("InteractiveSession, 3 + 4", evaluated)
ex.report("Supervisor, first step", started)
ex.report("Supervisor, last step", stopped)
ex.report("Supervisor, checkpoints by the clock", len(by_itself))
ex.report("second Supervisor, restored step", restored)
ex.report("MonitoredTrainingSession, restored step", successor)
ex.report("MonitoredTrainingSession, last step", last)
ex.report("MonitoredTrainingSession, saved step", saved)
ex.finish()
