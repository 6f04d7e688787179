"""Project 57 · RNN.WGAN imitating malicious requests (用RNN.WGAN模型模拟生成恶意请求)

Book:      eng 10.4, listings 10-8 to 10-12
Data:      request lines of a made-up, harmless web log (--text takes files of your own); the book's are private
Model:     GRU critic and GRU generator over characters, WGAN-GP; the length of the lines grows: 4, 8, 16, 32
Shows:     a GAN whose output are characters: the critic reads softmax vectors, so there is a gradient. One command
           trains all lengths, each from the weights of the one before; the n-grams of generated lines that occur in
           held-out lines, beside those of samplers that know single characters or pairs; then the book's scheme, and
           how it collapses. For n = 2, 3, 4, and different lines of 256, seeds 1, 2, 3 of the default run gave
           0.773 0.496 0.353 254, 0.688 0.470 0.375 246, 0.759 0.481 0.335 247; the book's scheme alone 2 to 4
           different lines of 256. --generate 20 writes lines with the network trained last
Departs:   the book trains the generator on true beginnings plus one character of its own, so that it never learns to
           go on from what it wrote itself: alone, it writes few different lines over and over. Here it writes alone in
           the training too, the critic reads up to a random place, and the noise goes into every step. The rates fall
           to 0 in the last length (--no-decay: they stay, and seeds 1, 2, 3 gave 0.764 0.448 0.305 255, 0.700 0.274
           0.199 234, 0.776 0.491 0.347 254). Three critic steps for one of the generator; the book has two for ten.
           --book is the book's scheme, up to its last length, which is 255 and not the 256 of its text. One place,
           drawn from 0, serves a generated and a real string; the book draws two, the real one's from 1. Alone, the
           generator is fed its last character only. The book's samples in the training are true beginnings with one
           character made; ours are written alone. The first input, called random there, is learned: only the state is
           random. Scores are no probabilities, and 0 is no border between true and false: they only compare
Time:      11.5 min on 2 CPU cores, 22 beside other work
"""

import time
from pathlib import Path

import numpy as np
from _lengths import schedule
from _measures import LARGEST, HeldOut, judged_lines, line_columns, ngram_bars, print_shares, sampled_lines
from _writing import print_lines
from models import Generator, critic, gradient_penalty, prefixes

from utils import figures
from utils.data import requests
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    text="",
    generate=0,
    scheme=Choice("free", "book"),
    lengths="4,8,16,32",
    iterations="1500,1700,1350,700",
    batch_size=64,
    units=128,
    embedding=64,
    critic_steps=3,
    generator_steps=1,
    critic_rate=1e-3,
    generator_rate=1e-3,
    noise=1.0,
    each_step=True,
    gradient_weight=10.0,
    decay=True,
    book_lengths="4,8",
    book_iterations="300,300",
    lines=256,
    display_step=100,
    quick={
        "lengths": "2,4",
        "iterations": "100,100",
        "units": 32,
        "embedding": 16,
        "book_lengths": "3",
        "book_iterations": "60",
        "display_step": 20,
    },
    book={
        "scheme": "book",
        "lengths": "1-255",
        "iterations": "book",
        "batch_size": 256,
        "units": 256,
        "embedding": 256,
        "critic_steps": 2,
        "generator_steps": 10,
        "critic_rate": 2e-4,
        "generator_rate": 1e-4,
        "noise": 10.0,
        "each_step": False,
        "decay": False,
        "book_lengths": "",
        "book_iterations": "",
    },
)

# What the book prints for length 1: iteration → the mean costs of critic and generator, and the mean seconds.
BOOK = {
    99: (0.9284327626228333, -0.14586441218852997, 0.27192),
    199: (0.018268248066306114, -0.49142125248908997, 0.26965),
}
KINDS = ("critic", "generator", "seconds")
SHOWN = 10  # generated lines that are printed
LISTED = 28  # generated strings that the book lists in the end; 20 of them are different, their mean score is 0.639

# %% The lengths and how long each is trained
stages = schedule(ex.lengths, ex.iterations)
book_stages = schedule(ex.book_lengths, ex.book_iterations, "book-")


