"""Section 4.7 · Data sets, tf.data (数据集 tf.data)

Book:      intro 4.7
Data:      the numbers 0 to 5
Shows:     the three ways of input on the same numbers in batches of 4: fed by hand, through a queue, from `tf.data`;
           then what tf.data can do more: iterators that are started again, map, repeat, shuffle, and a plain loop
           in eager execution
Departs:   the section has no code; the eager part is at the end, because switching needs a new default graph
Time:      5 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, batch_size=4)
numbers = np.arange(6)

# %% 1. Feeding: Python cuts the batches (small data)
tf.reset_default_graph()
ex.seed_everything()
batch = tf.placeholder(tf.int64, [None])
with ex.session() as sess:
    fed = [
        sess.run(batch, {batch: numbers[start : start + ex.batch_size]})
        for start in range(0, len(numbers), ex.batch_size)
    ]
print("fed:", *fed)

# %% 2. A queue: threads of the graph fill it (large data; more in 11.5.3)
tf.reset_default_graph()
ex.seed_everything()
number = tf.train.input_producer(numbers, num_epochs=1, shuffle=False).dequeue()
batch = tf.train.batch([number], ex.batch_size, allow_smaller_final_batch=True)
queued = []
with ex.session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])  # num_epochs is a local variable
    coordinator = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coordinator)
    try:
        while not coordinator.should_stop():
            queued.append(sess.run(batch))
    except tf.errors.OutOfRangeError:
        queue_end = "OutOfRangeError"
    finally:
        coordinator.request_stop()
        coordinator.join(threads)
print("queued:", *queued, queue_end)


# %% 3. tf.data: the pipeline is a description, an iterator goes through it
def all_batches(sess, node):
    """Fetch `node` until its iterator ends; return the batches and what ended it."""
    batches = []
    try:
        while True:
            batches.append(sess.run(node))
    except tf.errors.OutOfRangeError as error:
        return batches, type(error).__name__


tf.reset_default_graph()
ex.seed_everything()
dataset = tf.data.Dataset.from_tensor_slices(numbers).batch(ex.batch_size)
next_batch = tf.data.make_one_shot_iterator(dataset).get_next()
with ex.session() as sess:
    one_shot, one_shot_end = all_batches(sess, next_batch)
print("tf.data:", *one_shot, one_shot_end)

# %% An initialisable iterator: started again, also with other data
values = tf.placeholder(tf.int64, [None])
iterator = tf.data.make_initializable_iterator(tf.data.Dataset.from_tensor_slices(values).batch(ex.batch_size))
next_batch = iterator.get_next()
with ex.session() as sess:
    sess.run(iterator.initializer, {values: numbers})
    started, _ = all_batches(sess, next_batch)
    sess.run(iterator.initializer, {values: [10, 20, 30]})
    restarted, _ = all_batches(sess, next_batch)
print("initialised:", *started, "and again with other data:", *restarted)

# %% map, repeat, shuffle; the order of the calls matters
source = tf.data.Dataset.from_tensor_slices(numbers)
pipelines = {
    "map": source.map(lambda number: number * number).batch(ex.batch_size),
    "repeat, then batch": source.repeat(2).batch(ex.batch_size),
    "batch, then repeat": source.batch(ex.batch_size).repeat(2),
    "shuffle": source.shuffle(len(numbers), seed=ex.seed).batch(ex.batch_size),
}
nodes = {name: tf.data.make_one_shot_iterator(pipeline).get_next() for name, pipeline in pipelines.items()}
results = {}
with ex.session() as sess:
    for name, node in nodes.items():
        results[name], _ = all_batches(sess, node)
        print(f"{name}:", *results[name])

# %% In eager execution (section 4.6) a data set is simply looped over
tf.reset_default_graph()
tf.config.set_visible_devices([], "GPU")  # nothing here needs one
tf.enable_eager_execution()
ex.seed_everything()
dataset = tf.data.Dataset.from_tensor_slices(numbers).batch(ex.batch_size)
eager = [batch.numpy() for batch in dataset]
print("eager:", *eager)
tf.disable_eager_execution()
tf.reset_default_graph()

# %% Results
ex.report("fed", fed)
ex.report("queued", queued)
ex.report("queued, end", queue_end)
ex.report("tf.data", one_shot)
ex.report("tf.data, end", one_shot_end)
ex.report("initialised", started)
ex.report("initialised again", restarted)
for name, batches in results.items():
    ex.report(name, batches)
ex.report("eager", eager)
ex.finish()
