"""Example 74 · English-to-Chinese translation with attention seq2seq (基于 Seq2Seq 注意力模型实现中英文机器翻译)

Book:      intro 9.8.6, listings 9-33 to 9-36
Data:      10,000 sentence pairs made by a grammar of this project (the book's were in its companion files), or two text
           files of your own, line by line: --english FILE --chinese FILE
Model:     two GRU layers of 100 read, two more write and look back with attention; 3 buckets, sampled softmax
Shows:     dictionaries, number files, lengths and buckets; training with perplexity by bucket on held-out pairs; BLEU
           beside what needs no network; what the attention looks at; --translate "a sentence", or --interactive
Departs:   the test sentence is reversed once, as in training (the book reverses it twice); the words shown during
           training are decoded with the output projection, by the network's own words; held-out pairs, full softmax
           and no dropout where the book measures on training pairs; each layer has a cell of its own; unknown words are
           _UNK, not _PAD; padding gets no attention; punctuation is a word and English is lower case; pairs that are
           too long are counted aloud. By default three buckets fitted to the lengths, 128 samples and no dropout: the
           book's four buckets, 512 samples and 0.9 with --book. A small regular language: real text is far harder
Time:      5.1 min on 2 CPU cores (beside other work)
"""

import sys
import time

import numpy as np
from _translation_data import (
    EOS,
    UNK,
    Dictionary,
    chinese_words,
    choose_buckets,
    english_words,
    into_buckets,
    lengths_figure,
    save_settings,
    with_numbers,
    write_numbers,
)
from _translation_model import Seq2SeqModel
from _translation_score import attention_figure, bleu, nearest
from _translation_use import CHECKPOINT, answer, converse

from utils import figures
from utils.data import parallel
from utils.example import Choice, Example
from utils.problems import Problem
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=2400,
    batch_size=60,
    hidden_size=100,
    num_layers=2,
    keep_prob=1.0,
    optimizer=Choice("sgd", "adam"),  # adam with a rate of 0.002: BLEU 98.9 where sgd has 91.1, in as many steps
    learning_rate=0.5,
    learning_rate_decay=0.99,
    max_gradient_norm=5.0,
    num_samples=128,
    buckets=Choice("fitted", "book"),
    bucket_count=3,
    steps_per_checkpoint=200,
    vocab_size=40_000,
    pairs=10_000,
    held_out=500,
    max_length=60,
    english="",
    chinese="",
    translate="",
    interactive=False,
    quick={
        "steps": 80,
        "steps_per_checkpoint": 40,
        "batch_size": 40,
        "num_layers": 1,
        "hidden_size": 64,
        "optimizer": "adam",
        "learning_rate": 0.01,
        "bucket_count": 2,
        "pairs": 3000,
        "held_out": 60,
        "max_length": 9,
    },
    book={
        "steps": 99_600,
        "keep_prob": 0.9,
        "num_samples": 512,
        "buckets": "book",
    },
)
BOOK_SENTENCE = "will reap good results and the large"
BOOK_TRANSLATION = "最终 最终 也 会 对此 和 坚强 有力 的 指导 和 指导 ."
_buckets = [(20, 20), (40, 40), (50, 50), (60, 60)]

# %% With --translate or --interactive: the network of the last run at work (listing 9-36)
if ex.translate or ex.interactive:
    converse(ex, ex.translate, "an English sentence (an empty line ends): ", english_words)
    sys.exit()

