"""Example 24 · Sparse cross-entropy (sparse 交叉熵的使用)

Book:      intro 6.5.3, file 6-1 continued, and exercise 6.5.5
Data:      the two rows of example 22; MNIST, 55,000 training and 10,000 test pictures
Model:     784 → 10, softmax regression, the classifier of chapter 5, twice from one start
Shows:     labels that are class numbers instead of one-hot rows: the same costs; exercise 6.5.5 trains chapter 5's
           classifier with each kind of label on the same batches, and the costs and the test accuracy are the same
Departs:   the answer to the exercise is not printed in the book; its figures stand beside those of listing 5-2
Time:      25 s on 2 CPU cores
"""

from utils import figures
from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=25, batch_size=100, learning_rate=0.01, quick={"epochs": 2})

# %% The two rows of example 22, with labels 2 and 1 for 001 and 010
labels = tf.constant([2, 1])
logits = tf.constant([[2, 0.5, 6], [0.1, 0, 3]])
rel5 = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
rel1 = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.one_hot(labels, 3), logits=logits)
with ex.session() as sess:
    sparse, dense = sess.run([rel5, rel1])
print("rel5 =", sparse)
print("rel1 =", dense)

# %% Exercise 6.5.5: the data of chapter 5, with one_hot=False
digits = mnist.load(ex.data, one_hot=False)
print("training labels:", digits.train.labels.shape, digits.train.labels.dtype, digits.train.labels[:10])

# %% The classifier of chapter 5, once for each kind of label
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")  # a class number, so no second axis
    start = tf.random_normal([784, 10], seed=ex.seed)

    W = tf.Variable(start, name="W")
    b = tf.Variable(tf.zeros([10]), name="b")
    z = tf.matmul(x, W) + b
    cost = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z))
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), y), tf.float32))  # against y itself

    W_one_hot = tf.Variable(W.initialized_value(), name="W_one_hot")
    b_one_hot = tf.Variable(tf.zeros([10]), name="b_one_hot")
    z_one_hot = tf.matmul(x, W_one_hot) + b_one_hot
    y_one_hot = tf.one_hot(y, 10)
    cost_one_hot = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y_one_hot, logits=z_one_hot))
    right = tf.equal(tf.argmax(z_one_hot, 1), tf.argmax(y_one_hot, 1))
    accuracy_one_hot = tf.reduce_mean(tf.cast(right, tf.float32))

    sgd = tf.train.GradientDescentOptimizer(ex.learning_rate)
    train = tf.group(sgd.minimize(cost), sgd.minimize(cost_one_hot))

# %% Train both on the same batches
batches = digits.train.num_examples // ex.batch_size
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in ex.progress(range(ex.epochs), unit="epoch"):
        total = total_one_hot = 0.0
        for _ in range(batches):
            batch_x, batch_y = digits.train.next_batch(ex.batch_size)
            _, one, other = sess.run([train, cost, cost_one_hot], {x: batch_x, y: batch_y})
            total += one / batches
            total_one_hot += other / batches
        ex.record(epoch + 1, cost_sparse=total, cost_one_hot=total_one_hot)
        ex.log(f"Epoch: {epoch + 1:04d} cost= {total:.9f}, with one-hot labels {total_one_hot:.9f}")
    print(" Finished!")
    test_feed = {x: digits.test.images, y: digits.test.labels}
    test_accuracy, test_one_hot = sess.run([accuracy, accuracy_one_hot], test_feed)
    apart = sess.run(tf.reduce_max(tf.abs(W - W_one_hot)))
print("Accuracy:", test_accuracy, "with one-hot labels:", test_one_hot)
print("largest difference between the two sets of weights:", apart)

curves = {"class numbers": ex.history["cost_sparse"], "one-hot rows": ex.history["cost_one_hot"]}
ex.figure(
    figures.curves(curves, xlabel="epoch", ylabel="mean cost", title="Softmax regression on MNIST", log=True), "cost"
)

# %% Results
# The tolerances are example 21's: three standard deviations over seeds 1 to 5.
ex.report("rel5", sparse, book=[0.02215516, 3.09967351])
ex.report("rel1, one-hot labels", dense, book=[0.02215516, 3.09967351])
ex.report("cost, epoch 1", ex.history["cost_sparse"][0][1], book=9.923389743, tolerance=3.0)
ex.report("cost, last epoch", ex.history["cost_sparse"][-1][1], book=0.877055534, tolerance=0.045)
ex.report("cost, last epoch, one-hot labels", ex.history["cost_one_hot"][-1][1])
ex.report("test accuracy", test_accuracy, book=0.8316, better="higher", tolerance=0.01)
ex.report("test accuracy, one-hot labels", test_one_hot, book=0.8316, better="higher", tolerance=0.01)
ex.report("largest difference between the weights", apart)
ex.finish()
