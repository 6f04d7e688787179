"""Example 81 · Adding model storage so the stages can be trained apart (添加模型存储支持分布训练)

Book:      intro 10.8.2, listing 10-7, and 10.8.3
Data:      MNIST, 55,000 training / 10,000 test pictures of 28×28
Model:     the networks of example 80
Shows:     each stage in a run of its own, `--stage 1` to `--stage 4`: it restores what the stage before saved in
           checkpoints/81/stageN, trains its own part and saves after every epoch. Without --stage all four follow in
           one run, each in a new graph and a new session, and only files pass from one to the next. `--resume` goes on
           after the last saved epoch. Then the trap of section 10.8.3, running twice in one process, and its cure
Departs:   a folder for each stage, and the newest checkpoint in it: in the book all stages share one folder and one
           prefix, so that stage 1 run again overwrites stage 4, and the epoch to load is a number in the listing.
           "Distributed" is the book's word: nothing runs in parallel. The second name in 10.8.3 is Variable_14:0, where
           the book prints Variable:14
Time:      3.2 min on 2 CPU cores beside other work
"""

import json
import shlex
import sys
import time

import matplotlib.pyplot as plt
import numpy as np
from _stacked import BIASES, LAYER_1, LAYER_2, SHAPES, STAGES, epoch_of, features, networks

from utils import checkpoints, flags, paths
from utils.data import mnist
from utils.example import Choice, Example
from utils.problems import Problem, write_json
from utils.tf1 import tf

ex = Example(
    __doc__,
    stage=Choice("all", "1", "2", "3", "4"),
    start=Choice("book", "glorot"),
    epochs=10,
    batch_size=100,
    learning_rate=0.01,
    fine_tuning_rate=0.001,
    noise=0.3,
    keep_prob=0.5,
    display_step=1,
    pictures=55_000,
    quick={"epochs": 2, "pictures": 5_000, "start": "glorot"},
    book={"epochs": 50, "display_step": 10},
)

# %% The folders: each stage is a run with a folder of its own, so that `--stage 2` again moves stage 2 aside, no other
CHECKPOINT, RECORD = "stacked_auto_encoder.ckpt", "record.json"
home = paths.checkpoints(ex.id)
folders = {stage: home / f"stage{stage}" for stage in STAGES}
arguments = flags.own_arguments()
resume = "--resume" in arguments
stages = list(STAGES) if ex.stage == "all" else [int(ex.stage)]


def command(stage=ex.stage):
    """Return the command line of this run, for another stage: without --resume and --fresh."""
    words = iter(arguments)
    kept = [word for word in words if not (word == "--stage" and next(words)) and not word.startswith("--stage=")]
    kept = [word for word in kept if word not in ("--resume", "--fresh")]
    return shlex.join(["python", "run.py", ex.id, *kept, *([] if stage == "all" else ["--stage", str(stage)])])


def newest(stage):
    """Return the newest checkpoint of a stage, None where nothing was saved yet."""
    try:
        path = tf.train.latest_checkpoint(str(folders[stage]))
    except ValueError:  # the file "checkpoint" is empty
        path = None
    if path is None and (folders[stage] / "checkpoint").exists():
        where = paths.shown(folders[stage])
        raise Problem(f"{where} names no checkpoint that is there: `{command(stage)} --fresh` trains the stage again")
    return path


def finished(stage):
    """Return whether a stage was trained to its end."""
    run = checkpoints.read_run(folders[stage])
    return bool(run and run["finished"] and newest(stage))


if stages[0] > 1 and not finished(stages[0] - 1):
    before = stages[0] - 1
    what = "stopped half-way" if newest(before) else "no checkpoint yet"
    advice = f"`{command(before)}{' --resume' if newest(before) else ''}` makes it"
    raise Problem(f"stage {before} is needed first, {paths.shown(folders[before])} has {what}: {advice}")
if not resume and "--fresh" not in arguments:
    for stage in stages:
        checkpoints.refuse_unfinished(folders[stage], command())
begun = time.monotonic()
runs = {
    stage: checkpoints.Run(
        folders[stage], command(), lambda: time.monotonic() - begun, resume=resume, settings=ex.settings
    )
    for stage in stages
    if not (resume and finished(stage))
}

