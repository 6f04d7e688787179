"""Section 9.7.2 · Word vectors and `embedding_lookup` (词向量训练)

Book:      intro 9.7.1–9.7.2
Data:      a few sentences and domain names in the script
Shows:     the probability of a sentence by a statistical language model; one-hot vectors, all equally far apart, and
           dense ones; the shapes of embedding_lookup, and that it is a product with one-hot rows; that a training step
           changes only the rows that were looked up; the characters of domain names as the "words"; how few rows a
           loss with candidates touches; vectors of a pre-training that another network keeps fixed
Departs:   embedding_lookup runs on a GPU too (the book: on the CPU only); the book pins it to /cpu:0, and so do we once
Time:      5 s on 2 CPU cores
"""

from itertools import pairwise

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, vocab_size=10, size=4)

# %% A statistical language model: the probability of a sentence is that of each word after the one before (9.7.1)
SENTENCES = ["i love ai", "i love music", "you love ai", "i like music"]
corpus = [["<s>", *sentence.split(), "</s>"] for sentence in SENTENCES]
pairs = [pair for sentence in corpus for pair in pairwise(sentence)]
firsts = [first for first, _ in pairs]


def probability(sentence):
    """Return the product of P(word | word before), each counted in the corpus."""
    padded = ["<s>", *sentence.split(), "</s>"]
    return float(np.prod([pairs.count(pair) / max(firsts.count(pair[0]), 1) for pair in pairwise(padded)]))


# 3/4 begin with i, 2/3 of these go on with love, 2/3 of these with ai, and each ai ends its sentence: 1/3.
for sentence in ("i love ai", "you love music", "ai love i"):
    print(f"P({sentence}) = {probability(sentence):.4f}")
print("'you love music' is not in the corpus, and gets a probability: its pairs are")

# %% embedding_lookup: [batch, ndim] ids → [batch, ndim, size] vectors
ids = tf.placeholder(tf.int32, [None, None], name="ids")
with tf.device("/cpu:0"):
    embedding = tf.get_variable("embedding", [ex.vocab_size, ex.size])
    looked_up = tf.nn.embedding_lookup(embedding, ids)
with tf.device(ex.device):
    as_product = tf.tensordot(tf.one_hot(ids, ex.vocab_size), embedding, axes=1)
    elsewhere = tf.nn.embedding_lookup(embedding, ids)
some_ids = [[1, 5, 1], [0, ex.vocab_size - 1, 3]]

shapes = {}
for given in ((), (7,), (2, 3), (2, 3, 5)):
    shapes[given] = tuple(tf.nn.embedding_lookup(embedding, tf.zeros(given, tf.int32)).shape.as_list())
    print(f"ids {list(given)} → vectors {list(shapes[given])}")

# %% The gradient: rows for the ids that were looked up, and nothing else
with tf.device(ex.device):
    target = tf.ones([ex.size])
    loss = tf.reduce_sum(tf.square(looked_up - target))
    gradient = tf.gradients(loss, embedding)[0]
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
print("the gradient is", type(gradient).__name__, "- ids and their rows, not a matrix of", ex.vocab_size, "rows")

# %% Vectors from a pre-training: trainable=False keeps them as they are, and what is behind them learns
with tf.device(ex.device):
    frozen = tf.get_variable("frozen", [ex.vocab_size, ex.size], trainable=False)
    head = tf.get_variable("head", [ex.size, 1])
    output = tf.tensordot(tf.nn.embedding_lookup(frozen, ids), head, axes=1)
    head_step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(tf.square(output - 1.0)))

# %% Other symbols than words: the characters of domain names, padded to one length (the book's example)
DOMAINS = ["tensorflow.org", "example.com", "xj4kq9zvw1.net"]
letters = sorted(set("".join(DOMAINS)))
longest = max(len(domain) for domain in DOMAINS)
coded = np.zeros([len(DOMAINS), longest], dtype=np.int32)  # 0 is the padding
for row, domain in enumerate(DOMAINS):
    coded[row, : len(domain)] = [1 + letters.index(letter) for letter in domain]
