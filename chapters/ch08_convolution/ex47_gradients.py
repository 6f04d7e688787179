"""Example 47 · Basic use of gradients (演示 gradients 基本用法)

Book:      intro 8.6.6, listing 8-14
Data:      two constant 1×2 matrices
Shows:     tf.gradients of a product of matrices; what it gives for a variable that the formula does not contain
Departs:   the variables are floats: today whole numbers have no gradient (shown); the gradient has the shape of w1,
           [[9, 10]] (the text has [[9], [10]]); for w2 tf.gradients gives None, and only sess.run raises
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)


def error_of(fetch):
    """Run `fetch` and return what goes wrong: the error's kind and text."""
    try:
        return "no error", str(sess.run(fetch))
    except TypeError as error:
        return type(error).__name__, str(error)


# %% The graph (listing 8-14)
w1 = tf.Variable([[1.0, 2.0]])
w2 = tf.Variable([[3.0, 4.0]])
y = tf.matmul(w1, [[9.0], [10.0]])
grads = tf.gradients(y, [w1])  # y = 9·w1[0] + 10·w1[1]

# %% y does not contain w2
absent = tf.gradients(y, [w1, w2])
as_zeros = tf.gradients(y, [w1, w2], unconnected_gradients="zero")

# %% The book's own variables: whole numbers
i1 = tf.Variable([[1, 2]])
of_integers = tf.gradients(tf.matmul(i1, [[9], [10]]), [i1])

# %% Run
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    product, gradval, zeros = sess.run([y, grads, as_zeros])
    print("y:", product, " its gradient for w1:", gradval)
    print("gradients for [w1, w2]:", absent)
    absent_kind, absent_text = error_of(absent)
    print(f"  fetching them: {absent_kind}: {absent_text}")
    print("  with unconnected_gradients='zero':", zeros)
    print("gradient for a variable of whole numbers:", of_integers)
    integer_kind, integer_text = error_of(of_integers)
    print(f"  fetching it: {integer_kind}: {integer_text}")

# %% Results
ex.report("y", product)
ex.report("gradient for w1", gradval, book=[[[9, 10]]])
ex.report("gradient for w2 is None", absent[1] is None)
ex.report("fetching the gradient for w2", absent_kind)
ex.report("with unconnected_gradients='zero'", zeros)
ex.report("gradient for whole numbers is None", of_integers == [None])
ex.report("fetching the gradient for whole numbers", integer_kind)
ex.finish()
