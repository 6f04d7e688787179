"""Tutorial 11 · Adversarial examples (对抗样本)

Book:      hvass 1.11, tutorial #11
Data:      photos of scikit-image (--image takes one of your own); the tutorial's are not ours to give
Model:     Inception v3 with its ImageNet weights; where they cannot be had, EfficientNet-Lite0
Shows:     noise of at most ±3 of 255 that nobody sees and that makes a network sure of a class that is not there: the
           gradient of the loss goes to the picture instead of the weights. Then what takes the noise away (exercises 5
           and 6: blur, fewer colours). Exercises 1 to 4: --image, --target, --noise-limit, --required-score, --step,
           --targets 20 (does it work for all classes?). The last table has the tutorial's four searches over ours
Departs:   the tutorial squeezes a picture into the network's square; here its middle is cut out, as in an evaluation on
           ImageNet (--no-crop, or --book, squeezes too). The target has a shape, [], and the score of the source class
           one name, not two. Noise, picture and scores that are returned belong together also where the iterations run
           out. The noisy picture is rounded to 8 bit, within the limit, and tested again. The tutorial's log belongs to
           the Inception v3 of 2015 and to its own photos, so it is compared with nothing here
Time:      50 s beside other work (19 s of CPU time)
"""

import time

import numpy as np
from _published import SEARCHES, Search
from _visual import as_pixels, default_photos, normalize_image, own_photo
from scipy.ndimage import gaussian_filter

from utils import figures, pretrained
from utils.example import Example
from utils.problems import WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    image="",
    target="bookcase",
    noise_limit=3.0,
    required_score=0.99,
    max_iterations=100,
    step=7.0,
    photos=4,
    targets=0,
    crop=True,
    weights="",
    quick={"photos": 1},
    book={"crop": False},
)
if ex.targets > 1000:
    raise WrongFlag(f"--targets {ex.targets}: the network knows 1000 classes")

# %% The photos and the network
network = pretrained.load(ex.data, "inception_v3", ex.weights)
names = ["coffee", "chelsea", "camera", "rocket"][: ex.photos]
photos = own_photo(ex, ex.image) if ex.image else default_photos(ex, names)
images = dict(zip(photos, network.preprocess(photos.values(), crop=ex.crop), strict=True))
cls_target = network.number_of(ex.target)


def name_of(number):
    """Return the first name of a class, as the tutorial does."""
    return network.labels[number].split(",")[0]


# %% The loss of a target class, and its gradient with regard to the picture
with tf.device(ex.device):
    resized_image = tf.placeholder(tf.float32, [None, network.input_size, network.input_size, 3], name="resized_image")
    layers = network.build(resized_image, ["logits", "probabilities"])
    y_pred, y_logits = layers["probabilities"], layers["logits"]

    pl_cls_target = tf.placeholder(tf.int32, [], name="cls_target")
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[pl_cls_target], logits=y_logits)
    gradient = tf.gradients(loss, resized_image)[0]


# %% The search: steps against the gradient, the noise clipped to the limit
def find_adversary_noise(image, cls_target, say=print):
    """Return noise [h, w, 3], the noisy picture, its scores [1000], and the history of the search.

    That is a list of each iteration's score of the source class, score of the target and step size.

    `image`: [h, w, 3], 0 to 255. `say` prints what the tutorial prints.
    """
    scores = score(image[None])[0]
    cls_source = scores.argmax()
    next_noise = np.zeros_like(image)
    history = []
    for iteration in range(ex.max_iterations):
        noise = next_noise
        noisy_image = np.clip(image + noise, 0, 255)
        (scores,), (grad,) = score_and_gradient(noisy_image[None], cls_target)
        # at least one colour of one pixel changes by `step`
        step_size = ex.step / max(abs(grad).max(), 1e-10)
        history.append((scores[cls_source], scores[cls_target], step_size))
        say(f"Iteration: {iteration}")
        for title, number in (("Source", cls_source), ("Target", cls_target)):
            say(f"{title} score: {scores[number]:>7.2%}, class-number: {number:>4}, class-name: {name_of(number)}")
        say(f"Gradient min: {grad.min():>9.6f}, max: {grad.max():>9.6f}, stepsize: {step_size:>9.2f}\n")
        if scores[cls_target] >= ex.required_score:
            break
        next_noise = np.clip(noise - step_size * grad, -ex.noise_limit, ex.noise_limit)
    return noise, noisy_image, scores, history


def to_8_bit(noisy_image, image):
    """Round the noisy picture to whole numbers without leaving the noise limit around `image`, whose are whole."""
    limit = np.floor(ex.noise_limit)
    return np.clip(np.rint(noisy_image), image - limit, image + limit)


