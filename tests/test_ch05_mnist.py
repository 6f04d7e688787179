"""Chapter 5: softmax regression on MNIST."""


def test_21_trains_tests_saves_restores_and_predicts(quick):
    run = quick("21")
    first, last = run.metric("cost, epoch 1"), run.metric("cost, last epoch")
    assert last < 0.7 * first  # two epochs: 0.52 to 0.56 over seeds 1 to 5
    assert run.metric("test accuracy") == run.metric("test accuracy, restored")
    assert run.metric("test accuracy") > 0.35  # guessing gives 0.1
    assert run.metric("test accuracy from zero weights") > 0.8
    assert (run.checkpoints / "521model.ckpt.index").exists()
    assert set(run.result["figures"]) == {"picture.png", "cost.png", "predictions.png", "confusion_matrix.png"}
    assert [step for step, _ in run.scalars("cost")] == [1, 2]
    assert all(m["verdict"] in ("", "not compared: quick run") for m in run.result["metrics"])