# %% The data
digits = mnist.load(ex.data, one_hot=True)
images, labels = digits.train.images[: ex.pictures], digits.train.labels[: ex.pictures]
if len(images) < ex.batch_size:
    raise Problem(f"--pictures {ex.pictures}: fewer than one batch of {ex.batch_size}")


def build():
    """Build the four networks in a new default graph, and a saver of all their variables, the optimisers' too."""
    tf.reset_default_graph()  # the cure of section 10.8.3
    ex.seed_everything()
    with tf.device(ex.device):
        net = networks(ex.seed, ex.start, ex.learning_rate, ex.fine_tuning_rate)
    return net, tf.train.Saver(max_to_keep=1, save_relative_paths=True)


def cascade(sess, net):
    """Return the cost and the accuracy of the cascade on the test pictures."""
    found = sess.run([net.costs[4], net.accuracy], {net.x: digits.test.images, net.l3y: digits.test.labels})
    return [float(value) for value in found]


# %% One stage
def train_stage(stage):
    folder = folders[stage]
    net, saver = build()
    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        load_epoch, record = -1, {"costs": []}
        own = newest(stage)
        if own:  # this stage was interrupted
            saver.restore(sess, own)
            saver.recover_last_checkpoints([own])
            load_epoch = int(own.rpartition("-")[2])
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            record["costs"] = record["costs"][: load_epoch + 1]
            print(f"resumed from {paths.shown(own)}")
        elif stage > 1:  # the variables of the stages before, over the fresh ones
            saver.restore(sess, newest(stage - 1))
            print(f"restored from {paths.shown(newest(stage - 1))}")
        if stage == 4 and not own:
            record["at_start"] = cascade(sess, net)

        inputs = features(sess, net, stage, images)
        for epoch in ex.progress(range(load_epoch + 1, ex.epochs), unit="epoch"):
            cost = epoch_of(sess, net, ex, stage, epoch, inputs, labels)
            if not np.isfinite(cost):
                raise Problem(f"the cost of stage {stage} is {cost} in epoch {epoch}: try a smaller learning rate")
            ex.record(epoch, **{f"stage_{stage}/cost": cost})
            record["costs"].append([epoch, cost])
            if stage >= 3 and epoch == ex.epochs - 1:
                record["at_end"] = cascade(sess, net)
            write_json(folder / RECORD, record)  # first, so that no checkpoint lacks it
            saver.save(sess, str(folder / CHECKPOINT), global_step=epoch)
            if epoch % ex.display_step == 0:
                ex.log(f"Epoch: {epoch:02d}/{ex.epochs:02d} average cost: {cost:.6f}")
    checkpoints.mark_finished(folder)


# %% The stages of this run, each in a new graph and a new session
print("checkpoints in", paths.shown(home))
for stage in stages:
    print(f"stage {stage}: {STAGES[stage]}" + ("" if stage in runs else ", done before"))
    if stage in runs:
        try:
            train_stage(stage)
        except SystemExit as stop:
            if stop.code in (130, 143):  # Ctrl-C, SIGTERM
                print(f"`{command()} --resume` goes on after the last saved epoch", file=sys.stderr)
            raise
later = [stage for stage in STAGES if stage > stages[-1] and newest(stage)]
if later:
    print(f"trained before this run, so run again what stands on it: stage {', '.join(map(str, later))}")

# %% What is in the files
records = {
    stage: json.loads((folders[stage] / RECORD).read_text(encoding="utf-8")) for stage in STAGES if finished(stage)
}


def layers_of(stage):
    """Return the parameters in the checkpoint of a stage: name → array."""
    saved = tf.train.load_checkpoint(newest(stage))
    return {name: saved.get_tensor(name) for name in (*LAYER_1, *LAYER_2)}


for stage in stages:
    ex.report(f"files kept of stage {stage}", sorted(path.name for path in folders[stage].glob("*.index")))
    ex.report(f"cost of stage {stage}, first epoch", records[stage]["costs"][0][1])
    ex.report(f"cost of stage {stage}, last epoch", records[stage]["costs"][-1][1])
