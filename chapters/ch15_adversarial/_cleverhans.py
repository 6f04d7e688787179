"""cleverhans' attacks on placeholders. It imports TensorFlow by itself, which must not come before utils.tf1."""

import utils.tf1  # noqa: F401

# isort: split
from cleverhans.tf2.attacks.basic_iterative_method import basic_iterative_method
from cleverhans.tf2.attacks.fast_gradient_method import fast_gradient_method
from cleverhans.tf2.attacks.projected_gradient_descent import projected_gradient_descent

__all__ = ["basic_iterative_method", "fast_gradient_method", "projected_gradient_descent"]