# %% The networks of one length
class Graph:
    """The graph for strings of one `length`: costs, training steps, and the lines that the generator writes alone."""

    def __init__(self, scheme, length, characters, each_step, rates):
        self.noise = tf.placeholder(tf.float32, [None, ex.units], name="noise")
        generator = Generator(characters, ex.embedding, ex.units)
        with tf.device(ex.device):
            self.codes = tf.placeholder(tf.int32, [None, length], name="real_inputs")
            self.places = tf.placeholder(tf.int32, [None], name="places")
            self.rows = tf.placeholder(tf.int32, [2, None], name="rows")
            self.mix = tf.placeholder(tf.float32, [None], name="mix")
            self.left = tf.placeholder(tf.float32, [], name="left")  # the share of the rates that is left
            real = tf.one_hot(self.codes, characters)
            if scheme == "free":  # the generator writes alone; the critic reads both up to the same place
                fake, ends = generator.free(self.noise, length, each_step), self.places + 1
            else:  # true beginnings of all lengths, with a generated or the true last character
                written = generator.forced(self.noise, real)
                fake, real = (prefixes(real, last, self.rows[n], self.places) for n, last in enumerate((written, real)))
                ends = None

            def score(strings):
                return critic(strings, ex.embedding, ex.units, ends)

            both = tf.concat([fake, real], 0)  # in one go, which takes fewer operations
            scores = critic(both, ex.embedding, ex.units, None if ends is None else tf.tile(ends, [2]))
            on_fake, on_real = map(tf.reduce_mean, tf.split(scores, 2))
            penalty = gradient_penalty(score, real, fake, self.mix)
            self.critic_cost = on_fake - on_real + ex.gradient_weight * penalty
            self.generator_cost = -tf.reduce_mean(score(fake))
            if length == 1:  # nothing is fed back yet: so Adam keeps moments for the embedding here as in each length
                self.generator_cost += 0.0 * tf.reduce_sum(generator.embedding)
            self.critic_rate, generator_rate = (rate * self.left for rate in rates)
            self.train_critic = tf.train.AdamOptimizer(self.critic_rate, beta1=0.5, beta2=0.9).minimize(
                self.critic_cost, var_list=tf.trainable_variables("Discriminator/")
            )
            self.train_generator = tf.train.AdamOptimizer(generator_rate, beta1=0.5, beta2=0.9).minimize(
                self.generator_cost, var_list=tf.trainable_variables("Generator/")
            )
            alone = generator.free(self.noise, length, each_step, choose=True)
            self.written = tf.argmax(alone, axis=2)
            self.scores = critic(alone, ex.embedding, ex.units)
            self.real_scores = critic(tf.one_hot(self.codes, characters), ex.embedding, ex.units)


def draw_noise(count, random=np.random):
    return random.normal(0, ex.noise, [count, ex.units])


# %% --generate: lines of the network trained last
if ex.generate:
    print_lines(ex)
    raise SystemExit

# %% The data
log = requests.load(ex.data, ex.text)
characters = len(log.alphabet) + 1
print(f"{len(log.train)} lines to learn from, {len(log.held_out)} held out, {len(log.alphabet)} characters")
print("\n".join(log.train[:5]))


# %% Training: one length after the other
def batch(codes):
    """Return what a training step is fed: noise, lines, places, rows and the mixture of real and generated."""
    size, length = ex.batch_size, codes.shape[1]
    lines, places = codes[np.random.randint(len(codes), size=size)], np.random.randint(length, size=size)
    return draw_noise(size), lines, places, np.random.randint(size, size=[2, size]), np.random.uniform(size=size)


def begin(sess, before):
    """Initialise everything, then restore the checkpoint `before` of another length, if there is one."""
    sess.run(tf.global_variables_initializer())
    if before:
        shared = [variable for variable in tf.global_variables() if variable.op.name != "trained_with"]
        tf.train.Saver(shared).restore(sess, before)


def trainer(net, sess, codes, steps):
    """Return a function that makes one iteration, and returns the mean costs of its critic and generator steps.

    It takes the share of the learning rates that is left, and returns the seconds it took as well.
    """
    feeds = [net.noise, net.codes, net.places, net.rows, net.mix, net.left]
    critic_step = sess.make_callable([net.train_critic, net.critic_cost], feeds)
    generator_step = sess.make_callable([net.train_generator, net.generator_cost], feeds)

    def iterate(left):
        started = time.perf_counter()
        of_critic = [critic_step(*batch(codes), left)[1] for _ in range(steps[0])]
        of_generator = [generator_step(*batch(codes), left)[1] for _ in range(steps[1])]
        return np.mean(of_critic), np.mean(of_generator), time.perf_counter() - started

    return iterate