for stage in [stage for stage in stages if stage > 1]:
    earlier, now = layers_of(stage - 1), layers_of(stage)
    changed = [name for name in now if not np.array_equal(now[name], earlier[name])]
    parts = {"network 1": LAYER_1, "network 2": LAYER_2}
    counts = {part: sum(name in changed for name in names) for part, names in parts.items()}
    changes = ", ".join(f"{count} of 6 of {part}" for part, count in counts.items())
    print(f"stage {stage} changed {changes}")
    for part, count in counts.items():
        ex.report(f"variables of {part} that stage {stage} changed", count)
    if stage == 4:
        print("changed:", *changed)
        ex.report("changed by stage 4", changed)

# %% Restored in yet another session: the cascade after stage 3 and after stage 4
for stage in [stage for stage in stages if stage >= 3]:
    net, saver = build()
    with ex.session() as sess:
        saver.restore(sess, newest(stage))
        cost, accuracy = cascade(sess, net)
    print(f"after stage {stage}: test cost {cost:.6f}, accuracy {accuracy:.4f}")
    if stage == 4:
        ex.report("test cost of the cascade at the start of stage 4", records[4]["at_start"][0])
    ex.report(f"test cost of the cascade after stage {stage}", records[stage]["at_end"][0])
    ex.report(f"test cost of the cascade after stage {stage}, restored", cost)
    ex.report(f"test accuracy after stage {stage}", records[stage]["at_end"][1])
    ex.report(f"test accuracy after stage {stage}, restored", accuracy)

figure, axes = plt.subplots(1, len(records), figsize=(3.6 * len(records), 3.2), squeeze=False)
for axis, (stage, record) in zip(axes[0], records.items(), strict=True):
    axis.plot(*np.transpose(record["costs"]), marker="." if ex.epochs < 10 else None)
    axis.set(title=f"stage {stage}: {STAGES[stage]}", xlabel="epoch", ylabel="average cost", ylim=(0, None))
    axis.grid(alpha=0.3)
figure.tight_layout()
ex.figure(figure, "costs")


# %% The trap (section 10.8.3): a second run in one process, as in Spyder, finds the graph of the first
def define(value):
    """Define 7 weights and 7 biases without names, as the listing does, all filled with `value`."""
    shapes = [*SHAPES.values(), *[(SHAPES[layer][1],) for layer in BIASES.values()]]
    return [tf.Variable(tf.fill(shape, value)) for shape in shapes]


def run_and_save(value, name):
    """Be one run: define the variables, initialise them, save all that the graph has; return the first weight."""
    first = define(value)[0]
    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver(save_relative_paths=True).save(sess, str(home / "trap" / name), write_meta_graph=False)
    return first


def restore_first(first, name):
    """Return what the first weight holds after a restore, or TensorFlow's error."""
    with ex.session() as sess:
        try:
            tf.train.Saver().restore(sess, str(home / "trap" / name))
        except tf.errors.NotFoundError as error:
            return str(error).partition("Key ")[2].partition(" in checkpoint")[0]
        return float(sess.run(first)[0, 0])


(home / "trap").mkdir(exist_ok=True)
tf.reset_default_graph()
names = [run_and_save(1.0, "one_run").name]
second = run_and_save(2.0, "two_runs")
names.append(second.name)
error = restore_first(second, "one_run")
both = len(tf.train.list_variables(str(home / "trap" / "two_runs")))
tf.reset_default_graph()
cured = define(0.0)[0]
names.append(cured.name)
wrong = restore_first(cured, "two_runs")
print(f"first run: {names[0]}, second run in the same process: {names[1]}, after reset_default_graph: {names[2]}")
print(f"the second run cannot load the file of the first ({error}); its own file holds {both} variables,")
print(f"and who loads that gets the first run's {wrong:.0f}, not the second's 2")

# %% Results. Variable:14 is a misprint: 14 variables were there, and the 15th is Variable_14:0
ex.report("first weight, first run", names[0], book="Variable:0")
ex.report("first weight, second run in one process", names[1], book="Variable:14")
ex.report("first weight, after reset_default_graph", names[2], book="Variable:0")
ex.report("second run, restoring the file of the first", error)
ex.report("variables in the file of the second run", both)
ex.report("value restored from the file of the second run", wrong)
ex.finish()
