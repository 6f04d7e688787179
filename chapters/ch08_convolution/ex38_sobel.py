"""Example 38 · Outline of a picture with a convolution (使用卷积提取图片的轮廓)

Book:      intro 8.4.4, listing 8-2
Data:      a photo that scikit-learn ships (a Chinese temple), or a picture of your own with --image PATH
Shows:     a kernel set by hand that finds outlines, three channels in and one out, brought to 0 … 255 for the screen;
           what the book's kernel misses, and the false border that the zeros round the picture make
Departs:   after the book's outline, which has upright edges only, both directions and their magnitude; the border is
           cured by mirroring the picture's edge; the size comes from the picture (the book writes 3264×2448 into the
           listing), which is fed to a placeholder (the book feeds a variable); a picture of one colour becomes black
           (the book's formula divides by zero)
Time:      8 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.photo import load_photo
from utils.tf1 import tf

ex = Example(__doc__, image="")

# %% The picture
photo, source = load_photo(ex.image)
ex.data.note("photo", source, real=True)
print("shape of the picture:", photo.shape, "(the book's photo: (3264, 2448, 3))")
height, width, _ = photo.shape

# %% The graph (listing 8-2): each weight three times, once for each channel
picture = tf.placeholder(tf.float32, [1, None, None, 3])
sobel = [[-1.0, 0, 1], [-2.0, 0, 2], [-1.0, 0, 1]]
filter = tf.constant(np.repeat(sobel, 3), shape=[3, 3, 3, 1], dtype=tf.float32)
op = tf.nn.conv2d(picture, filter, strides=[1, 1, 1, 1], padding="SAME")


def for_the_screen(values):
    """Bring `values` to 0 … 255 over the whole picture; all zero where they are equal."""
    lowest, highest = tf.reduce_min(values), tf.reduce_max(values)
    return tf.math.divide_no_nan(values - lowest, highest - lowest) * 255


o = tf.cast(for_the_screen(op), tf.uint8)  # cuts the fraction off
o_rounded = tf.cast(tf.round(for_the_screen(op)), tf.uint8)

# %% Apart from the book: both directions, and their magnitude
both = tf.concat([filter, tf.transpose(filter, [1, 0, 2, 3])], axis=3)  # upright edges, level edges


def magnitude(gradient):
    return tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=3, keepdims=True))


with_zeros = tf.nn.conv2d(picture, both, strides=[1, 1, 1, 1], padding="SAME")
# The cure for the false border: round the picture comes its own edge, not black.
mirrored = tf.pad(picture, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="SYMMETRIC")
with_edge = tf.nn.conv2d(mirrored, both, strides=[1, 1, 1, 1], padding="VALID")
results = {
    "upright": for_the_screen(with_edge[..., :1]),
    "level": for_the_screen(with_edge[..., 1:]),
    "magnitude": for_the_screen(magnitude(with_edge)),
    "magnitude, zeros round it": for_the_screen(magnitude(with_zeros)),
}
strengths = [magnitude(with_zeros), magnitude(with_edge)]

# %% A picture small enough to check: black on the left, 10 on the right
TINY = np.zeros([1, 4, 6, 3], np.float32)
TINY[:, :, 3:] = 10

# %% Run
with ex.session() as sess:
    t, outlines, (zeros, edge) = sess.run([o, results, strengths], {picture: photo[None]})
    tiny, tiny_screen, tiny_rounded = sess.run([op, o, o_rounded], {picture: TINY})
    tiny_strengths = sess.run(strengths, {picture: TINY})
    one_colour = sess.run([o, results["magnitude"]], {picture: np.full([1, 5, 5, 3], 90.0)})
t = t.reshape(height, width)


def border_and_inside(strength):
    """Return the mean strength along the picture's border, and inside it."""
    border = np.ones([height, width], bool)
    border[1:-1, 1:-1] = False
    strength = strength.reshape(height, width)
    return float(strength[border].mean()), float(strength[~border].mean()) if not border.all() else 0.0


zeros_means, edge_means = border_and_inside(zeros), border_and_inside(edge)
print("black and 10, convolved:\n", tiny[0, :, :, 0], "\nfor the screen:\n", tiny_screen[0, :, :, 0])
print("  127.5 is cut to", tiny_screen[0, 0, 0, 0], "and would be rounded to", tiny_rounded[0, 0, 0, 0])
print("  magnitude with zeros round it:\n", tiny_strengths[0][0, :, :, 0], "\n  and with its own edge:")
print(tiny_strengths[1][0, :, :, 0])
for name, (border, inside) in {"zeros": zeros_means, "the picture's own edge": edge_means}.items():
    print(f"with {name} round it: mean magnitude {border:.1f} on the border and {inside:.1f} inside")


# %% The figures
def show(image, name, **options):
    inches = 6.4 / max(height, width)
    figure = plt.figure(figsize=(max(inches * width, 0.5), max(inches * height, 0.5)))
    axis = figure.add_axes([0, 0, 1, 1])
    axis.imshow(image, **options)
    axis.axis("off")
    ex.figure(figure, name)


show(photo, "original")  # figure 8-10
show(t, "outline", cmap="Greys_r")  # figure 8-11

figure, axes = plt.subplots(1, 3, figsize=(12, 4 * min(height / width, 1.5) + 0.4))
for axis, name in zip(axes, ("upright", "level", "magnitude"), strict=True):
    axis.imshow(outlines[name].reshape(height, width), cmap="Greys_r")
    axis.set_title(f"{name} edges" if name != "magnitude" else "magnitude of both")
    axis.axis("off")
figure.tight_layout()
ex.figure(figure, "both_directions")

figure, axes = plt.subplots(1, 2, figsize=(8, 4.4))
corners = {"zeros round the picture": "magnitude, zeros round it", "its own edge round it": "magnitude"}
for axis, (title, name) in zip(axes, corners.items(), strict=True):
    axis.imshow(outlines[name].reshape(height, width)[:120, :120], cmap="Greys_r", vmin=0, vmax=255)
    axis.set(title=title, xlabel="column", ylabel="row")
figure.suptitle("magnitude in the top left corner")
figure.tight_layout()
ex.figure(figure, "border")

# %% Results
ex.report("shape of the picture", photo.shape)
ex.report("shape and type of the outline", [*t.shape, str(t.dtype)])
ex.report("outline: lowest and highest", [t.min(), t.max()])
ex.report("black and 10, convolved", tiny[0, :, :, 0])
ex.report("black and 10, for the screen", tiny_screen[0, :, :, 0])
ex.report("127.5, cut and rounded", [tiny_screen[0, 0, 0, 0], tiny_rounded[0, 0, 0, 0]])
ex.report("black and 10, magnitude with zeros round it", tiny_strengths[0][0, :, :, 0])
ex.report("black and 10, magnitude with its own edge", tiny_strengths[1][0, :, :, 0])
ex.report("mean magnitude with zeros: border, inside", zeros_means)
ex.report("mean magnitude with its own edge: border, inside", edge_means)
ex.report("a picture of one colour: highest value with its own edge", one_colour[1].max())
ex.finish()
