"""Section 9.7.6a · Exercise: sampled softmax in place of NCE (练习题 1)

Book:      intro 9.7.6 (1), answer in file 9-28
Data:      as example 70: the article datasets/texts/town.txt, or a text of your own with --text FILE
Model:     two networks as example 70's, from the same start and on the same batches: one with nce_loss, one with
           sampled_softmax_loss
Shows:     that the exchange works, because just one word is right at each place; that both put the same kinds of words
           together; and why their losses cannot be compared: NCE adds up 65 yes-or-no questions, 65·ln 2 = 45 at even
           odds, and sampled softmax asks one question with 65 answers, ln 65 = 4.2 at even odds
Departs:   --model as in example 70; the book trains the one network only
Time:      2.5 min on 2 CPU cores (beside other work)
"""

import math

import numpy as np
from _word2vec import Batches, Training, draw_groups, nearest, read_words, report_learning

from utils import figures
from utils.data import texts
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    text="",
    model=Choice("cbow", "skip-gram"),
    words_size=350,
    batch_size=128,
    embedding_size=128,
    skip_window=1,
    num_skips=2,
    num_sampled=64,
    valid_size=16,
    learning_rate=1.0,
    steps=100_001,
    display_step=2000,
    nearest_step=20_000,
    quick={"steps": 3001, "display_step": 500, "nearest_step": 3000},
    book={"model": "skip-gram"},
)

# %% Words and batches, as in example 70
tokens, words = read_words(texts.load(ex.data, "town", own=ex.text), ex.words_size)
batches = Batches(words.data, ex.model, ex.batch_size, ex.num_skips, ex.skip_window)
num_sampled = min(ex.num_sampled, words.size)
valid_examples = np.random.choice(words.size // 2, min(ex.valid_size, words.size // 2), replace=False)

# %% Two networks from one start
train_inputs = tf.placeholder(tf.int32, [None, *batches.input_shape], name="inputs")
train_labels = tf.placeholder(tf.int32, [None, ex.batch_size, 1], name="labels")
start = np.random.uniform(-1.0, 1.0, [words.size, ex.embedding_size]).astype(np.float32)
start_weights = np.random.normal(0.0, ex.embedding_size**-0.5, start.shape).astype(np.float32)
LOSSES = {"nce": tf.nn.nce_loss, "softmax": tf.nn.sampled_softmax_loss}
embeddings, weights, biases, similarity = {}, {}, {}, {}
with tf.device(ex.device):
    for name in LOSSES:
        embeddings[name] = tf.Variable(start, name=f"{name}_embeddings")
        weights[name] = tf.Variable(start_weights, name=f"{name}_weights")
        biases[name] = tf.Variable(tf.zeros([words.size]), name=f"{name}_biases")


def loss_of(name, inputs, labels):
    """Return the loss `name` of a batch: the arguments of the two functions are the same."""
    embed = tf.nn.embedding_lookup(embeddings[name], inputs)
    if ex.model == "cbow":
        embed = tf.reduce_mean(embed, axis=1)
    return tf.reduce_mean(
        LOSSES[name](
            weights=weights[name],
            biases=biases[name],
            labels=labels,
            inputs=embed,
            num_sampled=num_sampled,
            num_classes=words.size,
        )
    )


def train_step(batch):
    """Make one training step of both networks on a batch and return their losses."""
    values = {name: loss_of(name, *batch) for name in LOSSES}
    # The networks share no variable: the gradient of the sum is each loss's own.
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(values["nce"] + values["softmax"])
    with tf.control_dependencies([optimizer]):
        return {name: tf.identity(value) for name, value in values.items()}


with tf.device(ex.device):
    losses = tf.map_fn(
        train_step, (train_inputs, train_labels), dtype=dict.fromkeys(LOSSES, tf.float32), parallel_iterations=1
    )
    normalized = {name: tf.nn.l2_normalize(vectors, axis=1) for name, vectors in embeddings.items()}
    for name, vectors in normalized.items():
        valid_embeddings = tf.nn.embedding_lookup(vectors, tf.constant(valid_examples, tf.int32))
        similarity[name] = tf.matmul(valid_embeddings, vectors, transpose_b=True)

    # A softmax over all words, which neither training computes: the measure that both can be held against.
    all_inputs = tf.placeholder(tf.int32, [None, *batches.input_shape[1:]])
    all_labels = tf.placeholder(tf.int32, [None])
    full = {}
    for name in LOSSES:
        embed = tf.nn.embedding_lookup(embeddings[name], all_inputs)
        embed = tf.reduce_mean(embed, axis=1) if ex.model == "cbow" else embed
        logits = tf.matmul(embed, weights[name], transpose_b=True) + biases[name]
        full[name] = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=all_labels, logits=logits))

# %% Training
training = Training(train_inputs, train_labels, losses, similarity["softmax"], valid_examples, normalized)
every_inputs, every_labels = Batches(words.data, ex.model, ex.batch_size, ex.num_skips, ex.skip_window).take(
    len(words.data) // ex.batch_size
)
feed = {all_inputs: every_inputs.reshape(-1, *batches.input_shape[1:]), all_labels: every_labels.ravel()}
with ex.session(threads=1) as sess:
    sess.run(tf.global_variables_initializer())
    full_before = sess.run(full, feed)
    training.run(ex, sess, words, batches)
    vectors, cosines, full_after = sess.run([normalized, similarity, full], feed)

# %% The neighbours of both
found = {name: nearest(cosines[name], valid_examples, words.names) for name in LOSSES}
print("the eight words nearest by NCE | by sampled softmax")
for word in found["nce"]:
    print(f"  {word}: {' '.join(found['nce'][word])} | {' '.join(found['softmax'][word])}")
shared = np.mean([len(set(found["nce"][word]) & set(found["softmax"][word])) / 8 for word in found["nce"]])
print(f"shared by both: {shared:.3f}, by chance {8 / (words.size - 1):.3f}")
untrained = start / np.linalg.norm(start, axis=1, keepdims=True)
for name in LOSSES:
    report_learning(ex, untrained, vectors[name], words, name)
curves = {name: ex.history[name] for name in LOSSES}
ex.figure(
    figures.curves(curves, xlabel="step", ylabel="mean loss", title="two losses on the same batches", log=True),
    "losses",
)
draw_groups(ex, list(LOSSES))

# %% Results
even_odds = {"nce": (num_sampled + 1) * math.log(2), "softmax": math.log(num_sampled + 1)}
for name in LOSSES:
    ex.report(f"{name}: average loss, last line", ex.history[name][-1][1])
    ex.report(f"{name}: loss at even odds", even_odds[name])
    ex.report(f"{name}: cross-entropy over all words", full_after[name])
ex.report("cross-entropy over all words, untrained", full_before["softmax"])
ex.report("nearest eight: shared by both", shared)
ex.report("nearest eight: shared by chance", 8 / (words.size - 1))
ex.finish()
