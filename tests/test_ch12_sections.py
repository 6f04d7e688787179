"""Chapter 12, sections 12.8.1 (image functions, super-resolution) and 12.9 (TFGAN)."""

import sys

import numpy as np
import pytest

from utils.paths import CHAPTERS
from utils.tf1 import tf

sys.path.insert(0, str(CHAPTERS / "ch12_gan"))
import _tfgan as tfgan

sys.path.pop(0)


def test_12_8_1_the_functions_of_table_12_1(quick):
    run = quick("12.8.1")
    table = {
        "crop_to_bounding_box(picture, 1, 0, 1, 2)": [3, 4],
        "flip_left_right(picture)": [[2, 1], [4, 3]],
        "flip_up_down(picture)": [[3, 4], [1, 2]],
        "rot90(picture, 1)": [[2, 4], [1, 3]],
        "rot90(picture, 2)": [[4, 3], [2, 1]],
        "rot90(picture, 3)": [[3, 1], [4, 2]],
        "rgb_to_grayscale(colours)": [255, 76, 149, 29],  # 0.2989, 0.587 and 0.114 of 255
    }
    for call, value in table.items():
        assert run.metric(call) == value, call
        assert f"\n  {call:43}{run.metric(call)!s}\n" in run.out
    assert run.metric("shape of resize_images(picture, [4, 4])") == [4, 4, 1]
    for name in ("resize_images", "resize_bilinear", "resize_nearest_neighbor", "resize_bicubic"):
        assert run.metric(f"shape of {name}(batch, [4, 4])") == [2, 4, 4, 1]
    assert run.metric("resize_bicubic of three dimensions") == "Shape must be rank 4 but is rank 3"


def test_12_8_1_each_resize_method_by_hand(quick):
    run = quick("12.8.1")
    ways = ("TF1", "TF1, align_corners", "TF2, half-pixel centres")
    places = {  # where the four pixels of a row lie between the two of the small one, beyond whose middles it is flat
        "TF1": np.minimum(np.arange(4) / 2, 1),
        "TF1, align_corners": np.arange(4) / 3,
        "TF2, half-pixel centres": np.clip((np.arange(4) + 0.5) / 2 - 0.5, 0, 1),
    }
    for way in ways:
        linear = 1 + places[way][None, :] + 2 * places[way][:, None]
        assert run.metric(f"BILINEAR, {way}") == pytest.approx(linear, abs=1e-6), way
        doubled = np.repeat(np.repeat([[1, 2], [3, 4]], 2, 0), 2, 1)
        assert run.metric(f"NEAREST_NEIGHBOR, {way}") == doubled.tolist()
    assert run.metric("resize_images(picture, [4, 4])") == run.metric("BILINEAR, TF1")  # the default method
    assert run.metric("AREA, TF1") == run.metric("AREA, TF2, half-pixel centres") == doubled.tolist()
    # Bicubic, half-pixel centres: Keys' kernel (a = −0.5) with the weights of what lies outside left out.
    at = {0.25: 0.8671875, 0.75: 0.2265625, 1.25: -0.0703125}  # the kernel at these distances
    row = np.array([[at[0.25], at[1.25]], [at[0.25], at[0.75]], [at[0.75], at[0.25]], [at[1.25], at[0.25]]])
    row /= row.sum(axis=1, keepdims=True)
    assert run.metric("BICUBIC, TF2, half-pixel centres") == pytest.approx(row @ [[1, 2], [3, 4]] @ row.T, abs=1e-5)
    # Without half-pixel centres every second pixel is a pixel of the small picture.
    assert np.array(run.metric("BICUBIC, TF1"))[::2, ::2].tolist() == [[1, 2], [3, 4]]


def test_12_8_1_sub_pixels_and_the_two_networks(quick):
    run = quick("12.8.1")
    assert run.metric("depth_to_space([1, 1, 1, 4], 2)") == [["a", "b"], ["c", "d"]]
    assert run.metric("depth_to_space([1, 1, 1, 12], 2)") == [["r0 g0 b0", "r1 g1 b1"], ["r2 g2 b2", "r3 g3 b3"]]
    assert run.metric("depth_to_space is the rearrangement by hand") is True
    assert run.metric("SRCNN: shapes") == [[64, 64, channels] for channels in (3, 64, 32, 3)]
    assert run.metric("ESPCN: shapes") == [[32, 32, channels] for channels in (3, 64, 32, 12)] + [[64, 64, 3]]
    assert run.metric("SRCNN: weights") == 9 * 9 * 3 * 64 + 64 + 64 * 32 + 32 + 5 * 5 * 32 * 3 + 3
    assert run.metric("ESPCN: weights") == 26_796  # as example 94 has
    assert run.metric("SRCNN: multiplications") == 64 * 64 * 20_000
    assert run.metric("ESPCN: multiplications") == 32 * 32 * 26_688
    assert run.metric("YUV, largest difference from the formula") < 5e-4  # the formulas have three decimals,
    assert run.metric("RGB from YUV, largest difference from the formula") < 6e-3  # and two
    assert run.metric("photo to YUV and back, largest difference of 255") < 1e-3


