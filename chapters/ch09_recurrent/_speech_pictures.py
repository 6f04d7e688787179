"""What example 68 shows of one recording: its sound and spectrogram in TensorBoard, and what CTC makes of it."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from utils import figures
from utils.data.speech import RATE
from utils.example import Example
from utils.tf1 import tf


class Sound:
    """The nodes that turn a recording into its spectrogram and into summaries for TensorBoard."""

    def __init__(self) -> None:
        self.samples = tf.placeholder(tf.float32, [None], name="samples")
        power = tf.abs(tf.signal.stft(self.samples, frame_length=400, frame_step=160, fft_length=512))
        self.spectrogram = 20 * tf.log(power + 1e-4) / np.log(10.0)  # decibels, [frames, 257]
        upright = tf.reverse(tf.transpose(self.spectrogram), [0])[None, :, :, None]
        self.summary = tf.summary.merge(
            [
                tf.summary.audio("example/audio", self.samples[None, :, None], RATE),
                tf.summary.image("example/spectrogram", upright),
            ]
        )

    def show(self, ex: Example, sess: Any, samples: np.ndarray) -> np.ndarray:
        """Write the summaries of `samples` (int16) and return the spectrogram, [frames, 257] in decibels."""
        summary, spectrogram = sess.run([self.summary, self.spectrogram], {self.samples: samples / 32768})
        ex.writer.add_summary(summary, 0)
        return spectrogram


def recording(spectrogram: np.ndarray, cepstra: np.ndarray, probabilities: np.ndarray, seconds: float) -> Figure:
    """Draw a recording above what the network makes of it.

    `spectrogram`: [frames, 257] decibels. `cepstra`: [frames, 26]. `probabilities`: [frames, labels + 1], the last for
    the blank; labels are numbered in the order in which they appear.
    """
    figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(8, 7), sharex=True)
    top.imshow(spectrogram.T, origin="lower", aspect="auto", extent=(0, seconds, 0, RATE / 2000), vmin=-60)
    top.set(ylabel="kHz", title="Spectrogram")
    scaled = (cepstra - cepstra.mean(0)) / (cepstra.std(0) + 1e-6)
    middle.imshow(scaled.T, origin="lower", aspect="auto", extent=(0, seconds, -0.5, cepstra.shape[1] - 0.5))
    middle.set(ylabel="coefficient", title="Mel-frequency cepstra, each brought to mean 0 and standard deviation 1")
    times = (np.arange(len(probabilities)) + 0.5) * seconds / len(probabilities)
    bottom.plot(times, probabilities[:, -1], color="0.7", label="blank")
    best, blank = probabilities.argmax(1), probabilities.shape[1] - 1
    new = [
        frame for frame in range(len(best)) if best[frame] != blank and (not frame or best[frame] != best[frame - 1])
    ]
    for label in dict.fromkeys(best[new]):
        bottom.plot(times, probabilities[:, label], linewidth=1)
    for number, frame in enumerate(new, start=1):
        bottom.annotate(str(number), (times[frame], 1.02), ha="center", va="bottom", fontsize=8)
    bottom.set(xlabel="seconds", ylabel="probability", ylim=(0, 1.15))
    bottom.set_title("Output at each frame; each number is a character of the decoded text")
    bottom.legend(loc="center right")
    figure.tight_layout()
    return figure


def label_errors(ex: Example) -> Figure:
    """Draw the label error rates that were recorded while training."""
    lines = {name.split("/")[1]: points for name, points in ex.history.items() if name.startswith("label_error/")}
    figure = figures.curves(lines, xlabel="epoch", ylabel="label error rate, greedy decoder")
    figure.axes[0].axhline(0.1, color="0.6", linestyle=":", linewidth=1)
    figure.axes[0].set_ylim(bottom=0)
    return figure
