"""Section 11.5.5 · Train, pre-train, fine-tune, evaluate and package with slim (在 slim 中训练模型)

Book:      intro 11.5.5, table 11-12
Data:      flowers as TFRecords, or a folder of your own with a folder for each class (--folder)
Model:     a small slim network from scratch; Inception v3 with a new last layer, or EfficientNet-Lite0 where its
           weights cannot be had
Shows:     the five steps on one data set: training from scratch, going on from a checkpoint (in small: five steps on
           one batch), fine-tuning with excluded and trainable scopes, evaluation (Accuracy and Recall_5, as slim prints
           them), packaging as a frozen graph
Departs:   the outputs become as many as there are classes, which is 5 for flowers: the book says 10. Recall_5 among
           five classes is 1 for any network. Every held-out picture counts once; slim's script fills its last batch
           with pictures that it has counted already. At last --all-steps trains the pretrained layers too, by plain
           gradient descent
Time:      3.0 min on 2 CPU cores, beside another run
"""

import hashlib
import math
from pathlib import Path

import _tfrecords as tfrecords
import matplotlib.pyplot as plt
import numpy as np

from utils import figures, frozen_graph, pretrained
from utils.contrib import slim
from utils.data import flowers
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    folder="",
    weights="",
    edge=64,
    size=0,
    scratch_steps=600,
    finetune_steps=150,
    all_steps=40,
    batch_size=16,
    learning_rate=0.001,
    quick={"scratch_steps": 50, "finetune_steps": 30, "all_steps": 4, "size": 96},
)

# The book's table 11-12, top-1 and top-5 on ImageNet: to choose by, nothing here measures it.
TABLE_11_12 = {
    "Inception V1": (69.8, 89.6),
    "Inception V2": (73.9, 91.8),
    "Inception V3": (78.0, 93.9),
    "Inception V4": (80.2, 95.2),
    "Inception-ResNet-v2": (80.4, 95.3),
    "ResNet V1 50": (75.2, 92.2),
    "ResNet V1 101": (76.4, 92.9),
    "ResNet V1 152": (76.8, 93.2),
    "ResNet V2 50": (75.6, 92.8),
    "ResNet V2 101": (77.0, 93.7),
    "ResNet V2 152": (77.8, 94.1),
    "ResNet V2 200": (79.9, 95.2),
}
print("Table 11-12, the book's: accuracy on ImageNet, top-1 and top-5")
for name, (first, fifth) in TABLE_11_12.items():
    print(f"  {name:20}{first:6}{fifth:6}")

# %% The data and the pretrained network
data = flowers.load(ex.data, ex.folder, "--folder")
if data.folder == flowers.STAND_IN:  # its few photos teach no classes: its held-out ones cannot be told by them
    data = tfrecords.other_crops(data)
    print("held out: other crops of the photos that the training pictures are cut from")
folder = tfrecords.find_or_convert(ex, data)
network = pretrained.load(ex.data, "inception_v3", ex.weights)
size = ex.size or network.input_size
CLASSES = len(data.names)
chance = np.bincount(data.validation.labels).max() / len(data.validation.labels)


# %% The networks, slim's way: the functions build, the arg_scope says how
def small_arg_scope(training):
    """Return the settings of the small network's layers."""
    norm = {"is_training": training, "decay": 0.9, "scale": True}
    with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm, normalizer_params=norm) as scope:
        return scope


def small_net(images, classes, training):
    """Return logits [b, classes] of `images` [b, edge, edge, 3] from 0 to 255: four convolutions and their mean."""
    with slim.arg_scope(small_arg_scope(training)), tf.variable_scope("SmallNet"):
        net = images / 127.5 - 1
        for number, channels in enumerate((16, 32, 64, 128), 1):
            net = slim.conv2d(net, channels, 3, stride=2, scope=f"Conv{number}")
        net = slim.dropout(tf.reduce_mean(net, [1, 2]), 0.8, is_training=training, scope="Dropout")
        return slim.fully_connected(net, classes, activation_fn=None, scope="Logits")


