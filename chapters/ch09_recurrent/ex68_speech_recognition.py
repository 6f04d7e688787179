"""Example 68 · Speech recognition with a BiRNN and CTC (利用 BiRNN 实现语音识别)

Book:      intro 9.5.1–9.5.3, listings 9-23 and 9-24; exercises of 9.5.4: recordings of your own with --data-dir,
           --fc5 pooling, --lstm-layers 2
Data:      THCHS-30, 34 hours of Mandarin (--book downloads its 6.4 GB); or recordings of your own; or else sentences
           spoken by eSpeak NG, in Mandarin or with --language english: synthetic, easy speech
Model:     26 cepstra of 19 frames → 3 fully connected → bidirectional LSTM → 2 fully connected → characters and a blank
Shows:     speech features with context, padding, sparse labels, CTC loss, greedy and beam search decoding, label
           error rate; --transcribe FILE.wav writes down a recording with the trained network
Departs:   scored on held-out sentences, not on the batch just trained on; characters that training never saw get a
           label of their own, not CTC's blank; the decoded text is taken from the sparse result, so the graph does not
           grow; tf.minimum; a resumed run begins after the saved epoch. The default network is an eighth as wide, with
           He's initial weights, sentences sorted by length in part, and clipped gradients
Time:      2.9 min on 2 CPU cores
"""

import time
from pathlib import Path

import numpy as np
from _speech_features import Batches, Vocabulary, audiofile_to_input_vector, pad_sequences, rows_of
from _speech_model import recall, remember
from _speech_pictures import Sound, label_errors, recording
from models import weight_count

from utils import figures
from utils.data import speech
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    epochs=20,
    batch_size=16,
    learning_rate=0.002,
    n_hidden=128,
    n_input=26,
    n_context=9,
    keep_prob=0.95,
    relu_clip=20.0,
    init=Choice("he", "normal"),
    stddev=0.046875,  # of --init normal
    clip_norm=10.0,  # of the gradient; 0: not clipped
    order=Choice("mixed", "file"),
    decoder=Choice("greedy", "beam"),  # while training; both at the end
    beam_width=100,
    display_step=20,
    test_every=2,
    fc5=Choice("dense", "pooling"),
    lstm_layers=1,
    language=Choice("mandarin", "english"),
    utterances=500,
    least_bytes=0,
    download=False,
    transcribe="",
    quick={
        "epochs": 4,
        "batch_size": 4,
        "learning_rate": 0.01,
        "n_hidden": 32,
        "display_step": 9,
        "beam_width": 10,
        "test_every": 4,
        "utterances": 40,
    },
    book={
        "epochs": 100,
        "batch_size": 8,
        "learning_rate": 0.001,
        "n_hidden": 1024,
        "init": "normal",
        "clip_norm": 0.0,
        "order": "file",
        "decoder": "beam",
        "utterances": 0,
        "least_bytes": 240_000,
        "download": True,
    },
)

# %% The recordings and their texts (listing 9-24)
if ex.transcribe:
    samples = speech.read(Path(ex.transcribe).expanduser())
    words = recall(ex, ex.checkpoint_of("68", "yuyinch.cpkt"))  # with the network's own sizes
else:
    corpus = speech.load(
        ex.data, language=ex.language, utterances=ex.utterances, least_bytes=ex.least_bytes, fetching=ex.download
    )
    wav_files = corpus.parts["train"]
    print(f"wav: {len(wav_files)} label {len(wav_files)}{ex.beside('8911')}")
    print(wav_files[0].path.name, wav_files[0].text)
    words = Vocabulary("".join(one.text for one in wav_files))
    print(f"characters: {len(words.characters)}{ex.beside('2666')}")

    shape = {"n_input": ex.n_input, "n_context": ex.n_context, "seed": ex.seed}
    train = Batches(wav_files, words, ex.batch_size, in_file_order=ex.order == "file", **shape)
    held_out = {name: Batches(part, words, 64, **shape) for name, part in corpus.held_out.items()}
    ex.data.readers.append(train)
    for name, part in {"train": train, **held_out}.items():
        print(f"{name}: {len(part.utterances)} recordings, {sum(one.count for one in part.utterances) / 16000:.0f} s")
    first = train.batch(wav_files[: ex.batch_size])  # the book's test of next_batch
    print(f"{len(first.labels)} {first.features.shape}{ex.beside('(8, 1168, 494)')}")
    print(words.text(rows_of(first.labels)[0]))

# %% The network (listing 9-23)
n_features = ex.n_input + 2 * ex.n_input * ex.n_context  # 494
n_classes = len(words) + 1  # the blank is the last one