def print_costs(name, length, iteration, costs, rate):
    """Print and record the means of `costs`, what the iterations since the last time returned."""
    means = dict(zip(KINDS, np.mean(costs, axis=0), strict=True))
    ex.record(iteration + 1, **{f"{name}/length_{length}/{k}": v for k, v in (means | {"critic_rate": rate}).items()})
    where = f"{name}, length {length}, iteration {iteration}"
    ex.log(where + ": critic {critic:.4f}, generator {generator:.4f}, {seconds:.4f} s an iteration".format(**means))


def write_alone(net, sess, length, count):
    """Return `count` lines that the generator writes alone, and their scores; the noise is the same each time."""
    noise = draw_noise(count, np.random.default_rng([ex.seed, length]))  # the training's own draws stay as they are
    written, scores = sess.run([net.written, net.scores], {net.noise: noise})
    return requests.decode(written, log.alphabet), scores


def print_samples(net, sess, codes):
    """Print two generated and two real lines with the critic's scores."""
    real = requests.decode(codes[:2], log.alphabet), sess.run(net.real_scores, {net.codes: codes[:2]})
    for kind, pairs in (("generated", write_alone(net, sess, codes.shape[1], 2)), ("real", real)):
        for line, value in zip(*pairs, strict=True):
            ex.log(f"  {kind:9} {value:10.6f}  {line}")


def look(name, net, sess, length, held_out):
    """Let the generator write alone and record what its lines are worth; return them and their scores."""
    lines, scores = write_alone(net, sess, length, ex.lines)
    *shares, distinct, _ = judged_lines(lines, held_out)
    values = {f"{name}/share_{n}": share for n, share in enumerate(shares, 1)}
    ex.record(length, **values, **{f"{name}/distinct": distinct})
    return lines, scores


kept = []  # the training loop's newest checkpoint, of whatever length; it goes once the next one is there


