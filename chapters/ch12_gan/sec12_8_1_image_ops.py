"""Section 12.8.1 · Super-resolution background and TF image functions (超分辨率技术)

Book:      intro 12.8.1, table 12-1, figure 12-12
Data:      a picture of 2×2 numbers; china.jpg, a photo that comes with scikit-learn, or a picture of yours (--image)
Shows:     every function of table 12-1 with its result; the four resize methods beside each other, as TensorFlow 1
           samples and as TensorFlow 2 does; the sub-pixel rearrangement of ESPCN; the shapes and the cost of SRCNN,
           which enlarges first, and of ESPCN, which enlarges last; one photo made small and enlarged again by each
           method, with the PSNR; the YUV colours that the later examples measure in
Departs:   tf.image.resize_images puts pixel i of the small picture at scale · i, tf.image.resize of TensorFlow 2 puts
           the centres of both pictures together: the table has both, and what it costs to mix them. Of Y, U and V the
           book swaps the last two: U is blue − Y, V is red − Y
Time:      13 s on 2 CPU cores (beside other work)
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.photo import load_photo
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(__doc__, image="", scale=4)

# %% Table 12-1 on [[1, 2], [3, 4]]; a picture is [height, width, channels], a batch has one more dimension in front
picture = tf.reshape([1.0, 2.0, 3.0, 4.0], [2, 2, 1])
batch = tf.stack([picture, 10 * picture])
colours = tf.constant([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], tf.uint8)  # white, red, green, blue
TABLE = {
    "resize_images(picture, [4, 4])": tf.image.resize_images(picture, [4, 4]),
    "crop_to_bounding_box(picture, 1, 0, 1, 2)": tf.image.crop_to_bounding_box(picture, 1, 0, 1, 2),
    "flip_left_right(picture)": tf.image.flip_left_right(picture),
    "flip_up_down(picture)": tf.image.flip_up_down(picture),
    "rot90(picture, 1)": tf.image.rot90(picture, 1),  # counter-clockwise
    "rot90(picture, 2)": tf.image.rot90(picture, 2),
    "rot90(picture, 3)": tf.image.rot90(picture, 3),
    "rgb_to_grayscale(colours)": tf.image.rgb_to_grayscale(colours),
}
SHAPES = {
    "resize_images(picture, [4, 4])": tf.image.resize_images(picture, [4, 4]),
    "resize_images(batch, [4, 4])": tf.image.resize_images(batch, [4, 4]),
    "resize_bilinear(batch, [4, 4])": tf.image.resize_bilinear(batch, [4, 4]),
    "resize_nearest_neighbor(batch, [4, 4])": tf.image.resize_nearest_neighbor(batch, [4, 4]),
    "resize_bicubic(batch, [4, 4])": tf.image.resize_bicubic(batch, [4, 4]),
    "flip_left_right(batch)": tf.image.flip_left_right(batch),
}
try:
    tf.image.resize_bicubic(picture, [4, 4])
    needs_a_batch = ""
except ValueError as error:
    needs_a_batch = str(error).split(" for ")[0]

# %% The four methods. TensorFlow 2's function is in `tf.compat.v2`: here, tf.image.resize is resize_images
METHODS = {
    "NEAREST_NEIGHBOR": tf.image.ResizeMethod.NEAREST_NEIGHBOR,
    "BILINEAR": tf.image.ResizeMethod.BILINEAR,
    "BICUBIC": tf.image.ResizeMethod.BICUBIC,
    "AREA": tf.image.ResizeMethod.AREA,
}
V2_METHODS = {"NEAREST_NEIGHBOR": "nearest", "BILINEAR": "bilinear", "BICUBIC": "bicubic", "AREA": "area"}


def resize_v2(images, size, method):
    """Resize as TensorFlow 2 does, by the half-pixel centres: pixel i lies at scale · (i + ½) − ½."""
    return tf.compat.v2.image.resize(images, size, V2_METHODS[method])


ENLARGED = {
    name: {
        "TF1": tf.image.resize_images(picture, [4, 4], method),
        "TF1, align_corners": tf.image.resize_images(picture, [4, 4], method, align_corners=True),
        "TF2, half-pixel centres": resize_v2(picture, [4, 4], name),
    }
    for name, method in METHODS.items()
}

# %% Figure 12-12: r·r maps of a pixel become its r×r block; in colour, the channels of a place stay together
R = 2
grey_maps = tf.reshape(tf.constant([*"abcd"]), [1, 1, 1, 4])
colour_maps = tf.reshape(tf.constant([f"{c}{i}" for i in range(4) for c in "rgb"]), [1, 1, 1, 12])
numbered = tf.constant(np.arange(3 * 3) + 100 * np.arange(1, 5)[:, None])  # map k holds 100·k + the pixel's number
maps = tf.reshape(tf.transpose(numbered), [1, 3, 3, 4])


def rearrange(low):
    """Do what depth_to_space does, by hand: [n, h, w, r²·c] → [n, r·h, r·w, c]."""
    _, height, width, channels = low.shape.as_list()
    blocks = tf.reshape(low, [-1, height, width, R, R, channels // R**2])
    return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4, 5]), [-1, R * height, R * width, channels // R**2])


def text_to_space(texts):
    """depth_to_space has no kernel for text: rearrange the places, and look the texts up."""
    places = tf.reshape(tf.range(tf.size(texts)), tf.shape(texts))
    return tf.gather(tf.reshape(texts, [-1]), tf.depth_to_space(places, R))


SUB_PIXEL = {
    "depth_to_space([1, 1, 1, 4], 2)": text_to_space(grey_maps)[0, ..., 0],
    "depth_to_space([1, 1, 1, 12], 2)": tf.strings.reduce_join(text_to_space(colour_maps)[0], axis=-1, separator=" "),
}
big = tf.depth_to_space(maps, R)

# %% SRCNN enlarges, then convolves; ESPCN convolves the small picture, then rearranges. Both for colour and r = 2
SIDE = 32
LAYERS = {  # channels and kernel of each layer: all have stride 1 and SAME
    "SRCNN": [(64, 9), (32, 1), (3, 5)],
    "ESPCN": [(64, 5), (32, 3), (3 * R**2, 3)],
}


def network(name, low):
    """Return each layer's output (without activations), and the weights and multiplications of the convolutions."""
    net = tf.image.resize_bicubic(low, [R * SIDE, R * SIDE]) if name == "SRCNN" else low
    outputs, weights, products = [net], 0, 0
    for channels, kernel in LAYERS[name]:
        layer = tf.layers.Conv2D(channels, kernel, padding="same")
        net = layer(net)
        outputs.append(net)
        weights += layer.count_params()
        products += layer.kernel.shape.num_elements() * int(net.shape[1]) * int(net.shape[2])
    return (outputs if name == "SRCNN" else [*outputs, tf.depth_to_space(net, R)]), weights, products