def fully_connected(x, number, n_out):
    """Return x·h + b with the variables h<number> and b<number>."""
    n_in = x.shape[1].value
    if ex.init == "he":
        initial, zero = tf.random_normal_initializer(stddev=np.sqrt(2 / n_in)), tf.zeros_initializer()
    else:
        initial = zero = tf.random_normal_initializer(stddev=ex.stddev)
    h = tf.get_variable(f"h{number}", [n_in, n_out], initializer=initial)
    b = tf.get_variable(f"b{number}", [n_out], initializer=zero)
    return tf.matmul(x, h) + b


def clipped_relu(x):
    return tf.nn.dropout(tf.minimum(tf.nn.relu(x), ex.relu_clip), keep_prob=keep_dropout)


with tf.device(ex.device):
    input_tensor = tf.placeholder(tf.float32, [None, None, n_features], name="input")
    targets = tf.sparse_placeholder(tf.int32, name="targets")
    seq_length = tf.placeholder(tf.int32, [None], name="seq_length")
    keep_dropout = tf.placeholder(tf.float32, name="keep_dropout")

    batch = tf.shape(input_tensor)[0]
    x = tf.reshape(tf.transpose(input_tensor, [1, 0, 2]), [-1, n_features])  # time first
    x = clipped_relu(fully_connected(x, 1, ex.n_hidden))
    x = clipped_relu(fully_connected(x, 2, ex.n_hidden))
    x = clipped_relu(fully_connected(x, 3, 2 * ex.n_hidden))

    x = tf.reshape(x, [-1, batch, 2 * ex.n_hidden])
    for layer in range(ex.lstm_layers):
        cells = [tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden, forget_bias=1.0) for _ in ("forward", "backward")]
        cells = [tf.nn.rnn_cell.DropoutWrapper(cell, input_keep_prob=keep_dropout) for cell in cells]
        outputs, _ = tf.nn.bidirectional_dynamic_rnn(
            *cells, x, seq_length, dtype=tf.float32, time_major=True, scope=f"birnn{layer}"
        )
        x = tf.concat(outputs, 2)
    if ex.fc5 == "dense":
        x = clipped_relu(fully_connected(tf.reshape(x, [-1, 2 * ex.n_hidden]), 5, ex.n_hidden))
    else:  # exercise 2: the average of the two directions, at each time step; over time it would lose the text
        x = tf.reshape(tf.add(*outputs) / 2, [-1, ex.n_hidden])
    logits = tf.reshape(fully_connected(x, 6, n_classes), [-1, batch, n_classes])

    # CTC: the mean over the batch of -ln P(text), summed over all ways to lay the text over the frames
    avg_loss = tf.reduce_mean(tf.nn.ctc_loss(targets, logits, seq_length))
    adam = tf.train.AdamOptimizer(ex.learning_rate)
    gradients, variables = zip(*adam.compute_gradients(avg_loss), strict=True)
    if ex.clip_norm:
        gradients, _ = tf.clip_by_global_norm(gradients, ex.clip_norm)
    optimizer = adam.apply_gradients(zip(gradients, variables, strict=True))

    with tf.name_scope("decode"):
        greedy, _ = tf.nn.ctc_greedy_decoder(logits, seq_length)
        beam, log_probability = tf.nn.ctc_beam_search_decoder(logits, seq_length, ex.beam_width, merge_repeated=False)
        decoded = {"greedy": greedy[0], "beam": beam[0]}  # sparse: rows of labels, already collapsed
    with tf.name_scope("accuracy"):  # edits that turn the decoded text into the target, divided by the target's length
        errors = {name: tf.edit_distance(tf.cast(text, tf.int32), targets) for name, text in decoded.items()}
    probabilities = tf.nn.softmax(logits)
    sound = Sound()
saver = tf.train.Saver(save_relative_paths=True, max_to_keep=1)
print(f"{weight_count(''):,} weights, {n_classes} outputs")

# %% --transcribe: write down one recording
if ex.transcribe:
    features, lengths = pad_sequences([audiofile_to_input_vector(samples, ex.n_input, ex.n_context)])
    with ex.session() as sess:
        saver.restore(sess, ex.checkpoint_of("68", "yuyinch.cpkt"))
        heard = {input_tensor: features, seq_length: lengths, keep_dropout: 1.0}
        texts, sure = sess.run([decoded, log_probability], heard)
    print(f"greedy: {words.text(rows_of(texts['greedy'])[0])}")
    print(f"beam: {words.text(rows_of(texts['beam'])[0])} (log-probability {sure[0, 0]:.3f})")
    raise SystemExit


# %% Training
def feed(some, keep=1.0):
    return {input_tensor: some.features, targets: some.labels, seq_length: some.lengths, keep_dropout: keep}


def evaluate(sess, part, decoder):
    """Return the label error of each recording of a part, in one array, and [(recording, decoded text), …]."""
    found, pairs = [], []
    for some in part.by_length():
        error, text = sess.run([errors[decoder], decoded[decoder]], feed(some))
        found.append(error)
        pairs += zip(some.utterances, [words.text(row) for row in rows_of(text)], strict=True)
    return np.concatenate(found), pairs


