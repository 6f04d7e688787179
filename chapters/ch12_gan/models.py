"""The networks of chapter 12's GANs on MNIST: listing 12-1 (88, 89, 91), its encoder (89), its conditional form (92).

    G: z [n, 50] → fc 1024 → fc 7·7·128 → deconv 64, 4×4, stride 2 → deconv 1, 4×4, stride 2, sigmoid → [n, 784]
    D: x [n, 784] → conv 64, 4×4, stride 2 → conv 128, 4×4, stride 2 → fc 1024 → real or generated
                                                                               → fc 128 → ten classes, two codes

`width` is the share of all these units and channels that is built; 1 gives the book's 13 million parameters.
"""

import numpy as np

from utils.tf1 import tf

CLASSES = 10
CODES, RANDOM = 2, 38  # continuous codes and random numbers in the noise of 88, 89 and 91


def leaky_relu(x):
    return tf.nn.leaky_relu(x, alpha=0.01)


def batch_norm(x, training, momentum):
    """Normalise, then ReLU. Like slim's batch norm it has a shift, but no scale."""
    x = tf.layers.batch_normalization(x, momentum=momentum, epsilon=0.001, scale=False, training=training)
    return tf.nn.relu(x)


def generator(z, training, *, width, momentum):
    """Draw digits: z [n, any] → [n, 784] in (0, 1).

    `training`: True, or a tensor, normalises by the batch and makes ops under UPDATE_OPS, which keep moving averages
    with `momentum`; False normalises by these averages, so that a digit does not depend on the others of its batch.
    """
    wide, deep, shallow = (max(1, round(units * width)) for units in (1024, 128, 64))
    with tf.variable_scope("generator", reuse=tf.AUTO_REUSE):
        # As in the listing, where slim's default makes it so, the dense layers have a ReLU before the batch norm too.
        net = batch_norm(tf.layers.dense(z, wide, tf.nn.relu), training, momentum)
        net = batch_norm(tf.layers.dense(net, 7 * 7 * deep, tf.nn.relu), training, momentum)
        net = tf.reshape(net, [-1, 7, 7, deep])
        net = batch_norm(tf.layers.conv2d_transpose(net, shallow, 4, 2, "same"), training, momentum)
        return tf.layers.flatten(tf.layers.conv2d_transpose(net, 1, 4, 2, "same", activation=tf.nn.sigmoid))


def _convolutions(net, width):
    """What the discriminators and the encoder begin with: [n, 28, 28, channels] → [n, 1024 · width]."""
    wide, deep, shallow = (max(1, round(units * width)) for units in (1024, 128, 64))
    net = tf.layers.conv2d(net, shallow, 4, 2, "same", activation=leaky_relu)
    net = tf.layers.conv2d(net, deep, 4, 2, "same", activation=leaky_relu)
    return tf.layers.dense(tf.layers.flatten(net), wide, leaky_relu)


def discriminator(x, *, width, code_head=None):
    """Judge digits x [n, 784]: → real or generated [n], class scores [n, 10], recovered codes [n, 2].

    `code_head`: the activation of the codes' output; None leaves it linear.
    """
    with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
        shared = _convolutions(tf.reshape(x, [-1, 28, 28, 1]), width)
        real = tf.squeeze(tf.layers.dense(shared, 1), axis=1)
        recognised = tf.layers.dense(shared, max(1, round(128 * width)), leaky_relu)
        return real, tf.layers.dense(recognised, CLASSES), tf.layers.dense(recognised, CODES, code_head)


def conditional_discriminator(x, y, *, width):
    """Judge digits x [n, 784] together with the labels y [n] that they are said to have: → [n] (listing 12-5)."""
    with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
        label_picture = tf.layers.dense(tf.one_hot(y, CLASSES), 784, leaky_relu)
        pair = tf.stack([x, label_picture], axis=-1)
        shared = _convolutions(tf.reshape(pair, [-1, 28, 28, 2]), width)
        return tf.squeeze(tf.layers.dense(shared, 1), axis=1)


def encoder(x, *, width, head=None):
    """Say what G would need to draw the digits x [n, 784]: → [n, 50] (listing 12-2). `head`: its last activation."""
    with tf.variable_scope("inversegenerator", reuse=tf.AUTO_REUSE):
        return tf.layers.dense(_convolutions(tf.reshape(x, [-1, 28, 28, 1]), width), CLASSES + CODES + RANDOM, head)


def variables_of(scope):
    """Return the trainable variables of a network. `"generator" in name` would find those of inversegenerator too."""
    return [v for v in tf.trainable_variables() if v.name.startswith(scope + "/")]


def size_of(scope):
    """Return [tensors, parameters] of a network."""
    return [len(variables_of(scope)), sum(v.shape.num_elements() for v in variables_of(scope))]


class InfoGAN:
    """Listing 12-1 up to its losses: the placeholders, G on them, D on real and on generated digits.

    ``x`` [n, 784], ``y`` [n]: digits and labels; G draws a digit for each label. ``z_con`` [n, 2]: the codes;
    ``z_rand`` [n, 38]: random numbers; both from N(0, 1). ``training``: see ``generator``; False where it is not fed.
    """

    def __init__(self, *, width, momentum, code_head="linear"):
        self.x = tf.placeholder(tf.float32, [None, 784], name="x")
        self.y = tf.placeholder(tf.int32, [None], name="y")
        self.z_con = tf.placeholder(tf.float32, [None, CODES], name="z_con")
        self.z_rand = tf.placeholder(tf.float32, [None, RANDOM], name="z_rand")
        self.training = tf.placeholder_with_default(False, [], name="training")
        self.z = tf.concat([tf.one_hot(self.y, CLASSES), self.z_con, self.z_rand], axis=1)
        self.gen = generator(self.z, self.training, width=width, momentum=momentum)
        self.update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)

        head = tf.nn.sigmoid if code_head == "sigmoid" else None
        self.disc_real, self.class_real, _ = discriminator(self.x, width=width, code_head=head)
        self.disc_fake, self.class_fake, self.con_fake = discriminator(self.gen, width=width, code_head=head)
        self.pred_class = tf.argmax(self.class_fake, axis=1)

        # What the classes and the codes cost, the same in all three examples
        self.loss_cr = tf.losses.sparse_softmax_cross_entropy(self.y, self.class_real)
        self.loss_cf = tf.losses.sparse_softmax_cross_entropy(self.y, self.class_fake)
        self.loss_con = tf.reduce_mean(tf.square(self.con_fake - self.z_con))

    def noise(self, count, random=np.random):
        """Draw z_con and z_rand for `count` digits, outside the graph: NumPy's generator is saved, TensorFlow's not."""
        return random.normal(size=(count, CODES)), random.normal(size=(count, RANDOM))


def cross_entropy(logits, truth):
    """Return the mean cross-entropy of the real-or-generated `logits` [n]; `truth`: 1 for real, 0 for generated."""
    labels = tf.fill(tf.shape(logits), float(truth))
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
