"""The network of tutorial 03, which tutorials 04, 05 and 12 take over as it is."""

from typing import Any

from utils.contrib import pt
from utils.tf1 import tf


def network(x_image: Any, y_true: Any, fc_size: int = 128) -> tuple[Any, Any]:
    """Build conv 5×5 16 – pool – conv 5×5 36 – pool – dense – softmax 10 and return (y_pred, loss).

    `x_image`: [n, 28, 28, 1]; `y_true`: [n, 10], one-hot. `y_pred` is [n, 10], the probabilities; `loss` a scalar, the
    mean cross-entropy of the batch.
    """
    with pt.defaults_scope(activation_fn=tf.nn.relu):
        return (
            pt.wrap(x_image)
            .conv2d(kernel=5, depth=16, name="layer_conv1")
            .max_pool(kernel=2, stride=2)
            .conv2d(kernel=5, depth=36, name="layer_conv2")
            .max_pool(kernel=2, stride=2)
            .flatten()
            .fully_connected(size=fc_size, name="layer_fc1")
            .softmax_classifier(num_classes=10, labels=y_true)
        )


def get_weights_variable(layer_name: str, name: str = "weights") -> Any:
    """Return a variable of the layer `layer_name`, which PrettyTensor made in the scope of that name."""
    with tf.variable_scope(layer_name, reuse=True):
        return tf.get_variable(name)