def train_one_epoch(sess, epoch):
    """Go through the training part once; return the summed cost and the label error of the last batch looked at."""
    ex.log(f"{' Run training epoch ':=^40}\nEpoch {epoch}: {len(train)} loops, {ex.batch_size} recordings in each")
    train_cost, train_ler = 0.0, 1.0
    for loop, some in enumerate(train.epoch(), start=1):
        cost, _ = sess.run([avg_loss, optimizer], feed(some, ex.keep_prob))
        train_cost += cost
        if loop % min(ex.display_step, len(train)) == 0:  # the book's score: on the batch just trained on
            error, text = sess.run([errors[ex.decoder], decoded[ex.decoder]], feed(some))
            train_ler = error.mean()
            ex.log(f"loop: {loop}, Train cost {train_cost / loop:.4f}, Label err rate {train_ler:.4f}")
            ex.log(f"Original: {some.utterances[0].text}\nDecoded:  {words.text(rows_of(text)[0])}")
    return train_cost, train_ler


with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in ex.resumable(range(1, ex.epochs + 1), sess, saver):
        start = time.time()
        train_cost, train_ler = train_one_epoch(sess, epoch)
        seconds = time.time() - start + ex.history.get("training_seconds", [[0, 0.0]])[-1][1]
        scores = {"label_error/batch trained on": train_ler}
        if epoch % ex.test_every == 0 or epoch == ex.epochs:
            for name, part in held_out.items():
                scores[f"label_error/{name}"] = evaluate(sess, part, "greedy")[0].mean()
        ex.record(epoch, train_cost=train_cost, training_seconds=seconds, **scores)
        line = (
            f"Epoch {epoch}/{ex.epochs}, train_cost {train_cost:.3f}, train_ler {train_ler:.3f}, time {seconds:.1f} sec"
        )
        ex.log(line + "".join(f", {name[12:]} {score:.3f}" for name, score in scores.items() if "batch" not in name))
    print(f"train total duration {seconds / 60:.2f} min{ex.beside('1182.50 min')}")
    print("Model saved in file:", remember(ex, words, saver.save(sess, ex.checkpoint("yuyinch.cpkt"))))

    # %% The held-out recordings with both decoders, and a hundred that were trained on, as the book measured
    found = {}
    for name, part in {**held_out, "train": Batches(wav_files[:100], words, 64, **shape)}.items():
        for decoder in ("greedy", "beam"):
            error, pairs = evaluate(sess, part, decoder)
            found[name, decoder] = error.mean(), np.mean(error == 0)
            print(f"{name}, {decoder}: label error {error.mean():.4f}, whole sentences right {np.mean(error == 0):.3f}")
        for one, text in pairs[:: max(1, len(pairs) // 3)][:3] if name != "train" else []:
            print(f"  {one.name}\n    target:  {one.text}\n    decoded: {text}")

    # %% One held-out recording, heard and seen
    part = next(iter(held_out.values()))
    one = part.utterances[0]
    spectrogram = sound.show(ex, sess, one.samples())
    outputs, text, sure = sess.run([probabilities, decoded["greedy"], log_probability], feed(part.batch([one])))
    ex.figure(recording(spectrogram, part.cepstra(one), outputs[:, 0], one.count / speech.RATE), "recording")
    print(f"{one.path.name}, {one.text}, log-probability of the beam's text {sure[0, 0]:.3f}; in the picture:")
    print(*(f"{number} {character}" for number, character in enumerate(words.text(rows_of(text)[0]), start=1)))
ex.figure(label_errors(ex), "label_error")
cost = [[epoch, total / len(train)] for epoch, total in ex.history["train_cost"]]
ex.figure(figures.curves({"training": cost}, xlabel="epoch", ylabel="mean CTC loss of a recording"), "train_cost")

# %% Results
ex.report("recordings to train on", len(train.utterances), book=8911)
ex.report("characters", len(words.characters), book=2666)
ex.report("weights", weight_count(""))
for name in held_out:
    for decoder in ("greedy", "beam"):
        ex.report(f"label error, {name}, {decoder}", found[name, decoder][0])
        ex.report(f"whole sentences right, {name}, {decoder}", found[name, decoder][1])
    points = ex.history[f"label_error/{name}"]
    below = [epoch for epoch, score in points if score <= 0.1]
    if below:
        ex.report(f"training seconds to 10 % label error, {name}", dict(ex.history["training_seconds"])[below[0]])
for decoder in ("greedy", "beam"):
    ex.report(f"label error, recordings trained on, {decoder}", found["train", decoder][0])
# the book's figure is of one batch of eight that was just trained on
ex.report("label error, last batch trained on", train_ler, book=0.047, better="lower")
ex.report("summed training cost, last epoch", train_cost)
ex.report("training seconds", ex.history["training_seconds"][-1][1])
ex.finish()
