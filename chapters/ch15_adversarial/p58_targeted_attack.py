"""Project 58 · Gradient attack on PNASNet: a dog becomes a "plate" (用FGSM方法生成样本，并攻击PNASNet模型，让其将“狗”识别成“盘子”)

Book:      eng 11.1.1 and 11.2, listings 11-1 and 11-2
Data:      a photo of a cat from scikit-image (--image takes one of yours); the book's photo of a dog is not published
Model:     NASNet-A large with its ImageNet weights; where they cannot be had, EfficientNet-Lite0
Shows:     the input as the variable that is trained: gradient descent on the pixels until a network sees a plate, while
           no pixel moves by more than 2 of 255. Then the defence of 11.2.7: turned a little, the picture is a cat again
Departs:   the book's bound is laid round the picture of the moment, so that it holds nothing; here it is laid round the
           photo, and the book's own is measured beside it. PNASNet's weights are in a format without a reader of today;
           NASNet is its nearest kin. The title says plate, the book's class 880 is an umbrella (--target umbrella, 879
           without the background class). The picture is saved as PNG and its pixels are rounded: JPEG changes what the
           attack wrote, and the book cuts off what is behind the point. The section is headed FGSM, one step along a
           sign; this is plain gradient descent. The weights stay as they are because var_list leaves them out, not
           because of is_training=False, as the book has it: that is for batch normalisation and dropout
Time:      20 s on 2 CPU cores, beside another run
"""  # noqa: E501

import numpy as np
from _attack import (
    MOST,
    as_jpeg,
    classified,
    picture_for,
    print_top,
    rotate,
    save_picture,
    short,
    to_8_bit,
)

from utils import figures, pretrained
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    image="",
    target="plate",
    weights="",
    learning_rate=0.1,
    epsilon=2.0,
    steps=400,
    enough=0.02,
    rotations=30,
    quick={"rotations": 10},
)

# %% The network, the photo and the target
network = pretrained.load(ex.data, "nasnet_large", ex.weights)
photo = picture_for(ex, network)
target = network.number_of(ex.target)
size = network.input_size

# %% The graph: the network looks at a variable, or at the pictures that are fed, each turned by its own angle
with tf.device(ex.device):
    image = tf.placeholder(tf.float32, [size, size, 3], name="image")
    input_imgs = tf.get_variable("input_imgs", [size, size, 3], initializer=tf.zeros_initializer())
    assign = tf.assign(input_imgs, image)
    pictures = tf.placeholder_with_default(input_imgs[None], [None, size, size, 3], name="pictures")
    angles = tf.placeholder_with_default(tf.zeros([1]), [None], name="angles")
    turned = rotate(pictures, angles)
    layers = network.build(255 * turned, ["logits", "probabilities"])

    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[target], logits=layers["logits"])[0]
    optim_step = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(loss, var_list=[input_imgs])

    # The bound: a band round the photo. The book's band is made of input_imgs itself, and moves with it.
    band = ex.epsilon / 255
    in_band = tf.clip_by_value(input_imgs, image - band, image + band)
    project = tf.assign(input_imgs, tf.clip_by_value(in_band, 0, 1))
    in_book_band = tf.clip_by_value(input_imgs, input_imgs - band, input_imgs + band)
    book_project = tf.assign(input_imgs, tf.clip_by_value(in_book_band, 0, 1))


# %% The attack
def attack(bound, name):
    """Return the attacked picture [s, s, 3], 0 to 1, and the losses, one a step; `bound`: the op after each step."""
    sess.run(assign, {image: photo})
    losses = []
    for step in ex.progress(range(1, ex.steps + 1), unit="step"):
        losses.append(float(take_step()[1]))
        sess.run(bound, {image: photo})
        ex.record(step, **{f"loss/{name}": losses[-1]})
        if step % 10 == 0:
            ex.log(f"step {step}, loss={losses[-1]:g}")
        if losses[-1] < ex.enough:
            break
    return sess.run(input_imgs), losses


