"""Step 2 · FGSM against that network (生成针对该网络的对抗样本；快速梯度符号攻击)

Book:      the post on LeNet and adversarial digits, step 2
Data:      MNIST, 10,000 test pictures; 55,000 training pictures for the defence
Model:     the LeNet of example f1, and a second one trained against the attack
Shows:     how a step of ε along the sign of the gradient takes a network's accuracy away: the fast gradient sign method
           (Goodfellow et al., arXiv:1412.6572). Beyond the post: many small steps (BIM, PGD, by cleverhans, on the
           first 2,000 pictures) do worse harm, and adversarial training is a defence. Needs the model of f1:
           `python run.py f1`; only with --book is that trained as long as the post's, and compared with it
Departs:   TensorFlow instead of PyTorch, and batches instead of one picture at a time. The normalisation is inside the
           network, so that ε counts grey levels. The post takes the logits for logarithms of probabilities in its loss;
           the cross-entropy is the right one, and the post's is measured beside it. It calls the accuracy at ε = 0.25
           and 0.3 random; its own 0.3029 and 0.1596 are above 0.1
Time:      4.9 min on 2 CPU cores, beside another run
"""

import matplotlib.pyplot as plt
import numpy as np
from _cleverhans import basic_iterative_method, fast_gradient_method, projected_gradient_descent
from models import in_batches, lenet, variables

from utils import checkpoints, paths
from utils.data import mnist
from utils.example import Example
from utils.problems import Problem, WrongFlag
from utils.tf1 import tf

ex = Example(
    __doc__,
    pictures=10_000,
    iterated=2000,
    attack_steps=10,
    defence_epochs=3,
    defence_pictures=55_000,
    defence_epsilon=0.3,
    defence_rate=0.002,
    batch_size=128,
    quick={"pictures": 500, "iterated": 100, "attack_steps": 5, "defence_epochs": 1, "defence_pictures": 7680},
)

if ex.defence_pictures < ex.batch_size:
    raise WrongFlag(
        f"--defence-pictures {ex.defence_pictures}: must be one batch or more (--batch-size {ex.batch_size})"
    )

EPSILONS = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
BOOK_CORRECT = [9904, 9690, 9079, 7557, 5029, 3029, 1596]  # of 10,000
EXAMPLES = 5  # pictures for each epsilon

# %% The data, and the network of f1
model_path = ex.checkpoint_of("f1", "lenet.ckpt")
folder = paths.checkpoints("f1")
training = checkpoints.read_run(folder)
if training is None:
    raise Problem(f"{paths.shown(folder / 'run.json')} is missing, and nothing else says how f1 ran: run it again")
preset, on_mnist = training["settings"]["preset"], all(source["real"] for source in training["settings"]["data"])
if not training["finished"]:
    flag = f" --{preset}" if preset in ("quick", "book") else ""
    raise Problem(f"example f1 is not finished: `python run.py f1{flag} --resume` goes on with it")
ex.data.note("LeNet", f"example f1, {preset} run", real=preset == "book" and on_mnist, ours=on_mnist)
digits = mnist.load(ex.data, one_hot=False)
images, cls = digits.test.images[: ex.pictures], digits.test.cls[: ex.pictures]

with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="pixels")
    y = tf.placeholder(tf.int64, [None], name="labels")
    epsilon = tf.placeholder(tf.float32, [], name="epsilon")
    logits, robust_logits = lenet(x), lenet(x, "robust")


# %% FGSM: x' = clip(x + ε · sign(∇ₓ J(θ, x, y)), 0, 1)
def fgsm(loss):
    gradient = tf.gradients(loss, x)[0]
    return tf.clip_by_value(x + epsilon * tf.sign(gradient), 0, 1)


def cross_entropy(some_logits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=some_logits)


