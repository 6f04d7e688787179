"""The five steps of TFGAN, written anew.

TFGAN (``tf.contrib.gan``, later the package tensorflow-gan) left with ``tf.contrib`` and ``tf.estimator``. These are
its names, arguments and formulas for the part that the section describes; nothing of its code is in here, and what it
does with estimators, hooks and evaluation is left out.

1. inputs        your tensors: real data, and what the generator starts from
2. GANModel      ``gan_model`` or ``infogan_model`` builds both networks, the discriminator for real and for made data
3. GANLoss       ``gan_loss`` adds up the losses; each of them can be used alone
4. GANTrainOps   ``gan_train_ops`` makes one training op for each network's own variables, and one that counts
5. run           ``gan_train`` does a round of steps again and again
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from utils.tf1 import tf


# %% Step 2: the model
@dataclass(frozen=True)
class GANModel:
    """Both networks, what they gave, and the variables of each; the fields have TFGAN's names."""

    generator_inputs: Any
    generated_data: Any
    generator_variables: list[Any]
    real_data: Any
    discriminator_real_outputs: Any
    discriminator_gen_outputs: Any
    discriminator_variables: list[Any]
    discriminator_scope: str
    discriminator_fn: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class InfoGANModel(GANModel):
    """A GAN whose discriminator also guesses the codes from the generated data (Chen et al., "InfoGAN", 2016)."""

    structured_generator_inputs: Sequence[Any] = ()
    predicted_distributions: Sequence[Any] = ()


def gan_model(
    generator_fn: Callable[[Any], Any],
    discriminator_fn: Callable[[Any, Any], Any],
    real_data: Any,
    generator_inputs: Any,
    generator_scope: str = "Generator",
    discriminator_scope: str = "Discriminator",
) -> GANModel:
    """Build a GAN.

    `generator_fn`: inputs → data of the shape of `real_data`, ValueError where it is another. `discriminator_fn`:
    (data, generator inputs) → [n, 1]; the inputs are for conditional networks. The scopes tell the variables apart.
    """
    with tf.variable_scope(generator_scope):
        generated = generator_fn(generator_inputs)
    if not generated.shape.is_compatible_with(real_data.shape):
        raise ValueError(f"the generator gives {generated.shape}, the real data are {real_data.shape}")
    with tf.variable_scope(discriminator_scope):
        gen_outputs = discriminator_fn(generated, generator_inputs)
    with tf.variable_scope(discriminator_scope, reuse=True):
        real_outputs = discriminator_fn(real_data, generator_inputs)
    return GANModel(
        generator_inputs=generator_inputs,
        generated_data=generated,
        generator_variables=tf.trainable_variables(f"{generator_scope}/"),
        real_data=real_data,
        discriminator_real_outputs=real_outputs,
        discriminator_gen_outputs=gen_outputs,
        discriminator_variables=tf.trainable_variables(f"{discriminator_scope}/"),
        discriminator_scope=discriminator_scope,
        discriminator_fn=discriminator_fn,
    )


def infogan_model(
    generator_fn: Callable[[Any], Any],
    discriminator_fn: Callable[[Any, Any], tuple[Any, Sequence[Any]]],
    real_data: Any,
    unstructured_generator_inputs: Sequence[Any],
    structured_generator_inputs: Sequence[Any],
    **scopes: str,
) -> InfoGANModel:
    """Build an InfoGAN.

    The generator gets the list of both kinds of inputs: noise, and the codes that shall mean something.
    `discriminator_fn` gives ([n, 1], a distribution for each code).
    """
    predicted: list[Sequence[Any]] = []

    def judge_only(data: Any, inputs: Any) -> Any:
        outputs, distributions = discriminator_fn(data, inputs)
        predicted.append(distributions)
        return outputs

    inputs = [*unstructured_generator_inputs, *structured_generator_inputs]
    model = gan_model(generator_fn, judge_only, real_data, inputs, **scopes)
    for_generated = predicted[0]  # gan_model asks about the generated data first
    return InfoGANModel(
        **vars(model), structured_generator_inputs=structured_generator_inputs, predicted_distributions=for_generated
    )


