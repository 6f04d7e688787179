"""LSTMs written out for section 9.4.2, each faster than the last in one respect, all with BasicLSTMCell's weights.

`kernel` [inputs + units, 4 · units], inputs above, and `bias` [4 · units]; the gates stand in the order i, j, f, o.
Each function takes `x` [batch, time, inputs] and returns the output of the last step, [batch, units], from zeros.
"""

import numpy as np

from utils.tf1 import tf

FORGET_BIAS = 1.0


def new_weights(inputs, units):
    """Return a kernel and a bias for `inputs` numbers a step, initialised like those of BasicLSTMCell."""
    kernel = tf.get_variable("kernel", [inputs + units, 4 * units], initializer=tf.glorot_uniform_initializer())
    return kernel, tf.get_variable("bias", [4 * units], initializer=tf.zeros_initializer())


def _projected(x, kernel, bias):
    """Return what the inputs put into the gates at every step, bias and all: [time, batch, 4 · units], one product."""
    batch, time, inputs = x.shape.as_list()
    units = bias.shape[0] // 4
    forget = tf.constant(np.repeat([0, 0, FORGET_BIAS, 0], units).astype(np.float32))
    steps_first = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, inputs])
    return tf.reshape(tf.matmul(steps_first, kernel[:inputs]) + (bias + forget), [time, batch, 4 * units])


def _step(gates, c):
    """Return (i, j, f, o) after their activations, the new c, its tanh, and the new h."""
    i, j, f, o = tf.split(gates, 4, axis=1)
    i, j, f, o = tf.sigmoid(i), tf.tanh(j), tf.sigmoid(f), tf.sigmoid(o)
    c = c * f + i * j
    tanh_c = tf.tanh(c)
    return (i, j, f, o), c, tanh_c, tanh_c * o


def one_product(x, kernel, bias):
    """Unroll the steps; only h · kernel is left in them, for the inputs of all steps go through the kernel at once."""
    inputs_kernel = _projected(x, kernel, bias)
    h_kernel = kernel[x.shape[2] :]
    c = h = tf.zeros([x.shape[0], h_kernel.shape[0]])
    for projected in tf.unstack(inputs_kernel):
        _, c, _, h = _step(projected + tf.matmul(h, h_kernel), c)
    return h


def own_gradient(x, kernel, bias):
    """As `one_product`, with back-propagation through time by hand.

    TensorFlow's own adds up one product for the kernel's gradient at each step; here it is one product over all steps.
    """
    units = bias.shape[0] // 4

    @tf.custom_gradient
    def run(inputs_kernel, h_kernel):
        c = h = tf.zeros([x.shape[0], units])
        kept = []
        for projected in tf.unstack(inputs_kernel):
            c_before, h_before = c, h
            gates, c, tanh_c, h = _step(projected + tf.matmul(h, h_kernel), c)
            kept.append((gates, c_before, tanh_c, h_before))

        def gradient(d_h):
            d_c, d_gates = 0.0, []
            for (i, j, f, o), c_before, tanh_c, _ in reversed(kept):
                d_c = d_c + tf.raw_ops.TanhGrad(y=tanh_c, dy=d_h * o)
                d_step = [
                    tf.raw_ops.SigmoidGrad(y=i, dy=d_c * j),
                    tf.raw_ops.TanhGrad(y=j, dy=d_c * i),
                    tf.raw_ops.SigmoidGrad(y=f, dy=d_c * c_before),
                    tf.raw_ops.SigmoidGrad(y=o, dy=d_h * tanh_c),
                ]
                d_gates.append(tf.concat(d_step, axis=1))
                d_h = tf.matmul(d_gates[-1], h_kernel, transpose_b=True)
                d_c = d_c * f
            d_all = tf.stack(d_gates[::-1])
            h_all = tf.concat([h_before for *_, h_before in kept], axis=0)
            d_h_kernel = tf.matmul(h_all, tf.reshape(d_all, [-1, 4 * units]), transpose_a=True)
            return d_all, d_h_kernel

        return h, gradient

    return run(_projected(x, kernel, bias), kernel[x.shape[2] :])


def block_lstm(x, kernel, bias):
    """Return the last output of TensorFlow's op for a whole LSTM layer; its gates stand in the order i, j, f, o too."""
    batch, time, _ = x.shape.as_list()
    units = bias.shape[0] // 4
    zeros, no_peephole = tf.zeros([batch, units]), tf.zeros([units])
    result = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.constant(time, tf.int64),
        x=tf.transpose(x, [1, 0, 2]),
        cs_prev=zeros,
        h_prev=zeros,
        w=kernel,
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=bias,
        forget_bias=FORGET_BIAS,
        cell_clip=-1.0,  # below zero: no clipping; the op's default is 3
        use_peephole=False,
    )
    return result.h[-1]


def products_alone(x, kernel, bias):
    """Return a number that takes the matrix products of a training step of `own_gradient` and little else."""
    batch, time, inputs = x.shape.as_list()
    h_kernel = kernel[inputs:]
    h = tf.ones([batch, h_kernel.shape[0]])
    h_all, gates_all = [], []
    for _ in range(time):
        h_all.append(h)
        gates_all.append(tf.matmul(h, h_kernel))  # one forward
        h = tf.matmul(gates_all[-1], h_kernel, transpose_b=True)  # and one back
    gates = tf.concat(gates_all, axis=0)
    pixels = tf.reshape(x, [-1, inputs])
    gradients = [tf.matmul(some, gates, transpose_a=True) for some in (tf.concat(h_all, axis=0), pixels)]
    # An op whose result nobody uses would be left out of the graph.
    return tf.add_n([tf.reduce_max(result) for result in (_projected(x, kernel, bias), h, *gradients)])
