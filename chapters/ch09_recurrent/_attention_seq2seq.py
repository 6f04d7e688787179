"""The attention part of ``tf.contrib.legacy_seq2seq``, which left TensorFlow with 2.0: sections 9.8.2 and 9.8.5.

Same functions, arguments, arithmetic and variable names; sequences are Python lists with one tensor a time step.
What is new: ``attention_mask`` (the old code attended to padding as well), ``alignments`` (the attention weights, to
be looked at), and one lookup and one softmax for all time steps at once where the old code had one for each.

The attention is Bahdanau's (https://arxiv.org/abs/1409.0473) in the form of https://arxiv.org/abs/1412.7449.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from utils.tf1 import tf

Tensors = Sequence[Any]


def flat_state(state: Any) -> list[Any]:
    """Return the tensors of a cell's state, [batch, n] each, those of all layers in one list."""
    return tf.nest.flatten(state)


def linear(parts: Tensors, size: int, scope: str | None = None) -> Any:
    """Return [parts side by side]·kernel + bias, [batch, size]. `parts`: tensors [batch, n]; bias 0 at the start."""
    with tf.variable_scope(scope) if scope else tf.variable_scope(tf.get_variable_scope()):
        together = parts[0] if len(parts) == 1 else tf.concat(parts, 1)
        kernel = tf.get_variable("kernel", [int(together.shape[1]), size])
        bias = tf.get_variable("bias", [size], initializer=tf.zeros_initializer())
        return tf.nn.bias_add(tf.matmul(together, kernel), bias)


def attention_decoder(
    decoder_inputs: Tensors,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: Callable[[Any, int], Any] | None = None,
    scope: str | None = None,
    initial_state_attention: bool = False,
    attention_mask: Any = None,
    alignments: list[Any] | None = None,
) -> tuple[list[Any], Any]:
    """Run `cell` over `decoder_inputs` and let each step look at all of `attention_states`.

    At each step: x = linear([input, attention before]); out, state = cell(x, state); score of memory i =
    v · tanh(W memory_i + linear(state)); attention = Σ softmax(score)_i memory_i; output = linear([out, attention]).
    Before the first step the attention is zero, or with `initial_state_attention` that of the initial state.

    `decoder_inputs`: [batch, n] each. `attention_states`: [batch, T, size]. `loop_function` (output before, step) gives
    the next input; None: the inputs are used as they are. `attention_mask`: [batch, T], 0 where nobody may look.
    `alignments`: a list that gets the weights [batch, T] of each step and head.
    Return the outputs, [batch, output_size] each, and the last state. ValueError without inputs or heads.
    """
    if not decoder_inputs:
        raise ValueError("attention_decoder needs at least one decoder input")
    if num_heads < 1:
        raise ValueError("attention_decoder needs at least one head")
    output_size = output_size or cell.output_size
    with tf.variable_scope(scope or "attention_decoder"):
        _, length, size = attention_states.shape.as_list()
        memory = tf.reshape(attention_states, [-1, size])
        heads = []
        for head in range(num_heads):  # W·memory is the same at every step
            kernel = tf.get_variable(f"AttnW_{head}", [1, 1, size, size])
            features = tf.reshape(tf.matmul(memory, tf.reshape(kernel, [size, size])), [-1, length, size])
            heads.append((features, tf.get_variable(f"AttnV_{head}", [size])))
        forbidden = None if attention_mask is None else (1.0 - tf.cast(attention_mask, tf.float32)) * -1e9

        def attention(state: Any) -> list[Any]:
            results = []
            for head, (features, v) in enumerate(heads):
                query = tf.expand_dims(linear(flat_state(state), size, f"Attention_{head}"), 1)
                score = tf.reduce_sum(v * tf.tanh(features + query), 2)
                weights = tf.nn.softmax(score if forbidden is None else score + forbidden)
                results.append(tf.squeeze(tf.matmul(tf.expand_dims(weights, 1), attention_states), 1))
                if alignments is not None:
                    alignments.append(weights)
            return results

        state, outputs, previous = initial_state, [], None
        batch = tf.shape(attention_states)[0]
        attended = [tf.zeros([batch, size]) for _ in range(num_heads)]
        if initial_state_attention:
            attended = attention(initial_state)
            if alignments is not None:
                alignments.clear()  # these weights are of no output
        for step, given in enumerate(decoder_inputs):
            with tf.variable_scope(tf.get_variable_scope(), reuse=True if step else None):
                taken = given
                if loop_function is not None and previous is not None:
                    with tf.variable_scope("loop_function", reuse=True):
                        taken = loop_function(previous, step)
                out, state = cell(linear([taken, *attended], int(given.shape[1])), state)
            with tf.variable_scope(tf.get_variable_scope(), reuse=True if step or initial_state_attention else None):
                attended = attention(state)
            with tf.variable_scope("AttnOutputProjection", reuse=True if step else None):
                previous = linear([out, *attended], output_size)
            outputs.append(previous)
    return outputs, state


