"""Example 69 · Character-level RNN language model (利用 RNN 训练语言模型)

Book:      intro 9.6.1–9.6.2, listing 9-25
Data:      a paragraph of 104 characters on perseverance, written for this project (datasets/texts), or a text of your
           own with --text FILE; a second paragraph for windows that the training never saw
Model:     4 characters → LSTM of 256, 512 and 512 → the fifth character
Shows:     a text written character by character, each prediction fed back; how much is learned by heart: all windows
           of the text, and windows that are not in it; the likeliest character beside drawing with a temperature.
           Once trained, `python run.py 69 --prompt 生活平凡` (or --interactive) writes with the finished model
Departs:   the characters come as an embedding (--input one-hot; --input number is the book's, indices as magnitudes);
           an unknown character is named, where the book feeds it as a number; --interactive ends at an empty line
Time:      5.5 min on 2 CPU cores (beside other work)
"""

import json
import sys
import time

import numpy as np

from utils import checkpoints, figures, flags, paths
from utils.data import texts
from utils.example import Choice, Example
from utils.problems import Problem, write_json
from utils.tf1 import tf

ex = Example(
    __doc__,
    text="",
    unseen="",
    hold_out=0.0,  # the share of the text, at its end, that is left out of the training and tested on
    input=Choice("embedding", "one-hot", "number"),
    embedding_size=64,
    hidden="256,512,512",
    dense=0,  # units of one more layer before the output, if any
    n_input=4,
    learning_rate=0.001,
    steps=10_000,
    display_step=1000,
    prompt="",
    length=32,
    temperature=0.7,
    interactive=False,
    quick={"hidden": "64,64", "learning_rate": 0.003, "steps": 1200, "display_step": 200},
    book={"input": "number"},
)

# The lines that the book prints: step → average loss and accuracy of the last 1000 steps.
BOOK = {9000: (0.585445, 0.7910), 10000: (0.409709, 0.8560)}