NETWORKS = {name: network(name, tf.zeros([1, SIDE, SIDE, 3])) for name in LAYERS}

# %% YUV: Y is the brightness, U blue − Y, V red − Y, each by a factor
RGB_TO_YUV = [[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.100]]
YUV_TO_RGB = [[1, 0, 1.14], [1, -0.39, -0.58], [1, 2.03, 0]]
unit = tf.eye(3)[None]  # a picture of a red, a green and a blue pixel
yuv = tf.image.rgb_to_yuv(unit)[0]

# %% A photo, made small in two ways and enlarged in eight
photo, source = load_photo(ex.image)
height, width = (edge - edge % ex.scale for edge in photo.shape[:2])
if ex.scale < 2:
    raise WrongFlag(f"--scale {ex.scale}: must be 2 or more")
if not (height and width):
    raise WrongFlag(f"--image {source}: {photo.shape[1]}×{photo.shape[0]} pixels are too few for --scale {ex.scale}")
photo = photo[:height, :width].astype(np.float32)
original = tf.placeholder(tf.float32, photo.shape)
low_size, size = [height // ex.scale, width // ex.scale], [height, width]
SMALL = {
    "TF1 bilinear": tf.image.resize_images(original, low_size),
    "means of blocks": tf.image.resize_images(original, low_size, tf.image.ResizeMethod.AREA),
}
# Bicubic values lie below 0 and above 255 too: clip them, or a cast to uint8 wraps them round.
LARGE = {
    (small, how, name): tf.clip_by_value(
        tf.image.resize_images(low, size, method) if how == "TF1" else resize_v2(low, size, name), 0, 255
    )
    for small, low in SMALL.items()
    for how in ("TF1", "TF2")
    for name, method in METHODS.items()
}
back_and_forth = tf.image.yuv_to_rgb(tf.image.rgb_to_yuv(original / 255)) * 255
PSNR = {key: tf.image.psnr(large, original, max_val=255) for key, large in LARGE.items()}

# %% Run
shown = ("means of blocks", "TF2")
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    table, enlarged, sub_pixel = sess.run([TABLE, ENLARGED, SUB_PIXEL])
    maps_now, big_now, by_hand = sess.run([maps, big, rearrange(maps)])
    yuv_now, rgb_back = sess.run([yuv, back_and_forth], {original: photo})
    chosen = {name: LARGE[(*shown, name)] for name in METHODS}
    small_now, psnr, large_now = sess.run([SMALL, PSNR, chosen], {original: photo})


# %% Print
def one_line(array):
    return " ".join(str(np.asarray(array).squeeze().tolist()).split())


print("\nTable 12-1, with picture = [[1, 2], [3, 4]] and colours = white, red, green, blue")
for call, value in table.items():
    print(f"  {call:43}{one_line(value)}")
print("\nThree dimensions or four")
for call, node in SHAPES.items():
    print(f"  {call:43}{node.shape.as_list()}")
print(f"  {'resize_bicubic(picture, [4, 4])':43}ValueError: {needs_a_batch}")
print("\nThe methods on [[1, 2], [3, 4]] → 4×4")
for name, ways in enlarged.items():
    print(f"  {name:20}" + "".join(f"{way:30}" for way in ways).rstrip())
    for row in np.stack([value[..., 0] for value in ways.values()], 1):
        print(" " * 22 + "".join(f"{' '.join(f'{v:5.2f}' for v in cells):30}" for cells in row).rstrip())
print("\nThe sub-pixel rearrangement")
for call, value in sub_pixel.items():
    sub_pixel[call] = [[text.decode() for text in row] for row in value]
    print(f"  {call:43}{sub_pixel[call]}")
print(f"\nSRCNN and ESPCN, {SIDE}×{SIDE} → {R * SIDE}×{R * SIDE}, in colour")
for name, (outputs, weights, products) in NETWORKS.items():
    print(f"  {name}: {weights:,} weights, {products:,} multiplications")
    print("    " + " → ".join(str(net.shape.as_list()[1:]) for net in outputs))
print("\nrgb_to_yuv of red, green and blue")
for letter, ours, theirs in zip("YUV", np.transpose(yuv_now), RGB_TO_YUV, strict=True):
    print(f"  {letter}  {', '.join(f'{value:.3f}' for value in ours)}   by the formula {theirs}")
print(f"\nPSNR in dB of {source}, made small by {ex.scale} and enlarged again")
print(f"  {'made small by':18}{'enlarged by':14}" + "".join(f"{name:>18}" for name in METHODS))
for small in SMALL:
    for how in ("TF1", "TF2"):
        print(f"  {small:18}{how:14}" + "".join(f"{psnr[small, how, name]:18.2f}" for name in METHODS))

# %% Figures: a detail of the photo by each method, and figure 12-12
edge = min(24, *low_size)
top, left = (low_size[0] - edge) // 2, (low_size[1] - edge) // 2


def detail(image, scale):
    return np.clip(image[top * scale : (top + edge) * scale, left * scale : (left + edge) * scale] / 255, 0, 1)


panels = {"original": detail(photo, ex.scale), f"small, {edge}×{edge} pixels": detail(small_now[shown[0]], 1)}
for name, large in large_now.items():
    panels[f"{name}, PSNR {psnr[(*shown, name)]:.2f} dB"] = detail(large, ex.scale)
figure, axes = plt.subplots(2, 3, figsize=(9.6, 6.8))
for axis, (name, image) in zip(axes.flat, panels.items(), strict=True):
    axis.imshow(image)
    axis.set_title(name, fontsize=10)
    axis.axis("off")
figure.tight_layout()
ex.figure(figure, "resize_methods")

figure, axes = plt.subplots(1, 5, figsize=(10, 2.9), gridspec_kw={"width_ratios": [1, 1, 1, 1, 2]})
sheets = {f"map {k + 1}": maps_now[0, ..., k] for k in range(4)} | {f"depth_to_space, r = {R}": big_now[0, ..., 0]}
for axis, (name, sheet) in zip(axes, sheets.items(), strict=True):
    axis.imshow(sheet // 100, cmap="Pastel1", vmin=1, vmax=9)
    for (row, column), value in np.ndenumerate(sheet):
        axis.text(column, row, value, ha="center", va="center", fontsize=8)
    axis.set_title(name, fontsize=10)
    axis.axis("off")
figure.tight_layout()
ex.figure(figure, "figure_12_12")

# %% Results
for call, value in table.items():
    ex.report(call, np.squeeze(value))
for call, node in SHAPES.items():
    ex.report(f"shape of {call}", node.shape.as_list())
ex.report("resize_bicubic of three dimensions", needs_a_batch)
for name, ways in enlarged.items():
    for way, value in ways.items():
        ex.report(f"{name}, {way}", value[..., 0])
for call, value in sub_pixel.items():
    ex.report(call, value)
ex.report("depth_to_space is the rearrangement by hand", np.array_equal(big_now, by_hand))
for name, (outputs, weights, products) in NETWORKS.items():
    ex.report(f"{name}: shapes", [net.shape.as_list()[1:] for net in outputs])
    ex.report(f"{name}: weights", weights)
    ex.report(f"{name}: multiplications", products)
ex.report("YUV, largest difference from the formula", np.abs(yuv_now.T - RGB_TO_YUV).max())
ex.report("RGB from YUV, largest difference from the formula", np.abs(np.linalg.inv(yuv_now.T) - YUV_TO_RGB).max())
ex.report("photo to YUV and back, largest difference of 255", np.abs(rgb_back - photo).max())
every = np.array_equal(small_now["TF1 bilinear"], photo[:: ex.scale, :: ex.scale])
ex.report("TF1 bilinear keeps every so many pixels and drops the rest", every)
for (small, how, name), value in psnr.items():
    ex.report(f"PSNR, {small}, {how} {name}", value if np.isfinite(value) else "no difference")
ex.finish()
