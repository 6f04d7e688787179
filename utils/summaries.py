"""Summaries for TensorBoard that several chapters use."""

import time
from typing import Any

LARGEST_GRAPH = 10_000  # operations


def variable_summaries(tensor: Any, name: str) -> Any:
    """Return one merged summary of `tensor` under the tags ``<name>/…``.

    A scalar gets a scalar summary. Anything larger gets its mean, stddev, max, min and sparsity (the share of exact
    zeros) as scalars, and a histogram. This is the helper of the AttGAN listing (eng 10.3.10).
    """
    from utils.tf1 import tf

    if tensor.shape.rank == 0:
        return tf.summary.scalar(name, tensor)
    with tf.name_scope(f"{name}_summaries".replace("/", "_")):
        values = tf.cast(tensor, tf.float32)
        mean = tf.reduce_mean(values)
        numbers = {
            "mean": mean,
            "stddev": tf.sqrt(tf.reduce_mean(tf.square(values - mean))),
            "max": tf.reduce_max(values),
            "min": tf.reduce_min(values),
            "sparsity": tf.nn.zero_fraction(values),
        }
    found = [tf.summary.scalar(f"{name}/{kind}", number) for kind, number in numbers.items()]
    return tf.summary.merge([*found, tf.summary.histogram(f"{name}/histogram", values)])


def write_graph(writer: Any, graph: Any) -> None:
    """Write `graph` for TensorBoard's page Graphs, unless it is larger than a browser draws in reasonable time."""
    from utils.tf1 import tf

    if len(graph.get_operations()) <= LARGEST_GRAPH:
        content = graph.as_graph_def(add_shapes=True).SerializeToString()
        writer.add_event(tf.Event(wall_time=time.time(), graph_def=content))
        writer.flush()  # a resumed run does not write it again


def scalar(tag: str, value: float) -> Any:
    """Return a summary holding one number that Python already has."""
    from utils.tf1 import tf

    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=float(value))])


def png(tag: str, content: bytes, height: int, width: int) -> Any:
    """Return a summary holding a picture that is already a PNG of `height` × `width` pixels."""
    from utils.tf1 import tf

    image = tf.Summary.Image(height=height, width=width, colorspace=4, encoded_image_string=content)
    return tf.Summary(value=[tf.Summary.Value(tag=tag, image=image)])
