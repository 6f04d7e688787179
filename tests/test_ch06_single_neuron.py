"""Chapter 6: one neuron, its activations and losses, gradient descent, Maxout."""

import numpy as np
import pytest

REL1 = [0.02215516, 3.09967351]


def test_22_softmax_twice_spoils_the_cost(quick):
    run = quick("22")
    verdicts = {m["name"]: m["verdict"] for m in run.result["metrics"] if m["book"] is not None}
    assert verdicts == dict.fromkeys(["scaled", "scaled2", "rel1", "rel2", "rel3"], "as the book")
    right, wrong = run.metric("rel1")
    right_twice, wrong_twice = run.metric("rel2")
    assert wrong / right > 100  # 139.9
    assert wrong_twice / right_twice < 3  # 2.6: the contrast is gone
    assert run.metric("cost of perfect scores, softmax once") == pytest.approx([0, 0], abs=1e-6)
    assert run.metric("cost of perfect scores, softmax twice") == pytest.approx([np.log(1 + 2 / np.e)] * 2, abs=1e-6)
    assert (
        run.metric("length of the gradient, softmax twice")[1]
        < run.metric("length of the gradient, softmax once")[1] / 10
    )


def test_23_soft_labels_cost_at_least_their_entropy(quick):
    run = quick("23")
    assert run.metric("rel4") == pytest.approx([2.17215516, 2.76967364], abs=1e-6)
    assert run.metric("entropy of the labels") == pytest.approx([0.9433, 0.8979], abs=1e-4)
    assert run.metric("least cost against the labels") == pytest.approx(run.metric("entropy of the labels"), abs=1e-6)
    rest = np.subtract(run.metric("rel4"), run.metric("entropy of the labels"))
    assert run.metric("rel4 less the entropy") == pytest.approx(rest, abs=1e-6)


def test_24_integer_labels_train_as_one_hot_labels_do(quick):
    run = quick("24")
    assert run.metric("rel5") == pytest.approx(REL1, abs=1e-6)
    assert run.metric("rel1, one-hot labels") == pytest.approx(REL1, abs=1e-6)
    assert run.metric("test accuracy") == pytest.approx(run.metric("test accuracy, one-hot labels"), abs=2e-4)
    assert run.metric("test accuracy") > 0.35  # two epochs, as example 21; guessing gives 0.1
    assert run.metric("cost, last epoch") == pytest.approx(run.metric("cost, last epoch, one-hot labels"), rel=1e-5)
    assert run.metric("largest difference between the weights") < 1e-4  # weights of about 1, single precision
    for tag in ("cost_sparse", "cost_one_hot"):
        assert [step for step, _ in run.scalars(tag)] == [1, 2]
    assert run.result["figures"] == ["cost.png"]


def test_25_the_printed_loss_is_the_sum_and_the_mean_does_not_depend_on_the_batch(quick):
    run = quick("25")
    assert run.metric("loss, the sum from the scores") == pytest.approx(3.1218287977, abs=1e-6)
    assert run.metric("loss2, the sum from the softmax") == pytest.approx(3.1218287977, abs=1e-6)
    assert run.metric("mean from the scores") == pytest.approx(1.5609143989, abs=1e-6)
    assert run.metric("mean from the softmax") == pytest.approx(1.5609143989, abs=1e-6)
    for what in ("sum of 2, 4 and 20 rows", "gradient of the sum"):
        assert np.divide(run.metric(what), run.metric(what)[0]) == pytest.approx([1, 2, 10], rel=1e-5)
    for what in ("mean of 2, 4 and 20 rows", "gradient of the mean"):
        assert np.divide(run.metric(what), run.metric(what)[0]) == pytest.approx([1, 1, 1], rel=1e-5)


def test_26_pairs_steps_and_rates_in_both_orders(quick):
    run = quick("26")
    steps = np.arange(1, 21)
    assert run.metric("steps") == steps.tolist()
    assert run.metric("rates, read before the step") == pytest.approx(0.1 * 0.9 ** ((steps - 1) / 10), abs=1e-7)
    assert run.metric("rates, read after the step") == pytest.approx(0.1 * 0.9 ** (steps / 10), abs=1e-7)
    assert run.metric("staircase, steps 0, 9, 10, 19, 20") == pytest.approx([0.1, 0.1, 0.09, 0.09, 0.081], abs=1e-7)
    usual = run.metric("100,000 steps at 0.96: steps 0, 99,999, 100,000, 200,000")
    assert usual == pytest.approx([0.1, 0.1, 0.096, 0.09216], abs=1e-7)
    assert run.metric("after 20 × minimize without global_step") == pytest.approx([0, 0.1], abs=1e-7)
    assert run.metric("after 20 × minimize with global_step") == pytest.approx([20, 0.081], abs=1e-7)
    verdicts = [m["verdict"] for m in run.result["metrics"] if m["book"] is not None]
    assert verdicts == ["as the book"] * 3
    assert run.result["figures"] == ["decay.png"]


