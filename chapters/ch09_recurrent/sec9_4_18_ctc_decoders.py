"""Section 9.4.18 · CTC decoders (CTCdecoder)

Book:      intro 9.4.18, table 9-4
Data:      logits made by hand for one path, and random ones of RandomState(0)
Shows:     ctc_greedy_decoder takes the best path, ctc_beam_search_decoder looks for the best labelling: where the two
           part, and the beam's probabilities against those of all paths; merge_repeated, which means another thing in
           each of them; what the second results are; from the SparseTensor to a list for each sample, and its error
Departs:   the book prints nothing here, so every figure is held against the enumeration of all paths; it says that
           the decoded labels serve the loss and that both functions have the same parameters: neither is so
Time:      5 s on 2 CPU cores
"""

import inspect

import _recurrent_ctc as by_hand
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)
CLASSES = 3
BLANK = CLASSES - 1

# %% Table 9-4: the two decoders and their parameters
for decoder in (tf.nn.ctc_greedy_decoder, tf.nn.ctc_beam_search_decoder):
    print(decoder.__name__, inspect.signature(decoder))

inputs = tf.placeholder(tf.float32, [None, None, CLASSES], name="inputs")  # [time, batch, classes]
seq_length = tf.placeholder(tf.int32, [None], name="seq_length")
truth = tf.sparse_placeholder(tf.int32, name="truth")


def dense(decoded):
    return tf.sparse_tensor_to_dense(decoded, default_value=-1)  # −1: 0 is a label


greedy, beam = {}, {}
for merge in (True, False):
    decoded, score = tf.nn.ctc_greedy_decoder(inputs, seq_length, merge_repeated=merge)
    greedy[merge] = (dense(decoded[0]), score)
    decoded, score = tf.nn.ctc_beam_search_decoder(inputs, seq_length, merge_repeated=merge)
    beam[merge] = (dense(decoded[0]), score)
TOP = 5
top_decoded, top_scores = tf.nn.ctc_beam_search_decoder(
    inputs, seq_length, beam_width=200, top_paths=TOP, merge_repeated=False
)
top = ([dense(decoded) for decoded in top_decoded], top_scores)
widths = {
    width: tf.nn.ctc_beam_search_decoder(inputs, seq_length, beam_width=width, merge_repeated=False)
    for width in (1, 2, 100)
}
by_width = {width: (dense(decoded[0]), score) for width, (decoded, score) in widths.items()}
error = {
    "greedy": tf.edit_distance(tf.cast(tf.nn.ctc_greedy_decoder(inputs, seq_length)[0][0], tf.int32), truth),
    "beam": tf.edit_distance(tf.cast(widths[100][0][0], tf.int32), truth),
}


def labels_of(rows):
    """Return one list of labels for each sample, without the −1 behind the shorter ones."""
    return [[int(label) for label in row if label >= 0] for row in rows]


def feed(logits, lengths=None):
    logits = np.asarray(logits, np.float32)
    logits = logits[:, None] if logits.ndim == 2 else logits
    return {inputs: logits, seq_length: [len(logits)] * logits.shape[1] if lengths is None else lengths}


# %% One path that leaves no doubt: 0 0 blank 0 1, logits +5 on it and −5 beside it
path = [0, 0, BLANK, 0, 1]
sure = np.where(np.eye(CLASSES)[path] == 1, 5.0, -5.0)

# Two frames, each 0.6 for the blank and 0.4 for label 0: the best path is blank blank with 0.36, but 0 comes out of
# the three other paths, 0.64 together.
doubtful = np.log([[0.4, 1e-9, 0.6]] * 2)
drawn = np.random.RandomState(0).randn(4, 1, CLASSES)
batch = np.random.RandomState(0).randn(6, 40, CLASSES)
lengths = np.random.RandomState(1).randint(2, 7, 40)

with ex.session() as sess:
    sure_greedy, sure_beam = sess.run([greedy, beam], feed(sure))
    doubt_greedy, doubt_beam = sess.run([greedy[True], beam[False]], feed(doubtful))
    top_labels, top_logs = sess.run(top, feed(drawn))
    batch_greedy, batch_beam = sess.run([greedy[True], by_width], feed(batch, lengths))

