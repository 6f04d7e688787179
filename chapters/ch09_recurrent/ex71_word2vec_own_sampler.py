"""Example 71 · word2vec with an explicit candidate sampler (使用指定候选采样本训练 word2vec)

Book:      intro 9.7.5, listing 9-27
Data:      as example 70: the article datasets/texts/town.txt, or a text of your own with --text FILE
Model:     as example 70, with sampled softmax in place of NCE
Shows:     a sampler of one's own, fixed_unigram_candidate_sampler with the counts of the words, handed to
           sampled_softmax_loss as sampled_values; what a count of −1 or 0 for a word that occurs does to the loss
Departs:   UNK gets the count that it has: the book makes one up (90, its largest is 89) for the counts "to be in
           order", which they need not be; its true reason is that −1 makes the loss NaN; --model as in example 70
Time:      69 s on 2 CPU cores (beside other work)
"""

import numpy as np
from _word2vec import Batches, Training, draw_groups, read_words, report_learning, tsne, word_picture, write_projector

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
    distortion=1.0,  # the counts are raised to this power: word2vec itself takes 0.75, the book 1
    learning_rate=1.0,
    steps=100_001,
    display_step=2000,
    nearest_step=10_000,
    plot_only=80,
    tsne_iterations=5000,
    quick={"steps": 3001, "display_step": 500, "nearest_step": 3000, "tsne_iterations": 500},
    book={"model": "skip-gram"},
)

# %% Words, and how often each of them occurs
tokens, words = read_words(texts.load(ex.data, "town", own=ex.text), ex.words_size)
vocab_freqs = words.counts.tolist()
print("the largest count of a word:", max(vocab_freqs[1:]), ex.beside("89"))
print("the count of UNK:", vocab_freqs[0], ex.beside("made up: 90"))

# %% The graph (listing 9-27)
batches = Batches(words.data, ex.model, ex.batch_size, ex.num_skips, ex.skip_window)
num_sampled = min(ex.num_sampled, words.size // 2)
valid_examples = np.random.choice(words.size // 2, min(ex.valid_size, words.size // 2), replace=False)

train_inputs = tf.placeholder(tf.int32, [None, *batches.input_shape], name="inputs")
train_labels = tf.placeholder(tf.int32, [None, ex.batch_size, 1], name="labels")
with tf.device(ex.device):
    embeddings = tf.Variable(tf.random_uniform([words.size, ex.embedding_size], -1.0, 1.0), name="embeddings")
    softmax_weights = tf.Variable(
        tf.truncated_normal([words.size, ex.embedding_size], stddev=1.0 / np.sqrt(ex.embedding_size))
    )
    softmax_biases = tf.Variable(tf.zeros([words.size]))


def sampled_loss(batch, unigrams):
    """Return the loss of a batch, with the other classes drawn in proportion to `unigrams`, a number for each id."""
    inputs, labels = batch
    embed = tf.nn.embedding_lookup(embeddings, inputs)
    if ex.model == "cbow":
        embed = tf.reduce_mean(embed, axis=1)
    sampled = tf.nn.fixed_unigram_candidate_sampler(
        true_classes=tf.cast(labels, tf.int64),
        num_true=1,
        num_sampled=num_sampled,
        unique=True,
        range_max=words.size,
        distortion=ex.distortion,
        unigrams=unigrams,
    )
    return tf.reduce_mean(
        tf.nn.sampled_softmax_loss(
            weights=softmax_weights,
            biases=softmax_biases,
            labels=labels,
            inputs=embed,
            num_sampled=num_sampled,
            num_classes=words.size,
            sampled_values=sampled,
        )
    )


def train_step(batch):
    """Make one training step on a batch and return its loss."""
    loss = sampled_loss(batch, vocab_freqs)
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(loss)
    with tf.control_dependencies([optimizer]):
        return tf.identity(loss)


with tf.device(ex.device):
    losses = tf.map_fn(train_step, (train_inputs, train_labels), dtype=tf.float32, parallel_iterations=1)

    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keepdims=True))
    normalized_embeddings = embeddings / norm
    valid_embeddings = tf.nn.embedding_lookup(normalized_embeddings, tf.constant(valid_examples, tf.int32))
    similarity = tf.matmul(valid_embeddings, normalized_embeddings, transpose_b=True)

# %% Apart from the book: why the count of UNK may not stay −1, as build_dataset first has it, nor be 0
trials = {count: [count, *vocab_freqs[1:]] for count in (-1, 0, max(vocab_freqs) + 1, vocab_freqs[0])}
first = (train_inputs[0], train_labels[0])
trial_losses = {count: sampled_loss(first, unigrams) for count, unigrams in trials.items()}
block = Batches(words.data, ex.model, ex.batch_size, ex.num_skips, ex.skip_window).take(1)
block[1][0, 0] = 0  # a batch in which UNK is one of the labels

# %% Training
training = Training(
    train_inputs, train_labels, {"loss": losses}, similarity, valid_examples, {"vectors": normalized_embeddings}
)
saver = tf.train.Saver({"embeddings": embeddings}, save_relative_paths=True)
with ex.session(threads=1) as sess:
    sess.run(tf.global_variables_initializer())
    trial_values = {}
    for count, node in trial_losses.items():
        trial_values[count] = float(sess.run(node, {train_inputs: block[0], train_labels: block[1]}))
        print(f"with UNK counted as {count}: loss {trial_values[count]:.4f}")
    print("Initialized")
    untrained = sess.run(normalized_embeddings)
    training.run(ex, sess, words, batches)
    vectors = sess.run(normalized_embeddings)
    print("saved in", saver.save(sess, ex.checkpoint("word2vec.ckpt")))
    write_projector(ex, sess, embeddings, words)

# %% What was learned
report_learning(ex, untrained, vectors, words)
few = min(ex.plot_only, words.size)
ex.figure(word_picture(tsne(vectors[:few], ex.tsne_iterations, ex.seed), words.names[:few]), "tsne")
curve = {"mean of the steps before": ex.history["loss"]}
ex.figure(figures.curves(curve, xlabel="step", ylabel="sampled softmax loss", title=ex.model, log=True), "loss")
draw_groups(ex, ["vectors"])

# %% Results
ex.report("the largest count of a word", max(vocab_freqs[1:]), book=89)
ex.report("the count of UNK", vocab_freqs[0])
ex.report("loss with UNK counted as −1", str(trial_values[-1]))
ex.report("loss with UNK counted as 0", str(trial_values[0]))
ex.report("loss with UNK's own count", trial_values[vocab_freqs[0]])
ex.report("average loss, last line", ex.history["loss"][-1][1])
ex.report("average loss, step 0", ex.history["loss"][0][1])
ex.finish()