def greedy_loop(embedding: Any, output_projection: tuple[Any, Any] | None) -> Callable[[Any, int], Any]:
    """Return the loop function of ``feed_previous``: the likeliest word of the output before, embedded.

    `output_projection`: W [size, words] and b [words] that make words of an output; None where it is words already.
    """

    def loop(previous: Any, _: int) -> Any:
        if output_projection is not None:
            previous = tf.nn.xw_plus_b(previous, output_projection[0], output_projection[1])
        return tf.stop_gradient(tf.nn.embedding_lookup(embedding, tf.argmax(previous, 1)))

    return loop


def embed(embedding: Any, inputs: Tensors) -> list[Any]:
    """Return a list like `inputs` ([batch] of int32 each) with the rows of `embedding`: [batch, size] each."""
    return tf.unstack(tf.nn.embedding_lookup(embedding, tf.stack(list(inputs))), len(inputs))


def embedding_attention_decoder(
    decoder_inputs: Tensors,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: tuple[Any, Any] | None = None,
    feed_previous: bool = False,
    scope: str | None = None,
    initial_state_attention: bool = False,
    attention_mask: Any = None,
    alignments: list[Any] | None = None,
) -> tuple[list[Any], Any]:
    """Put an embedding before ``attention_decoder``. `decoder_inputs`: word numbers, [batch] of int32 each.

    `feed_previous`: only the first input (GO) is used; from then on the decoder is fed its own likeliest words.
    """
    with tf.variable_scope(scope or "embedding_attention_decoder"):
        embedding = tf.get_variable("embedding", [num_symbols, embedding_size])
        loop = greedy_loop(embedding, output_projection) if feed_previous else None
        return attention_decoder(
            embed(embedding, decoder_inputs),
            initial_state,
            attention_states,
            cell,
            output_size=output_size,
            num_heads=num_heads,
            loop_function=loop,
            initial_state_attention=initial_state_attention,
            attention_mask=attention_mask,
            alignments=alignments,
        )