# %% The attacks by cleverhans
def iterated(attack, network, **options):
    """Return the pictures after `attack_steps` steps of a quarter of ε, never more than ε away from x.

    cleverhans wants its eps as a Python number, which would need the graph once for each. So it is given pictures
    measured in units of ε, and a network that takes such pictures.
    """
    steps = {"eps": 1.0, "eps_iter": 0.25, "nb_iter": ex.attack_steps, "norm": np.inf, "sanity_checks": False}
    scaled = attack(
        lambda z: network(z * epsilon), x / epsilon, y=y, clip_min=0.0, clip_max=1 / epsilon, **steps, **options
    )
    return tf.clip_by_value(scaled * epsilon, 0, 1)


def robust(pixels):
    return lenet(pixels, "robust")


with tf.device(ex.device):
    attacks = {  # name → attacked pictures, the network
        "FGSM": (fgsm(cross_entropy(logits)), lenet),
        "FGSM, the post's loss": (fgsm(-tf.gather(logits, y, axis=1, batch_dims=1)), lenet),
        "BIM": (iterated(basic_iterative_method, lenet), lenet),
        "PGD": (iterated(projected_gradient_descent, lenet, rand_init=True), lenet),
        "FGSM on the trained against it": (fgsm(cross_entropy(robust_logits)), robust),
        "PGD on the trained against it": (iterated(projected_gradient_descent, robust, rand_init=True), robust),
    }
    outcomes = {name: (pictures, tf.argmax(network(pictures), 1)) for name, (pictures, network) in attacks.items()}
    before = {network: tf.argmax(network(x), 1) for network in (lenet, robust)}
    by_cleverhans = fast_gradient_method(lenet, x, epsilon, np.inf, clip_min=0.0, clip_max=1.0, y=y)

    # %% The defence: trained on attacked pictures. The attack is one step from a random start (Wong et al.,
    # arXiv:2001.03994): without that start a network learns to hide its gradient from FGSM, and PGD finds it
    noise = tf.placeholder(tf.float32, [None, 784], name="noise")  # in [-1, 1]
    rate = tf.placeholder(tf.float32, [], name="rate")
    start = tf.clip_by_value(x + epsilon * noise, 0, 1)
    gradient = tf.gradients(cross_entropy(robust(start)), start)[0]
    moved = tf.clip_by_value(start + 1.25 * epsilon * tf.sign(gradient), x - epsilon, x + epsilon)
    attacked = tf.stop_gradient(tf.clip_by_value(moved, 0, 1))
    robust_loss = tf.reduce_mean(cross_entropy(robust(attacked)) + cross_entropy(robust_logits)) / 2
    defend = tf.train.AdamOptimizer(rate).minimize(robust_loss, var_list=variables("robust"))
    begin = [tf.assign(new, old) for new, old in zip(variables("robust"), variables("lenet"), strict=True)]

