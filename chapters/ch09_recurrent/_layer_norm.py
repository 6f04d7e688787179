"""Layer normalisation written out in NumPy: what the cells of 67 and 9.4.15 are checked against.

Ba, Kiros, Hinton, "Layer Normalization", 2016. All values are float64.
"""

from collections.abc import Mapping

import numpy as np

EPSILON = 1e-5


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-values))


def ln(tensor: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Normalise each row of `tensor` [batch, n] to mean 0 and variance 1, then scale and shift each unit."""
    mean = tensor.mean(axis=1, keepdims=True)
    variance = ((tensor - mean) ** 2).mean(axis=1, keepdims=True)
    return (tensor - mean) / np.sqrt(variance + EPSILON) * scale + shift


def ln_gru_step(inputs: np.ndarray, state: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the new state [batch, n] of a GRU cell with layer normalisation; `weights` by the names in the cell."""

    def norm(tensor: np.ndarray, scope: str) -> np.ndarray:
        return ln(tensor, weights[f"{scope}/layer_norm/scale"], weights[f"{scope}/layer_norm/shift"])

    both = np.concatenate([inputs, state], 1) @ weights["Gates/weights"] + weights["Gates/biases"]
    r, u = np.split(both, 2, axis=1)
    r, u = sigmoid(norm(r, "Gates/r")), sigmoid(norm(u, "Gates/u"))
    c = np.concatenate([inputs, r * state], 1) @ weights["Candidate/weights"] + weights["Candidate/biases"]
    return u * state + (1 - u) * np.tanh(norm(c, "Candidate/new_h"))


def ln_lstm_step(
    inputs: np.ndarray, state: tuple[np.ndarray, np.ndarray], weights: Mapping[str, np.ndarray], forget_bias: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the new (c, h) of an LSTM cell with layer normalisation of its four pre-activations."""
    c, h = state
    four = np.concatenate([inputs, h], 1) @ weights["Gates/weights"] + weights["Gates/biases"]
    i, j, f, o = (
        ln(part, weights[f"Gates/{scope}/layer_norm/scale"], weights[f"Gates/{scope}/layer_norm/shift"])
        for part, scope in zip(np.split(four, 4, axis=1), "ijfo", strict=True)
    )
    c = c * sigmoid(f + forget_bias) + sigmoid(i) * np.tanh(j)
    return c, np.tanh(c) * sigmoid(o)
