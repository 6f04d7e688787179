"""Section 9.8.5 · Attention, buckets, weighted cross entropy (基于注意力的 Seq2Seq)

Book:      intro 9.8.5, figure 9-31
Data:      numbers drawn in the script; the lengths of 2,000 sentence pairs that this project's grammar makes
Shows:     one attention step taken apart and computed again in NumPy; what feed_previous does; what a bucket costs and
           saves, and that all buckets share their weights; the weighted cross entropy against values by hand
Departs:   the book describes these functions of tf.contrib.legacy_seq2seq without running them; they are made anew in
           _attention_seq2seq.py. It says that feed_previous=False starts every input with GO: False means that the
           given words are fed, True that only the first is and then the network's own. The old code attended to padding
Time:      9 s on 2 CPU cores
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from _attention_seq2seq import (
    attention_decoder,
    embedding_attention_seq2seq,
    model_with_buckets,
    sequence_loss,
    sequence_loss_by_example,
)
from _translation_data import EOS, choose_buckets, english_words, into_buckets
from _translation_model import Seq2SeqModel

from utils.data import parallel
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, pairs=2000)
np.set_printoptions(precision=4, suppress=True)

# %% Figure 9-31: one column of attention. While "you" is written, 80 % of the look goes to 你
column = np.array([0.80, 0.05, 0.00, 0.15, 0.00])
memory = np.random.randn(5, 4).astype(np.float32)  # what the encoder put out at its five steps
print("the attended vector is a weighted mean of the encoder's outputs:", column @ memory)
scores = np.log(column + 1e-9)
with ex.session() as sess:
    again = sess.run(tf.nn.softmax(scores))
print("scores", scores, "→ softmax", again)
figure, axis = plt.subplots(figsize=(4.5, 3))
axis.bar(range(1, 6), 100 * again)
axis.set(xlabel="input word", ylabel="attention, %", title='figure 9-31: while "you" is written')
figure.tight_layout()
ex.figure(figure, "column")

# %% One step of attention_decoder, and the same in NumPy
batch, length, size = 2, 5, 4
tf.reset_default_graph()
ex.seed_everything()
with tf.device(ex.device):
    states = tf.constant(np.random.randn(batch, length, size).astype(np.float32))
    first = tf.constant(np.random.randn(batch, size).astype(np.float32))
    inputs = [tf.constant(np.random.randn(batch, 3).astype(np.float32)) for _ in range(2)]
    mask = tf.constant([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])  # the second sentence has two words of padding
    cell = tf.nn.rnn_cell.GRUCell(size)
    looked = []
    outputs, last = attention_decoder(inputs, first, states, cell, attention_mask=mask, alignments=looked)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    names = [variable.op.name.removeprefix("attention_decoder/") for variable in tf.trainable_variables()]
    w = dict(zip(names, sess.run(tf.trainable_variables()), strict=True))
    out, alpha, x, h, memory = sess.run([outputs, looked, inputs, first, states])
print("\nthe weights of attention_decoder:")
for name, value in w.items():
    print(f"  {name} {value.shape}")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru(x, h):
    gates = sigmoid(np.hstack([x, h]) @ w["gru_cell/gates/kernel"] + w["gru_cell/gates/bias"])
    r, u = gates[:, :size], gates[:, size:]
    c = np.tanh(np.hstack([x, r * h]) @ w["gru_cell/candidate/kernel"] + w["gru_cell/candidate/bias"])
    return u * h + (1 - u) * c


hidden = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]]) == 0
attended, difference = np.zeros((batch, size)), 0.0
for step in range(2):
    mixed = np.hstack([x[step], attended]) @ w["kernel"] + w["bias"]  # the input and the attention before
    h = gru(mixed, h)
    query = h @ w["Attention_0/kernel"] + w["Attention_0/bias"]
    score = (w["AttnV_0"] * np.tanh(memory @ w["AttnW_0"][0, 0] + query[:, None])).sum(axis=2)
    score[hidden] = -np.inf
    weights = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    attended = np.einsum("bt,bts->bs", weights, memory)
    result = np.hstack([h, attended]) @ w["AttnOutputProjection/kernel"] + w["AttnOutputProjection/bias"]
    difference = max(difference, abs(result - out[step]).max(), abs(weights - alpha[step]).max())
    print(f"step {step + 1}: attention of the second sentence {alpha[step][1]}, in NumPy {weights[1]}")
print(f"largest difference between TensorFlow and NumPy: {difference:.1e}")

# %% feed_previous: whose words the decoder is fed
tf.reset_default_graph()
ex.seed_everything()
source = [tf.constant([4, 5]), tf.constant([6, 7]), tf.constant([8, 9])]
others = [[tf.constant([1, 1]), tf.constant([word, word]), tf.constant([word, word])] for word in (4, 9)]


def network(enc, dec, feed_previous=False):
    with tf.variable_scope("demo", reuse=tf.AUTO_REUSE):
        cell = tf.nn.rnn_cell.GRUCell(8)
        return embedding_attention_seq2seq(enc, dec, cell, 10, 10, 8, feed_previous=feed_previous)


ways = {mode: [network(source, dec, mode)[0] for dec in others] for mode in (False, True)}
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    moved = {mode: float(abs(np.subtract(*sess.run(pair))).max()) for mode, pair in ways.items()}
print("\nother words after GO change the outputs by", moved, "(feed_previous → largest change)")

# %% Buckets: which one, and how much padding
pairs = parallel.make(ex.pairs)
lengths = [(len(english_words(en)), len(zh) + 1) for en, zh in pairs]  # Chinese by character here, and EOS
book = [(20, 20), (40, 40), (50, 50), (60, 60)]
for pair in ((5, 6), (19, 19), (20, 8), (12, 45), (60, 10)):
    place = next((bucket for bucket in book if pair[0] < bucket[0] and pair[1] < bucket[1]), "none: dropped")
    print(f"a pair of {pair[0]} and {pair[1]} words goes into bucket {place}")


def padding(buckets):
    """Return the share of padding when each pair is as long as its bucket."""
    sorted_pairs, _ = into_buckets([([0] * source, [0] * target) for source, target in lengths], buckets)
    cells = sum(len(content) * sum(bucket) for content, bucket in zip(sorted_pairs, buckets, strict=True))
    return 1 - sum(map(sum, lengths)) / cells


shares = {"the book's four": padding(book)}
for count in (1, 2, 3, 4, 6):
    fitted = choose_buckets(lengths, count)
    shares[f"fitted, {count}"] = padding(fitted)
    print(f"{count} fitted: {fitted}, {shares[f'fitted, {count}']:.1%} padding")
print(f"the book's four: {book}, {padding(book):.1%} padding")

figure, axis = plt.subplots(figsize=(5.5, 3.2))
axis.barh(list(shares), [100 * share for share in shares.values()])
axis.set(xlabel="padding, % of all cells", title=f"buckets for {ex.pairs} pairs")
axis.invert_yaxis()
figure.tight_layout()
ex.figure(figure, "padding")

# %% A batch: the source reversed behind its padding, GO before the target, weight 0 on padding
tf.reset_default_graph()
ex.seed_everything()
model = Seq2SeqModel(10, 10, [(4, 5)], hidden=8, layers=1, num_samples=0)
feed = model.feed([([4, 5, 6], [7, EOS]), ([8], [4, 5, 6, EOS])], bucket=0)
encoder, decoder = (np.array([feed[p] for p in part]) for part in (model.encoder_inputs, model.decoder_inputs))
target_weights = np.array([feed[p] for p in model.target_weights])
print("\nencoder, a column a sentence\n", encoder, "\ndecoder\n", decoder, "\nweights\n", target_weights)

# %% model_with_buckets: one unrolling each, the same weights for all
counts = {}
for buckets in ([(3, 3)], [(3, 3), (5, 5), (8, 8)]):
    tf.reset_default_graph()
    ex.seed_everything()
    started = time.process_time()
    words = [tf.placeholder(tf.int32, [None]) for _ in range(9)]
    weighted = [tf.placeholder(tf.float32, [None]) for _ in range(8)]
    _, losses = model_with_buckets(words[:8], words[:8], words[1:], weighted, buckets, network)
    operations = len(tf.get_default_graph().get_operations())
    counts[len(buckets)] = len(tf.trainable_variables())
    print(
        f"{len(buckets)} bucket(s): {len(losses)} loss(es), {len(tf.trainable_variables())} variables, "
        f"{operations} operations, built in {time.process_time() - started:.2f} s"
    )

# %% The weighted cross entropy, Σ_t weight · entropy / (Σ_t weight + 1e-12), by hand
tf.reset_default_graph()
ex.seed_everything()
logits = [np.log([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]), np.log([[0.1, 0.8, 0.1], [1 / 3, 1 / 3, 1 / 3]])]
targets, weights = [[0, 1], [1, 2]], [[1.0, 1.0], [1.0, 0.0]]
by_hand = np.array([(-np.log(0.7) - np.log(0.8)) / 2, -np.log(0.5)])
arguments = [tf.constant(np.array(logits), tf.float32), tf.constant(targets), tf.constant(weights, tf.float32)]
arguments = [tf.unstack(argument) for argument in arguments]
with ex.session() as sess:
    per_sentence, mean = sess.run([sequence_loss_by_example(*arguments), sequence_loss(*arguments)])
    nothing = sess.run(sequence_loss(arguments[0], arguments[1], [tf.zeros([2]), tf.zeros([2])]))
print("\nper sentence", per_sentence, "by hand", by_hand, "mean", mean, "perplexity", np.exp(mean))
print("weights of nothing but 0:", nothing, "and not NaN, thanks to the 1e-12")

# %% Results
ex.report("attention, largest difference to NumPy", difference)
ex.report("attention on padding", float(max(a[1][:2].max() for a in alpha)))
ex.report("other words fed, feed_previous=False", moved[False])
ex.report("other words fed, feed_previous=True", moved[True])
for name, share in shares.items():
    ex.report(f"padding, {name}", share)
ex.report("variables, 1 bucket and 3", [counts[1], counts[3]])
ex.report("weighted cross entropy per sentence", per_sentence)
ex.report("weighted cross entropy by hand", by_hand)
ex.report("loss where all weights are 0", nothing)
ex.finish()