def embedding_attention_seq2seq(
    encoder_inputs: Tensors,
    decoder_inputs: Tensors,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: tuple[Any, Any] | None = None,
    feed_previous: bool = False,
    dtype: Any = tf.float32,
    scope: str | None = None,
    initial_state_attention: bool = False,
    attention_mask: Any = None,
    alignments: list[Any] | None = None,
) -> tuple[list[Any], Any]:
    """Return the outputs and the last state of a network that reads one word sequence and writes another.

    `encoder_inputs`, `decoder_inputs`: word numbers, [batch] of int32 each. `cell` is the decoder's; the encoder gets a
    copy with weights of its own. The outputs are [batch, num_decoder_symbols], or with an `output_projection`
    [batch, cell.output_size], to be projected by the caller. `attention_mask`: [batch, len(encoder_inputs)].
    """
    with tf.variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype):
        with tf.variable_scope("rnn/embedding_wrapper"):
            bound = 3**0.5  # uniform with variance 1, as EmbeddingWrapper starts
            embedding = tf.get_variable(
                "embedding",
                [num_encoder_symbols, embedding_size],
                initializer=tf.random_uniform_initializer(-bound, bound),
            )
        encoder_cell = copy.deepcopy(cell)  # before the cell is used: one in use holds a lock that cannot be copied
        outputs, state = tf.nn.static_rnn(encoder_cell, embed(embedding, encoder_inputs), dtype=dtype)
        return embedding_attention_decoder(
            decoder_inputs,
            state,
            tf.stack(outputs, axis=1),
            cell,
            num_decoder_symbols,
            embedding_size,
            num_heads=num_heads,
            output_size=None if output_projection is not None else num_decoder_symbols,
            output_projection=output_projection,
            feed_previous=feed_previous,
            initial_state_attention=initial_state_attention,
            attention_mask=attention_mask,
            alignments=alignments,
        )


def sequence_loss_by_example(
    logits: Tensors,
    targets: Tensors,
    weights: Tensors,
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
) -> Any:
    """Return the weighted cross entropy of each sequence, [batch]: Σ_t weight·entropy / (Σ_t weight + 1e-12).

    `logits`: [batch, words] each; `targets`: [batch] of int32 each; `weights`: [batch] each, 0 for padding.
    `softmax_loss_function(labels=, logits=)`: in place of the full softmax. ValueError where the lengths differ.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(f"{len(logits)} logits, {len(targets)} targets and {len(weights)} weights: must be as many")
    loss = softmax_loss_function or tf.nn.sparse_softmax_cross_entropy_with_logits
    entropy = loss(labels=tf.concat(list(targets), 0), logits=tf.concat(list(logits), 0))  # all time steps at once
    weight = tf.stack(list(weights))
    total = tf.reduce_sum(tf.reshape(entropy, tf.shape(weight)) * weight, 0)
    return total / (tf.reduce_sum(weight, 0) + 1e-12) if average_across_timesteps else total


def sequence_loss(*arguments: Any, **keywords: Any) -> Any:
    """Return the mean of ``sequence_loss_by_example`` over the batch, a scalar."""
    return tf.reduce_mean(sequence_loss_by_example(*arguments, **keywords))


def model_with_buckets(
    encoder_inputs: Tensors,
    decoder_inputs: Tensors,
    targets: Tensors,
    weights: Tensors,
    buckets: Sequence[tuple[int, int]],
    seq2seq: Callable[[Tensors, Tensors], tuple[list[Any], Any]],
    softmax_loss_function: Callable[..., Any] | None = None,
    per_example_loss: bool = False,
) -> tuple[list[list[Any]], list[Any]]:
    """Unroll `seq2seq` once for each of the `buckets` (source length, target length), all with the same weights.

    A bucket uses the first inputs, targets and weights, as many as it is long. Return a list of outputs and a loss for
    each bucket. ValueError where the inputs are shorter than the last bucket.
    """
    longest = buckets[-1]
    for name, given, least in (
        ("encoder_inputs", encoder_inputs, longest[0]),
        ("targets", targets, longest[1]),
        ("weights", weights, longest[1]),
    ):
        if len(given) < least:
            raise ValueError(f"{len(given)} {name} for a bucket of {least}")
    losses, outputs = [], []
    loss = sequence_loss_by_example if per_example_loss else sequence_loss
    for number, (source, target) in enumerate(buckets):
        with tf.variable_scope(tf.get_variable_scope(), reuse=True if number else None):
            written, _ = seq2seq(encoder_inputs[:source], decoder_inputs[:target])
        outputs.append(written)
        losses.append(loss(written, targets[:target], weights[:target], softmax_loss_function=softmax_loss_function))
    return outputs, losses