# %% The pairs; some of them are held out
pairs = parallel.load(ex.data, ex.outputs, ex.pairs, ex.english, ex.chinese)
cut = [(english_words(en), chinese_words(zh)) for en, zh in pairs]
short = [n for n, (en, zh) in enumerate(cut) if 0 < len(en) < ex.max_length and 0 < len(zh) + 1 < ex.max_length]
order = np.random.RandomState(ex.seed).permutation(short)
count = min(ex.held_out, len(order) // 5)
if not count:
    raise Problem(f"{len(order)} pairs of fewer than {ex.max_length} words are too few: 5 at least")
train, seen = order[count:], {" ".join(cut[n][0]) for n in order[count:]}
test = [n for n in order[:count] if " ".join(cut[n][0]) not in seen]
print(f"{len(pairs)} pairs, {len(short)} of them shorter than {ex.max_length} words: {len(train)} to train on,")
print(f"{len(test)} held out, none of which has an English sentence that is trained on")

# %% Dictionaries and numbers (listing 9-33)
english = Dictionary.of((cut[n][0] for n in train), ex.vocab_size)
chinese = Dictionary.of((cut[n][1] for n in train), ex.vocab_size)
print("vocab_size", len(english), "vocab_sizech", len(chinese))
print("first entries:", english.words[:12], chinese.words[:12])
ids = {n: (english.encode(cut[n][0]), [*chinese.encode(cut[n][1]), EOS]) for n in order}
lengths = [(len(ids[n][0]), len(ids[n][1])) for n in train]
buckets = _buckets if ex.buckets == "book" else choose_buckets(lengths, ex.bucket_count)
ex.figure(lengths_figure(lengths, buckets), "lengths")

data, dropped = into_buckets((ids[n] for n in train), buckets)
filled = [bucket for bucket, content in zip(buckets, data, strict=True) if content]
buckets, data = filled, [content for content in data if content]  # an empty bucket needs no graph
test_data, test_dropped = into_buckets((ids[n] for n in test), buckets)
bucket_sizes = [len(content) for content in data]
print("buckets", buckets, "bucket sizes", bucket_sizes, f"{dropped + test_dropped} pairs are too long for all")
test = [n for n in test if any(ids[n] in content for content in test_data)]
if not test:
    raise Problem("nothing is left to hold out: every sentence occurs twice, or is too long (--buckets fitted)")

folder = ex.checkpoints
if not ex.resumed:  # what --translate needs, and the number files
    english.save(folder / "dicten.txt")
    chinese.save(folder / "dictch.txt")
    write_numbers(folder / "fromids" / "train.txt", (ids[n][0] for n in train))
    write_numbers(folder / "toids" / "train.txt", (ids[n][1] for n in train))
    network = {"buckets": buckets, "hidden": ex.hidden_size, "layers": ex.num_layers, "num_samples": ex.num_samples}
    save_settings(folder, source_dictionary="dicten.txt", target_dictionary="dictch.txt", network=network)

# %% The graph (listing 9-34): one unrolling and one update for each bucket
started = time.perf_counter()
with tf.device(ex.device):
    model = Seq2SeqModel(
        len(english),
        len(chinese),
        buckets,
        hidden=ex.hidden_size,
        layers=ex.num_layers,
        num_samples=ex.num_samples,
    )
    model.add_training(ex.optimizer, ex.learning_rate, ex.learning_rate_decay, ex.max_gradient_norm, ex.keep_prob)
    for number in range(len(buckets)):
        model.add_decoder(number)
operations = len(tf.get_default_graph().get_operations())
print(f"{len(buckets)} buckets, {operations} operations, built in {time.perf_counter() - started:.1f} s")

# %% Training (listing 9-35)
saver = tf.train.Saver(save_relative_paths=True)
example_pair = test[0]


def show_progress(sess, step, loss, seconds):
    """Every 200 steps: loss, perplexity of the held-out pairs by bucket, and one of them translated."""
    earlier = [value for _, value in ex.history.get("loss", [])][-3:]
    if len(earlier) == 3 and loss > max(earlier):
        sess.run(model.decay_learning_rate)
    rate = float(sess.run(model.learning_rate))
    held_out = model.perplexities(sess, test_data)
    by_bucket = {f"perplexity_bucket_{n}": value for n, value in enumerate(held_out) if np.isfinite(value)}
    ex.record(step, loss=loss, learning_rate=rate, perplexity=float(np.exp(min(loss, 50))), **by_bucket)
    ex.log(f"global step {step} learning rate {rate:.4f} step-time {seconds:.3f} perplexity {np.exp(loss):.2f}")
    ex.log("  eval, held out: " + ", ".join(f"bucket {n} perplexity {value:.2f}" for n, value in enumerate(held_out)))
    shown = answer(model, sess, pairs[example_pair][0], english_words, english, chinese)
    ex.log(f"  {pairs[example_pair][0]} → {shown.text}   (should be {pairs[example_pair][1]})")


shares = np.array(bucket_sizes) / sum(bucket_sizes)
losses, since = [], time.perf_counter()
with ex.session(rewrite=False) as sess:
    sess.run(tf.global_variables_initializer())
    for step in ex.resumable(range(1, ex.steps + 1), sess, saver, unit="step", every=ex.steps_per_checkpoint):
        number = np.random.choice(len(buckets), p=shares)  # a bucket with more pairs comes more often
        batch = [data[number][n] for n in np.random.randint(len(data[number]), size=ex.batch_size)]
        losses.append(model.step(sess, batch, number)[0])
        if step % ex.steps_per_checkpoint == 0 or step == ex.steps:
            show_progress(sess, step, float(np.mean(losses)), (time.perf_counter() - since) / len(losses))
            losses, since = [], time.perf_counter()
    saver.save(sess, ex.checkpoint(CHECKPOINT), global_step=ex.steps)

    # %% What is it worth: held-out pairs
    perplexities = model.perplexities(sess, test_data)
    train_perplexities = model.perplexities(sess, [content[:500] for content in data])
    written = model.translate(sess, [ids[n][0] for n in test])
    a_sentence = next((n for n in test if 9 <= len(ids[n][0]) <= 12), test[0])
    looked = answer(model, sess, pairs[a_sentence][0], english_words, english, chinese)
    if UNK not in english.encode(BOOK_SENTENCE.split()):  # only a corpus like the book's has all its words
        said = answer(model, sess, BOOK_SENTENCE, english_words, english, chinese)
        print(f"the book's sentence: {BOOK_SENTENCE}\n{said.show()}{ex.beside(BOOK_TRANSLATION)}")

translations = ["".join(with_numbers(chinese.decode(w.words), pairs[n][0])) for n, w in zip(test, written, strict=True)]
references = [pairs[n][1] for n in test]
alike = nearest([ids[n][0] for n in test], [ids[n][0] for n in train], len(english))
exact = np.mean([a == b for a, b in zip(translations, references, strict=True)])
scores = {
    "this network": bleu(translations, references),
    "the nearest training sentence's translation": bleu([pairs[train[n]][1] for n in alike], references),
    "another held-out sentence's translation": bleu(references[1:] + references[:1], references),
}
print(f"\nBLEU on {len(test)} held-out sentences (sacrebleu, characters):")
for name, score in scores.items():
    print(f"  {score:6.2f}  {name}")
print(f"{exact:.1%} are exactly the reference. The first of them:")
for n, text in list(zip(test, translations, strict=True))[:8]:
    print(f"  {pairs[n][0]} → {text}" + ("" if text == pairs[n][1] else f"   (should be {pairs[n][1]})"))

# %% What the network looks at while it writes
print(f"\n{pairs[a_sentence][0]}\n{looked.show()}")
rows = [*chinese.decode(looked.written.words), "_EOS"][: len(looked.written.ids)]
ex.figure(attention_figure(looked.written.attention[: len(rows)], looked.words, rows), "attention")
curves = {f"bucket {n} {bucket}": ex.history.get(f"perplexity_bucket_{n}", []) for n, bucket in enumerate(buckets)}
curves = {name: points for name, points in curves.items() if points}
ex.figure(figures.curves(curves, xlabel="step", ylabel="perplexity of held-out pairs", log=True), "perplexity")

# %% Results: the book's are of its own corpus and of training pairs
ex.report("vocab_size, English", len(english), book=11963)
ex.report("vocab_sizech, Chinese", len(chinese), book=15165)
ex.report("bucket sizes", bucket_sizes, book=[1649, 4933, 1904, 1383])
for n, bucket in enumerate(buckets):
    if test_data[n]:
        ex.report(f"held-out perplexity, bucket {n} {bucket}", perplexities[n])
    ex.report(f"training perplexity, bucket {n} {bucket}", train_perplexities[n], **({"book": 1.71} if n == 0 else {}))
for name, score in scores.items():
    ex.report(f"BLEU, {name}", score)
ex.report("held-out sentences translated exactly", exact)
ex.report("last training loss", ex.history["loss"][-1][1])
ex.finish()