def train(name, scheme, plan, each_step, rates, steps):
    """Train all lengths of `plan` with a scheme; return the lines of the last length and their scores.

    What is saved after a length is where the next one begins, and where a resumed run goes on.
    """
    before = None
    for length, iterations in plan:
        path = ex.checkpoint(f"{name}-{length:03}.ckpt")
        if ex.resumed and Path(f"{path}.index").exists() and length != plan[-1][0]:
            before = path
            continue
        codes, held_out = log.encode(log.train, length), HeldOut(log.held_out, length)
        with tf.Graph().as_default():
            tf.set_random_seed(ex.seed)
            net = Graph(scheme, length, characters, each_step, rates)
            alphabet = tf.constant([ord(character) for character in log.alphabet])
            tf.get_variable("alphabet", initializer=alphabet, trainable=False)
            settings = tf.constant([length, each_step, ex.noise, ex.embedding], tf.float32)
            tf.get_variable("trained_with", initializer=settings, trainable=False)
            saver = tf.train.Saver(save_relative_paths=True, max_to_keep=1)
            saver.recover_last_checkpoints(kept)
            with ex.session(rewrite=False) as sess:
                begin(sess, before)
                iterate, costs, every = trainer(net, sess, codes, steps), [], max(50, iterations // 8)
                for i in ex.resumable(range(iterations), sess, saver, unit="iteration", every=every, name=path):
                    if i == 0:  # a resumed run has just restored where another length or training ended
                        begin(sess, before)
                    # Critic and generator chase each other; the rates fall in the last length, and so they settle.
                    falls = ex.decay and length == plan[-1][0]
                    left = 1 - i / iterations if falls else 1.0
                    costs.append(iterate(left))
                    if (i + 1) % ex.display_step == 0 or i + 1 == iterations:
                        rate = sess.run(net.critic_rate, {net.left: left})
                        print_costs(name, length, i, costs, rate)
                        print_samples(net, sess, codes)
                        costs.clear()
                kept[:] = saver.last_checkpoints
                if Path(f"{path}.index").exists():  # a resumed run that was in a later training
                    saver.restore(sess, path)
                else:
                    saver.save(sess, path, write_meta_graph=False, write_state=False)
                found = look(name, net, sess, length, held_out)
                if length == stages[-1][0] and name == ex.scheme:
                    saver.save(sess, ex.checkpoint("generator.ckpt"), write_meta_graph=False, write_state=False)
        before = path
    return found


rates, steps = (ex.critic_rate, ex.generator_rate), (ex.critic_steps, ex.generator_steps)
each_step = ex.each_step and ex.scheme == "free"  # the book's scheme would leave the noise's weights untrained
lines, scores = train(ex.scheme, ex.scheme, stages, each_step, rates, steps)
length = stages[-1][0]

# %% Apart from it, the book's scheme with the same networks, rates and steps: true beginnings, the noise as first state
collapsed = []
if book_stages:
    name = "book_alone" if ex.scheme == "book" else "book"  # else it would find the training above under its name
    collapsed, _ = train(name, "book", book_stages, False, rates, steps)
    counts = sorted(((collapsed.count(line), line) for line in set(collapsed)), reverse=True)
    print(f"the book's scheme, alone: {len(counts)} different lines of {ex.lines}")
    for count, line in counts[:5]:
        print(f"  {count:4} times  {line}")

# %% The n-grams of generated lines that occur in held-out lines
rows = {"generated": lines}
for name, order in (("single characters by their frequency", 1), ("pairs by their frequency", 2)):
    rows[name] = sampled_lines(log.train, ex.lines, length, order, ex.seed)
rows["real lines"] = [line[:length] for line in log.train[: ex.lines]]
held_out = HeldOut(log.held_out, length)
table = {name: judged_lines(some, held_out) for name, some in rows.items()}
if collapsed:
    short, rows["the book's scheme, alone"] = book_stages[-1][0], collapsed
    table[f"the book's scheme, alone, length {short}"] = judged_lines(collapsed, HeldOut(log.held_out, short))
    real_short = [line[:short] for line in log.train[: ex.lines]]
    table[f"real lines, length {short}"] = judged_lines(real_short, HeldOut(log.held_out, short))
print_shares(table)
print("\ngenerated lines, and how real each looks to the critic:")
for line, points in zip(lines[:SHOWN], scores, strict=False):
    print(f"{points:10.6f}  {line}")

# %% Figures: the shares, their course over the lengths, the costs, and some lines
ex.figure(ngram_bars({name: table[name] for name in table if name in rows}), "ngrams")
courses = {f"n = {n}": ex.history[f"{ex.scheme}/share_{n}"] for n in range(2, LARGEST + 1)}
ex.figure(figures.curves(courses, xlabel="length", ylabel="share of n-grams in held-out lines"), "shares_by_length")
for kind in ("critic", "generator"):
    curves = {f"length {L}": ex.history[f"{ex.scheme}/length_{L}/{kind}"] for L, _ in stages[:10]}
    ex.figure(figures.curves(curves, xlabel="iteration", ylabel=f"{kind} cost"), f"{kind}_cost")
columns = {name: rows[name] for name in ("real lines", "generated", "the book's scheme, alone") if name in rows}
ex.figure(line_columns(columns), "lines")

# %% Results
for name, (*shares, distinct, count) in table.items():
    ex.report(f"shares for n = 1 … 4, {name}", [round(share, 4) for share in shares])
    ex.report(f"different lines of {count}, {name}", distinct)
# The book's own lines are not public, so its figures stand beside ours without a verdict.
for iteration, figures_of_book in BOOK.items():
    for kind, figure in zip(KINDS, figures_of_book, strict=True):
        ours = dict(ex.history.get(f"{ex.scheme}/length_1/{kind}", [])).get(iteration + 1)
        if ours is not None:
            what = "seconds an iteration" if kind == "seconds" else f"mean {kind} cost"
            ex.report(f"{what}, length 1, iteration {iteration}", ours, book=figure)
if ex.lines >= LISTED:
    ex.report(f"different lines of the first {LISTED}", len(set(lines[:LISTED])), book=20)
ex.report("mean score of the generated lines, which is only relative", scores.mean(), book=0.639)
ex.report("characters", len(log.alphabet))
ex.finish()
