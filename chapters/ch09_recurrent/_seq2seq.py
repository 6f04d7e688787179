"""The encoder–decoder functions of ``tf.contrib.legacy_seq2seq`` that today's TensorFlow has no more.

Inputs and outputs are Python lists with one tensor [batch, size] for each time step: the graph is unrolled over them.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from utils.tf1 import tf


def rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: Any,
    loop_function: Callable[[Any, int], Any] | None = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Unroll `cell` over `decoder_inputs`, a list of [batch, input_size], starting from `initial_state`.

    With `loop_function` only the first input is used: the input of step i ≥ 1 is ``loop_function(output of step
    i − 1, i)``, [batch, input_size], so that the decoder feeds on what it said itself.

    Returns the outputs, a list of [batch, cell.output_size], and the state after the last step.
    """
    if not decoder_inputs:
        raise ValueError("the decoder needs at least one input")
    state, outputs = initial_state, []
    with tf.variable_scope(scope or "rnn_decoder"):
        for i, decoder_input in enumerate(decoder_inputs):
            given = decoder_input
            if loop_function is not None and outputs:
                with tf.variable_scope("loop_function", reuse=True):
                    given = loop_function(outputs[-1], i)
            if i > 0:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
    return outputs, state


def basic_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    loop_function: Callable[[Any, int], Any] | None = None,
    dtype: Any = None,
    scope: str | None = None,
) -> tuple[list[Any], Any]:
    """Encode with a copy of `cell`, then decode with `cell` itself from the encoder's last state.

    Encoder and decoder have weights of their own. `encoder_inputs`, `decoder_inputs`: lists of [batch, input_size].
    The legacy function had no `loop_function`; without one this is that function: the decoder gets the given inputs
    (teacher forcing). See ``rnn_decoder`` for what is returned.
    """
    if getattr(cell, "built", False):
        raise ValueError("a cell that was used already cannot be copied: make a new one for this network")
    with tf.variable_scope(scope or "basic_rnn_seq2seq"):
        _, enc_state = tf.nn.static_rnn(copy.deepcopy(cell), list(encoder_inputs), dtype=dtype or tf.float32)
        return rnn_decoder(decoder_inputs, enc_state, cell, loop_function)


def tied_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    loop_function: Callable[[Any, int], Any] | None = None,
    dtype: Any = None,
    scope: str | None = None,
) -> tuple[list[Any], Any]:
    """Encode and decode with the same `cell` and the same weights; the inputs of both must be of one size.

    Arguments and results as for ``basic_rnn_seq2seq``.
    """
    with tf.variable_scope("combined_tied_rnn_seq2seq"):
        name = scope or "tied_rnn_seq2seq"
        _, enc_state = tf.nn.static_rnn(cell, list(encoder_inputs), dtype=dtype or tf.float32, scope=name)
        with tf.variable_scope(name, reuse=True) as the_same:
            return rnn_decoder(decoder_inputs, enc_state, cell, loop_function, the_same)
