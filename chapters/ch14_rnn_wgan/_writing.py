"""What ``--generate`` does: lines by the network that p57 trained last."""

from typing import Any

import numpy as np
from models import Generator, critic

from utils.data import requests
from utils.tf1 import tf


def print_lines(ex: Any) -> None:
    """Print ``ex.generate`` lines, each with its score; sizes, alphabet and noise are those of the checkpoint."""
    path = ex.checkpoint_of("p57", "generator.ckpt")
    kept = tf.train.load_checkpoint(path)
    letters = "".join(map(chr, kept.get_tensor("alphabet")))
    length, each_step, deviation, embedding = kept.get_tensor("trained_with")
    units, embedding = kept.get_tensor("Generator/sm_weight").shape[0], int(embedding)
    with tf.device(ex.device):
        noise = tf.placeholder(tf.float32, [None, units])
        generator = Generator(len(letters) + 1, embedding, units)
        strings = generator.free(noise, int(length), bool(each_step), choose=True)
        scores = critic(strings, embedding, units)
    with ex.session(rewrite=False) as sess:
        tf.train.Saver().restore(sess, path)
        drawn = np.random.normal(0, deviation, [ex.generate, units])
        codes, points = sess.run([tf.argmax(strings, axis=2), scores], {noise: drawn})
    for line, score in zip(requests.decode(codes, letters), points, strict=True):
        print(f"{score:10.6f}  {line}")
