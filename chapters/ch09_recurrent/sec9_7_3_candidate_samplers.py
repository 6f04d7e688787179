"""Section 9.7.3 · Candidate samplers and NCE (TensorFlow 的 word2vec)

Book:      intro 9.7.3
Data:      100 classes, drawn from by the samplers; 50 random vectors for the losses
Shows:     CBOW's and Skip-Gram's pairs of "I love AI"; the four samplers, what each of them draws in the long run
           beside its theory; how often a class is drawn at most once a time (unique=True) and the expected counts that
           the losses need; nce_loss and sampled_softmax_loss worked out in NumPy
Departs:   the smaller the id, the more frequent the class (the book has it the other way round); the book's pairs of a
           word and one neighbour are Skip-Gram's, not CBOW's
Time:      9 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, classes=100, draws=50_000, num_sampled=20, rounds=500)

# %% The two ways to make pairs, with one word of context on each side
SENTENCE = ["I", "love", "AI"]
around = {i: [SENTENCE[j] for j in (i - 1, i + 1) if 0 <= j < 3] for i in range(3)}
skip_gram = [(SENTENCE[i], word) for i in range(3) for word in around[i]]
cbow = [(tuple(around[i]), SENTENCE[i]) for i in range(3)]
print("Skip-Gram, a word → each neighbour:", *[f"{one}→{other}" for one, other in skip_gram])
print("CBOW, all neighbours → the word:", *[f"{'+'.join(context)}→{word}" for context, word in cbow])

# %% The four samplers, one draw many times (unique=False), and their theory
ids = np.arange(ex.classes)
unigrams = 1.0 + 40.0 * (ids % 10 == 3) + 20.0 * (ids < 5)  # any counts will do: no order is needed
seen = np.random.choice(ex.classes, [20_000, 1], p=unigrams[::-1] / unigrams.sum())  # labels for the learned one
one_label = tf.constant([[0]], tf.int64)
labels = tf.placeholder(tf.int64, [None, 1], name="labels")
common = {"num_true": 1, "range_max": ex.classes}


def samplers(true_classes, num_sampled, unique, learn_from):
    """Return the four ops; `learn_from`: the labels that the learned one counts."""
    settings = {**common, "num_sampled": num_sampled, "unique": unique}
    return {
        "uniform": tf.nn.uniform_candidate_sampler(true_classes, **settings),
        "log_uniform": tf.nn.log_uniform_candidate_sampler(true_classes, **settings),
        "learned_unigram": tf.nn.learned_unigram_candidate_sampler(learn_from, **settings),
        "fixed_unigram": tf.nn.fixed_unigram_candidate_sampler(true_classes, **settings, unigrams=unigrams.tolist()),
    }


many = samplers(one_label, ex.draws, False, labels)
learned_counts = 1.0 + np.bincount(seen.ravel(), minlength=ex.classes)  # each count begins at 1
theory = {
    "uniform": np.full(ex.classes, 1 / ex.classes),
    "log_uniform": (np.log(ids + 2) - np.log(ids + 1)) / np.log(ex.classes + 1),
    "learned_unigram": learned_counts / learned_counts.sum(),
    "fixed_unigram": unigrams / unigrams.sum(),
}

# %% The same without repetition: the expected counts that come with the draws
few = samplers(tf.constant(ids.reshape(-1, 1)), ex.num_sampled, True, tf.constant(ids.reshape(-1, 1)))

# %% nce_loss and sampled_softmax_loss, with candidates that we choose, so that NumPy can do the same
N, K, BATCH, SAMPLED = 12, 8, 50, 6
weights, biases = np.random.normal(size=[N, K]).astype("f"), np.random.normal(size=N).astype("f")
inputs, true_ids = np.random.normal(size=[BATCH, K]).astype("f"), np.random.randint(0, N, [BATCH, 1])
candidates = tf.nn.log_uniform_candidate_sampler(tf.constant(true_ids), 1, SAMPLED, True, N)
arguments = {
    "weights": weights,
    "biases": biases,
    "labels": tf.constant(true_ids),
    "inputs": inputs,
    "num_sampled": SAMPLED,
    "num_classes": N,
    "sampled_values": candidates,
}
nce = tf.nn.nce_loss(**arguments)
softmax = tf.nn.sampled_softmax_loss(**arguments)  # remove_accidental_hits: True here, False in nce_loss


def logits_of(drawn, true_expected, expected):
    """Return the logits [batch, 1 + sampled] less the logarithms of the expected counts: the true class first."""
    true = (inputs * weights[true_ids[:, 0]]).sum(axis=1, keepdims=True) + biases[true_ids] - np.log(true_expected)
    return np.hstack([true, inputs @ weights[drawn].T + biases[drawn] - np.log(expected)])


def nce_in_numpy(drawn, true_expected, expected):
    """Return one loss a row: is it the true class? is it one of the others? Each a cross-entropy with a sigmoid."""
    logits = logits_of(drawn, true_expected, expected)
    return np.logaddexp(0, -logits[:, 0]) + np.logaddexp(0, logits[:, 1:]).sum(axis=1)


def softmax_in_numpy(drawn, true_expected, expected):
    """Return one loss a row: which one of them is it? A candidate that is the true class itself does not count."""
    logits = logits_of(drawn, true_expected, expected)
    logits[:, 1:][drawn[None, :] == true_ids] = -np.inf
    return np.logaddexp.reduce(logits, axis=1) - logits[:, 0]


# %% Run
with ex.session() as sess:
    # The learned sampler counts labels where it draws: the first run shows it the labels, the second one is looked at.
    sess.run(many["learned_unigram"], {labels: seen})
    drawn = {name: sess.run(op[0], {labels: seen[:0]}) for name, op in many.items()}
    inclusion = {name: np.zeros(ex.classes) for name in few}
    expected = {name: np.zeros(ex.classes) for name in few}
    for _ in range(ex.rounds):
        for name, (numbers, true_expected, _) in sess.run(few).items():
            inclusion[name][numbers] += 1 / ex.rounds
            expected[name] += true_expected[:, 0] / ex.rounds  # the "true classes" are all classes in turn
    sampled_values, nce_values, softmax_values = sess.run([candidates, nce, softmax])

# %% What was drawn beside the theory
figure, axes = plt.subplots(2, 2, figsize=(12, 7))
unlike, by_chance = {}, {}
for axis, (name, numbers) in zip(axes.flat, drawn.items(), strict=True):
    share = np.bincount(numbers, minlength=ex.classes) / len(numbers)
    unlike[name] = float(np.abs(share - theory[name]).sum() / 2)
    spread = np.sqrt(2 * theory[name] * (1 - theory[name]) / (np.pi * len(numbers)))  # the mean of |share − theory|
    by_chance[name] = float(spread.sum() / 2)
    axis.bar(ids, share, width=1.0, color="lightsteelblue", label=f"{len(numbers):,} draws")
    axis.plot(ids, theory[name], "k.", markersize=3, label="theory")
    axis.set(
        title=f"{name}_candidate_sampler", xlabel="class", ylabel="share of the draws", yscale="log", ylim=(7e-4, 0.3)
    )
    axis.legend()
    others = {other: float(np.abs(share - theory[other]).sum() / 2) for other in theory}
    print(f"{name}: unlike its theory {unlike[name]:.4f} (so many draws: {by_chance[name]:.4f})", end=", ")
    print(f"unlike the others' at least {min(value for other, value in others.items() if other != name):.4f}")
figure.tight_layout()
ex.figure(figure, "samplers")

# %% Without repetition: a class is drawn 0 or 1 times, and the expected counts say how often
figure, axis = plt.subplots(figsize=(8, 4.5))
expected_error = {}
for number, name in enumerate(("uniform", "log_uniform", "fixed_unigram")):
    expected_error[name] = float(np.abs(inclusion[name] - expected[name]).mean())
    axis.plot(ids, inclusion[name], ".", color=f"C{number}", markersize=4, label=f"{name}, drawn")
    axis.plot(ids, expected[name], color=f"C{number}", linewidth=1, label=f"{name}, expected_count")
    sure = int((inclusion[name] > 0.99).sum())
    print(f"{name}, {ex.num_sampled} of {ex.classes}, unique: sum of the shares {inclusion[name].sum():.2f}", end=", ")
    print(f"mean difference to expected_count {expected_error[name]:.4f}, drawn nearly always: {sure}")
axis.set(xlabel="class", ylabel=f"share of {ex.rounds} times", title=f"{ex.num_sampled} different classes a time")
axis.legend()
ex.figure(figure, "unique")

# %% The losses
nce_difference = float(np.abs(nce_values - nce_in_numpy(*sampled_values)).max())
softmax_difference = float(np.abs(softmax_values - softmax_in_numpy(*sampled_values)).max())
hits = int((sampled_values[0][None, :] == true_ids).sum())
print(f"weights {weights.shape}, biases {biases.shape}, inputs {inputs.shape}, labels {true_ids.shape}", end=" → ")
print(f"nce_loss {nce_values.shape}, sampled_softmax_loss {softmax_values.shape}")
print(f"accidental hits (a candidate is the true class): {hits} of {BATCH * SAMPLED}")
print(f"nce_loss: mean {nce_values.mean():.6f}, largest difference to NumPy {nce_difference:.1e}")
print(f"sampled_softmax_loss: mean {softmax_values.mean():.6f}, largest difference to NumPy {softmax_difference:.1e}")

# %% Results
ex.report("pairs of Skip-Gram", [list(pair) for pair in skip_gram])
ex.report("pairs of CBOW", [[list(context), word] for context, word in cbow])
for name, value in unlike.items():
    ex.report(f"{name}: draws unlike the theory", value)
    ex.report(f"{name}: the same, by the chance of so many draws", by_chance[name])
ex.report("log_uniform: share of class 0, drawn", float((drawn["log_uniform"] == 0).mean()))
ex.report("log_uniform: share of class 0, theory", theory["log_uniform"][0])
for name, value in expected_error.items():
    ex.report(f"{name}, unique: mean difference to expected_count", value)
ex.report("accidental hits", hits)
ex.report("nce_loss: largest difference to NumPy", nce_difference)
ex.report("sampled_softmax_loss: largest difference to NumPy", softmax_difference)
ex.finish()