characters = tf.get_variable("characters", [1 + len(letters), ex.size])
domain_vectors = tf.nn.embedding_lookup(characters, coded)

# %% The idea of candidate sampling: a softmax over 10,000 words, and one over the true word and 5 others
CLASSES, SAMPLED = 10_000, 5
weights, biases = tf.get_variable("weights", [CLASSES, ex.size]), tf.Variable(tf.zeros([CLASSES]))
vectors, labels = looked_up[0], tf.constant([[12], [7], [4321]])
logits = tf.matmul(vectors, weights, transpose_b=True) + biases
full = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels[:, 0], logits=logits)
sampled = tf.nn.sampled_softmax_loss(weights, biases, labels, vectors, SAMPLED, CLASSES)
full_gradient, sampled_gradient = tf.gradients(full, weights)[0], tf.gradients(sampled, weights)[0]

# %% Run
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    feed = {ids: some_ids}
    before, rows, product, other = sess.run([embedding, looked_up, as_product, elsewhere], feed)
    touched = np.unique(sess.run(gradient.indices, feed))
    sess.run(step, feed)
    after = sess.run(embedding)
    frozen_before, head_before = sess.run([frozen, head])
    sess.run(head_step, feed)
    frozen_after, head_after = sess.run([frozen, head])
    domain_shape = sess.run(domain_vectors).shape
    full_rows = np.count_nonzero(np.abs(sess.run(full_gradient, feed)).sum(axis=1))
    sampled_rows = len(np.unique(sess.run(sampled_gradient.indices, feed)))

print("looked up", rows.shape, "on /cpu:0; the same on", ex.device, np.array_equal(rows, other))
same_as_indexing = np.array_equal(rows, before[np.array(some_ids)])
same_as_product = np.allclose(rows, product, atol=1e-6)
print("the rows embedding[ids]:", same_as_indexing, "· one-hot rows times the matrix:", same_as_product)
changed = np.flatnonzero((before != after).any(axis=1))
print("ids looked up", sorted(set(np.ravel(some_ids).tolist())), "rows that a step changed", changed.tolist())
print("not trainable: vectors changed", not np.array_equal(frozen_before, frozen_after), end=", ")
print("weights behind them changed", not np.array_equal(head_before, head_after))
print("domain names", DOMAINS, coded.shape, "→", domain_shape)
print(f"rows of the output weights with a gradient: softmax {full_rows}, sampled softmax {sampled_rows}")

# One-hot vectors say nothing of likeness: each two are at right angles. Dense ones can be near or far.
one_hot = np.eye(ex.vocab_size)
unit = before / np.linalg.norm(before, axis=1, keepdims=True)
apart = ~np.eye(ex.vocab_size, dtype=bool)
print("cosines of different words: one-hot", np.unique((one_hot @ one_hot.T)[apart]), end=", ")
print(f"dense from {(unit @ unit.T)[apart].min():.2f} to {(unit @ unit.T)[apart].max():.2f}")

# %% Results
ex.report("P(i love ai)", probability("i love ai"))
ex.report("P(you love music), not in the corpus", probability("you love music"))
ex.report("P(ai love i)", probability("ai love i"))
shape_rule = all(made == (*given, ex.size) for given, made in shapes.items())
ex.report("[batch, ndim] gives [batch, ndim, size]", shape_rule, book=True)
ex.report("the rows are embedding[ids]", same_as_indexing)
ex.report("the rows are one-hot times embedding", same_as_product)
ex.report("the same on --device", np.array_equal(rows, other))
ex.report("rows with a gradient", touched)
ex.report("rows that a step changed", changed)
ex.report("not trainable: vectors changed", not np.array_equal(frozen_before, frozen_after))
ex.report("not trainable: weights behind them changed", not np.array_equal(head_before, head_after))
ex.report("domain names: shape of their vectors", domain_shape)
ex.report("rows of the softmax with a gradient", full_rows)
ex.report("rows of the sampled softmax with a gradient", sampled_rows)
ex.finish()
