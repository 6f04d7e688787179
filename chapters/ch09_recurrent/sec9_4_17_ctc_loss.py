"""Section 9.4.17 · ctc_loss, SparseTensor, edit distance (CTC 网络的 loss——ctc_loss)

Book:      intro 9.4.17, table 9-3
Data:      logits of zeros and of RandomState(0), short label sequences, the words kitten and sitting
Shows:     that tf.nn.ctc_loss is −ln of the summed probability of all paths to the labels, found again by going
           through every path, and so its gradient; what its two switches do with repeated labels; what it makes of
           labels that are too long or are the blank; sparse_from_dense, SparseTensor and back; the edit distance
Departs:   the book's helper takes ragged lists as they are (it drops no zeros, whatever the text says, and label 0
           needs that); here it takes a batch without any label too, which crashes the book's, and refuses the blank,
           which TensorFlow does not
Time:      5 s on 2 CPU cores
"""

import _recurrent_ctc as by_hand
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)
CLASSES = 3  # the labels 0 and 1, and the blank, which is always the last class
BLANK = CLASSES - 1


# %% Labels go into ctc_loss as a SparseTensor
def sparse_from_dense(sequences, classes=None, dtype=np.int32):
    """Return (indices, values, shape) of a list of sequences, for tf.SparseTensor or to feed tf.sparse_placeholder.

    Entry n, t of the result is element t of sequence n, also where it is 0. ValueError for a label outside
    0 … classes − 2: classes − 1 is CTC's blank.
    """
    indices = [(n, t) for n, sequence in enumerate(sequences) for t in range(len(sequence))]
    values = np.array([label for sequence in sequences for label in sequence], dtype)
    if classes and np.any((values < 0) | (values >= classes - 1)):
        raise ValueError(f"labels must be 0 … {classes - 2}, and {values} are not: {classes - 1} is the blank")
    longest = max((len(sequence) for sequence in sequences), default=0)
    return np.array(indices, np.int64).reshape(-1, 2), values, np.array([len(sequences), longest], np.int64)


def refused(sequences):
    """Return what `sparse_from_dense` says to labels that the classes do not have."""
    try:
        return str(sparse_from_dense(sequences, CLASSES))
    except ValueError as error:
        return str(error)


def error_of(sess, node, values):
    """Return the name of the error that running `node` raises, or "" where it does not."""
    try:
        sess.run(node, values)
        return ""
    except tf.errors.OpError as error:
        return type(error).__name__


def letters(word):
    return [ord(letter) for letter in word]


book_sparse = tf.SparseTensor(indices=[[1, 3], [2, 4]], values=[18, 3.6], dense_shape=[3, 5])
book_dense = tf.sparse_tensor_to_dense(book_sparse, default_value=0, validate_indices=True)
from_dense = tf.sparse.from_dense([[0, 1, 1], [2, 0, 0]])  # today's function, which does drop the zeros
there_and_back = tf.sparse_tensor_to_dense(
    tf.SparseTensor(*sparse_from_dense([[0, 1, 1], [2], []])), default_value=-1, validate_indices=True
)

# %% The loss: logits [time, batch, classes], one loss for each sample
logits = tf.placeholder(tf.float32, [None, None, CLASSES], name="logits")
labels = tf.sparse_placeholder(tf.int32, name="labels")
seq_length = tf.placeholder(tf.int32, [None], name="seq_length")
loss = tf.nn.ctc_loss(labels, logits, seq_length)
logits_gradient = tf.gradients(loss, logits)[0]
batch_first_loss = tf.nn.ctc_loss(labels, tf.transpose(logits, [1, 0, 2]), seq_length, time_major=False)
ignoring = tf.nn.ctc_loss(labels, logits, seq_length, ignore_longer_outputs_than_inputs=True)
SWITCHES = [(True, True), (True, False), (False, True), (False, False)]
switched = {
    (collapse, merge): tf.nn.ctc_loss(
        labels, logits, seq_length, preprocess_collapse_repeated=collapse, ctc_merge_repeated=merge
    )
    for collapse, merge in SWITCHES
}


def feed(values, sequences, lengths=None):
    """Return the feed for logits [time, batch, classes] and a list of label sequences."""
    values = np.asarray(values, np.float32)
    lengths = [len(values)] * values.shape[1] if lengths is None else lengths
    return {logits: values, labels: sparse_from_dense(sequences), seq_length: lengths}


# %% The edit distance: insertions, deletions and substitutions that turn one sequence into the other
hypothesis, truth = tf.sparse_placeholder(tf.int32), tf.sparse_placeholder(tf.int32)
distance = tf.edit_distance(hypothesis, truth, normalize=False)
error_rate = tf.edit_distance(hypothesis, truth)  # normalised: divided by the length of the truth
words = {
    hypothesis: sparse_from_dense([letters("kitten"), letters("abc"), []]),
    truth: sparse_from_dense([letters("sitting"), letters("abc"), letters("ab")]),
}

# %% Run
even = [[0], [0, 1], [0, 0]]
drawn = np.random.RandomState(0).randn(4, 1, CLASSES).astype(np.float32)
ragged = np.random.RandomState(1).randn(5, 3, CLASSES).astype(np.float32)
ragged_labels, ragged_lengths = [[0, 1], [1], [1, 1, 0]], [3, 2, 5]
repeated, repeated_logits = [0, 0, 1], np.random.RandomState(2).randn(5, 1, CLASSES).astype(np.float32)