def spread_targets(count):
    """Return `count` classes, spread evenly over the 1000."""
    return [place * 1000 // count for place in range(count)]


found, ours = {}, {}
with ex.session() as sess:
    network.initialise(sess)
    score = sess.make_callable(y_pred, [resized_image])
    score_and_gradient = sess.make_callable([y_pred, gradient], [resized_image, pl_cls_target])
    score_and_gradient(next(iter(images.values()))[None], cls_target)  # the first call prepares the graph
    started, evaluations = time.perf_counter(), 0
    for name, image in images.items():
        print(f"--- {name}")
        found[name] = noise, noisy_image, scores, history = find_adversary_noise(image, cls_target, ex.log)
        evaluations += len(history)
        ex.log(
            f"Noise min: {noise.min():.3f}, max: {noise.max():.3f}, mean: {noise.mean():.3f}, std: {noise.std():.3f}\n"
        )
        for iteration, (source_score, target_score, _) in enumerate(history):
            ex.record(iteration, **{f"{name}/source_score": source_score, f"{name}/target_score": target_score})
    seconds = (time.perf_counter() - started) / evaluations

    # %% What takes the noise away? (exercises 5 and 6)
    for name, image in images.items():
        noise, noisy_image, scores, history = found[name]
        before = score(image[None])[0]
        source = before.argmax()
        as_png = to_8_bit(noisy_image, image)
        changed = {
            "original": image,
            "noisy": noisy_image,
            "noisy, 8 bit": as_png,
            "noisy, blurred, sigma 1": gaussian_filter(noisy_image, (1, 1, 0)),
            "noisy, 32 levels of colour": np.floor(noisy_image / 8) * 8 + 4,
            "noisy, 16 levels of colour": np.floor(noisy_image / 16) * 16 + 8,
        }
        print(f"{name:<28} {name_of(source):>16} {name_of(cls_target):>16}   likeliest")
        after = dict(zip(changed, score(np.stack(list(changed.values()))), strict=True))
        for title, some in after.items():
            print(f"{title:<28} {some[source]:>16.2%} {some[cls_target]:>16.2%}   {name_of(some.argmax())}")

        first_and_last = [(values[0], values[-1]) for values in zip(*history, strict=True)]
        spread = (noise.min(), noise.max(), noise.mean(), noise.std())
        ours[name] = Search(name_of(source), len(history), *first_and_last, spread)

        # The original, the noisy picture and the noise, amplified
        labels = [
            f"Original Image:\n{name_of(source)} ({before[source]:.2%})",
            "Image + Noise:\n" + "\n".join(f"{name_of(n)} ({scores[n]:.2%})" for n in (source, cls_target)),
            f"Amplified Noise:\n±{abs(noise).max():g} of 255",
        ]
        shown = [image / 255, noisy_image / 255, normalize_image(noise)]
        figure = figures.image_grid(shown, labels, columns=3, size=3.4)
        figure.subplots_adjust(bottom=0.17)
        ex.figure(figure, f"{name}_noise")
        ex.picture(as_pixels(as_png), f"{name}_noisy")

        ex.report(f"{name}: source class", name_of(source))
        ex.report(f"{name}: its score", before[source])
        ex.report(f"{name}: its score with the noise", scores[source])
        ex.report(f"{name}: target score before", before[cls_target])
        ex.report(f"{name}: target score with the noise", scores[cls_target])
        ex.report(f"{name}: target score after 8 bit", after["noisy, 8 bit"][cls_target])
        ex.report(f"{name}: gradient evaluations", len(history))
        ex.report(f"{name}: largest noise", abs(noise).max())
        ex.report(f"{name}: largest noise after 8 bit", abs(as_pixels(as_png) - image).max())
        ex.report(f"{name}: std of the noise", noise.std())
        ex.report(
            f"{name}: source class is back after the blur", bool(after["noisy, blurred, sigma 1"].argmax() == source)
        )
        ex.report(f"{name}: and with 16 levels of colour", bool(after["noisy, 16 levels of colour"].argmax() == source))

    # %% Exercise 3: other target classes, spread evenly over the 1000
    if ex.targets:
        first, image = next(iter(images.items()))
        needed = {}
        for number in spread_targets(ex.targets):
            history = find_adversary_noise(image, number, lambda _: None)[3]
            needed[number] = len(history) if history[-1][1] >= ex.required_score else None
            ex.log(f"{first} → {name_of(number)}: {needed[number] or 'not reached'}")
        ex.report("target classes tried, reached", [len(needed), sum(n is not None for n in needed.values())])

# %% The scores of the target during the search
lines = {name: [[i, target] for i, (_, target, _) in enumerate(found[name][3])] for name in found}
ex.figure(figures.curves(lines, xlabel="iteration", ylabel=f"score of {name_of(cls_target)}"), "target_scores")


# %% The tutorial's searches, and below them ours, on other pictures
def print_searches(title, searches):
    """Print what each of `searches`, by the picture's name, began and ended with."""
    row = "{:<16} {:<16} {:>9}  {:>17}  {:>17}  {:>23}  {:>27}"
    print(title)
    print(
        row.format("picture", "source", "gradients", "source score", "target score", "step size", "noise, mean ± std")
    )
    for name, search in searches.items():
        scores = ["{:>7.2%} → {:>7.2%}".format(*pair) for pair in (search.source_score, search.target_score)]
        steps = "{:>10.2f} → {:>10.2f}".format(*search.step_size)
        noise = "{:.3f} … {:.3f}, {:.3f} ± {:.3f}".format(*search.noise)
        print(row.format(name, search.source, search.evaluations, *scores, steps, noise))


print_searches("The tutorial's own pictures in the Inception v3 of 2015, towards bookcase:", SEARCHES)
print_searches(f"Ours in {network.title}, towards {name_of(cls_target)}:", ours)

# %% Results
ex.report("seconds per gradient evaluation", seconds)
ex.finish()