def test_27_the_printed_graph_knows_two_digits_and_the_maxout_network_all_ten(quick):
    run = quick("27")
    # Six starts gave one or two classes, an accuracy of 0.103 to 0.108 and a cost of 2.30 to 2.38 after one epoch.
    assert run.metric("printed graph: different digits predicted") <= 2
    assert run.metric("printed graph: test accuracy") < 0.25
    assert run.metric("printed graph: least possible cost") == pytest.approx(0.543, abs=0.001)
    assert run.metric("printed graph: cost, last epoch") > run.metric("printed graph: least possible cost")
    assert run.metric("Maxout network: different digits predicted") == 10
    assert run.metric("Maxout network: test accuracy") > 0.85  # one epoch
    # The softmax regression's first epoch: 4.74 ± 0.33 over six starts, and 0.62 ± 0.02 on the test pictures.
    assert 3.5 < run.metric("softmax regression: cost, epoch 1") < 6
    assert 0.5 < run.metric("softmax regression: test accuracy") < run.metric("Maxout network: test accuracy")


def test_27_saves_and_restores_the_maxout_network(quick):
    run = quick("27")
    assert run.metric("Maxout network: test accuracy, restored") == run.metric("Maxout network: test accuracy")
    assert (run.checkpoints / "maxout.ckpt.index").exists()
    assert (run.checkpoints / "train.ckpt-1.index").exists()
    for tag in ("cost_softmax", "cost_printed", "cost_maxout"):
        assert [step for step, _ in run.scalars(tag)] == [1]
    assert run.result["figures"] == ["maxout_unit.png", "cost.png", "pieces.png"]


def test_27_a_maxout_unit_is_any_convex_function_and_the_replays_differ(quick):
    run = quick("27")
    assert run.metric("Maxout unit as |x|: largest error") == 0
    assert run.metric("Maxout unit as ReLU: largest error") == 0
    assert run.metric("Maxout unit as x²: largest error") == pytest.approx(0.25, abs=1e-5)
    replays = {m["name"][5:]: m["measured"][1] for m in run.result["metrics"] if m["name"].startswith("6.9, ")}
    replays = {name.removesuffix(": test cost, accuracy"): accuracy for name, accuracy in replays.items()}
    assert len(replays) == 8
    base = replays["maxout, rate 0.04, batch 100"]
    assert replays["maxout, rate 0.004, batch 100"] < base < replays["maxout, rate 0.4, batch 100"]
    assert replays["maxout, rate 0.04, batch 1000"] < base < replays["maxout, rate 0.04, batch 10"]
    assert (
        replays["sigmoid, rate 0.04, batch 100"] < base - 0.1
    )  # 40 steps: 0.36 against 0.75, another seed 0.34 and 0.72


def test_6_2_every_activation_is_its_formula_and_has_its_gradient(quick):
    run = quick("6.2")
    errors = run.metric("op − formula, largest difference")
    assert len(errors) == 12
    assert max(errors.values()) < 2e-6  # values up to 8 in single precision: at most 8e-7
    assert max(run.metric("gradient − slope of the formula, largest difference").values()) < 2e-6  # at most 5e-7
    oracles = {
        "sigmoid at 3, 6": [0.95257413, 0.99752738],
        "tanh at 1": [0.76159416],
        "softplus at 0": [0.69314718],
        "ELU at -1": [-0.63212056],
        "Swish at 1": [0.73105858],
    }
    for name, values in oracles.items():
        assert run.metric(name) == pytest.approx(values, abs=1e-6)
    assert run.metric("sigmoid at −100 and 100") == [0, 1]
    assert run.metric("gradient of sigmoid at 0, 3 and 6") == pytest.approx([0.25, 0.045177, 0.002467], abs=1e-6)
    assert run.metric("tf.nn.leaky_relu at −1, default alpha") == pytest.approx(-0.2)
    assert run.metric("max(x, 2x) at −1 and 1") == [-1, 2]
    assert run.metric("noisy ReLU at 0, mean") == pytest.approx(np.sqrt(0.25 / np.pi), abs=0.006)  # 4.5 standard errors
    assert len(run.result["figures"]) == 6