with ex.session() as sess:
    dense_values, sparse_values, round_trip = sess.run([book_dense, from_dense, there_and_back])
    even_loss = sess.run(loss, feed(np.zeros([3, 3, CLASSES]), even))
    drawn_loss, drawn_gradient = sess.run([loss, logits_gradient], feed(drawn, [[0, 1]]))
    ragged_feed = feed(ragged, ragged_labels, ragged_lengths)
    ragged_loss, ragged_again = sess.run([loss, batch_first_loss], ragged_feed)
    switch_loss = sess.run(switched, feed(repeated_logits, [repeated]))
    too_long = feed(np.zeros([3, 1, CLASSES]), [[0, 0, 1]])
    long_loss = sess.run(loss, too_long)
    more_than_frames = feed(np.zeros([3, 1, CLASSES]), [[0, 1, 0, 1]])
    complaint = error_of(sess, loss, more_than_frames)
    ignored_loss = sess.run(ignoring, more_than_frames)
    blank_loss = sess.run(loss, feed(np.zeros([3, 1, CLASSES]), [[BLANK]]))
    distances, rates = sess.run([distance, error_rate], words)

print("the SparseTensor of the book, made dense:")
print(dense_values)
print("lists to sparse and back, −1 where there is nothing:", round_trip.tolist())
print("tf.sparse.from_dense keeps only", sparse_values.values, "of", [[0, 1, 1], [2, 0, 0]])

print("\nzero logits, 3 frames, 3 classes: all 27 paths are equally likely")
for sequence, value in zip(even, even_loss, strict=True):
    ways = by_hand.paths_to(sequence, 3, CLASSES)
    shown = ", ".join("".join("01_"[number] for number in path) for path in ways)
    print(f"  labels {sequence!s:7} {len(ways)} paths ({shown}): ln(27/{len(ways)}) = {value:.7f}")

drawn_by_hand, gradient_by_hand = by_hand.loss(drawn[:, 0], [0, 1]), by_hand.gradient(drawn[:, 0], [0, 1])
print(f"\n4 frames of random logits, labels [0, 1]: {drawn_loss[0]:.7f}, over all 81 paths {drawn_by_hand:.7f}")
apart = np.abs(drawn_gradient[:, 0] - gradient_by_hand).max()
print(f"its gradient, frame by frame, against that of all paths: at most {apart:.2g} apart")

ragged_by_hand = [
    by_hand.loss(ragged[:length, n], sequence)
    for n, (sequence, length) in enumerate(zip(ragged_labels, ragged_lengths, strict=True))
]
print(f"\na batch of {ragged_lengths} frames: losses {ragged_loss}, one by one {np.round(ragged_by_hand, 6)}")
print("the mean of them is what one trains on:", ragged_loss.mean())

# Table 9-3. Collapsing changes the labels beforehand, merging says what a path with neighbours alike stands for.
print(f"\ntable 9-3, labels {repeated} in 5 frames:")
collapsed = list(by_hand.collapse(repeated, BLANK))
switch_by_hand = {
    (collapse, merge): by_hand.loss(repeated_logits[:, 0], collapsed if collapse else repeated, merge)
    for collapse, merge in SWITCHES
}
meaning = {
    (True, True): f"labels become {collapsed}",
    (True, False): f"labels become {collapsed}, equal frames stay apart",
    (False, True): "standard CTC, the default",
    (False, False): "every repeat counts, no blank needed between equal labels",
}
for switch in SWITCHES:
    value, own = switch_loss[switch][0], switch_by_hand[switch]
    print(f"  collapse {switch[0]!s:5} merge {switch[1]!s:5} loss {value:.6f}, all paths {own:.6f}: {meaning[switch]}")

print(f"\nlabels [0, 0, 1] need 4 frames, for 0 0 wants a blank between; in 3 the loss is {long_loss[0]}")
print(f"four labels in 3 frames: {complaint}; with ignore_longer_outputs_than_inputs {ignored_loss[0]:g}")
print(f"the blank as a label: TensorFlow says nothing and gives {blank_loss[0]:.4f};")
print("  our helper:", refused([[BLANK]]))
print(
    f"\nkitten → sitting: {distances[0]:.0f} edits, {rates[0]:.8f} of the seven letters; abc → abc {distances[1]:.0f};"
)
print(f"an empty text for ab: {distances[2]:.0f} edits, error {rates[2]:.0f}")

# %% Results
ex.report("SparseTensor [3, 5]: entries (1, 3) and (2, 4)", [dense_values[1, 3], dense_values[2, 4]])
ex.report("SparseTensor [3, 5]: sum of all entries", dense_values.sum())
ex.report("lists → sparse → dense", round_trip)
for sequence, value in zip(even, even_loss, strict=True):
    ex.report(f"loss of {sequence}, zero logits", value)
ex.report("loss of [0, 1], random logits", drawn_loss[0])
ex.report("loss of [0, 1], random logits, all 81 paths", drawn_by_hand)
ex.report("gradient: largest difference from all paths", apart)
ex.report("batch of unequal lengths", ragged_loss)
ex.report("batch of unequal lengths, all paths", ragged_by_hand)
ex.report("batch of unequal lengths, time_major=False", ragged_again)
for collapse, merge in SWITCHES:
    ex.report(f"collapse {collapse}, merge {merge}", switch_loss[collapse, merge][0])
    ex.report(f"collapse {collapse}, merge {merge}, all paths", switch_by_hand[collapse, merge])
ex.report("labels too long for the frames", str(long_loss[0]))
ex.report("more labels than frames", complaint)
ex.report("the same with ignore_longer_outputs_than_inputs", ignored_loss[0])
ex.report("loss of the blank as a label", blank_loss[0])
ex.report("edit distance kitten → sitting", distances[0])
ex.report("the same, normalised", rates[0])
ex.finish()