print(f"\nthe path {path} with {BLANK} as the blank:")
for name, results in (("greedy", sure_greedy), ("beam", sure_beam)):
    for merge, (rows, score) in results.items():
        print(f"  {name:6} merge_repeated={merge!s:5} → {labels_of(rows)[0]!s:12} second result {score[0, 0]:.6g}")
print("The beam has merged equal neighbours before; merge_repeated=True, its default, does it again, to real doubles.")
print(f"Greedy's second result is minus the sum of the largest logits, {-sure.max(axis=1).sum():g}: no probability.")
likeliest = by_hand.labellings(sure)[0]
print(f"The beam's is the logarithm of one: all paths to {list(likeliest[0])} have {np.log(likeliest[1]):.6g}.")

print("\ntwo frames of 0.4, 0, 0.6:")
for name, (rows, score) in (("greedy", doubt_greedy), ("beam", doubt_beam)):
    print(f"  {name:6} → {labels_of(rows)[0]}, second result {score[0, 0]:.6f}")
doubt_all = by_hand.labellings(doubtful)
print("  all paths:", ", ".join(f"{list(labels)} {probability:.4f}" for labels, probability in doubt_all[:2]))

print(f"\nfour frames of random logits, the {TOP} likeliest labellings of the beam and of all 81 paths:")
ranked = by_hand.labellings(drawn[:, 0])
found = [labels_of(rows)[0] for rows in top_labels]
for place in range(TOP):
    labels, probability = ranked[place]
    print(f"  {found[place]!s:10} {np.exp(top_logs[0, place]):.6f}   {list(labels)!s:10} {probability:.6f}")

# %% A batch of 40 samples of 2 to 6 frames: decoded[0] becomes dense, then one list for each sample
best = [by_hand.labellings(batch[: lengths[n], n])[0] for n in range(len(lengths))]
right = {"greedy": labels_of(batch_greedy[0])} | {
    f"beam_width {width}": labels_of(rows) for width, (rows, _) in batch_beam.items()
}
share = {
    name: np.mean([list(labels) == list(wanted) for labels, (wanted, _) in zip(rows, best, strict=True)])
    for name, rows in right.items()
}
print("\n40 samples of 2 to 6 frames: how often each finds the likeliest labelling of all")
for name, value in share.items():
    print(f"  {name:15} {value:.3f}")

# The decoded labels are compared with the true ones, here the likeliest: the label error rate of section 9.5.
indices = np.array([(n, t) for n, (labels, _) in enumerate(best) for t in range(len(labels))], np.int64)
values = np.array([label for labels, _ in best for label in labels], np.int32)
shape = np.array([len(best), max(len(labels) for labels, _ in best)], np.int64)
with ex.session() as sess:
    rates = sess.run(error, feed(batch, lengths) | {truth: (indices, values, shape)})
known = np.array([len(labels) > 0 for labels, _ in best])  # an empty truth has no rate: n edits of 0 labels
rates = {name: float(rate[known].mean()) for name, rate in rates.items()}
print("label error against it:", ", ".join(f"{name} {rate:.4f}" for name, rate in rates.items()))

# %% Results
for merge in (True, False):
    ex.report(f"greedy, merge_repeated {merge}", labels_of(sure_greedy[merge][0])[0])
    ex.report(f"beam, merge_repeated {merge}", labels_of(sure_beam[merge][0])[0])
ex.report("greedy's second result", sure_greedy[True][1][0, 0])
ex.report("the beam's second result", sure_beam[False][1][0, 0])
ex.report("ln of the probability of all paths", np.log(likeliest[1]))
ex.report("0.4, 0, 0.6 twice: greedy", labels_of(doubt_greedy[0])[0])
ex.report("0.4, 0, 0.6 twice: beam", labels_of(doubt_beam[0])[0])
ex.report("0.4, 0, 0.6 twice: the beam's probability", np.exp(doubt_beam[1][0, 0]))
ex.report("random logits: the beam's labellings", found)
ex.report("random logits: the labellings of all paths", [list(labels) for labels, _ in ranked[:TOP]])
differences = np.abs(np.exp(top_logs[0]) - [probability for _, probability in ranked[:TOP]])
ex.report("random logits: largest difference in probability", differences.max())
for name, value in share.items():
    ex.report(f"likeliest labelling found, {name}", value)
for name, rate in rates.items():
    ex.report(f"label error, {name}", rate)
ex.finish()
