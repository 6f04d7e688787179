"""Example 20 · Distributed training with a parameter server (使用 TensorFlow 实现分布式部署训练)

Book:      intro 4.5.1–4.5.3, listings 4-15, 4-16 and 4-17
Data:      100 points near y = 2x, drawn in the script, the same in each worker
Model:     z = W·x + b, as example 1
Shows:     a real cluster over TensorFlow's gRPC runtime: one process keeps the variables (ps), two train them
           (worker 0 is the chief, which initialises, saves and restores). `--job ps|worker --task N --cluster
           "ps=host:1681;worker=host:1682,host:1683"` or TF_CONFIG is one role on a real machine; --sync averages the
           workers' gradients, --supervisor is the book's own form. A killed process is started again and rejoins, a
           killed chief from its checkpoint; --no-restart leaves that to you and prints the command
Departs:   MonitoredTrainingSession, the successor, beside the book's Supervisor; ends at a global step (the book's
           loop never does in practice); one data set for all workers: with noise of their own, as in the book, their
           costs cannot be compared; cost, W and b of a line are read in one run; the summaries are of all points;
           the non-chief writes none, which raised an error in the book
Time:      39 s on 2 CPU cores
"""

import itertools
import os
import sys
import time
from types import SimpleNamespace

import _cluster
import _roles
import numpy as np
from models import linear_regression

from utils import checkpoints, figures
from utils.data.line import noisy_line
from utils.example import Choice, Example
from utils.problems import Problem, WrongFlag
from utils.tf1 import tf

if _roles.is_one_role():
    os.environ.setdefault("TFBOOK_ROLE", "by hand")  # roles on one machine run side by side: no run lock
    if "--fresh" not in sys.argv:
        sys.argv.append("--resume")  # a role that comes back restores by itself
    spares = []
else:
    spares = _cluster.spare_processes()  # forked before this process makes a graph
_roles.label_output()

ex = Example(
    __doc__,
    steps=8040,
    learning_rate=0.01,
    log_every=200,
    save_checkpoint_secs=5,
    sync=False,
    supervisor=False,
    job=Choice("all", "ps", "worker", "chief", "master"),
    task=0,
    cluster="",
    workers=2,
    restart=True,
    fork=True,
    quick={"steps": 1200, "log_every": 100},
)
if ex.sync and ex.supervisor:
    raise WrongFlag("--sync needs the hooks of MonitoredTrainingSession: it does not go with --supervisor")

# %% The data
train_X, train_Y = noisy_line()


# %% The graph: that of example 13, its variables on the ps
def build(me, cluster):
    """Build the same graph in each worker and return its nodes."""
    ex.seed_everything()
    worker_device = f"/job:{me.job}/task:{me.task}{ex.device}"
    with tf.device(
        tf.train.replica_device_setter(worker_device=worker_device, ps_device="/job:ps/cpu:0", cluster=cluster)
    ):
        global_step = tf.train.get_or_create_global_step()
        model = linear_regression(ex.learning_rate, global_step)
        train_op, hooks = model.optimizer, [tf.train.StopAtStepHook(last_step=ex.steps)]
        if ex.sync:  # one update takes the mean of one gradient of each worker
            optimizer = tf.train.SyncReplicasOptimizer(
                tf.train.GradientDescentOptimizer(ex.learning_rate),
                replicas_to_aggregate=me.replicas,
                total_num_replicas=me.replicas,
            )
            train_op = optimizer.minimize(model.cost, global_step=global_step)
            hooks.append(optimizer.make_session_run_hook(me.is_chief))
        tf.summary.histogram("z", model.z)
        tf.summary.scalar("loss_function", model.cost)
        return SimpleNamespace(
            model=model,
            global_step=global_step,
            train_op=train_op,
            hooks=hooks,
            summaries=tf.summary.merge_all(),
            saver=tf.train.Saver(max_to_keep=1, save_relative_paths=True),
            uninitialized=tf.report_uninitialized_variables(tf.global_variables()),
            init=tf.global_variables_initializer(),  # last: it knows the variables made before it
        )


# %% Training
def train(me, nodes, sess, finished, write_summary):
    """Train until `finished(step)`; log a line every `log_every` of this worker's own steps."""
    model, global_step = nodes.model, nodes.global_step
    step = start = int(sess.run(global_step))
    print(f"sess ok, global step {start}" + (" (restored, or trained by others)" if start else ""))
    if me.is_chief:  # TensorBoard drops what a killed chief wrote after its last checkpoint
        ex.writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), start)
    log, done = [], 0
    for x, y in itertools.cycle(zip(train_X, train_Y, strict=True)):
        if finished(step) or me.stopping.is_set():
            break
        _, step = sess.run([nodes.train_op, global_step], {model.X: x, model.Y: y})
        done += 1
        if done % ex.log_every == 0 and not finished(step):
            try:
                step, cost, weight, bias, summary = sess.run(
                    [global_step, model.cost, model.W, model.b, nodes.summaries], {model.X: train_X, model.Y: train_Y}
                )
            except tf.errors.InvalidArgumentError:  # a histogram takes no NaN
                cost = np.nan
            if not np.isfinite(cost):
                raise Problem(f"the cost at step {step} is not finite: try a smaller learning rate")
            print(f"Epoch: {step + 1} cost= {cost:.7f} W= {weight} b= {bias}")
            log.append([int(step), float(cost)])
            if me.is_chief:
                write_summary(sess, summary, step)
    if not me.stopping.is_set():
        me.write_report(steps=done, start=start, log=log)
        print(f" Finished! {done} of the steps were done here")


