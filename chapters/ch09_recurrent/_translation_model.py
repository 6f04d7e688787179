"""The network of examples 74 and 75: word sequences in, word sequences out, with attention and buckets.

It is the book's listing 9-34, which goes back to TensorFlow's old translate tutorial.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from _attention_seq2seq import embedding_attention_seq2seq, model_with_buckets, sequence_loss_by_example
from _translation_data import EOS, GO, PAD, IdPair

from utils.tf1 import tf

Bucket = tuple[int, int]


@tf.RegisterGradient("GRUBlockCell")
def _gru_block_gradient(op: Any, *gradients: Any) -> list[Any]:
    x, h_before, w_gates, w_candidate, b_gates, b_candidate = op.inputs
    r, u, c, _ = op.outputs
    d_x, d_h_before, d_candidate, d_gates = tf.raw_ops.GRUBlockCellGrad(
        x=x,
        h_prev=h_before,
        w_ru=w_gates,
        w_c=w_candidate,
        b_ru=b_gates,
        b_c=b_candidate,
        r=r,
        u=u,
        c=c,
        d_h=gradients[3],
    )
    d_w_gates = tf.matmul(tf.concat([x, h_before], 1), d_gates, transpose_a=True)
    d_w_candidate = tf.matmul(tf.concat([x, h_before * r], 1), d_candidate, transpose_a=True)
    return [d_x, d_h_before, d_w_gates, d_w_candidate, tf.reduce_sum(d_gates, 0), tf.reduce_sum(d_candidate, 0)]


class GRUBlockCell:
    """``tf.nn.rnn_cell.GRUCell`` in one op (``tf.contrib.rnn.GRUBlockCellV2`` of old): same weights, names and numbers.

    Buckets are unrolled step by step: with it the graph of this model has half as many operations (7,000 in place of
    14,000 for two layers and the buckets (9, 9) and (12, 12), gradients and all), and is built in half the time.
    """

    def __init__(self, size: int) -> None:
        self.state_size = self.output_size = size
        self.weights: list[Any] = []

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Return zeros [batch_size, size]."""
        return tf.zeros([batch_size, self.state_size], dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """Return output and new state, the same tensor [batch, size], for `inputs` [batch, n]."""
        if not self.weights:
            n, rows = self.state_size, int(inputs.shape[1]) + self.state_size
            with tf.variable_scope(scope or "gru_cell"):
                self.weights = [
                    tf.get_variable("gates/kernel", [rows, 2 * n]),
                    tf.get_variable("candidate/kernel", [rows, n]),
                    tf.get_variable("gates/bias", [2 * n], initializer=tf.ones_initializer()),
                    tf.get_variable("candidate/bias", [n], initializer=tf.zeros_initializer()),
                ]
        new = tf.raw_ops.GRUBlockCell(
            x=inputs,
            h_prev=state,
            w_ru=self.weights[0],
            w_c=self.weights[1],
            b_ru=self.weights[2],
            b_c=self.weights[3],
        ).h
        return new, new


class Seq2SeqModel:
    """An attention seq2seq network, unrolled once for each bucket.

    For training: ``losses`` (the one that is trained on, with dropout and sampled softmax), ``updates`` and
    ``gradient_norms`` of each bucket. For measuring: ``perplexities``, with the full softmax and no dropout. For use:
    ``translate``, which feeds the network its own words.
    """

    def __init__(
        self,
        source_words: int,
        target_words: int,
        buckets: Sequence[Bucket],
        *,
        hidden: int,
        layers: int,
        num_samples: int,
    ) -> None:
        self.words = source_words, target_words
        self.buckets = [(int(source), int(target)) for source, target in buckets]
        self.hidden, self.layers = hidden, layers
        longest_source, longest_target = self.buckets[-1]
        self.encoder_inputs = [tf.placeholder(tf.int32, [None], f"encoder{i}") for i in range(longest_source)]
        self.decoder_inputs = [tf.placeholder(tf.int32, [None], f"decoder{i}") for i in range(longest_target + 1)]
        self.target_weights = [tf.placeholder(tf.float32, [None], f"weight{i}") for i in range(longest_target + 1)]
        self.targets = self.decoder_inputs[1:]  # the word to write is the one that the decoder is fed next
        self.num_samples = num_samples if 0 < num_samples < target_words else 0
        self.projection = None
        if self.num_samples:  # many words: the decoder's outputs stay small, and a projection makes words of them
            self.proj_w = tf.get_variable("proj_w", [target_words, hidden])
            self.proj_b = tf.get_variable("proj_b", [target_words], initializer=tf.zeros_initializer())
            self.projection = tf.transpose(self.proj_w), self.proj_b
        self.decoders: dict[int, tuple[Any, Any]] = {}

    def network(
        self,
        encoder_inputs: Sequence[Any],
        decoder_inputs: Sequence[Any],
        *,
        feed_previous: bool,
        keep_prob: Any = None,
        alignments: list[Any] | None = None,
    ) -> tuple[list[Any], Any]:
        """Return outputs and last state of ``embedding_attention_seq2seq`` for one bucket."""

        def layer() -> Any:
            cell = GRUBlockCell(self.hidden)
            if keep_prob is None:
                return cell
            return tf.nn.rnn_cell.DropoutWrapper(cell, input_keep_prob=keep_prob, output_keep_prob=keep_prob)

        return embedding_attention_seq2seq(
            encoder_inputs,
            decoder_inputs,
            tf.nn.rnn_cell.MultiRNNCell([layer() for _ in range(self.layers)]),  # a cell of its own for each layer
            num_encoder_symbols=self.words[0],
            num_decoder_symbols=self.words[1],
            embedding_size=self.hidden,
            output_projection=self.projection,
            feed_previous=feed_previous,
            attention_mask=tf.stack([tf.not_equal(words, PAD) for words in encoder_inputs], axis=1),
            alignments=alignments,
        )

    def add_training(self, optimizer: str, learning_rate: float, decay: float, clip: float, keep_prob: float) -> None:
        """Build the losses and, for each bucket, one step of the `optimizer` ("sgd" or "adam")."""
        self.learning_rate = tf.Variable(learning_rate, trainable=False, name="learning_rate")
        self.decay_learning_rate = self.learning_rate.assign(self.learning_rate * decay)
        self.global_step = tf.Variable(0, trainable=False, name="global_step")
        self.keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")
        self.keep_prob_in_training = keep_prob

        def sampled_loss(labels: Any, logits: Any) -> Any:
            return tf.nn.sampled_softmax_loss(
                weights=self.proj_w,
                biases=self.proj_b,
                labels=tf.reshape(labels, [-1, 1]),
                inputs=logits,
                num_sampled=self.num_samples,
                num_classes=self.words[1],
            )

        def full_loss(labels: Any, logits: Any) -> Any:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=self._words_of(logits))

        outputs, self.losses = model_with_buckets(
            self.encoder_inputs,
            self.decoder_inputs[:-1],
            self.targets,
            self.target_weights[:-1],
            self.buckets,
            lambda enc, dec: self.network(
                enc, dec, feed_previous=False, keep_prob=self.keep_prob if keep_prob < 1 else None
            ),
            softmax_loss_function=sampled_loss if self.num_samples else None,
        )
        self.entropies = [
            sequence_loss_by_example(
                written,
                self.targets[:target],
                self.target_weights[:target],
                average_across_timesteps=False,
                softmax_loss_function=full_loss,
            )
            for written, (_, target) in zip(outputs, self.buckets, strict=True)
        ]
        chosen = tf.train.GradientDescentOptimizer if optimizer == "sgd" else tf.train.AdamOptimizer
        stepper = chosen(self.learning_rate)
        weights = tf.trainable_variables()
        self.gradient_norms, self.updates = [], []
        for loss in self.losses:
            gradients, norm = tf.clip_by_global_norm(tf.gradients(loss, weights), clip)
            self.gradient_norms.append(norm)
            self.updates.append(
                stepper.apply_gradients(zip(gradients, weights, strict=True), global_step=self.global_step)
            )

    def add_decoder(self, bucket: int) -> tuple[Any, Any]:
        """Return (words [target length, batch], attention [target length, batch, source length]) of one bucket.

        The network is fed its own likeliest words: greedy decoding. It is built at the first call for this bucket.
        """
        if bucket not in self.decoders:
            source, target = self.buckets[bucket]
            alignments: list[Any] = []
            with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
                outputs, _ = self.network(
                    self.encoder_inputs[:source],
                    self.decoder_inputs[:target],
                    feed_previous=True,
                    alignments=alignments,
                )
            logits = self._words_of(tf.concat(outputs, 0))
            words = tf.reshape(tf.argmax(logits, 1, output_type=tf.int32), [target, -1])
            self.decoders[bucket] = words, tf.stack(alignments)
        return self.decoders[bucket]

    def _words_of(self, outputs: Any) -> Any:
        return outputs if self.projection is None else tf.nn.xw_plus_b(outputs, *self.projection)

    def feed(self, pairs: Sequence[IdPair], bucket: int) -> dict[Any, np.ndarray]:
        """Return the feed for `pairs` of one bucket, each (source numbers, target numbers with EOS).

        The source is reversed behind its padding, so that its first words stand next to the first ones to write:
        _PAD _PAD 3 2 1. The decoder reads _GO first. A weight is 0 where the target is padding.
        """
        source, target = self.buckets[bucket]
        encoder = np.full((source, len(pairs)), PAD, np.int32)
        decoder = np.full((target + 1, len(pairs)), PAD, np.int32)
        decoder[0] = GO
        for column, (words, written) in enumerate(pairs):
            if len(words) > source or len(written) >= target:
                raise ValueError(f"a pair of {len(words)} and {len(written)} words in the bucket {source, target}")
            encoder[source - len(words) :, column] = words[::-1]
            decoder[1 : len(written) + 1, column] = written
        weights = np.zeros((target + 1, len(pairs)), np.float32)
        weights[:-1] = decoder[1:] != PAD
        feed = dict(zip(self.encoder_inputs, encoder, strict=False))
        feed |= dict(zip(self.decoder_inputs, decoder, strict=False))
        return feed | dict(zip(self.target_weights, weights, strict=False))

    def step(self, sess: Any, pairs: Sequence[IdPair], bucket: int) -> tuple[float, float]:
        """Train on `pairs` of one bucket and return the loss before the step and the norm of its gradient."""
        feed = self.feed(pairs, bucket) | {self.keep_prob: self.keep_prob_in_training}
        return sess.run([self.losses[bucket], self.gradient_norms[bucket], self.updates[bucket]], feed)[:2]

    def perplexities(self, sess: Any, data: Sequence[Sequence[IdPair]], batch_size: int = 500) -> list[float]:
        """Return e^(mean cross entropy of a word) for each bucket of `data`, NaN for one without pairs.

        Full softmax, no dropout, the right words fed; EOS counts as a word.
        """
        result = []
        for bucket, pairs in enumerate(data):
            total = 0.0
            for start in range(0, len(pairs), batch_size):
                total += sess.run(self.entropies[bucket], self.feed(pairs[start : start + batch_size], bucket)).sum()
            words = sum(len(written) for _, written in pairs)
            result.append(float(np.exp(total / words)) if words else float("nan"))
        return result

    def bucket_of(self, length: int) -> int | None:
        """Return the first bucket for a source of `length` words, None where it is too long for all."""
        return next((number for number, (source, _) in enumerate(self.buckets) if length < source), None)

    def translate(self, sess: Any, sources: Sequence[Sequence[int]], batch_size: int = 500) -> list["Written"]:
        """Return what the network writes for each of `sources`, none of which may be too long for the last bucket.

        A sentence that does not end within its bucket is written again in the next longer one.
        """
        waiting: list[list[int]] = [[] for _ in self.buckets]
        for number, source in enumerate(sources):
            waiting[self.bucket_of(len(source))].append(number)  # type: ignore[index]
        results: dict[int, Written] = {}
        for bucket, (size, _) in enumerate(self.buckets):
            for start in range(0, len(waiting[bucket]), batch_size):
                numbers = waiting[bucket][start : start + batch_size]
                feed = self.feed([(sources[number], []) for number in numbers], bucket)
                words, attention = sess.run(self.add_decoder(bucket), feed)
                for column, number in enumerate(numbers):
                    length = len(sources[number])
                    looked = attention[:, column, size - length :][:, ::-1]  # without padding, first word first
                    results[number] = Written(words[:, column].tolist(), looked)
                    if not results[number].ended and bucket + 1 < len(self.buckets):
                        waiting[bucket + 1].append(number)
        return [results[number] for number in range(len(sources))]


class Written:
    """What the network wrote: `ids` as long as the bucket, ``words`` up to EOS, `attention` [words, source words]."""

    def __init__(self, ids: list[int], attention: np.ndarray) -> None:
        self.ids = ids
        self.ended = EOS in ids
        self.words = ids[: ids.index(EOS)] if self.ended else ids
        self.attention = attention
