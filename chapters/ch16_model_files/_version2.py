"""A process with TensorFlow as it is today, without compat.v1: loads a SavedModel and answers.

It reads one line of JSON from its standard input, ``{"folder": …, "x": [numbers]}``, and prints one: what the signature
serving_default makes of x, the version, and whether operations run at once.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

task = json.loads(sys.stdin.readline())
model = tf.saved_model.load(task["folder"])
predict = model.signatures["serving_default"]
y = predict(x=tf.constant(task["x"], tf.float32))["y"]
print(json.dumps({"y": y.numpy().tolist(), "version": tf.__version__, "eager": tf.executing_eagerly()}))