lenet_saver = tf.train.Saver(variables("lenet"))
robust_saver = tf.train.Saver(variables("robust"), save_relative_paths=True)
saver = tf.train.Saver(max_to_keep=1, save_relative_paths=True)
batches = ex.defence_pictures // ex.batch_size
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    lenet_saver.restore(sess, model_path)
    sess.run(begin)
    step = sess.make_callable([defend, robust_loss], [x, y, noise, epsilon, rate])
    for number in ex.resumable(range(ex.defence_epochs * batches), sess, saver, unit="step", every=batches):
        pictures, labels = digits.train.next_batch(ex.batch_size)
        some_noise = np.random.uniform(-1, 1, pictures.shape)
        done = number / (ex.defence_epochs * batches)  # ε grows during the first third, the rate falls all the time
        _, loss = step(
            pictures, labels, some_noise, ex.defence_epsilon * min(1, 3 * done), ex.defence_rate * (1 - done)
        )
        if (number + 1) % max(1, batches // 10) == 0:
            ex.record(number + 1, defence_loss=loss)
    robust_path = robust_saver.save(sess, ex.checkpoint("robust_lenet.ckpt"), write_state=False)

# %% The attacks: right before and still right after. A picture that was wrong before counts as wrong
right, examples, largest = {}, {}, 0.0
with ex.session() as sess:
    lenet_saver.restore(sess, model_path)
    robust_saver.restore(sess, robust_path)
    guesses = {net: in_batches(sess.make_callable(classes, [x]), images) for net, classes in before.items()}
    for name, (_, network) in attacks.items():
        count = len(images) if name.startswith("FGSM") else ex.iterated
        originals, labels, first = images[:count], cls[:count], guesses[network][:count]
        attack = sess.make_callable(list(outcomes[name]), [x, y, epsilon])
        right[name] = []
        for eps in EPSILONS:
            if eps:
                pictures, then = in_batches(lambda *some, eps=eps, attack=attack: attack(*some, eps), originals, labels)
                largest = max(largest, abs(pictures - originals).max() - eps)
            else:  # cleverhans cannot divide by it
                pictures, then = originals, first
            right[name].append(float(np.mean((first == labels) & (then == labels))))
            if name == "FGSM":
                shown = np.flatnonzero((first == labels) & ((then != labels) | (eps == 0)))[:EXAMPLES]
                examples[eps] = pictures[shown], first[shown], then[shown]
        ex.log(f"{name}: {' '.join(f'{share:.4f}' for share in right[name])}")
    own, theirs = sess.run([outcomes["FGSM"][0], by_cleverhans], {x: images[:100], y: cls[:100], epsilon: 0.1})
for eps, share, book in zip(EPSILONS, right["FGSM"], BOOK_CORRECT, strict=True):
    correct = f"{round(share * len(images))} / {len(images)} = {share:.4f}"
    print(f"Epsilon: {eps}\tTest Accuracy = {correct}{ex.beside(f'{book / 10_000:.4f}')}")
for name, shares in right.items():
    for eps, share in zip(EPSILONS, shares, strict=True):
        ex.record(round(100 * eps), **{f"accuracy/{name.replace(', ', '_').replace(' ', '_')}": share})

# %% Figures: the accuracy against ε, and five examples for each ε
figure, axis = plt.subplots(figsize=(7, 5))
for name, shares in right.items():
    axis.plot(EPSILONS, shares, "--" if "against" in name else "-", marker=".", label=name)
if ex.comparable:
    axis.plot(EPSILONS, np.divide(BOOK_CORRECT, 10_000), "k*", label="the post's FGSM")
axis.set(xlabel="Epsilon", ylabel="Accuracy", title="Accuracy vs Epsilon", ylim=(-0.02, 1.02))
axis.set(xticks=np.arange(0, 0.4, 0.05), yticks=np.arange(0, 1.1, 0.1))
axis.grid(alpha=0.3)
axis.legend(fontsize=8, loc="lower left")
figure.tight_layout()
ex.figure(figure, "accuracy_vs_epsilon")

figure, axes = plt.subplots(len(EPSILONS), EXAMPLES, figsize=(7, 10.5))
for row, (eps, shown) in zip(axes, examples.items(), strict=True):
    for axis in row:
        axis.set(xticks=[], yticks=[])
        axis.set_frame_on(False)
    row[0].set_ylabel(f"Eps: {eps}", fontsize=12)
    for axis, picture, was, now in zip(row, *shown, strict=False):
        axis.imshow(picture.reshape(28, 28), cmap="gray", vmin=0, vmax=1)
        axis.set_title(f"{was} -> {now}", fontsize=11)
figure.tight_layout()
ex.figure(figure, "examples")

# %% Results
correct = [round(share * len(images)) for share in right["FGSM"]]
post = [round(share * len(images)) for share in right["FGSM, the post's loss"]]
ex.report("right after FGSM", correct, book=BOOK_CORRECT)
ex.report("right after FGSM with the post's loss", post, book=BOOK_CORRECT)
for name, shares in right.items():
    ex.report(f"accuracy: {name}", [round(share, 4) for share in shares])
ex.report("epsilons", EPSILONS)
ex.report("most that a pixel was moved beyond epsilon", largest)
ex.report("FGSM here and by cleverhans, largest difference", abs(own - theirs).max())
ex.finish()
