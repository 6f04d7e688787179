"""Example 43 · Coordinator for the session's queues (为 session 中的队列加上协调器)

Book:      intro 8.5.8, listing 8-8
Data:      CIFAR-10, the 10,000 test pictures
Shows:     a Coordinator lets a ``with`` session close without an error from the threads that fill its queues
Departs:   coord.join waits for the threads, which the book keeps in a variable and never uses: request_stop only asks
           them to end
Time:      6 s on 2 CPU cores
"""

import logging

import _cifar10_input as cifar10_input
import matplotlib.pyplot as plt

from utils.data import cifar10
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, batch_size=128)

# %% What TensorFlow logs as an error is kept, to be counted
errors = []
error_log = logging.Handler(logging.ERROR)
error_log.emit = errors.append
logging.getLogger("tensorflow").addHandler(error_log)

# %% The graph
data = cifar10.load(ex.data)
images_test, labels_test = cifar10_input.inputs(data, eval_data=True, batch_size=ex.batch_size)

# %% The session
with ex.session() as sess:
    tf.global_variables_initializer().run()
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    image_batch, label_batch = sess.run([images_test, labels_test])
    print("__\n\n", image_batch[0])
    print("__\n\n", label_batch[0])

    running = sum(thread.is_alive() for thread in threads)
    coord.request_stop()
    coord.join(threads)
    left = sum(thread.is_alive() for thread in threads)
print(f"{len(threads)} threads, {running} alive while the queue was in use, {left} after join")
print(f"errors logged when the session closed: {len(errors)}")

low, high = image_batch[0].min(), image_batch[0].max()
figure, axis = plt.subplots(figsize=(3, 3.2))
axis.imshow((image_batch[0] - low) / (high - low))
axis.set(title=f"{label_batch[0]}, {data.names[label_batch[0]]}", xticks=[], yticks=[])
ex.figure(figure, "picture")

# %% Results
ex.report("label of the first picture", int(label_batch[0]), book=3 if data.original else None)
ex.report("threads", len(threads))
ex.report("threads alive after join", left)
ex.report("errors logged at close", len(errors))
ex.finish()