# %% With a prompt, the finished model of an earlier run is used; --fresh trains again
folder = paths.checkpoints(ex.id)
earlier = checkpoints.read_run(folder) if ex.prompt or ex.interactive else None
write_only = bool(earlier and earlier["finished"] and "--fresh" not in flags.own_arguments())
if write_only:
    try:
        model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        hidden, characters = [int(units) for units in model["hidden"].split(",")], model["characters"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(f"{paths.shown(folder / 'model.json')} is missing or damaged ({error}): use --fresh") from None
    print(f"the finished model in {paths.shown(folder)} writes on; --fresh trains again")
else:
    text = texts.load(ex.data, "perseverance", own=ex.text).content.strip()
    model = {name: ex.settings[name] for name in ("input", "embedding_size", "hidden", "dense", "n_input")}
    try:
        hidden = [int(units) for units in ex.hidden.split(",")]
        if min(hidden) < 1:
            raise ValueError
    except ValueError:
        raise Problem(f"--hidden {ex.hidden}: give the units of the layers like 256,512,512") from None
n_input = model["n_input"]

# %% The text: characters and windows
if not write_only:
    kept = round(len(text) * (1 - ex.hold_out))
    if kept < 4 * n_input:
        raise Problem(f"{kept} characters to train on are too few: give a longer text, or a smaller --hold-out")
    train_text = text[:kept]
    characters = model["characters"] = "".join(sorted(set(train_text)))
    print(f"{len(train_text)} characters, {len(characters)} of them different", ex.beside("97 and 69"))
words_size = len(characters)
number_of = {character: number for number, character in enumerate(characters)}


def windows(source):
    """Return all windows of `source` as inputs [n, n_input] and labels [n], where every character is known."""
    pieces = [source[start : start + n_input + 1] for start in range(len(source) - n_input)]
    numbers = [[number_of[c] for c in piece] for piece in pieces if set(piece) <= set(characters)]
    numbers = np.array(numbers, dtype=np.int32).reshape(-1, n_input + 1)
    return numbers[:, :-1], numbers[:, -1]


def check_prompt(prompt):
    """Return what is wrong with a prompt, "" where nothing is."""
    unknown = sorted(set(prompt) - set(characters))
    if unknown:
        return f"the text that the model learned has no {' '.join(unknown)}"
    return f"{prompt!r} is too short: {n_input} characters are needed" if len(prompt) < n_input else ""


if ex.prompt and check_prompt(ex.prompt):
    raise Problem(f"--prompt: {check_prompt(ex.prompt)}")
# Without --prompt: the book's, which is no window of our text either; with a text of your own its first characters.
prompt = ex.prompt or ("生活平凡" if not check_prompt("生活平凡") else characters if write_only else text)[:n_input]


class Sweep:
    """The book's order of windows: from a random start, n_input + 1 further each time, and again from the front."""

    def __init__(self, count):
        self.count = count
        self.position = np.random.randint(n_input + 2)

    def next(self):
        """Return the number of the next window."""
        if self.position >= self.count:
            self.position = np.random.randint(n_input + 2)
        self.position += n_input + 1
        return self.position - n_input - 1


# %% The graph (listing 9-25)
x = tf.placeholder(tf.int32, [None, n_input], name="x")
wordy = tf.placeholder(tf.int32, [None], name="wordy")
with tf.device(ex.device):
    if model["input"] == "number":
        values = tf.cast(x, tf.float32)[..., tf.newaxis]  # [batch, 4, 1]: character 60 is ten times character 6
    elif model["input"] == "one-hot":
        values = tf.one_hot(x, words_size)
    else:
        embedding = tf.get_variable("embedding", [words_size, model["embedding_size"]])
        values = tf.nn.embedding_lookup(embedding, x)
    steps = tf.unstack(values, n_input, axis=1)
    rnn_cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(units) for units in hidden])
    outputs, states = tf.nn.static_rnn(rnn_cell, steps, dtype=tf.float32)
    last = tf.layers.dense(outputs[-1], model["dense"], tf.nn.relu) if model["dense"] else outputs[-1]
    pred = tf.layers.dense(last, words_size)

    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(logits=pred, labels=wordy))
    optimizer = tf.train.AdamOptimizer(ex.learning_rate).minimize(loss)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1, output_type=tf.int32), wordy), tf.float32))

weights = sum(int(np.prod(variable.shape)) for variable in tf.trainable_variables())
print(f"input {steps[0].shape} at {n_input} steps, {weights:,} weights")
saver = tf.train.Saver(tf.trainable_variables(), max_to_keep=1, save_relative_paths=True)


# %% Training, one window a step
def train(sess):
    """Train, with a line of averages every display_step steps, and save the model."""
    inputs, labels = windows(train_text)
    sweep = Sweep(len(inputs))
    ex.data.readers.append(sweep)
    all_variables = tf.train.Saver(max_to_keep=1, save_relative_paths=True)  # with Adam's own, for --resume
    sess.run(tf.global_variables_initializer())
    losses, hits, start = [], [], time.time()
    for step in ex.resumable(range(1, ex.steps + 1), sess, all_variables, unit="step", every=ex.display_step):
        place = sweep.next()
        given, true = inputs[place], labels[place]
        _, cost, logits = sess.run([optimizer, loss, pred], {x: [given], wordy: [true]})
        losses.append(cost)
        hits.append(logits[0].argmax() == true)
        if step % ex.display_step == 0:
            ex.record(step, loss=np.mean(losses), accuracy=np.mean(hits))
            beside = ex.beside("{:.6f}, {:.2%}".format(*BOOK[step])) if step in BOOK else ""
            ex.log(
                f"Iter= {step}, Average Loss= {np.mean(losses):.6f}, Average Accuracy= {np.mean(hits):.2%}{beside}\n"
                f"  [{''.join(characters[c] for c in given)}] - [{characters[true]}] vs "
                f"[{characters[logits[0].argmax()]}]"
            )
            losses, hits = [], []
    print(f"Finished! Elapsed time: {(time.time() - start) / 60:.2f} min", ex.beside("1.36 min"))
    write_json(ex.checkpoints / "model.json", model)
    print("saved in", saver.save(sess, ex.checkpoint("rnnwordtest.cpkt"), global_step=ex.steps))


