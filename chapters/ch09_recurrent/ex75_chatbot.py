"""Example 75 · A simple chatbot (制作一个简单的聊天机器人)

Book:      intro 9.9, listings 9-37 to 9-40
Data:      83 questions and answers in Chinese written for this project (the book's few lines were never printed), with
           --corpus chatterbot the Chinese dialogues of a package, or --dialogue FILE: a question, the answer, and so on
Model:     that of example 74 with one dictionary for both sides: two GRU layers of 100 each way, attention, 3 buckets
Shows:     the same network on other data: only the reading of the data changes; how many of its own questions it
           answers word for word; the book's five questions; then --say "你好", or --chat to type
Departs:   as in 74: the question is reversed once, unknown words are _UNK everywhere, each layer has its own cell, no
           attention to padding. A file with an answer missing is refused (the book's pairs would slip), of a question
           with several answers the first is kept; Adam by default, the book's SGD with --book
Time:      77 s on 2 CPU cores (beside other work)
"""

import sys

import numpy as np
from _translation_data import (
    EOS,
    Dictionary,
    chinese_words,
    choose_buckets,
    into_buckets,
    lengths_figure,
    save_settings,
    write_numbers,
)
from _translation_model import Seq2SeqModel
from _translation_use import CHECKPOINT, answer, converse

from utils import figures
from utils.data import dialogue
from utils.example import Choice, Example
from utils.problems import Problem
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=600,
    batch_size=60,
    hidden_size=100,
    num_layers=2,
    keep_prob=0.9,
    optimizer=Choice("adam", "sgd"),
    learning_rate=0.005,
    learning_rate_decay=0.99,
    max_gradient_norm=5.0,
    num_samples=512,  # more than there are words, so that no output projection is made
    buckets=Choice("book", "fitted"),
    steps_per_checkpoint=200,
    vocab_size=40_000,
    corpus=Choice("own", "chatterbot"),
    dialogue="",
    say="",
    chat=False,
    quick={
        "steps": 120,
        "steps_per_checkpoint": 60,
        "num_layers": 1,
        "hidden_size": 64,
        "keep_prob": 1.0,
        "learning_rate": 0.01,
        "buckets": "fitted",
    },
    book={"steps": 20_000, "optimizer": "sgd", "learning_rate": 0.5},
)
_buckets = [(5, 5), (10, 10), (20, 20)]
# What the author typed, and what his network said.
BOOK = {"你好": "您好", "你吃了吗": "我吃了", "吃的啥": "我吃的", "你吃啥": "我吃三文鱼", "还有吗": "我没吃够呢不能"}

# %% With --say or --chat: the network of the last run at work (listing 9-40)
if ex.say or ex.chat:
    converse(ex, ex.say, "请输入 (an empty line ends): ", chinese_words)
    sys.exit()

# %% The dialogues: one dictionary for both sides (listing 9-37)
everything = dialogue.load(ex.data, ex.dialogue, ex.corpus)
pairs = dialogue.one_answer_each(everything)
cut = [(chinese_words(question), chinese_words(reply)) for question, reply in pairs]
words = Dictionary.of((side for pair in cut for side in pair), ex.vocab_size)
ids = [(words.encode(question), [*words.encode(reply), EOS]) for question, reply in cut]
lengths = [(len(question), len(reply)) for question, reply in ids]
buckets = _buckets if ex.buckets == "book" else choose_buckets(lengths, 2)
data, dropped = into_buckets(ids, buckets)
if not any(data):
    raise Problem(f"no pair is shorter than the last bucket, {buckets[-1]}: try --buckets fitted")
buckets = [bucket for bucket, content in zip(buckets, data, strict=True) if content]
data = [content for content in data if content]
bucket_sizes = [len(content) for content in data]
print(f"{len(everything)} pairs, {len(pairs)} different questions, {dropped} pairs too long for the buckets")
print("vocab_size", len(words), "buckets", buckets, "bucket sizes", bucket_sizes)
for question, reply in pairs[:3]:
    print(f"  {question} → {reply}")
ex.figure(lengths_figure(lengths, buckets), "lengths")

folder = ex.checkpoints
if not ex.resumed:  # what --say and --chat need, and the number files
    words.save(folder / "dictch.txt")
    write_numbers(folder / "fromids" / "data_source_test.txt", (question for question, _ in ids))
    write_numbers(folder / "toids" / "data_target_test.txt", (reply for _, reply in ids))
    network = {"buckets": buckets, "hidden": ex.hidden_size, "layers": ex.num_layers, "num_samples": ex.num_samples}
    save_settings(folder, source_dictionary="dictch.txt", target_dictionary="dictch.txt", network=network)

