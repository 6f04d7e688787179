"""The modules of chapter 11: NIN's mlpconv, AlexNet, Inception from the first sketch to v4, and ResNet's blocks.

A picture is [b, h, w, channels]. Each Inception module returns its branches (a list of lists of tensors, from the input
upwards) and their concatenation on the channel axis.
"""

from utils.tf1 import tf


def conv(x, filters, kernel, stride=1, padding="same", norm=False, activation=tf.nn.relu):
    """Convolve and apply ReLU. `norm`: with batch norm (without scale, as slim has it) and then without a bias."""
    x = tf.layers.conv2d(
        x, filters, kernel, stride, padding, use_bias=not norm, activation=None if norm else activation
    )
    if norm:
        x = tf.layers.batch_normalization(x, scale=False, training=False)
        x = activation(x) if activation else x
    return x


def mlpconv(x, filters, kernel, inner, stride=1, padding="same"):
    """NIN's layer (Lin, Chen & Yan, arXiv:1312.4400): a convolution, then 1×1 ones of `inner` channels, ReLU each."""
    x = conv(x, filters, kernel, stride, padding)
    for channels in inner:
        x = conv(x, channels, 1)
    return x


def pool(x, kind="max", edge=3, stride=1, padding="same"):
    """Pool with windows of `edge`×`edge`; `kind` is max or avg."""
    of_kind = tf.layers.max_pooling2d if kind == "max" else tf.layers.average_pooling2d
    return of_kind(x, edge, stride, padding)


def branch(x, *steps, norm=True):
    """Return a branch as a list: each step is (filters, kernel), (filters, kernel, stride) or "max" or "avg"."""
    made = []
    for step in steps:
        x = pool(x, step) if isinstance(step, str) else conv(x, *step, norm=norm)
        made.append(x)
    return made


def joined(branches):
    """Return the branches and the concatenation of their ends, which need the same height and width."""
    return branches, tf.concat([end for *_, end in branches], axis=3)


def inception_original(x, ones, threes, fives):
    """The first sketch (figure 11-3): 1×1, 3×3, 5×5 and pooling side by side, all on the full depth of the input."""
    steps = [[(ones, 1)], [(threes, 3)], [(fives, 5)], ["max"]]
    return joined([branch(x, *each, norm=False) for each in steps])


def inception_v1(x, ones, reduce3, threes, reduce5, fives, pooled):
    """Figure 11-4 (Szegedy et al., arXiv:1409.4842): 1×1 convolutions before the dear ones and behind the pooling."""
    steps = [[(ones, 1)], [(reduce3, 1), (threes, 3)], [(reduce5, 1), (fives, 5)], ["max", (pooled, 1)]]
    return joined([branch(x, *each, norm=False) for each in steps])