def test_12_8_1_a_photo_made_small_and_large_again(quick):
    run = quick("12.8.1")
    names = ("NEAREST_NEIGHBOR", "BILINEAR", "BICUBIC", "AREA")
    psnr = {
        (small, how, name): run.metric(f"PSNR, {small}, {how} {name}")
        for small in ("TF1 bilinear", "means of blocks")
        for how in ("TF1", "TF2")
        for name in names
    }
    blocks = {name: psnr["means of blocks", "TF2", name] for name in names}
    assert blocks["BICUBIC"] > blocks["BILINEAR"] > blocks["NEAREST_NEIGHBOR"] == pytest.approx(blocks["AREA"])
    for name in ("BILINEAR", "BICUBIC"):  # the two ways to sample do not go together: 0.8 to 1.2 dB
        assert psnr["TF1 bilinear", "TF1", name] > psnr["TF1 bilinear", "TF2", name] + 0.5
        assert psnr["means of blocks", "TF2", name] > psnr["means of blocks", "TF1", name] + 0.5
    assert run.metric("TF1 bilinear keeps every so many pixels and drops the rest") is True
    from sklearn.datasets import load_sample_image

    photo = load_sample_image("china.jpg")[:424].astype(float)
    means = photo.reshape(106, 4, 160, 4, 3).mean(axis=(1, 3))
    error = np.mean((photo - means.repeat(4, 0).repeat(4, 1)) ** 2)
    assert blocks["AREA"] == pytest.approx(10 * np.log10(255**2 / error), abs=1e-3)
    assert set(run.result["figures"]) == {"resize_methods.png", "figure_12_12.png"}


def test_12_8_1_a_picture_too_small_is_one_line(run_example, tmp_path):
    import matplotlib.pyplot as plt

    path = tmp_path / "tiny.png"
    plt.imsave(path, np.zeros((9, 3, 3)))
    run = run_example("12.8.1", "--image", str(path), ok=False)
    assert run.code == 2
    assert run.err.strip() == f"--image {path}: 3×9 pixels are too few for --scale 4"


def test_12_9_losses_alone_are_what_can_be_worked_out_by_hand(quick):
    run = quick("12.9")
    expected = {
        "wasserstein_generator_loss: −9": -9,
        "wasserstein_discriminator_loss: 9 − 18": -9,
        "wasserstein_gradient_penalty, slope √9: (3 − 1)²": 4,
        "mutual_information_penalty, no idea of 4 codes: ln 4": np.log(4),
        "mutual_information_penalty, sure and right: 0": 0,
        "mutual_information_penalty, sure and wrong: 50": 50,
    }
    for name, value in expected.items():
        assert run.metric(name) == pytest.approx(value, abs=1e-5), name


def test_12_9_trains_a_gan_whose_codes_can_be_read(quick):
    run = quick("12.9")
    steps = [step for step, _ in run.scalars("generator_loss")]
    assert steps == list(range(30, 301, 30))
    nothing = np.log(10) + 0.5 * np.log(2 * np.pi) + 1 / 6  # of ten codes, and of a number from −1 to 1 guessed as 0
    codes = [value for _, value in run.scalars("mutual_information")]
    assert codes[-1] < nothing - 0.8  # 1.74 to 1.90 over seeds 1 to 3; nothing is 3.39
    untrained, trained = (run.metric(f"Fréchet distance, {name}") for name in ("untrained", "trained"))
    assert trained < 0.5 * untrained  # 0.25 to 0.32
    assert run.metric("Fréchet distance, other real pictures") < 3
    assert run.metric("spread over the ten digits, trained") > run.metric("spread over the ten digits, untrained")
    assert run.metric("accuracy of the judge") > 0.96
    assert run.metric("the restored generator draws the same") is True
    assert [image.step for image in run.events().Images("samples/image/0")] == steps
    assert set(run.result["figures"]) == {"samples.png", "losses.png"}