def test_6_2_the_neuron_learns_along_its_gradient(quick):
    run = quick("6.2")
    z, a, loss = run.metric("neuron: z, a, loss")
    assert (z, a) == (pytest.approx(0.1, abs=1e-6), pytest.approx(1 / (1 + np.exp(-0.1)), abs=1e-6))
    assert run.metric("neuron: gradients of w and b") == pytest.approx(
        run.metric("neuron: gradients by the chain rule"), abs=1e-6
    )
    assert run.metric("neuron: loss after one step") < loss
    assert 50 < run.metric("neuron: steps until the loss is below the threshold") < 200  # 98


def test_6_3_softmax_is_not_division_by_the_sum(quick):
    run = quick("6.3")
    softmax, logs = [0.84379473, 0.1141952, 0.04201007], run.metric("log_softmax of 5, 3, 2")
    assert run.metric("5, 3, 2 divided by the sum") == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)
    for name in ("softmax of 5, 3, 2", "softmax of 5, 3, 2 by the formula", "softmax of −5, −7, −8"):
        assert run.metric(name) == pytest.approx(softmax, abs=1e-6)
    assert logs == pytest.approx(np.log(softmax), abs=1e-6)
    assert run.metric("log_softmax of 5, 3, 2 by the formula") == pytest.approx(logs, abs=1e-6)
    assert run.metric("−5, −7, −8 divided by the sum") == pytest.approx([0.25, 0.35, 0.4], abs=1e-6)
    assert run.metric("softmax of 1000, 0, −1000") == [1, 0, 0]
    assert run.metric("the formula for 1000, 0, −1000")[0] == "nan"
    assert run.metric("log of softmax of 1000, 0, −1000")[1:] == ["-inf", "-inf"]
    assert run.metric("log_softmax of 1000, 0, −1000") == [0, -1000, -2000]
    assert run.metric("sum of the three sigmoids") > 2  # classes that may all be true
    outputs, probabilities = run.metric("layer of figure 6-6: outputs, probabilities")
    assert outputs == [5, 3, 2]
    assert probabilities == pytest.approx(softmax, abs=1e-6)


def test_6_4_losses_agree_with_their_formulas(quick):
    run = quick("6.4")
    names = ["tf.pow(…, 2.0)", "tf.square(tf.subtract(…))", "tf.square(… − …)", "tf.losses.mean_squared_error"]
    assert [run.metric(f"MSE by {name}") for name in names] == [0.375] * 4
    assert run.metric("RMSE") == pytest.approx(np.sqrt(0.375))
    assert run.metric("MAD") == 0.5
    for kind in ("softmax", "sparse"):
        assert run.metric(f"{kind} cross-entropy") == pytest.approx(REL1, abs=1e-6)
    same = [m["measured"] for m in run.result["metrics"] if " = " in m["name"]]
    assert len(same) == 7
    assert max(same) < 2e-6
    positive, weighted = run.metric("sigmoid cross-entropy")[1][1], run.metric("weighted cross-entropy")[1][1]
    assert weighted == pytest.approx(3 * positive, rel=1e-6)


def test_6_4_log_of_softmax_gives_nan_where_the_logits_op_does_not(quick):
    run = quick("6.4")
    assert run.metric("confident, wrong: cost by the logits op") == 200
    assert run.metric("confident, wrong: gradient by the logits op") == [1, -1, 0]
    assert run.metric("confident, right: cost by the logits op") == 0
    for answer in ("wrong", "right"):  # 0·ln 0 is not 0
        assert run.metric(f"confident, {answer}: cost by log(softmax)") == "nan"
        assert run.metric(f"confident, {answer}: gradient by log(softmax)") == "nan"
    assert run.metric("confident, wrong: cost by log(clipped softmax)") == pytest.approx(-np.log(1e-10), rel=1e-6)
    assert run.metric("confident, wrong: gradient by log(clipped softmax)") == [0, 0, 0]  # finite, but learns nothing
    assert run.metric("least squared error of a sigmoid for the target 10") == 81
    assert run.metric("the same with the target scaled to 0…1") == 0


