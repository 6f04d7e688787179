"""The data of chapter 3: points near y = 2x. Examples 1 to 4, 9, 11, 13, 20 and p61, p62 are trained on them."""

import numpy as np


def noisy_line(points: int = 100, noise: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Return x, evenly spaced on [-1, 1], and y = 2x + `noise` · N(0, 1), both float64 [points].

    The noise comes from NumPy's global generator, as in the book: after ``np.random.seed(1)`` it is always the same.
    """
    x = np.linspace(-1, 1, points)
    return x, 2 * x + np.random.randn(points) * noise