def fine_net(images, classes, training):
    """Return logits [b, classes] from the pretrained network's features and a new last layer, FineNet/Logits."""
    features = network.build(images, ["features"])["features"]
    with tf.variable_scope("FineNet"):
        features = slim.dropout(features, 0.8, is_training=training, scope="Dropout")
        return slim.fully_connected(features, classes, activation_fn=None, scope="Logits")


NETS = {"scratch": (small_net, ex.edge), "fine-tuned": (fine_net, size)}


def input_batch(split, edge, batch_size, training):
    """Return a batch of pictures [b, edge, edge, 3], 0 to 255, and labels [b] from the records of a split."""
    dataset = tfrecords.get_split(split, folder)
    provider = slim.dataset_data_provider.DatasetDataProvider(
        dataset,
        shuffle=training,
        num_epochs=None if training else 1,
        common_queue_capacity=256,
        common_queue_min=min(128, dataset.num_samples // 2) if training else 1,
        seed=ex.seed,
    )
    image, label = provider.get(["image", "label"])
    image = tf.image.resize_images(image, [edge, edge])
    if training:
        image = tf.image.random_flip_left_right(image, seed=ex.seed)
    return tf.train.batch(
        [image, label], batch_size, num_threads=2, capacity=3 * batch_size, allow_smaller_final_batch=not training
    )


def first_records(split, edge, count):
    """Return the first pictures of a split, prepared as in training but for the mirroring, and their labels."""
    with tf.Graph().as_default() as graph, ex.session(graph) as sess:
        batch = input_batch(split, edge, count, training=False)
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coordinator)
        result = sess.run(batch)
        coordinator.request_stop()
        coordinator.join(threads, stop_grace_period_secs=10)
    return result


def digest(path):
    """Return the SHA-256 of a checkpoint's data file."""
    return hashlib.sha256(Path(f"{path}.data-00000-of-00001").read_bytes()).hexdigest()


# %% Steps 1 and 3: training from scratch and fine-tuning, one after the other
with tf.device(ex.device):
    global_step = tf.train.create_global_step()  # of all three trainings together
    losses, train_ops = {}, {}
    for name, (net, edge) in NETS.items():
        images, labels = input_batch("train", edge, ex.batch_size, training=True)
        logits = net(images, CLASSES, training=True)
        losses[name] = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    scopes = {"scratch": "SmallNet", "fine-tuned": "FineNet/Logits"}  # the second is the book's --trainable_scopes
    for name, scope in scopes.items():
        # create_train_op also runs batch norm's updates, which tf.train's minimize leaves to the caller.
        updates = [op for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS) if op.name.startswith(scope.split("/")[0])]
        train_ops[name] = slim.learning.create_train_op(
            losses[name],
            tf.train.AdamOptimizer(ex.learning_rate, name=f"Adam_{name}"),
            update_ops=updates,
            variables_to_train=tf.trainable_variables(scope),
        )
    # Every layer, by plain descent. create_train_op refuses the pretrained variables, which are not among the trainable
    # ones; minimize takes what it is told. The pretrained batch norms stay as they are.
    kernels = [v for v in tf.get_collection(pretrained.COLLECTION) if v.dtype.is_floating]
    everything = tf.trainable_variables("FineNet") + [v for v in kernels if v.shape.rank == 4]
    descent = tf.train.GradientDescentOptimizer(ex.learning_rate)
    descend = descent.minimize(losses["fine-tuned"], global_step, var_list=everything)
    with tf.control_dependencies([descend]):
        train_ops["all layers"] = tf.identity(losses["fine-tuned"])

saver = tf.train.Saver(tf.global_variables() + kernels, save_relative_paths=True)
savers = {
    "scratch": tf.train.Saver([*slim.get_variables("SmallNet"), global_step], save_relative_paths=True),
    "fine-tuned": tf.train.Saver([*slim.get_variables("FineNet"), *kernels, global_step], save_relative_paths=True),
}
savers["all layers"] = savers["fine-tuned"]
PHASES = {"scratch": ex.scratch_steps, "fine-tuned": ex.finetune_steps, "all layers": ex.all_steps}
saved = {name: ex.checkpoint(f"{name.replace(' ', '-')}.ckpt") for name in PHASES}
with ex.session(rewrite=False) as sess:
    sess.run(tf.global_variables_initializer())
    network.initialise(sess)
    coordinator = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coordinator)
    for name, path in saved.items():
        train = sess.make_callable(train_ops[name])
        recent = []
        for step in ex.resumable(range(PHASES[name]), sess, saver, unit="step", every=100, name=name):
            recent.append(train())
            if (step + 1) % 10 == 0:
                ex.record(step + 1, **{f"loss {name}": float(np.mean(recent[-10:]))})
        savers[name].save(sess, path, write_meta_graph=False, write_state=False)
    coordinator.request_stop()
    coordinator.join(threads, stop_grace_period_secs=10)


