"""Example 70 · Train your own word2vec with the "CBOW" model (用 CBOW 模型训练自己的 word2vec)

Book:      intro 9.7.4, listing 9-26
Data:      an article about a small town, written for this project (datasets/texts/town.txt: 4,003 characters), or a
           text of your own with --text FILE
Model:     350 vectors of 128, one for each word of the dictionary; noise-contrastive estimation with 64 negatives
Shows:     jieba's words, a dictionary by frequency, batches, nce_loss, the words nearest by cosine, a t-SNE picture,
           TensorBoard's projector, the vectors saved and restored; that words of one kind end beside each other
Departs:   the listing's pairs are a word and one neighbour, which is Skip-Gram: --model cbow (the default) is the real
           one, the mean of the context predicts the word between, and --model skip-gram is the listing; 2,000 steps
           are one call of sess.run; the end of the text is passed cleanly, where the book's buffer grows wrong; rows
           of the embedding have a lookup of their own (the book feeds two ids into a placeholder of 128)
Time:      72 s on 2 CPU cores (beside other work)
"""

import numpy as np
from _word2vec import (
    Batches,
    Training,
    draw_groups,
    nearest,
    read_words,
    report_learning,
    segment,
    tsne,
    word_picture,
    write_projector,
)

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
    skip_window=1,  # words of context on each side
    num_skips=2,  # pairs that Skip-Gram makes of one word
    num_sampled=64,  # negatives
    valid_size=16,
    learning_rate=1.0,
    steps=100_001,
    display_step=2000,
    nearest_step=10_000,
    plot_only=80,
    tsne_iterations=5000,
    quick={"steps": 3001, "display_step": 500, "nearest_step": 3000, "tsne_iterations": 500},
    book={"model": "skip-gram"},
)

# %% Words: jieba on one sentence, then on the article
print("我爱人工智能 →", " ".join(segment("我爱人工智能")))
text = texts.load(ex.data, "town", own=ex.text)
tokens, words = read_words(text, ex.words_size)
print("characters", len(text.content), ex.beside("1567"))
print("words", len(tokens), ex.beside("961"), "of which different", len(set(tokens)))
print("words in the dictionary", words.size, ex.beside("350"), "the others are UNK:", words.counts[0])
print("the first ten:", words.data[:10].tolist(), [words.names[number] for number in words.data[:10]])

# %% Pairs: what the book shows of a batch of 8, and what CBOW makes of the same place
for model in ("skip-gram", "cbow"):
    inputs, labels = Batches(words.data, model, 8, num_skips=2, skip_window=1).take(1)
    print(f"{model}:")
    for given, wanted in zip(inputs[0].reshape(8, -1), labels[0, :, 0], strict=True):
        print("  ", given, *[words.names[i] for i in given], "→", wanted, words.names[wanted])

# %% The graph (listing 9-26)
batches = Batches(words.data, ex.model, ex.batch_size, ex.num_skips, ex.skip_window)
num_sampled = min(ex.num_sampled, words.size)
valid_examples = np.random.choice(
    words.size // 2, min(ex.valid_size, words.size // 2), replace=False
)  # among the more frequent half

train_inputs = tf.placeholder(tf.int32, [None, *batches.input_shape], name="inputs")  # a block: one batch a step
train_labels = tf.placeholder(tf.int32, [None, ex.batch_size, 1], name="labels")
with tf.device(ex.device):
    embeddings = tf.Variable(tf.random_uniform([words.size, ex.embedding_size], -1.0, 1.0), name="embeddings")
    nce_weights = tf.Variable(
        tf.truncated_normal([words.size, ex.embedding_size], stddev=1.0 / np.sqrt(ex.embedding_size))
    )
    nce_biases = tf.Variable(tf.zeros([words.size]))


def train_step(batch):
    """Make one training step on a batch and return its loss."""
    inputs, labels = batch
    embed = tf.nn.embedding_lookup(embeddings, inputs)
    if ex.model == "cbow":
        embed = tf.reduce_mean(embed, axis=1)  # [batch, 2 · skip_window, size] → [batch, size]
    loss = tf.reduce_mean(
        tf.nn.nce_loss(
            weights=nce_weights,
            biases=nce_biases,
            labels=labels,
            inputs=embed,
            num_sampled=num_sampled,
            num_classes=words.size,
        )
    )
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(loss)
    with tf.control_dependencies([optimizer]):
        return tf.identity(loss)


with tf.device(ex.device):
    # A step takes less time than a call of sess.run: so the loop over a block of batches is in the graph, one by one.
    losses = tf.map_fn(train_step, (train_inputs, train_labels), dtype=tf.float32, parallel_iterations=1)

    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keepdims=True))
    normalized_embeddings = embeddings / norm
    valid_embeddings = tf.nn.embedding_lookup(normalized_embeddings, tf.constant(valid_examples, tf.int32))
    similarity = tf.matmul(valid_embeddings, normalized_embeddings, transpose_b=True)  # cosines

# %% Training
training = Training(
    train_inputs, train_labels, {"loss": losses}, similarity, valid_examples, {"vectors": normalized_embeddings}
)
saver = tf.train.Saver({"embeddings": embeddings}, save_relative_paths=True)
model_path = ex.checkpoint("word2vec.ckpt")
with ex.session(threads=1) as sess:  # the tensors are tiny: a second thread costs more than it saves
    sess.run(tf.global_variables_initializer())
    print("Initialized")
    untrained = sess.run(normalized_embeddings)
    training.run(ex, sess, words, batches)
    vectors, cosines = sess.run([normalized_embeddings, similarity])
    two_rows = sess.run(tf.nn.embedding_lookup(embeddings, [37, 18]))
    print("the vectors of the words 37 and 18:", two_rows.shape, two_rows[:, :4])
    print("saved in", saver.save(sess, model_path))
    write_projector(ex, sess, embeddings, words)

# %% A second session has the saved vectors, and with them the same neighbours
with ex.session() as sess:
    saver.restore(sess, model_path)
    again = sess.run(similarity)
    same = nearest(again, valid_examples, words.names) == nearest(cosines, valid_examples, words.names)
print("the restored vectors have the same neighbours:", same)

# %% What was learned
report_learning(ex, untrained, vectors, words)
few = min(ex.plot_only, words.size)
ex.figure(word_picture(tsne(vectors[:few], ex.tsne_iterations, ex.seed), words.names[:few]), "tsne")
curve = {"mean of the steps before": ex.history["loss"]}
ex.figure(figures.curves(curve, xlabel="step", ylabel="NCE loss", title=ex.model, log=True), "loss")
draw_groups(ex, ["vectors"])

# %% Results
ex.report("characters", len(text.content), book=1567)
ex.report("words", len(tokens), book=961)
ex.report("words in the dictionary", words.size, book=350)
ex.report("the first ten ids", words.data[:10], book=[263, 31, 38, 30, 27, 0, 10, 9, 104, 197])
ex.report("average loss, last line", ex.history["loss"][-1][1], book=2.51433812357, better="lower")
ex.report("average loss, step 0", ex.history["loss"][0][1])
ex.report("restored: the same neighbours", same)
ex.finish()