# %% Step 3: the losses; what the discriminator gives is [n, 1], the result a scalar
def wasserstein_generator_loss(discriminator_gen_outputs: Any) -> Any:
    """Return −mean D(G(z)): formula 12-3 of the book (Arjovsky et al., "Wasserstein GAN", 2017)."""
    return -tf.reduce_mean(discriminator_gen_outputs)


def wasserstein_discriminator_loss(discriminator_real_outputs: Any, discriminator_gen_outputs: Any) -> Any:
    """Return mean D(G(z)) − mean D(x): formula 12-4."""
    return tf.reduce_mean(discriminator_gen_outputs) - tf.reduce_mean(discriminator_real_outputs)


def modified_generator_loss(discriminator_gen_outputs: Any) -> Any:
    """Return the cross-entropy of the generated data taken for real (Goodfellow et al., 2014); outputs are logits."""
    ones = tf.ones_like(discriminator_gen_outputs)
    return tf.losses.sigmoid_cross_entropy(ones, discriminator_gen_outputs, loss_collection=None)


def modified_discriminator_loss(discriminator_real_outputs: Any, discriminator_gen_outputs: Any) -> Any:
    """Return the cross-entropy of telling real from generated data; outputs are logits."""
    ones, zeros = tf.ones_like(discriminator_real_outputs), tf.zeros_like(discriminator_gen_outputs)
    real = tf.losses.sigmoid_cross_entropy(ones, discriminator_real_outputs, loss_collection=None)
    return real + tf.losses.sigmoid_cross_entropy(zeros, discriminator_gen_outputs, loss_collection=None)


def wasserstein_gradient_penalty(
    real_data: Any,
    generated_data: Any,
    generator_inputs: Any,
    discriminator_fn: Callable[[Any, Any], Any],
    discriminator_scope: str,
    epsilon: float = 1e-10,
    target: float = 1.0,
    one_sided: bool = False,
    seed: Any = (1, 0),
) -> Any:
    """Return the mean of (|slope| / target − 1)² of the discriminator, at a point between each real and generated one.

    Formula 12-6 with its norm (Gulrajani et al., "Improved Training of Wasserstein GANs", 2017). `one_sided`: slopes
    below the target are free. `seed`: two whole numbers that the points hang on; TFGAN draws them from the graph's
    random numbers, whose state no checkpoint holds.
    """
    ones = [1] * (real_data.shape.rank - 1)
    share = tf.random.stateless_uniform([tf.shape(real_data)[0], *ones], seed=seed)
    between = share * real_data + (1 - share) * generated_data
    with tf.variable_scope(discriminator_scope, reuse=True):
        outputs = discriminator_fn(between, generator_inputs)
    gradient = tf.gradients(outputs, between)[0]
    # The epsilon stands under the root: the root's own slope at 0 is infinite.
    slope = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=list(range(1, real_data.shape.rank))) + epsilon)
    excess = slope / target - 1
    return tf.reduce_mean(tf.square(tf.nn.relu(excess) if one_sided else excess))


def mutual_information_penalty(
    structured_generator_inputs: Sequence[Any], predicted_distributions: Sequence[Any]
) -> Any:
    """Return the mean of −log P(code | generated data), summed over the codes.

    The less it is, the more of the codes can be read from the data. `predicted_distributions`: one for each code, with
    a ``log_prob``; TFGAN's bound on the mutual information without its constant, the codes' own entropy.
    """
    terms = [
        -tf.reduce_mean(distribution.log_prob(code))
        for code, distribution in zip(structured_generator_inputs, predicted_distributions, strict=True)
    ]
    return tf.add_n(terms)


class GANLoss(NamedTuple):
    """The two scalars to minimise, and the parts that they were added up from."""

    generator_loss: Any
    discriminator_loss: Any
    parts: dict[str, Any]


