"""Max-pooling that remembers the winners' places, and its reversal (8.6.5); examples 46, 50 and 78."""

from utils.tf1 import tf


def max_pool_with_argmax(net, stride):
    """Pool `net` [batch, height, width, channels] over windows of `stride` × `stride`.

    Returns the maxima and, of the same shape, the mask: the winner's flat index in its picture,
    (y · width + x) · channels + channel, int64. In a tie the first of the window wins.
    """
    _, mask = tf.nn.max_pool_with_argmax(
        net, ksize=[1, stride, stride, 1], strides=[1, stride, stride, 1], padding="SAME"
    )
    mask = tf.stop_gradient(mask)
    net = tf.nn.max_pool(net, ksize=[1, stride, stride, 1], strides=[1, stride, stride, 1], padding="SAME")
    return net, mask


def places(mask, width, channels):
    """Return the rows y and the columns x that the flat indices `mask` mean in a picture `width` columns wide."""
    return mask // (width * channels), mask % (width * channels) // channels


def unpool(net, mask, stride):
    """Put each value of `net` back to its place in `mask` and zeros everywhere else.

    `net` and `mask`: [batch, h, w, channels] from `max_pool_with_argmax`; the batch may be unknown. Returns
    [batch, h · stride, w · stride, channels]: the pooled picture's sides must have been multiples of `stride`.
    """
    batch, height, width, channels = tf.unstack(tf.shape(net, out_type=tf.int64))
    output_shape = tf.stack([batch, height * stride, width * stride, channels])

    # The four coordinates of each value. The mask holds y and x; its own position says the picture and the channel.
    y, x = places(mask, width * stride, channels)
    ones = tf.ones_like(mask)
    picture = ones * tf.reshape(tf.range(batch), [-1, 1, 1, 1])
    channel = ones * tf.range(channels)

    indices = tf.transpose(tf.reshape(tf.stack([picture, y, x, channel]), [4, -1]))
    unpooled = tf.scatter_nd(indices, tf.reshape(net, [-1]), output_shape)
    size, rows, columns, depth = net.shape.as_list()
    unpooled.set_shape([size, rows and rows * stride, columns and columns * stride, depth])
    return unpooled