rotation = np.random.uniform(-MOST, MOST, ex.rotations)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    network.initialise(sess)
    take_step = sess.make_callable([optim_step, loss])
    look = sess.make_callable([turned, layers["probabilities"]], [pictures, angles])

    print("The photo:")
    clean = look([photo], [0])[1][0]
    print_top(network, clean)

    print(f"Towards {short(network.labels[target])}, no pixel by more than {ex.epsilon:g} of 255:")
    attacked, losses = attack(project, "band")
    print("The same with the book's bound:")
    book_attacked, book_losses = attack(book_project, "book_bound")

    whole = to_8_bit(attacked, photo, ex.epsilon)
    saved = save_picture(ex, whole, "attacked")
    _, after = look([attacked, saved, as_jpeg(whole), book_attacked], [0, 0, 0, 0])
    print("The attacked picture:")
    print_top(network, after[0])

    # The defence: the same picture, turned by 22.5 degrees
    defended, (defence,) = look([saved], [np.pi / 8])
    print("Turned by pi/8:")
    print_top(network, defence)
    turned_photo = look([photo], [np.pi / 8])[1][0]
    share = np.mean([look([saved], [angle])[1][0].argmax() == target for angle in rotation])

source = clean.argmax()
print(f"It is a {short(network.labels[target])} in {share:.0%} of {ex.rotations} random rotations.")

# %% Figures
ex.figure(classified(photo, network, clean, target), "photo")
ex.figure(classified(saved, network, after[1], target), "attack_succeeds")
ex.figure(classified(defended[0], network, defence, target), "turned")
low, high = np.clip([photo - band, photo + band], 0, 1)
moved = [f"moved by at most\n{abs(some - photo).max() * 255:.1f} of 255" for some in (attacked, book_attacked)]
captions = [
    f"the band's lower edge,\n{ex.epsilon:g} of 255 below",
    "its upper edge",
    f"band: {moved[0]}",
    f"book: {moved[1]}",
]
noise = [0.5 + (some - photo) / (2 * abs(book_attacked - photo).max()) for some in (attacked, book_attacked)]
figure = figures.image_grid([low, high, *np.clip(noise, 0, 1)], captions, columns=4, size=2.4)
figure.subplots_adjust(bottom=0.2)
ex.figure(figure, "bounds")
lines = {"bound laid round the photo": ex.history["loss/band"], "the book's bound": ex.history["loss/book_bound"]}
ex.figure(figures.curves(lines, xlabel="step", ylabel="loss"), "loss")

# %% Results: the book's are those of another network and another photo, attacked under a bound that held nothing
ex.report("class of the photo", short(network.labels[source]))
ex.report("its probability", clean[source], book=0.35189062)
ex.report("target before", clean[target])
ex.report("target after", after[0][target])
ex.report("target in the saved picture", after[1][target])
ex.report("target after a JPEG file", after[2][target])
ex.report("steps", len(losses))
ex.report("loss, last", losses[-1])
ex.report("most that a pixel moved, of 255", float(abs(attacked - photo).max() * 255))
ex.report("the same in the saved picture", float(np.rint(abs(saved - photo).max() * 255)))
ex.report("steps, the book's bound", len(book_losses), book=20)
early = book_losses[9] if len(book_losses) >= 10 else None
ex.report("loss at step 10, the book's bound", early, book=5.29815, better="lower")
ex.report("loss, last, the book's bound", book_losses[-1], book=0.00202808, better="lower")
ex.report("target after, the book's bound", after[3][target], book=0.9981244, better="higher")
ex.report("most that a pixel moved, the book's bound", float(abs(book_attacked - photo).max() * 255))
ex.report("class when turned by pi/8", short(network.labels[defence.argmax()]))
ex.report("its probability when turned by pi/8", defence.max(), book=0.43900266)
ex.report("class of the photo when turned by pi/8", short(network.labels[turned_photo.argmax()]))
ex.report("target when turned by pi/8", defence[target])
ex.report("random rotations that leave it the target", share)
ex.finish()
