"""What examples 82 and 83 share: the two costs, the draw of z, sheets of digits, the plane of codes, the projector."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from utils.data.mnist import DataSet
from utils.example import Example
from utils.paths import shown
from utils.tf1 import tf

LARGEST = float(np.log(np.finfo(np.float32).max))  # exp of more is infinite: 88.7


def first_values(shape: list[int], start: str) -> Any:
    """Return the first values of a weight matrix of `shape` [inputs, outputs].

    ``"glorot"``: uniform in ±√(6 / (inputs + outputs)); ``"book"``: truncated normal, standard deviation 0.001;
    ``"zeros"`` and ``"stddev-1"``: the two of exercise 10.9.3.
    """
    if start == "glorot":
        return tf.glorot_uniform_initializer()(shape)
    return tf.zeros(shape) if start == "zeros" else tf.truncated_normal(shape, stddev=0.001 if start == "book" else 1.0)


def draw_z(mean: Any, log_sigma_sq: Any, seed: int, step: Any) -> Any:
    """Draw z [n, d] from the normal distributions that `mean` and `log_sigma_sq`, [n, d], describe.

    The reparameterisation of Kingma and Welling ("Auto-Encoding Variational Bayes", 2014): the random numbers come
    from outside, so that the gradient passes through mean and variance. They hang on the seed and the step.
    """
    eps = tf.random.stateless_normal(tf.shape(mean), tf.stack([tf.constant(seed, tf.int64), step]))
    return tf.add(mean, tf.multiply(tf.sqrt(tf.exp(log_sigma_sq)), eps))


def cost_terms(x: Any, reconstruction: Any, mean: Any, log_sigma_sq: Any) -> tuple[Any, Any]:
    """Return the two terms of each picture, both [n]: half the squared error, summed over pixels, and the KL term."""
    half_squares = 0.5 * tf.reduce_sum(tf.square(reconstruction - x), axis=1)
    kl = -0.5 * tf.reduce_sum(1 + log_sigma_sq - tf.square(mean) - tf.exp(log_sigma_sq), axis=1)
    return half_squares, kl


def sheet(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Lay pictures [n, 784] out row by row: one picture [28 · n / columns, 28 · columns], values clipped to [0, 1]."""
    cells = np.clip(pictures, 0, 1).reshape(-1, columns, 28, 28)
    return cells.transpose(0, 2, 1, 3).reshape(-1, columns * 28)


def plane(codes: np.ndarray, classes: np.ndarray, title: str) -> Figure:
    """Draw codes [n, 2], coloured by their digits [n]; the circle holds 95 % of a standard normal distribution."""
    figure, axis = plt.subplots(figsize=(7, 6))
    dots = axis.scatter(*codes.T, c=classes, cmap="tab10", vmin=-0.5, vmax=9.5, s=3)
    axis.add_patch(plt.Circle((0, 0), np.sqrt(-2 * np.log(0.05)), fill=False, linestyle="--"))
    axis.set(xlabel="first number", ylabel="second number", title=title, aspect="equal")
    figure.colorbar(dots, ticks=range(10), label="digit")
    figure.tight_layout()
    return figure


def write_projector(ex: Example, codes: np.ndarray, part: DataSet, edge: int = 40) -> None:
    """Put the codes [n, 2] of the first `edge`² pictures of `part` into the log, for TensorBoard's projector.

    Four files: the codes as a checkpoint, a table of their digits, one picture of all digits, and what belongs to what.
    The projector takes three principal components of whatever it is given: the codes get a third number, 0.
    """
    from tensorboard.plugins import projector

    count = edge**2
    ex.writer.flush()  # makes the folder
    classes = "\n".join(str(digit) for digit in part.cls[:count])  # one column: such a table has no heading
    (ex.logs / "metadata.tsv").write_text(classes + "\n", encoding="utf-8")
    plt.imsave(ex.logs / "sprite.png", 1 - sheet(part.images[:count], edge), cmap="gray", vmin=0, vmax=1)
    with tf.Graph().as_default():
        latent_means = tf.Variable(np.pad(codes[:count], ((0, 0), (0, 1))), name="latent_means")
        config = projector.ProjectorConfig()
        embedding = config.embeddings.add(tensor_name=latent_means.name, metadata_path="metadata.tsv")
        embedding.sprite.image_path = "sprite.png"
        embedding.sprite.single_image_dim.extend([28, 28])
        projector.visualize_embeddings(str(ex.logs), config)
        with ex.session() as sess:
            sess.run(latent_means.initializer)
            tf.train.Saver(save_relative_paths=True).save(sess, str(ex.logs / "latent_means.ckpt"))
    print(f"the projector: `tensorboard --logdir {shown(ex.logs)}`, tab Projector")