def gan_loss(
    model: GANModel,
    generator_loss_fn: Callable[[Any], Any] = wasserstein_generator_loss,
    discriminator_loss_fn: Callable[[Any, Any], Any] = wasserstein_discriminator_loss,
    gradient_penalty_weight: float = 0.0,
    mutual_information_penalty_weight: float = 0.0,
    seed: Any = (1, 0),
) -> GANLoss:
    """Add up the losses of `model`; Wasserstein's, where no others are given.

    The gradient penalty is the discriminator's, the mutual information both networks': the discriminator learns to
    read the codes, the generator to write them. ValueError for a weight of codes that the model does not have.
    """
    generator = generator_loss_fn(model.discriminator_gen_outputs)
    discriminator = discriminator_loss_fn(model.discriminator_real_outputs, model.discriminator_gen_outputs)
    parts = {"generator": generator, "discriminator": discriminator}
    if gradient_penalty_weight:
        parts["gradient_penalty"] = wasserstein_gradient_penalty(
            model.real_data,
            model.generated_data,
            model.generator_inputs,
            model.discriminator_fn,
            model.discriminator_scope,
            seed=seed,
        )
        discriminator += gradient_penalty_weight * parts["gradient_penalty"]
    if mutual_information_penalty_weight:
        if not isinstance(model, InfoGANModel):
            raise ValueError("the mutual information needs the codes of an InfoGANModel: build it with infogan_model")
        parts["mutual_information"] = mutual_information_penalty(
            model.structured_generator_inputs, model.predicted_distributions
        )
        generator += mutual_information_penalty_weight * parts["mutual_information"]
        discriminator += mutual_information_penalty_weight * parts["mutual_information"]
    return GANLoss(generator, discriminator, parts)


# %% Step 4: the training ops
class GANTrainOps(NamedTuple):
    """One step of each network, and the op that counts a round."""

    generator_train_op: Any
    discriminator_train_op: Any
    global_step_inc_op: Any


def gan_train_ops(
    model: GANModel, loss: GANLoss, generator_optimizer: Any, discriminator_optimizer: Any
) -> GANTrainOps:
    """Return the training ops; each gives its loss, and changes the variables of its own network alone."""
    ops = []
    for optimizer, value, variables in (
        (generator_optimizer, loss.generator_loss, model.generator_variables),
        (discriminator_optimizer, loss.discriminator_loss, model.discriminator_variables),
    ):
        gradients = optimizer.compute_gradients(value, variables)
        with tf.control_dependencies([value]):  # so that no part of the loss is computed from the new weights
            step = optimizer.apply_gradients(gradients)
        with tf.control_dependencies([step]):
            ops.append(tf.identity(value))
    return GANTrainOps(*ops, tf.assign_add(tf.train.get_or_create_global_step(), 1))


# %% Step 5: the run
class GANTrainSteps(NamedTuple):
    """How many steps of each network make a round."""

    generator_train_steps: int = 1
    discriminator_train_steps: int = 1


def gan_train(
    train_ops: GANTrainOps,
    sess: Any,
    rounds: Iterable[int],
    feed_fn: Callable[[], dict[Any, Any]],
    train_steps: GANTrainSteps = GANTrainSteps(),  # noqa: B008 (a tuple: nobody can change it)
) -> Iterator[tuple[int, float, float]]:
    """Train, and yield (round, generator loss, discriminator loss) after each of `rounds`: those of the last step.

    TFGAN's sequential steps: first the generator's, then the discriminator's, each on new inputs from `feed_fn`
    (placeholder → value), then the count. TFGAN reads the inputs in the graph and keeps the loop to itself.
    """
    for number in rounds:
        for _ in range(train_steps.generator_train_steps):
            generator_loss = sess.run(train_ops.generator_train_op, feed_fn())
        for _ in range(train_steps.discriminator_train_steps):
            discriminator_loss = sess.run(train_ops.discriminator_train_op, feed_fn())
        sess.run(train_ops.global_step_inc_op)
        yield number, generator_loss, discriminator_loss