# %% The graph (listing 9-38, unchanged from example 74)
with tf.device(ex.device):
    model = Seq2SeqModel(
        len(words),
        len(words),
        buckets,
        hidden=ex.hidden_size,
        layers=ex.num_layers,
        num_samples=ex.num_samples,
    )
    model.add_training(ex.optimizer, ex.learning_rate, ex.learning_rate_decay, ex.max_gradient_norm, ex.keep_prob)
    for number in range(len(buckets)):
        model.add_decoder(number)
print(
    "output projection:", "none, the words fit into a full softmax" if model.projection is None else "sampled softmax"
)

# %% Training (listing 9-39)
saver = tf.train.Saver(save_relative_paths=True)
shares = np.array(bucket_sizes) / sum(bucket_sizes)
losses = []
fitting = [number for number, pair in enumerate(ids) if any(pair in content for content in data)]
with ex.session(rewrite=False) as sess:
    sess.run(tf.global_variables_initializer())
    for step in ex.resumable(range(1, ex.steps + 1), sess, saver, unit="step", every=ex.steps_per_checkpoint):
        number = np.random.choice(len(buckets), p=shares)
        batch = [data[number][n] for n in np.random.randint(len(data[number]), size=ex.batch_size)]
        losses.append(model.step(sess, batch, number)[0])
        if step % ex.steps_per_checkpoint == 0 or step == ex.steps:
            loss = float(np.mean(losses))
            earlier = [value for _, value in ex.history.get("loss", [])][-3:]
            if len(earlier) == 3 and loss > max(earlier):
                sess.run(model.decay_learning_rate)
            by_bucket = {f"perplexity_bucket_{n}": p for n, p in enumerate(model.perplexities(sess, data))}
            said = model.translate(sess, [ids[n][0] for n in fitting])
            exact = np.mean([[*w.words, EOS] == ids[n][1] for n, w in zip(fitting, said, strict=True)])
            ex.record(step, loss=loss, answered=exact, learning_rate=sess.run(model.learning_rate), **by_bucket)
            shown = ", ".join(f"bucket {n} perplexity {value:.2f}" for n, value in enumerate(by_bucket.values()))
            ex.log(f"global step {step} loss {loss:.4f} {shown}; {exact:.0%} of the questions answered word for word")
            losses = []
    saver.save(sess, ex.checkpoint(CHECKPOINT), global_step=ex.steps)

    # %% What it answers: its own questions, then the author's, most of which it never saw
    said = model.translate(sess, [ids[n][0] for n in fitting])
    answers = ["".join(words.decode(written.words)) for written in said]
    right = [text == "".join(words.decode(ids[n][1][:-1])) for n, text in zip(fitting, answers, strict=True)]
    asked = {question: answer(model, sess, question, chinese_words, words, words) for question in BOOK}
print(f"\n{sum(right)} of {len(fitting)} questions are answered word for word, for example:")
for n, text in list(zip(fitting, answers, strict=True))[:8]:
    print(f"  {pairs[n][0]} → {text}")
for n, text, is_right in zip(fitting, answers, right, strict=True):
    if not is_right:
        print(f"  wrong: {pairs[n][0]} → {text}   (should be {pairs[n][1]})")
print("\nthe book's five questions:")
for question, reply in asked.items():
    known = "" if question in dict(pairs) else "   (never seen)"
    print(f"{question}{known}\n{reply.show()}{ex.beside(BOOK[question])}")

points = {f"bucket {n} {bucket}": ex.history[f"perplexity_bucket_{n}"] for n, bucket in enumerate(buckets)}
ex.figure(figures.curves(points, xlabel="step", ylabel="perplexity of the training pairs", log=True), "perplexity")

# %% Results
ex.report("vocab_size", len(words))
ex.report("bucket sizes", bucket_sizes)
ex.report("questions", len(fitting))
ex.report("share of its questions answered word for word", np.mean(right))
for n, bucket in enumerate(buckets):
    ex.report(f"training perplexity, bucket {n} {bucket}", ex.history[f"perplexity_bucket_{n}"][-1][1])
for question, reply in asked.items():
    ex.report(f"answer to {question}", reply.text, book=BOOK[question])
ex.finish()
