"""The re-created attention functions and the translation data, against values computed by hand or in NumPy."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from utils.data import DataOptions, dialogue, parallel
from utils.paths import CHAPTERS
from utils.problems import Problem
from utils.tf1 import tf

sys.path.insert(0, str(CHAPTERS / "ch09_recurrent"))
import _attention_seq2seq as legacy
import _translation_data as data
import _translation_model as models
import _translation_score as score

sys.path.pop(0)


@pytest.fixture
def graph() -> Iterator[None]:
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        np.random.seed(1)
        yield


def run(fetches, feed=None):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feed)


def variables() -> dict:
    return {variable.op.name: variable for variable in tf.trainable_variables()}


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class EchoCell:
    """A cell whose output and new state are tanh(input + state): easy to compute by hand."""

    output_size = state_size = 3

    def zero_state(self, batch, dtype):
        return tf.zeros([batch, 3], dtype)

    def __call__(self, inputs, state, scope=None):
        new = tf.tanh(inputs + state)
        return new, new


def numpy_decoder(w, x, h, memory, mask, start_attention=False):
    """attention_decoder with an EchoCell, written down from the formulas: outputs and weights of each step."""

    def attend(h):
        query = h @ w["Attention_0/kernel"] + w["Attention_0/bias"]
        scores = (w["AttnV_0"] * np.tanh(memory @ w["AttnW_0"][0, 0] + query[:, None])).sum(2)
        weights = softmax(np.where(mask, scores, -1e9))
        return np.einsum("bt,bts->bs", weights, memory), weights

    attended = attend(h)[0] if start_attention else np.zeros((len(memory), memory.shape[2]))
    outputs, looked = [], []
    for given in x:
        h = np.tanh(np.hstack([given, attended]) @ w["kernel"] + w["bias"] + h)
        attended, weights = attend(h)
        outputs.append(np.hstack([h, attended]) @ w["AttnOutputProjection/kernel"] + w["AttnOutputProjection/bias"])
        looked.append(weights)
    return outputs, looked


@pytest.mark.parametrize("start_attention", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_attention_decoder_computes_the_formulas(graph, start_attention, masked):
    memory, h = np.random.randn(2, 4, 3).astype("f"), np.random.randn(2, 3).astype("f")
    x = np.random.randn(3, 2, 3).astype("f")
    mask = np.array([[0, 1, 1, 1], [0, 0, 1, 1]]) if masked else np.ones((2, 4))
    looked: list = []
    outputs, _ = legacy.attention_decoder(
        [tf.constant(step) for step in x],
        tf.constant(h),
        tf.constant(memory),
        EchoCell(),
        output_size=5,
        initial_state_attention=start_attention,
        attention_mask=tf.constant(mask) if masked else None,
        alignments=looked,
    )
    out, alpha, values = run([outputs, looked, variables()])
    w = {name.removeprefix("attention_decoder/"): value for name, value in values.items()}
    expected, weights = numpy_decoder(w, x, h, memory, mask == 1, start_attention)
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(alpha, weights, atol=1e-6)
    assert np.array(out).shape == (3, 2, 5)
    if masked:
        assert np.all(np.array(alpha)[:, 1, :2] == 0)


def test_two_heads_give_the_decoder_two_views(graph):
    memory = tf.constant(np.random.randn(2, 4, 3).astype("f"))
    looked: list = []
    legacy.attention_decoder(
        [tf.zeros([2, 3])] * 2, tf.zeros([2, 3]), memory, EchoCell(), num_heads=2, alignments=looked
    )
    assert len(looked) == 4  # two steps, two heads
    assert variables()["attention_decoder/kernel"].shape == [3 + 2 * 3, 3]
    with pytest.raises(ValueError, match="head"):
        legacy.attention_decoder([tf.zeros([2, 3])], tf.zeros([2, 3]), memory, EchoCell(), num_heads=0)
    with pytest.raises(ValueError, match="input"):
        legacy.attention_decoder([], tf.zeros([2, 3]), memory, EchoCell())


@pytest.mark.parametrize("projected", [False, True])
def test_feed_previous_feeds_the_likeliest_word(graph, projected):
    """Free-running is the same as feeding, by hand, the argmax of each step."""
    source = [tf.constant([4, 5]), tf.constant([6, 7])]
    given = [tf.placeholder(tf.int32, [2]) for _ in range(4)]
    projection = (tf.get_variable("w", [8, 10]), tf.get_variable("b", [10])) if projected else None

    def network(feed_previous):
        with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
            cell = models.GRUBlockCell(8)
            outputs, _ = legacy.embedding_attention_seq2seq(
                source, given, cell, 10, 10, 8, feed_previous=feed_previous, output_projection=projection
            )
        return [tf.matmul(o, projection[0]) + projection[1] for o in outputs] if projected else outputs

    free, teacher = network(True), network(False)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        words = np.ones((4, 2), int)  # GO, and anything behind it
        wanted = sess.run(free, dict(zip(given, words, strict=True)))
        for step in range(4):
            got = sess.run(teacher, dict(zip(given, words, strict=True)))
            np.testing.assert_allclose(got[step], wanted[step], atol=1e-5)
            if step < 3:
                words[step + 1] = wanted[step].argmax(1)


@pytest.mark.filterwarnings("ignore:`tf.nn.rnn_cell")
def test_encoder_and_decoder_have_weights_of_their_own_under_the_old_names(graph):
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(4) for _ in range(2)])
    words = [tf.constant([1])] * 2
    legacy.embedding_attention_seq2seq(words, words, cell, 10, 12, 4)
    names = variables()
    top = "embedding_attention_seq2seq/"
    decoder = top + "embedding_attention_decoder/attention_decoder/"
    for layer in range(2):
        for place in (top + "rnn/", decoder):
            assert f"{place}multi_rnn_cell/cell_{layer}/gru_cell/gates/kernel" in names
    assert names[top + "rnn/embedding_wrapper/embedding"].shape == [10, 4]
    assert names[top + "embedding_attention_decoder/embedding"].shape == [12, 4]
    assert names[decoder + "AttnOutputProjection/kernel"].shape == [8, 12]
    start = run(names[top + "rnn/embedding_wrapper/embedding"])
    assert abs(start).max() < 3**0.5


def test_weighted_cross_entropy_by_hand(graph):
    logits = np.log([[[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]], [[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]]).astype("f")
    parts = [tf.unstack(tf.constant(part)) for part in (logits, [[0, 1], [1, 2]])]
    weights = [tf.constant([1.0, 1.0]), tf.constant([0.5, 0.0])]
    average, total, mean, empty = run(
        [
            legacy.sequence_loss_by_example(*parts, weights),
            legacy.sequence_loss_by_example(*parts, weights, average_across_timesteps=False),
            legacy.sequence_loss(*parts, weights),
            legacy.sequence_loss(*parts, [tf.zeros([2])] * 2),
        ]
    )
    sums = np.array([-np.log(0.7) - 0.5 * np.log(0.8), -np.log(0.5)])
    np.testing.assert_allclose(total, sums, rtol=1e-5)
    np.testing.assert_allclose(average, sums / [1.5, 1.0], rtol=1e-5)
    np.testing.assert_allclose(mean, (sums / [1.5, 1.0]).mean(), rtol=1e-5)
    assert empty == 0
    with pytest.raises(ValueError, match="as many"):
        legacy.sequence_loss(parts[0], parts[1], weights[:1])


def test_buckets_share_their_weights_and_use_the_first_inputs(graph):
    words = [tf.placeholder(tf.int32, [None]) for _ in range(5)]
    weights = [tf.placeholder(tf.float32, [None]) for _ in range(4)]

    def network(enc, dec):
        with tf.variable_scope("net"):
            return legacy.embedding_attention_seq2seq(enc, dec, models.GRUBlockCell(4), 9, 9, 4)

    outputs, losses = legacy.model_with_buckets(words[:4], words[:4], words[1:], weights, [(2, 2), (4, 4)], network)
    assert [len(part) for part in outputs] == [2, 4]
    count = len(tf.trainable_variables())
    feed = {key: [1, 2] for key in words} | {key: [1.0, 1.0] for key in weights}
    short, logits = run([losses[0], outputs[0]], feed)
    by_hand = -np.log(softmax(np.array(logits))[:, [0, 1], [1, 2]]).mean()
    assert short == pytest.approx(by_hand, rel=1e-5)
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        network(words[:3], words[:3])
    assert len(tf.trainable_variables()) == count
    with pytest.raises(ValueError, match="for a bucket of 6"):
        legacy.model_with_buckets(words[:4], words[:4], words[1:], weights, [(6, 4)], network)


@pytest.mark.filterwarnings("ignore:`tf.nn.rnn_cell")
def test_the_gru_in_one_op_is_tensorflows_gru_and_its_gradient(graph):
    x, h = (tf.constant(np.random.randn(3, n).astype("f")) for n in (5, 4))
    cells = {"plain": tf.nn.rnn_cell.GRUCell(4), "block": models.GRUBlockCell(4)}
    results = {}
    for name, cell in cells.items():
        with tf.variable_scope(name):
            once, state = cell(x, h)
            twice, _ = cell(x, state)
        mine = tf.trainable_variables(name)
        results[name] = (
            once,
            twice,
            tf.gradients(tf.reduce_sum(twice**2), [x, h, *sorted(mine, key=lambda v: v.name)]),
        )
    pairs = list(zip(*(sorted(tf.trainable_variables(n), key=lambda v: v.name) for n in cells), strict=True))
    assert [a.op.name.removeprefix("plain/") for a, _ in pairs] == [b.op.name.removeprefix("block/") for _, b in pairs]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([tf.assign(b, a) for a, b in pairs])
        plain, block = sess.run([results["plain"], results["block"]])
    for a, b in zip(tf.nest.flatten(plain), tf.nest.flatten(block), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_batch_is_reversed_padded_and_weighted(graph):
    model = models.Seq2SeqModel(10, 10, [(4, 5)], hidden=4, layers=1, num_samples=0)
    feed = model.feed([([4, 5, 6], [7, data.EOS])], 0)
    assert [feed[p][0] for p in model.encoder_inputs] == [0, 6, 5, 4]
    assert [feed[p][0] for p in model.decoder_inputs] == [data.GO, 7, data.EOS, 0, 0, 0]
    assert [feed[p][0] for p in model.target_weights] == [1, 1, 0, 0, 0, 0]
    assert [model.bucket_of(n) for n in (1, 3, 4)] == [0, 0, None]
    with pytest.raises(ValueError, match="bucket"):
        model.feed([([4] * 5, [])], 0)


def test_perplexity_is_that_of_a_word_and_starts_near_the_vocabulary(graph):
    model = models.Seq2SeqModel(10, 50, [(4, 5), (6, 6)], hidden=8, layers=1, num_samples=20)
    model.add_training("sgd", 0.5, 0.99, 5.0, 0.9)
    pairs = [[([4, 5], [7, 9, data.EOS]), ([6], [8, data.EOS])], []]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = model.perplexities(sess, pairs)
        for _ in range(30):
            model.step(sess, pairs[0] * 5, 0)
        after = model.perplexities(sess, pairs)
    assert 40 < before[0] < 62  # 50 words, all about as likely
    assert np.isnan(before[1])
    assert after[0] < 20  # 1.4 with seed 1


def test_words_dictionary_and_numbers(tmp_path):
    assert " ".join(data.english_words("I can't pay 35 yuan, can you?")) == "i can't pay _NUM yuan , can you ?"
    assert data.chinese_words("王芳包饺子，要12元。") == ["王", "芳", "包", "饺子", "，", "要", "_NUM", "元", "。"]
    assert data.chinese_words("_PAD和_UNK") == ["_PAD", "和", "_UNK"]
    assert data.with_numbers(["要", "_NUM", "元"], "it costs 35 yuan") == ["要", "35", "元"]
    words = data.Dictionary.of([["b", "a", "b"], ["c", "_NUM"]], 7)
    assert words.words == [
        "_PAD",
        "_GO",
        "_EOS",
        "_UNK",
        "b",
        "_NUM",
        "a",
    ]  # the most frequent first, "c" is one too many
    assert words.encode(["a", "c"]) == [6, data.UNK]
    words.save(tmp_path / "dict.txt")
    assert data.Dictionary.load(tmp_path / "dict.txt").words == words.words
    data.write_numbers(tmp_path / "ids" / "a.txt", [[1, 2], [3]])
    assert data.read_numbers(tmp_path / "ids" / "a.txt") == [[1, 2], [3]]
    (tmp_path / "bad.txt").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(Problem, match="no dictionary"):
        data.Dictionary.load(tmp_path / "bad.txt")


def test_buckets_are_the_cheapest_and_strictly_longer():
    lengths = [(3, 4)] * 10 + [(9, 5)] * 2 + [(8, 12)]
    assert data.choose_buckets(lengths, 1) == [(10, 13)]
    assert data.choose_buckets(lengths, 2) == [(4, 5), (10, 13)]
    assert data.choose_buckets(lengths, 9) == [(4, 5), (10, 6), (10, 13)]
    buckets = [(5, 5), (10, 10)]
    pairs = [([0] * 4, [0] * 4), ([0] * 5, [0]), ([0], [0] * 10)]
    sorted_pairs, dropped = data.into_buckets(pairs, buckets)
    assert [len(part) for part in sorted_pairs] == [1, 1]
    assert dropped == 1


def test_scores():
    assert score.bleu(["我家有三只猫。"], ["我家有三只猫。"]) == pytest.approx(100)
    assert score.bleu(["他昨天去了学校。"], ["我家有三只猫。"]) < 15
    assert score.nearest([[5, 6], [9]], [[9, 9, 4], [5, 6, 7]], 10).tolist() == [1, 0]


def test_the_grammar_makes_different_pairs_and_the_same_ones_again():
    pairs = parallel.make(3000)
    assert pairs == parallel.make(3000)
    assert pairs[:500] == parallel.make(500)
    for side in zip(*pairs, strict=True):
        assert len(set(side)) == 3000
        assert not any("  " in sentence or "|" in sentence for sentence in side)
    assert all(en[0].isupper() and en[-1] in ".?" and zh[-1] in "。？" for en, zh in pairs)


def test_parallel_files_of_the_reader(tmp_path):
    english, chinese = tmp_path / "en.txt", tmp_path / "zh.txt"
    english.write_text("Hello.\n\nGood night.\n", encoding="utf-8")
    chinese.write_text("你好。\n\n晚安。\n", encoding="gb18030")
    assert parallel.read(english, chinese) == [("Hello.", "你好。"), ("Good night.", "晚安。")]
    chinese.write_text("你好。\n晚安。\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"has 3 lines and .* has 2"):
        parallel.read(english, chinese)
    chinese.write_text("你好。\n嗯\n晚安。\n", encoding="utf-8")
    with pytest.raises(Problem, match="line 2 is empty"):
        parallel.read(english, chinese)
    with pytest.raises(Problem, match="two files"):
        parallel.load(DataOptions(), tmp_path, 10, english=str(english))


def test_dialogue_files(tmp_path):
    file = tmp_path / "d.txt"
    file.write_text("你好\n您好\n\n再见\n下次见\n你好\n嗨\n", encoding="utf-8")
    pairs = dialogue.read(file)
    assert pairs == [("你好", "您好"), ("再见", "下次见"), ("你好", "嗨")]
    assert dialogue.one_answer_each(pairs) == pairs[:2]
    file.write_text("你好\n您好\n再见\n\n早\n早\n", encoding="utf-8")
    with pytest.raises(Problem, match="line 3: '再见' has no answer"):
        dialogue.read(file)
    own = dialogue.load(DataOptions())
    assert 60 <= len(own) <= 120
    assert dialogue.one_answer_each(own) == own


def test_the_chinese_dialogues_of_the_package():
    pairs = dialogue.load(DataOptions(), corpus="chatterbot")
    assert len(pairs) > 400
    assert any(question == "你好" for question, _ in pairs)