def alexnet(x, classes):
    """227×227×3 → logits: AlexNet (Krizhevsky et al., 2012), the convolutions 2, 4 and 5 in two halves, one a GPU.

    Without its dropout and its normalisation of responses, which have no weights.
    """

    def halves(x, filters, kernel):
        return tf.concat([conv(half, filters // 2, kernel) for half in tf.split(x, 2, axis=3)], axis=3)

    x = pool(conv(x, 96, 11, 4, "valid"), stride=2, padding="valid")
    x = pool(halves(x, 256, 5), stride=2, padding="valid")
    x = halves(halves(conv(x, 384, 3), 384, 3), 256, 3)
    x = tf.layers.flatten(pool(x, stride=2, padding="valid"))
    for name in ("fc6", "fc7"):
        x = tf.layers.dense(x, 4096, tf.nn.relu, name=name)
    return tf.layers.dense(x, classes, name="fc8")


# GoogLeNet's modules (arXiv:1409.4842, table 1), "max" where a pooling halves the maps: the channels of inception_v1.
GOOGLENET = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    "max",
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    "max",
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)


def googlenet(x, classes):
    """224×224×3 → logits: Inception v1 whole, without the two classifiers on its side that only help to train it."""
    x = pool(conv(x, 64, 7, 2), stride=2)
    x = pool(conv(conv(x, 64, 1), 192, 3), stride=2)
    for channels in GOOGLENET:
        x = pool(x, stride=2) if channels == "max" else inception_v1(x, *channels)[1]
    return tf.layers.dense(tf.reduce_mean(x, axis=[1, 2]), classes, name="fc")


def inception_v2(x, ones, reduce3, threes, reduce5, fives, pooled):
    """Figure 11-5 (Ioffe & Szegedy, arXiv:1502.03167): batch norm everywhere, two 3×3 instead of the 5×5."""
    double = [(reduce5, 1), (fives, 3), (fives, 3)]
    steps = [[(ones, 1)], [(reduce3, 1), (threes, 3)], double, ["max", (pooled, 1)]]
    return joined([branch(x, *each) for each in steps])


def inception_v3_35(x, pooled):
    """The module for 35×35 (Szegedy et al., arXiv:1512.00567, as in slim's Inception v3)."""
    double = [(64, 1), (96, 3), (96, 3)]
    return joined([branch(x, *each) for each in ([(64, 1)], [(48, 1), (64, 5)], double, ["avg", (pooled, 1)])])


def inception_v3_17(x, narrow):
    """The module for 17×17: 7×7 as 1×7 and 7×1; `narrow` channels inside."""
    short = [(narrow, 1), (narrow, (1, 7)), (192, (7, 1))]
    long = [(narrow, 1), (narrow, (7, 1)), (narrow, (1, 7)), (narrow, (7, 1)), (192, (1, 7))]
    return joined([branch(x, *each) for each in ([(192, 1)], short, long, ["avg", (192, 1)])])


def forked(x, steps, filters):
    """Return two branches that share `steps` and end in a 1×3 and a 3×1 convolution side by side."""
    shared = branch(x, *steps)
    return [[*shared, conv(shared[-1], filters, kernel, norm=True)] for kernel in ((1, 3), (3, 1))]


def inception_v3_8(x):
    """The module for 8×8: 3×3 as 1×3 and 3×1 beside each other."""
    wide, double = forked(x, [(384, 1)], 384), forked(x, [(448, 1), (384, 3)], 384)
    return joined([branch(x, (320, 1)), *wide, *double, branch(x, "avg", (192, 1))])


def inception_v4_stem(x):
    """299×299×3 → 35×35×384 (Szegedy et al., arXiv:1602.07261, figure 3)."""
    x = branch(x, (32, 3, 2, "valid"), (32, 3, 1, "valid"), (64, 3))[-1]
    x = tf.concat([pool(x, "max", 3, 2, "valid"), conv(x, 96, 3, 2, "valid", norm=True)], axis=3)
    short = [(64, 1), (96, 3, 1, "valid")]
    long = [(64, 1), (64, (1, 7)), (64, (7, 1)), (96, 3, 1, "valid")]
    x = joined([branch(x, *each) for each in (short, long)])[1]
    return joined([[conv(x, 192, 3, 2, "valid", norm=True)], [pool(x, "max", 3, 2, "valid")]])


def inception_v4_a(x):
    """35×35×384 → 35×35×384."""
    steps = [[(96, 1)], [(64, 1), (96, 3)], [(64, 1), (96, 3), (96, 3)], ["avg", (96, 1)]]
    return joined([branch(x, *each) for each in steps])


def inception_v4_reduction_a(x):
    """35×35×384 → 17×17×1024."""
    long = branch(x, (192, 1), (224, 3), (256, 3, 2, "valid"))
    return joined([branch(x, (384, 3, 2, "valid")), long, [pool(x, "max", 3, 2, "valid")]])


def inception_v4_b(x):
    """17×17×1024 → 17×17×1024."""
    short = [(192, 1), (224, (1, 7)), (256, (7, 1))]
    long = [(192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7))]
    return joined([branch(x, *each) for each in ([(384, 1)], short, long, ["avg", (128, 1)])])


def inception_v4_reduction_b(x):
    """17×17×1024 → 8×8×1536."""
    short = branch(x, (192, 1), (192, 3, 2, "valid"))
    long = branch(x, (256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2, "valid"))
    return joined([short, long, [pool(x, "max", 3, 2, "valid")]])


def inception_v4_c(x):
    """8×8×1536 → 8×8×1536."""
    wide = forked(x, [(384, 1)], 256)
    long = forked(x, [(384, 1), (448, (3, 1)), (512, (1, 3))], 256)
    return joined([branch(x, (256, 1)), *wide, *long, branch(x, "avg", (256, 1))])


def residual_block(x, kind="basic", order="original", filters=64, stride=1, norm=True):
    """ResNet's block (He et al., arXiv:1512.03385) on [b, h, w, c].

    `kind`: "basic", two 3×3 convolutions, or "bottleneck", 1×1, 3×3 and 1×1 to four times `filters`. `order`: "plain"
    has no shortcut; "original" adds x before the last ReLU; "book" adds it behind. Where the shape changes, the
    shortcut is a 1×1 convolution.
    """
    widths = [(filters, 3), (filters, 3)] if kind == "basic" else [(filters, 1), (filters, 3), (4 * filters, 1)]
    shortcut = x
    if stride > 1 or x.shape[3] != widths[-1][0]:
        shortcut = conv(x, widths[-1][0], 1, stride, norm=norm, activation=None)
    strides = [stride, 1] if kind == "basic" else [1, stride, 1]
    for (width, kernel), step in zip(widths[:-1], strides[:-1], strict=True):
        x = conv(x, width, kernel, step, norm=norm)
    x = conv(x, *widths[-1], strides[-1], norm=norm, activation=None)
    return ordered(x, shortcut, order)


def ordered(branch_end, shortcut, order):
    """Join a branch, still without its last ReLU, and the shortcut in one of three orders; see `residual_block`."""
    if order == "plain":
        return tf.nn.relu(branch_end)
    if order == "original":
        return tf.nn.relu(branch_end + shortcut)
    return tf.nn.relu(branch_end) + shortcut