# %% The module by itself: networks of one weight each, whose gradients can be written down
def small_model(info=False):
    """G(z) = g·z and D(x) = d·x, with z = 1, x = 3, g = 2, d = 5; with `info` also a guess of the code from x."""
    tf.reset_default_graph()
    real, z = tf.constant([[3.0]] * 4), tf.constant([[1.0]] * 4)

    def weight(value, name="w"):
        return tf.get_variable(name, initializer=value)

    def generator(inputs):
        return (inputs[0] if info else inputs) * weight(2.0)

    def discriminator(data, _):
        score = data * weight(5.0)
        return (score, [tf.distributions.Normal(data * weight(1.0, "q"), 1.0)]) if info else score

    if info:
        return tfgan.infogan_model(generator, discriminator, real, [z], [tf.constant([[0.0]] * 4)])
    return tfgan.gan_model(generator, discriminator, real, z)


def test_12_9_model_keeps_the_networks_apart():
    model = small_model()
    assert [v.op.name for v in model.generator_variables] == ["Generator/w"]
    assert [v.op.name for v in model.discriminator_variables] == ["Discriminator/w"]  # once, for both kinds of data
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run([model.generated_data, model.discriminator_gen_outputs, model.discriminator_real_outputs])
    assert [float(value[0, 0]) for value in values] == [2, 10, 15]
    tf.reset_default_graph()
    with pytest.raises(ValueError, match="the generator gives"):
        tfgan.gan_model(lambda z: tf.zeros([4, 2]), lambda x, _: x, tf.zeros([4, 3]), None)


@pytest.mark.parametrize("info", [False, True])
def test_12_9_losses_add_up_and_each_op_trains_its_own_network(info):
    model = small_model(info)
    loss = tfgan.gan_loss(model, gradient_penalty_weight=10.0, mutual_information_penalty_weight=0.5 if info else 0.0)
    ops = tfgan.gan_train_ops(model, loss, *[tf.train.GradientDescentOptimizer(0.01) for _ in range(2)])
    # −log of a normal density at 0 whose mean is q·g·z = 2: half of 2², and the density's constant
    code = 0.5 * (2 + 0.5 * np.log(2 * np.pi)) if info else 0.0
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        generator, discriminator = sess.run([loss.generator_loss, loss.discriminator_loss])
        assert generator == pytest.approx(-10 + code)
        assert discriminator == pytest.approx(10 - 15 + 10 * (5 - 1) ** 2 + code)
        weights = [v for v in tf.trainable_variables() if v.op.name.endswith("/w")]
        before = sess.run(weights)
        assert sess.run(ops.discriminator_train_op) == pytest.approx(discriminator)
        after = sess.run(weights)
        # d/dd of d·2 − d·3 + 10 (d − 1)² is 79
        assert (after[0], after[1]) == (before[0], pytest.approx(5 - 0.01 * 79))
        sess.run(tf.global_variables_initializer())
        sess.run(ops.generator_train_op)
        generator_weight, discriminator_weight = sess.run(weights)
        # d/dg of −5·g is −5, and of half of ½ (q·g)² it is 1
        assert (generator_weight, discriminator_weight) == (pytest.approx(2 - 0.01 * (-5 + info)), 5)
        assert sess.run(ops.global_step_inc_op) == 1


def test_12_9_penalty_one_sided_target_and_codes_without_a_place():
    model = small_model()
    arguments = (model.real_data, model.generated_data, None, model.discriminator_fn, model.discriminator_scope)
    penalties = [
        tfgan.wasserstein_gradient_penalty(*arguments, target=10.0),  # (5 / 10 − 1)²
        tfgan.wasserstein_gradient_penalty(*arguments, target=10.0, one_sided=True),
        tfgan.wasserstein_gradient_penalty(*arguments, target=2.0, one_sided=True),  # (5 / 2 − 1)²
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(penalties) == pytest.approx([0.25, 0, 2.25])
    with pytest.raises(ValueError, match="build it with infogan_model"):
        tfgan.gan_loss(model, mutual_information_penalty_weight=1.0)


def test_12_9_a_round_is_so_many_steps_of_each_on_new_inputs():
    tf.reset_default_graph()
    fed = tf.placeholder(tf.float32, [])
    seen = {name: tf.get_variable(name, initializer=0.0) for name in ("generator", "discriminator")}
    ops = tfgan.GANTrainOps(
        *(tf.assign_add(v, fed) for v in seen.values()), tf.assign_add(tf.train.create_global_step(), 1)
    )
    given = iter(range(1, 100))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = tfgan.gan_train(ops, sess, range(2), lambda: {fed: next(given)}, tfgan.GANTrainSteps(1, 3))
        # the generator gets 1 and 5, the discriminator 2, 3, 4 and 6, 7, 8
        assert list(losses) == [(0, 1, 9), (1, 6, 30)]
        assert sess.run(tf.train.get_global_step()) == 2
