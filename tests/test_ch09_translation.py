"""Chapter 9: attention seq2seq, translation and the chatbot."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from utils.paths import CHAPTERS


def test_985_attention_buckets_and_loss_agree_with_numbers_by_hand(quick):
    run = quick("9.8.5")
    assert run.metric("attention, largest difference to NumPy") < 1e-5
    assert run.metric("attention on padding") == 0
    # feed_previous=False takes the words it is given, True does not look at them
    assert run.metric("other words fed, feed_previous=False") > 0.01
    assert run.metric("other words fed, feed_previous=True") == 0
    by_hand = [(-np.log(0.7) - np.log(0.8)) / 2, -np.log(0.5)]
    assert run.metric("weighted cross entropy per sentence") == pytest.approx(by_hand, rel=1e-5)
    assert run.metric("loss where all weights are 0") == 0
    one, three = run.metric("variables, 1 bucket and 3")
    assert one == three  # all buckets have the same weights
    fitted = [run.metric(f"padding, fitted, {count}") for count in (1, 2, 3, 4, 6)]
    assert fitted == sorted(fitted, reverse=True)
    assert fitted[3] < run.metric("padding, the book's four")
    assert "a pair of 20 and 8 words goes into bucket (40, 40)" in run.out  # strictly longer
    assert "a pair of 60 and 10 words goes into bucket none: dropped" in run.out
    assert set(run.result["figures"]) == {"column.png", "padding.png"}


def test_74_translates_held_out_sentences_better_than_without_a_network(quick):
    run = quick("74")
    here = run.metric("BLEU, this network")
    # over seeds 1 to 3: 46 to 48, and 0.6 to 3.1 of another sentence's translation
    assert here > run.metric("BLEU, another held-out sentence's translation") + 20
    words = run.metric("vocab_sizech, Chinese")
    for bucket in ("0 (8, 8)", "1 (9, 9)"):
        assert 1 <= run.metric(f"held-out perplexity, bucket {bucket}") < words / 10  # 2.2 to 5.4; untrained: `words`
    assert run.metric("last training loss") < 1.5  # 0.58 to 0.81; untrained: 5.5
    assert [step for step, _ in run.scalars("perplexity_bucket_0")] == [40, 80]
    assert set(run.result["figures"]) == {"lengths.png", "attention.png", "perplexity.png"}
    verdicts = [m["verdict"] for m in run.result["metrics"] if m["book"] is not None]
    assert set(verdicts) == {"not compared: other data"}


def test_74_trains_on_no_held_out_sentence_and_keeps_its_files(quick):
    run = quick("74")
    lines = [(run.outputs / f"{name}.txt").read_text(encoding="utf-8").splitlines() for name in ("english", "chinese")]
    assert [len(part) for part in lines] == [3000, 3000]
    assert [len(set(part)) for part in lines] == [3000, 3000]  # so a pair is either trained on or held out
    dictionary = (run.checkpoints / "dicten.txt").read_text(encoding="utf-8").splitlines()
    assert dictionary[:4] == ["_PAD", "_GO", "_EOS", "_UNK"]
    network = json.loads((run.checkpoints / "network.json").read_text(encoding="utf-8"))["network"]
    ids = (run.checkpoints / "fromids" / "train.txt").read_text(encoding="utf-8").splitlines()
    held_out = 60
    assert f"{len(ids)} to train on" in run.out
    assert sum(run.metric("bucket sizes")) == len(ids)
    assert f"{held_out} held out, none of which has an English sentence that is trained on" in run.out
    assert network["buckets"] == [[8, 8], [9, 9]]


def test_74_translates_a_sentence_with_the_checkpoint(quick, run_example):
    run = quick("74")
    before = (run.outputs / "result.json").read_bytes()
    one = run_example.start("74", "--translate", "My sister has a red zebra.", TFBOOK_RUNS=str(run.root)).wait()
    assert one.code == 0, one.err
    assert not one.err
    assert "not in the dictionary: zebra" in one.out
    assert "我姐姐" in one.out
    # reversed once: the full stop's number comes first, then _UNK
    words = (run.checkpoints / "dicten.txt").read_text(encoding="utf-8").splitlines()
    wanted = [words.index(word) for word in ("a", "has", "sister", "my")]
    shown = json.loads(one.out.split("ids ")[1].split(" (")[0])
    assert shown[:2] == [words.index("."), 3]
    assert shown[-4:] == wanted if "red" not in words else shown[-5:] == [words.index("red"), *wanted]
    assert (run.outputs / "result.json").read_bytes() == before  # the training's result is left alone
    long = run_example.start("74", "--translate", "a " * 30, TFBOOK_RUNS=str(run.root)).wait()
    assert long.code == 1
    assert long.err.strip() == "30 words are too many: the longest bucket takes 8"


def test_74_and_75_say_what_is_missing(run_example, tmp_path):
    for example, flags in (("74", ("--translate", "Hello.")), ("75", ("--say", "你好"))):
        run = run_example(example, *flags, ok=False)
        assert run.code == 1
        assert run.err.strip().endswith(f"`python run.py {example}` makes one")
    (tmp_path / "en.txt").write_text("Hello.\n", encoding="utf-8")
    run = run_example("74", "--english", str(tmp_path / "en.txt"), ok=False)
    assert (run.code, run.err.strip()) == (
        1,
        "a parallel corpus is two files: give both --english FILE and --chinese FILE",
    )
    (tmp_path / "odd.txt").write_text("你好\n您好\n再见\n", encoding="utf-8")
    run = run_example("75", "--dialogue", str(tmp_path / "odd.txt"), ok=False)
    assert run.code == 1
    assert "has no answer" in run.err
    assert "Traceback" not in run.err


def test_75_answers_its_training_questions(quick):
    run = quick("75")
    # all 83 from step 60 to 100 on, with seed 1
    assert run.metric("share of its questions answered word for word") >= 0.95
    assert run.metric("questions") == 83
    assert run.scalars("answered")[-1][1] == pytest.approx(
        run.metric("share of its questions answered word for word"), abs=0.05
    )
    assert "你叫什么名字 → 我叫小木，树木的木" in run.out
    assert "not in the dictionary: 啥" in run.out  # the book's questions were never seen
    assert set(run.result["figures"]) == {"lengths.png", "perplexity.png"}


def test_75_talks_line_by_line(quick, tmp_path):
    """The prompt reads a pipe up to an empty line; what is wrong with one line does not end it."""
    run = quick("75")
    script = next((CHAPTERS / "ch09_recurrent").glob("ex75_*.py"))
    environment = {"TFBOOK_RUNS": str(run.root), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, str(script), "--chat"],
        input=f"你是谁\n{'吃' * 40}\n晚上好\n\n你好\n",
        env=os.environ | environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "我是一个爱聊天的小机器人" in done.stdout
    assert "words are too many" in done.stdout
    assert "晚上好，今天过得好吗" in done.stdout
    assert "很高兴见到你" not in done.stdout  # it came after the empty line
    assert not done.stderr


def test_75_learns_a_dialogue_of_ones_own_and_goes_on_after_a_kill(run_example, tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("天是什么颜色\n蓝色\n草是什么颜色\n绿色\n雪是什么颜色\n白色\n", encoding="utf-8")
    flags = ("--quick", "--dialogue", str(own), "--steps-per-checkpoint", "20", "--batch-size", "10")
    root = tmp_path / "runs"
    first = run_example.start("75", *flags, root=root)
    first.until("global step 40").kill().wait()
    run = run_example.start("75", *flags, "--resume", root=root).wait()
    assert run.code == 0, run.err
    assert "resumed from" in run.out
    assert "global step 20 " not in run.out
    assert run.metric("share of its questions answered word for word") == 1.0
    assert "草是什么颜色 → 绿色" in run.out
