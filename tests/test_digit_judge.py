"""The judge of generated digits: its Fréchet distance, its spread, and what it says of digits and of noise."""

import numpy as np
import pytest

from utils.data import DataOptions, mnist
from utils.digit_judge import FEATURES, DigitJudge, frechet_distance, spread
from utils.tf1 import tf


class Frame:
    """As much of an example as the judge needs."""

    seed, device = 1, "/cpu:0"

    def session(self, graph):
        return tf.Session(graph=graph)


def test_frechet_distance_of_two_known_normal_distributions():
    draw = np.random.default_rng(0)
    one = draw.normal(size=(200_000, 2)) * [1.0, 3.0]
    other = draw.normal(size=(200_000, 2)) * [2.0, 3.0] + [5.0, 0.0]
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(one, other) == pytest.approx(5**2 + (2 - 1) ** 2, rel=0.01)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])  # the distance does not depend on the axes
    assert frechet_distance(one @ turn, other @ turn) == pytest.approx(frechet_distance(one, other), rel=1e-6)


def test_frechet_distance_of_distributions_whose_axes_differ():
    draw = np.random.default_rng(1)
    covariances = [[[2.0, 1.0], [1.0, 1.0]], [[1.0, -0.5], [-0.5, 2.0]]]
    one, other = (draw.multivariate_normal([0, 0], c, 200_000) for c in covariances)
    from scipy.linalg import sqrtm

    exact = np.trace(np.add(*covariances)) - 2 * np.trace(sqrtm(np.matmul(*covariances)).real)
    assert frechet_distance(one, other) == pytest.approx(exact, rel=0.02)


def test_spread_is_1_for_ten_equal_shares_and_0_for_one_digit():
    shares, even = spread(np.repeat(np.arange(10), 7))
    np.testing.assert_allclose(shares, 0.1)
    assert even == pytest.approx(1)
    assert spread(np.full(50, 3)) == (pytest.approx(np.eye(10)[3]), 0)


def test_the_judge_knows_digits_from_noise():
    digits = mnist.load(DataOptions())
    judge = DigitJudge(Frame(), digits, epochs=1)
    assert judge.accuracy > 0.96  # 0.974 to 0.981 after one epoch
    assert judge.features(digits.test.images[:7]).shape == (7, FEATURES)
    assert (judge.classes(digits.test.images[:1001].reshape(-1, 28, 28, 1)) == digits.test.cls[:1001]).mean() > 0.93
    noisy = np.clip(digits.test.images[1::2] + np.random.default_rng(2).normal(0, 0.3, (5000, 784)), 0, 1)
    blank = np.zeros((5000, 784))
    real, with_noise, black = judge.distance_of_real(), judge.distance(noisy), judge.distance(blank)
    assert real < 3  # 0.6 to 0.9
    assert 5 * real < with_noise < black
    judge.close()