def measure(sess, name, inputs, labels):
    """Report loss and accuracy on windows, if there are any."""
    if len(inputs):
        cost, share = sess.run([loss, accuracy], {x: inputs, wordy: labels})
        print(f"{len(inputs)} windows, {name}: loss {cost:.4f}, accuracy {share:.2%}")
        ex.report(f"windows, {name}", len(inputs))
        ex.report(f"loss, {name}", cost)
        ex.report(f"accuracy, {name}", share)


# %% Writing on: the prediction becomes the last character of the next window
def write(sess, begin, temperature, random=None):
    """Return `begin` continued by ex.length characters: the likeliest ones, or drawn at a temperature."""
    written = [number_of[character] for character in begin]
    for _ in range(ex.length):
        logits = sess.run(pred, {x: [written[-n_input:]]})[0].astype(np.float64)
        if temperature:
            share = np.exp((logits - logits.max()) / temperature)
            written.append(int(random.choice(words_size, p=share / share.sum())))
        else:
            written.append(int(np.argmax(logits)))
    return "".join(characters[number] for number in written)


def answer(sess, begin, random):
    """Print and return the continuation of `begin`, and three that are drawn."""
    likeliest = write(sess, begin, 0)
    print(f"  {likeliest}")
    drawn = [write(sess, begin, ex.temperature, random) for _ in range(3)] if ex.temperature else []
    for line in drawn:
        print(f"  {line}   (drawn at temperature {ex.temperature:g})")
    return likeliest, drawn


with ex.session() as sess:
    if write_only:
        found = tf.train.latest_checkpoint(str(folder))
        if found is None:
            raise Problem(f"{paths.shown(folder)} has lost its model: train again with --fresh")
        saver.restore(sess, found)
    else:
        train(sess)
        inputs, labels = windows(train_text)
        measure(sess, "all of the text", inputs, labels)
        rest = text[kept - n_input :] if ex.hold_out else ""
        if ex.unseen or not ex.text:
            rest += "\n" + texts.load(ex.data, "perseverance_unseen", own=ex.unseen).content.strip()
        known = {tuple(window) for window in inputs}
        new_inputs, new_labels = windows(rest)
        new = np.array([tuple(window) not in known for window in new_inputs], dtype=bool)
        measure(sess, "unseen", new_inputs[new], new_labels[new])
        opening = write(sess, train_text[:n_input], 0)
        print(f"the text's own beginning goes on:\n  {opening}")
    random = np.random.RandomState(ex.seed)
    print(f"{prompt} goes on:")
    likeliest, drawn = answer(sess, prompt, random)
    if ex.interactive:
        print(f"Give {n_input} or more characters; an empty line ends.", flush=True)
        for line in iter(sys.stdin.readline, ""):
            begin = line.strip()
            if not begin:
                break
            problem = check_prompt(begin)
            if problem:
                print(problem)
            else:
                answer(sess, begin, random)
            sys.stdout.flush()

if write_only:
    sys.exit()

# %% Results
most_frequent = max(np.bincount(labels)) / len(labels)
ex.report("average loss, last line", ex.history["loss"][-1][1], book=BOOK[10000][0], better="lower")
ex.report("average accuracy, last line", ex.history["accuracy"][-1][1], book=BOOK[10000][1], better="higher")
ex.report("accuracy of guessing the most frequent character", most_frequent)
by_heart = [one == other for one, other in zip(opening, train_text, strict=False)][n_input:]
ex.report("written from the text's beginning", opening)
ex.report("of these characters, as in the text", float(np.mean(by_heart)))
for name in ("loss", "accuracy"):
    curve = {f"the {ex.display_step} steps before": ex.history[name]}
    title = f"training, input: {ex.input}"
    ex.figure(figures.curves(curve, xlabel="step", ylabel=f"average {name}", title=title), name)
ex.report("prompt", prompt)
ex.report("written", likeliest)
ex.report("drawn", drawn)
ex.finish()
