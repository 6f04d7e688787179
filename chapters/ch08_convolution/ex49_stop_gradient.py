"""Example 49 · Stopping gradients (演示梯度停止的实现)

Book:      intro 8.6.8, listing 8-16
Data:      four random vectors of two numbers, whose values do not matter
Shows:     tf.stop_gradient: the variables behind it get no gradient; the error that fetching such a list raises,
           and the list that can be fetched
Departs:   the book's program ends with the error, and a second version leaves it out: here it is caught; the name of
           the gradient's tensor is TensorFlow's own affair and differs from the book's
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% As in example 48
w1 = tf.get_variable("w1", shape=[2])
w2 = tf.get_variable("w2", shape=[2])
w3 = tf.get_variable("w3", shape=[2])
w4 = tf.get_variable("w4", shape=[2])
y1 = w1 + w2 + w3
y2 = w3 + w4
gradients = tf.gradients([y1, y2], [w1, w2, w3, w4], grad_ys=[tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])])

# %% The stop (listing 8-16)
a = w1 + w2
a_stopped = tf.stop_gradient(a)
y3 = a_stopped + w3

gradients2 = tf.gradients(y3, [w1, w2, w3], grad_ys=tf.constant([1.0, 2.0]))
print("gradients2:", gradients2)

gradients3 = tf.gradients(y3, [w3], grad_ys=tf.constant([1.0, 2.0]))
without_stop = tf.gradients(a + w3, [w1, w2, w3], grad_ys=tf.constant([1.0, 2.0]))

# %% Run
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    values = sess.run(gradients)
    print("gradients:", *values)
    try:
        error = f"no error: {sess.run(gradients2)}"
    except TypeError as caught:
        error = type(caught).__name__
        print(f"fetching gradients2: {error}: {caught}")
    stopped = sess.run(gradients3)
    print("gradients3:", *stopped)
    forward, stopped_forward, free = sess.run([a + w3, y3, without_stop])
    print(f"the values are the same with and without the stop: {stopped_forward} and {forward}")
    print("gradients without the stop:", *free)

# %% Results
for name, value, book in zip(("w1", "w2", "w3", "w4"), values, ([1, 2], [1, 2], [4, 6], [3, 4]), strict=True):
    ex.report(f"gradient for {name}", value, book=book)
ex.report(
    "gradients2: None, or a tensor's shape",
    [None if gradient is None else gradient.shape.as_list() for gradient in gradients2],
    book=[None, None, [2]],
)
ex.report("fetching gradients2", error)
ex.report("gradients3", stopped, book=[[1, 2]])
ex.report("gradients without the stop", free)
ex.report("the stop leaves the value alone", forward.tolist() == stopped_forward.tolist())
ex.finish()
