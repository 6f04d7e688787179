"""The critic and the generator of example 57: two recurrent networks over strings of characters.

A string is float32 [b, length, characters], one row a character: one-hot where it is real, a softmax where it was
generated. Called again, the networks share their weights, also between graphs of different lengths.
"""

import numpy as np

from utils.tf1 import tf


def _uniform(name, shape):
    return tf.get_variable(name, shape, initializer=tf.random_uniform_initializer(-0.1, 0.1))


class Gru:
    """A gated recurrent unit (Cho et al., arXiv:1406.1078) with the weights of its inputs and of its state apart.

    So the inputs of all steps go through their weights at once, see ``prepare``.
    """

    def __init__(self, inputs, units):
        self.units = units
        self._of_input = tf.get_variable("input_kernel", [inputs, 3 * units])
        self._of_state = tf.get_variable("gate_kernel", [units, 2 * units])
        self._of_reset = tf.get_variable("candidate_kernel", [units, units])
        ones_for_gates = np.repeat(np.float32([1, 0]), [2 * units, units])
        self._bias = tf.get_variable("bias", initializer=tf.constant(ones_for_gates))

    def prepare(self, x):
        """Return the share of the inputs `x`, [..., inputs], in the gates, [..., 2 · units], and in the candidate."""
        return self.parts(tf.tensordot(x, self._of_input, 1) + self._bias)

    def parts(self, share):
        """Return `share`, [..., 3 · units], as the gates' part and the candidate's."""
        return tf.split(share, [2 * self.units, self.units], axis=-1)

    def __call__(self, prepared, state):
        """Return the next state [b, units]."""
        for_gates, for_candidate = prepared
        reset, update = tf.split(tf.sigmoid(for_gates + tf.matmul(state, self._of_state)), 2, axis=1)
        candidate = tf.tanh(for_candidate + tf.matmul(reset * state, self._of_reset))
        return candidate + update * (state - candidate)


def steps_of(prepared):
    """Return what ``Gru.prepare`` made of [b, length, inputs], step by step: `length` pairs."""
    return list(zip(*(tf.unstack(part, axis=1) for part in prepared), strict=True))


def critic(strings, embedding_size, units, ends=None):
    """Return how real the `strings` look: [b], not bounded, only to be compared.

    `ends`: int32 [b], how many characters of each string are read; None for all of them.
    """
    length, characters = strings.shape.as_list()[1:]
    with tf.variable_scope("Discriminator", reuse=tf.AUTO_REUSE):
        embedding = _uniform("embedding", [characters, embedding_size])
        cell = Gru(embedding_size, units)
        prepared = steps_of(cell.prepare(tf.tensordot(strings, embedding, 1)))
        state = tf.zeros([tf.shape(strings)[0], units])
        for step in range(length):
            state, before = cell(prepared[step], state), state
            if ends is not None:
                state = tf.where(ends > step, state, before)
        return (tf.matmul(state, _uniform("W", [units, 1])) + _uniform("b", [1]))[:, 0]


class Generator:
    """A recurrent network that writes a string character by character. `characters`: how many there are."""

    def __init__(self, characters, embedding_size, units):
        self.characters = characters
        with tf.variable_scope("Generator", reuse=tf.AUTO_REUSE):
            self._first = _uniform("char_input", [embedding_size])  # learned; the chance comes with the noise
            self.embedding = _uniform("embedding", [characters, embedding_size])
            self._cell = Gru(embedding_size, units)
            self._noise = tf.get_variable("noise_kernel", [units, 3 * units])
            self._weight = _uniform("sm_weight", [units, characters])
            self._bias = _uniform("sm_bias", [characters])

    def _begin(self, noise):
        return self._cell.prepare(tf.tile(self._first[None], [tf.shape(noise)[0], 1]))

    def free(self, noise, length, each_step, choose=False):
        """Return strings [b, length, characters] that the generator writes alone, each character fed back to it.

        `noise`: [b, units], the first state, and with `each_step` an input of every step too. `choose`: feed back the
        likeliest character, one-hot, instead of the softmax; this has no gradient.
        """
        extra = self._cell.parts(tf.matmul(noise, self._noise)) if each_step else (0.0, 0.0)
        state, prepared, written = noise, self._begin(noise), []
        for _ in range(length):
            state = self._cell([of_input + of_noise for of_input, of_noise in zip(prepared, extra, strict=True)], state)
            logits = tf.matmul(state, self._weight) + self._bias
            written.append(tf.one_hot(tf.argmax(logits, 1), self.characters) if choose else tf.nn.softmax(logits))
            prepared = self._cell.prepare(tf.matmul(written[-1], self.embedding))
        return tf.stack(written, axis=1)

    def forced(self, noise, real):
        """Return what the generator writes at each place after the true characters before it, like `real` in shape."""
        prepared = [self._begin(noise)]
        prepared += steps_of(self._cell.prepare(tf.tensordot(real[:, :-1], self.embedding, 1)))
        state, states = noise, []
        for of_input in prepared:
            state = self._cell(of_input, state)
            states.append(state)
        return tf.nn.softmax(tf.tensordot(tf.stack(states, axis=1), self._weight, 1) + self._bias)


def prefixes(real, last, rows, places):
    """Return strings whose last character comes from `last`, those before it from `real`: the book's training strings.

    The string number n is ``real[rows[n], :places[n]]`` and then ``last[rows[n], places[n]]``, moved to the right end;
    the rows before it are zero. `real`, `last`: [b, length, characters]; `rows`, `places`: int32 [m].
    """
    length = real.shape[1]
    source = tf.range(length)[None] - (length - 1 - places)[:, None]  # which character stands where
    taken = tf.gather(tf.gather(real, rows), tf.maximum(source, 0), batch_dims=1)
    ends = tf.gather(tf.gather(last, rows), places, batch_dims=1)
    strings = tf.concat([taken[:, :-1], ends[:, None]], axis=1)
    return strings * tf.cast(source >= 0, tf.float32)[:, :, None]


def gradient_penalty(score, real, fake, mix):
    """Return mean((‖∇ score‖₂ − 1)²) at points between `real` and `fake`, [b, length, characters].

    `mix`: [b] in [0, 1], the share of `fake`. Gulrajani et al., arXiv:1704.00028.
    """
    between = real + mix[:, None, None] * (fake - real)
    gradient = tf.gradients(score(between), between)[0]
    slopes = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=[1, 2]) + 1e-12)
    return tf.reduce_mean(tf.square(slopes - 1))
