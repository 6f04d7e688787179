"""Section 9.7.6b · Exercise: learned unigram sampler (练习题 2)

Book:      intro 9.7.6 (2), answer in file 9-29
Data:      as example 70: the article datasets/texts/town.txt, or a text of your own with --text FILE
Model:     two networks as example 71's, from the same start and on the same batches: the negatives of one come from
           learned_unigram_candidate_sampler, those of the other from fixed_unigram_candidate_sampler
Shows:     that the learned sampler needs no counts: it begins uniform, adds what it sees as labels, and after some
           hundred steps draws as the one that was given the counts; that both put the same kinds of words together
Departs:   --model as in example 70; the book trains the one network only
Time:      2.2 min on 2 CPU cores (beside other work)
"""

import matplotlib.pyplot as plt
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
EARLY = 200  # steps that are looked at one by one

# %% Words and batches, as in example 70
tokens, words = read_words(texts.load(ex.data, "town", own=ex.text), ex.words_size)
batches = Batches(words.data, ex.model, ex.batch_size, ex.num_skips, ex.skip_window)
num_sampled = min(ex.num_sampled, words.size // 2)
valid_examples = np.random.choice(words.size // 2, min(ex.valid_size, words.size // 2), replace=False)

# %% The samplers and two networks from one start
train_inputs = tf.placeholder(tf.int32, [None, *batches.input_shape], name="inputs")
train_labels = tf.placeholder(tf.int32, [None, ex.batch_size, 1], name="labels")
start = np.random.uniform(-1.0, 1.0, [words.size, ex.embedding_size]).astype(np.float32)
start_weights = np.random.normal(0.0, ex.embedding_size**-0.5, start.shape).astype(np.float32)
SAMPLERS = ("learned", "fixed")
embeddings, weights, biases, similarity = {}, {}, {}, {}
with tf.device(ex.device):
    for name in SAMPLERS:
        embeddings[name] = tf.Variable(start, name=f"{name}_embeddings")
        weights[name] = tf.Variable(start_weights, name=f"{name}_weights")
        biases[name] = tf.Variable(tf.zeros([words.size]), name=f"{name}_biases")


def candidates(name, labels):
    """Return what the sampler `name` draws: (ids, expected counts of the labels, expected counts of the ids)."""
    settings = {
        "true_classes": tf.cast(labels, tf.int64),
        "num_true": 1,
        "num_sampled": num_sampled,
        "unique": True,
        "range_max": words.size,
    }
    if name == "learned":
        return tf.nn.learned_unigram_candidate_sampler(**settings)
    return tf.nn.fixed_unigram_candidate_sampler(**settings, unigrams=words.counts.tolist())


def train_step(batch):
    """Make one training step of both networks on a batch and return their losses and the ids that were drawn."""
    inputs, labels = batch
    values, drawn = {}, {}
    for name in SAMPLERS:
        embed = tf.nn.embedding_lookup(embeddings[name], inputs)
        if ex.model == "cbow":
            embed = tf.reduce_mean(embed, axis=1)
        sampled_values = candidates(name, labels)
        drawn[f"{name}_ids"] = sampled_values[0]
        values[name] = tf.reduce_mean(
            tf.nn.sampled_softmax_loss(
                weights=weights[name],
                biases=biases[name],
                labels=labels,
                inputs=embed,
                num_sampled=num_sampled,
                num_classes=words.size,
                sampled_values=sampled_values,
            )
        )
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(values["learned"] + values["fixed"])
    with tf.control_dependencies([optimizer]):
        return {name: tf.identity(value) for name, value in (values | drawn).items()}


with tf.device(ex.device):
    types = dict.fromkeys(SAMPLERS, tf.float32) | {f"{name}_ids": tf.int64 for name in SAMPLERS}
    losses = tf.map_fn(train_step, (train_inputs, train_labels), dtype=types, parallel_iterations=1)
    normalized = {name: tf.nn.l2_normalize(vectors, axis=1) for name, vectors in embeddings.items()}
    for name, vectors in normalized.items():
        valid_embeddings = tf.nn.embedding_lookup(vectors, tf.constant(valid_examples, tf.int32))
        similarity[name] = tf.matmul(valid_embeddings, vectors, transpose_b=True)

# %% Training; what the samplers draw is looked at on the way
last_shares = {}  # how the draws of the latest block of steps spread over the words


def difference(one, other):
    """Return the part of the draws that would have to change for one distribution to become the other."""
    return float(np.abs(one - other).sum() / 2)


def look_at_draws(step, values):
    """Record of the first steps how often the drawn words occur in the text, and of a block how the draws spread.

    A uniform sampler draws rare words as often as frequent ones: its mean count is that of all words.
    """
    for name in SAMPLERS:
        ids = values[f"{name}_ids"]  # [steps, num_sampled]
        for number, drawn in enumerate(ids[:EARLY], start=step - len(ids) + 1):
            if number < EARLY:
                ex.record(number, **{f"{name}_mean_count": words.counts[drawn].mean()})
        last_shares[name] = np.bincount(ids.ravel(), minlength=words.size) / ids.size
    uniform = np.full(words.size, 1 / words.size)
    ex.record(
        step,
        unlike_fixed_learned=difference(last_shares["learned"], last_shares["fixed"]),
        unlike_fixed_uniform=difference(uniform, last_shares["fixed"]),
    )


training = Training(train_inputs, train_labels, losses, similarity["learned"], valid_examples, normalized)
with ex.session(threads=1) as sess:
    sess.run(tf.global_variables_initializer())
    # The learned counts are no variable: a Saver does not know them, and a resumed run learns them anew.
    training.run(ex, sess, words, batches, watch=look_at_draws)
    vectors, cosines = sess.run([normalized, similarity])

# %% What the learned sampler learned
early = {name: np.array([count for _, count in ex.history[f"{name}_mean_count"]]) for name in SAMPLERS}
unlike = {name: ex.history[f"unlike_fixed_{name}"][-1][1] for name in ("learned", "uniform")}
print(f"mean count of the words drawn; by a uniform sampler {words.counts.mean():.1f}")
for first, last in ((0, 1), (1, 4), (4, 20), (20, 100), (100, EARLY)):
    means = [early[name][first:last].mean() for name in SAMPLERS]
    print(f"  steps {first} to {last - 1}: learned {means[0]:.2f}, fixed {means[1]:.2f}")
print(f"draws unlike the fixed sampler's, last block: learned {unlike['learned']:.4f}, uniform {unlike['uniform']:.4f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5))
for name in SAMPLERS:
    left.plot(figures.moving_average(early[name], 5), label=f"{name} unigram")
    if last_shares:  # not where a run is resumed that had all its steps
        right.plot(last_shares[name], ".", markersize=3, label=f"{name} unigram")
left.axhline(words.counts.mean(), color="grey", linestyle=":", label="uniform")
right.axhline(1 / words.size, color="grey", linestyle=":", label="uniform")
left.set(xlabel="step", ylabel="mean count of the words drawn", title="the first steps (means of 5)")
right.set(xlabel="id: the more frequent, the smaller", ylabel="share of the draws", title="the last block of steps")
for axis in (left, right):
    axis.legend()
figure.tight_layout()
ex.figure(figure, "draws")

# %% The neighbours of both
found = {name: nearest(cosines[name], valid_examples, words.names) for name in SAMPLERS}
print("the eight words nearest with the learned sampler | with the fixed one")
for word in found["learned"]:
    print(f"  {word}: {' '.join(found['learned'][word])} | {' '.join(found['fixed'][word])}")
shared = np.mean([len(set(found["learned"][word]) & set(found["fixed"][word])) / 8 for word in found["learned"]])
print(f"shared by both: {shared:.3f}, by chance {8 / (words.size - 1):.3f}")
untrained = start / np.linalg.norm(start, axis=1, keepdims=True)
for name in SAMPLERS:
    report_learning(ex, untrained, vectors[name], words, name)
curves = {f"{name} unigram": ex.history[name] for name in SAMPLERS}
title = "two samplers on the same batches"
ex.figure(figures.curves(curves, xlabel="step", ylabel="sampled softmax loss", title=title, log=True), "losses")
draw_groups(ex, list(SAMPLERS))

# %% Results
for name in SAMPLERS:
    ex.report(f"{name}: average loss, last line", ex.history[name][-1][1])
    ex.report(f"{name}: mean count of the words drawn, step 0", early[name][0])
    ex.report(f"{name}: mean count of the words drawn, steps 100 on", early[name][100:].mean())
ex.report("mean count of all words", words.counts.mean())
ex.report("draws unlike the fixed sampler's, learned", unlike["learned"])
ex.report("draws unlike the fixed sampler's, uniform", unlike["uniform"])
ex.report("nearest eight: shared by both", shared)
ex.report("nearest eight: shared by chance", 8 / (words.size - 1))
ex.finish()