# %% Steps 2 and 3 in small: what --checkpoint_path, --checkpoint_exclude_scopes and --trainable_scopes do
def go_on(classes, exclude, trainable):
    """Restore the small network but for some scopes, train it for five steps; return what was restored and changed.

    The last of the four is the loss of the batch before and after.
    """
    with tf.Graph().as_default():
        tf.set_random_seed(ex.seed)
        logits = small_net(tf.constant(few_images), classes, False)
        loss = tf.losses.sparse_softmax_cross_entropy(few_labels, logits)
        restored = slim.get_variables_to_restore(include=["SmallNet"], exclude=exclude)
        init_fn = slim.assign_from_checkpoint_fn(saved["scratch"], restored)
        to_train = [v for scope in trainable for v in tf.trainable_variables(scope)]
        train_op = slim.learning.create_train_op(
            loss, tf.train.GradientDescentOptimizer(0.01), update_ops=[], variables_to_train=to_train
        )
        variables = slim.get_variables("SmallNet")
        names = [v.op.name for v in variables]
        with ex.session(tf.get_default_graph(), rewrite=False) as sess:
            sess.run(tf.global_variables_initializer())
            init_fn(sess)
            before = sess.run(variables)
            fall = [sess.run(loss)]
            for _ in range(5):
                sess.run(train_op)
            fall.append(sess.run(loss))
            after = sess.run(variables)
    checkpoint = tf.train.load_checkpoint(saved["scratch"])
    from_there = [n for n, value in zip(names, before, strict=True) if np.array_equal(checkpoint.get_tensor(n), value)]
    changed = [n for n, b, a in zip(names, before, after, strict=True) if not np.array_equal(b, a)]
    return from_there, changed, names, fall


few_images, few_labels = first_records("train", ex.edge, ex.batch_size)
before = digest(saved["scratch"])
head = ["SmallNet/Logits"]
MODES = {
    "pre-trained: all restored, all trained": go_on(CLASSES, None, ["SmallNet"]),
    "fine-tuned: Logits excluded, Logits trained": go_on(CLASSES + 2, head, head),
}
untouched = digest(saved["scratch"]) == before
for name, (restored, changed, of, fall) in MODES.items():
    print(f"{name}: {len(restored)} of {len(of)} variables restored, {len(changed)} changed by training; ", end="")
    print("loss {:.4f} → {:.4f}".format(*fall))
print(f"the checkpoint they started from is {'untouched' if untouched else 'CHANGED'}")


# %% Step 4: evaluation, with slim.evaluation.evaluate_once
def evaluate(name, path):
    """Return slim's Accuracy and Recall_5 of a checkpoint on all held-out pictures."""
    net, edge = NETS["scratch" if name == "scratch" else "fine-tuned"]
    with tf.Graph().as_default():
        images, labels = input_batch("validation", edge, 25, training=False)
        logits = net(images, CLASSES, training=False)
        metrics = {
            "Accuracy": slim.metrics.streaming_accuracy(tf.argmax(logits, 1), labels),
            "Recall_5": slim.metrics.streaming_recall_at_k(logits, labels, min(5, CLASSES)),
        }
        values, update_ops = slim.metrics.aggregate_metric_map(metrics)
        for metric, value in values.items():
            tf.summary.scalar(f"eval/{name.replace(' ', '_')}/{metric}", value)
        restored = slim.get_variables("SmallNet" if name == "scratch" else "FineNet")
        restored.append(tf.train.create_global_step())  # slim writes its summaries under the checkpoint's step
        result = slim.evaluation.evaluate_once(
            master="",
            checkpoint_path=path,
            logdir=str(ex.logs),
            num_evals=math.ceil(len(data.validation.files) / 25),
            eval_op=list(update_ops.values()),
            final_op=values,
            variables_to_restore=restored + ([] if name == "scratch" else tf.get_collection(pretrained.COLLECTION)),
            session_config=ex.config(rewrite=False),
        )
    print(f"{name:12} " + " ".join(f"eval/{metric}[{value:.4f}]" for metric, value in result.items()))
    return result