def test_6_6_three_kinds_of_descent(quick):
    run = quick("6.6")
    updates = [run.metric(f"{kind}: updates") for kind in ("batch", "mini-batch", "stochastic")]
    assert updates == [8, 40, 800]
    after_one = [run.metric(f"{kind}: cost after one pass") for kind in ("batch", "mini-batch", "stochastic")]
    assert after_one[0] > 2 * after_one[1] > 4 * after_one[2]  # more updates in a pass, further on
    noisy = [run.metric(f"{kind}: share of updates that raised the cost") for kind in ("batch", "mini-batch")]
    assert noisy[0] == 0
    assert run.metric("stochastic: share of updates that raised the cost") > 0.3 > noisy[1]
    for kind in ("batch", "mini-batch", "stochastic"):
        assert run.metric(f"{kind}: cost at the end") > run.metric("least cost")


def test_6_6_seven_optimisers_and_the_learning_rate(quick):
    run = quick("6.6")
    compared = {m["name"]: m["verdict"] for m in run.result["metrics"] if m["book"] is not None}
    assert len(compared) == 6  # GradientDescentOptimizer has no default in the table
    assert set(compared.values()) == {"as the book"}
    names = ["GradientDescent", "Adadelta", "Adagrad", "Momentum", "Adam", "Ftrl", "RMSProp"]
    start = 5.36  # cost above the least where all seven begin
    for name in names:
        assert run.metric(f"{name}: cost above the least, one rate for all") < start
        assert run.metric(f"{name}: best rate, cost above the least there")[1] < start / 5
    assert run.metric("Adadelta: cost above the least, one rate for all") > 0.9 * start  # a rate of its own is needed
    rates = ["0.01", "0.1", "0.5", "0.95", "1.02"]
    small, slow, right, swinging, large = [run.metric(f"gradient descent at {r}: cost above the least") for r in rates]
    assert small > slow > swinging > right
    assert large > start  # away from the answer: 1 is the limit of this cost
    distances = {
        name: run.metric(f"{name}: updates, distance from the answer")[1]
        for name in ("constant rate", "rate × 0.6 after each pass", "batch doubled after each pass")
    }
    assert distances["rate × 0.6 after each pass"] < distances["constant rate"]
    assert distances["batch doubled after each pass"] < distances["constant rate"]
    assert len(run.result["figures"]) == 4


def test_6_7_initialisers_have_their_spread(quick):
    run = quick("6.7")

    def row(name):
        return run.metric(f"{name}: mean, std, min, max")

    assert row("constant") == [0.5, 0, 0.5, 0.5]
    assert row("zeros") == [0, 0, 0, 0]
    assert row("ones") == [1, 0, 1, 1]
    # 32,768 draws: the standard error of a mean is 0.0055 σ, of a standard deviation less; five of them are allowed.
    limits = {
        "random_uniform": 1,
        "uniform_unit_scaling": np.sqrt(3 / 256),
        "glorot_uniform (xavier)": np.sqrt(6 / 384),
    }
    for name, limit in limits.items():
        mean, std, low, high = row(name)
        assert mean == pytest.approx(0, abs=0.028 * limit / np.sqrt(3))
        assert std == pytest.approx(limit / np.sqrt(3), rel=0.028)
        assert -limit <= low < -0.99 * limit < 0.99 * limit < high <= limit
    assert row("variance_scaling") == row("uniform_unit_scaling")
    assert row("random_normal")[:2] == pytest.approx([0, 1], abs=0.028)
    assert row("truncated_normal")[:2] == pytest.approx([0, 0.8796], abs=0.028)  # σ of a normal cut at 2σ
    assert -2 <= row("truncated_normal")[2] < row("truncated_normal")[3] <= 2
    assert run.metric("random_normal outside two sigma") == pytest.approx(0.0455, abs=0.006)
    assert run.metric("truncated_normal outside two sigma") == 0
    assert run.metric("orthogonal: largest element of QᵀQ − I") < 1e-5
    assert run.metric("penalty of the regularizer") == pytest.approx(0.015)
    assert run.metric("trainable") is False


def test_6_7_scaled_initialisers_keep_the_signal_and_the_gradient(quick):
    run = quick("6.7")
    for name in ("uniform_unit_scaling", "orthogonal", "glorot_uniform (xavier)"):
        assert run.metric(f"{name}: signal, gradient after the layers") == pytest.approx([1, 1], abs=0.2)
    for name in ("random_normal", "random_uniform", "truncated_normal"):
        assert min(run.metric(f"{name}: signal, gradient after the layers")) > 1e6
    assert run.result["figures"] == ["histograms.png", "layers.png"]