def monitored(me, nodes, server, config):
    """Train in a MonitoredTrainingSession, which initialises or restores, and saves by time and at its end."""
    if not me.is_chief:  # the session itself looks for the chief's initialisation every 30 s: too late for a short run
        while not me.stopping.is_set():
            with tf.Session(server.target, config=config) as sess:
                if sess.run(nodes.uninitialized).size == 0:
                    break
            time.sleep(0.2)
    with tf.train.MonitoredTrainingSession(
        master=server.target,
        is_chief=me.is_chief,
        checkpoint_dir=str(ex.checkpoints) if me.is_chief else None,
        scaffold=tf.train.Scaffold(saver=nodes.saver),
        hooks=nodes.hooks,
        save_checkpoint_secs=ex.save_checkpoint_secs,
        save_summaries_steps=None,  # it would write the summaries of the one point that is fed
        save_summaries_secs=None,
        log_step_count_steps=None,
        config=config,
        stop_grace_period_secs=2,
    ) as sess:

        def write_summary(sess, summary, step):
            ex.writer.add_summary(summary, step)

        train(me, nodes, sess, lambda step: sess.should_stop(), write_summary)


def supervised(me, nodes, server, config):
    """Train under a Supervisor, as the book does. No initialiser is run by hand: it would wipe restored values."""
    sv = tf.train.Supervisor(
        is_chief=me.is_chief,
        logdir=str(ex.checkpoints) if me.is_chief else None,
        init_op=nodes.init,
        summary_op=None,  # the Supervisor cannot feed: summary_computed gets what train() has computed
        summary_writer=ex.writer if me.is_chief else None,
        saver=nodes.saver,
        global_step=nodes.global_step,
        save_model_secs=ex.save_checkpoint_secs,
        recovery_wait_secs=1,  # a worker that is not the chief looks for its initialisation every 30 s unless told
    )
    with sv.managed_session(server.target, config=config) as sess:
        train(me, nodes, sess, lambda step: sv.should_stop() or step >= ex.steps, sv.summary_computed)
        if me.is_chief:
            sv.saver.save(sess, ex.checkpoint("sv.cpk"), global_step=sess.run(nodes.global_step))
    sv.stop()


# %% One process of the cluster: the book's listings 4-15 (ps), 4-16 (worker 0) and 4-17 (worker 1) in one
def run(me):
    """Be the process `me.job`, number `me.task`."""
    cluster = tf.train.ClusterSpec(me.hosts)
    config = ex.config()
    # A worker needs the ps alone. Without this it would not begin before all other workers are up.
    config.device_filters.extend(["/job:ps", f"/job:{me.job}/task:{me.task}"])
    try:  # whatever the address, it listens on all interfaces and asks for no password: for trusted networks only
        server = tf.train.Server(cluster, job_name=me.job, task_index=me.task, config=config)
    except tf.errors.UnknownError as error:
        raise Problem(f"{me.name} cannot listen on {me.address}, is the port in use? ({error})") from None
    if me.job == "ps":
        print("wait")
        server.join()  # for ever: a ps is ended from outside

    with tf.Graph().as_default() as graph:
        nodes = build(me, cluster)
        if me.is_chief:
            print("weight is on", nodes.model.W.device, "and multiplied on", nodes.model.z.op.inputs[0].device)
            ex.writer.add_graph(graph)
        (supervised if ex.supervisor else monitored)(me, nodes, server, config)
    if me.is_chief and not me.stopping.is_set():
        ex.writer.close()
        checkpoints.mark_finished(ex.checkpoints)


me = _roles.role_of(ex)
if me:
    _roles.act(run, me)  # does not come back

# %% All of the cluster, on this machine
ex.logs.mkdir(parents=True, exist_ok=True)  # the chief writes there, and saves in ex.checkpoints
print("checkpoints in", ex.checkpoints)
reports = _cluster.Launcher(ex, spares).run()

# %% What the chief saved last: a step in which the other worker was then is not in it
saved = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(ex.checkpoints)))
last_step, weight, bias = (saved.get_tensor(name) for name in ("global_step", "weight", "bias"))
cost = np.mean(np.square(train_Y - (train_X * weight + bias)))
print(f"saved at step {last_step}: cost= {cost:.7f} W= {weight} b= {bias}")

by_worker = {name: [line[:2] for line in report["log"]] for name, report in reports.items() if report["log"]}
if by_worker:
    figure = figures.curves(by_worker, xlabel="global step", ylabel="cost, all points", log=True)
    ex.figure(figure, "cost")

# %% The try-out: the initialiser first. It knows only the variables made before it: none
tf.reset_default_graph()
init_first = tf.global_variables_initializer()
linear_regression(ex.learning_rate, tf.train.get_or_create_global_step())
sv = tf.train.Supervisor(logdir=None, init_op=init_first, summary_op=None)
try:
    with sv.managed_session(config=ex.config()):
        message = "no error"
except RuntimeError as error:
    message = str(error).rpartition("error: ")[2]
print("the initialiser first:", message)

# %% Results: the book's are of step 8040. The tolerances are three standard deviations over 300 draws of the noise
# (0.057, 0.042 and 0.0125): the book's noise is not ours, and where in their sweeps the workers end moves W and b.
ex.report("global step", last_step)
ex.report("cost", cost, book=0.0753085, tolerance=0.038)
ex.report("W", weight[0], book=2.01313496, tolerance=0.17)
ex.report("b", bias[0], book=0.01954099, tolerance=0.125)
for name, report in reports.items():
    ex.report(f"{name}: steps", report["steps"])
    ex.report(f"{name}: began at global step", report["start"])
ex.report("the initialiser first", message)
ex.finish()