results = {name: evaluate(name, path) for name, path in saved.items()}
print(f"{'chance':12} the most frequent class: {chance:.4f}; one in {CLASSES}: {1 / CLASSES:.4f}")

# %% Step 5: packaging. The variables become constants, and one file holds the whole network
last = list(saved)[-1]
frozen_file = ex.checkpoints / "frozen_graph.pb"


def packaged(images):
    """Return the probabilities [b, classes] of pictures [b, size, size, 3], 0 to 255."""
    return tf.nn.softmax(fine_net(images, CLASSES, training=False), name="probabilities")


held_out, held_out_labels = first_records("validation", size, 32)
with tf.Graph().as_default() as graph:
    pixels = tf.placeholder(tf.float32, [None, *held_out.shape[1:]], name="input")
    probabilities = packaged(pixels)
    of_checkpoint = slim.get_variables("FineNet") + tf.get_collection(pretrained.COLLECTION)
    with ex.session(graph, rewrite=False) as sess:
        tf.train.Saver(of_checkpoint).restore(sess, saved[last])
        from_checkpoint = sess.run(probabilities, {pixels: held_out})
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["probabilities"])
part = frozen_file.with_suffix(".part")
part.write_bytes(frozen.SerializeToString())
part.replace(frozen_file)

with tf.Graph().as_default() as graph:
    tf.import_graph_def(frozen_graph.read(frozen_file), name="")
    variables_left = sum("Variable" in op.type or op.type == "VarHandleOp" for op in graph.get_operations())
    with ex.session(graph, rewrite=False) as sess:
        from_frozen = sess.run("probabilities:0", {"input:0": held_out})
difference = float(np.abs(from_frozen - from_checkpoint).max())
print(f"frozen graph: {frozen_file.stat().st_size / 1e6:.1f} MB, {variables_left} variables; ", end="")
print(f"its predictions differ by {difference:.1e}")

# %% Figures
lines = {name: ex.history[f"loss {name}"] for name in saved if f"loss {name}" in ex.history}
ex.figure(figures.curves(lines, xlabel="steps", ylabel="loss, mean of ten batches"), "losses")

figure, axis = plt.subplots(figsize=(6.4, 3.6))
bars = {"chance": chance} | {name: result["Accuracy"] for name, result in results.items()}
axis.bar(list(bars), list(bars.values()), color=["lightgrey", *["tab:blue"] * len(results)])
axis.set(ylim=(0, 1), ylabel="accuracy on held-out pictures")
figure.tight_layout()
ex.figure(figure, "accuracy")

shown = np.linspace(0, len(held_out) - 1, 8).astype(int)
captions = [
    f"{data.names[from_frozen[n].argmax()]} {from_frozen[n].max():.2f}\n({data.names[held_out_labels[n]]})"
    for n in shown
]
figure, axes = plt.subplots(2, 4, figsize=(8, 5))
for axis, number, caption in zip(axes.flat, shown, captions, strict=True):
    axis.imshow(held_out[number] / 255)
    axis.set_title(caption, fontsize=9)
    axis.axis("off")
figure.tight_layout()
ex.figure(figure, "predictions")

# %% Results
ex.report("pretrained network", network.title)
ex.report("accuracy, chance", chance)
for name, result in results.items():
    ex.report(f"accuracy, {name}", result["Accuracy"])
    ex.report(f"Recall_5, {name}", result["Recall_5"])
for name, (restored, changed, of, fall) in MODES.items():
    ex.report(f"{name}: restored", restored)
    ex.report(f"{name}: changed", changed)
    ex.report(f"{name}: variables", len(of))
    ex.report(f"{name}: loss of the batch before and after five steps", fall)
ex.report("the source checkpoint is untouched", untouched)
ex.report("frozen graph: variables left", variables_left)
ex.report("frozen graph: largest difference of a probability", difference)
ex.finish()
