"""Example 6 · Session as a context manager (演示 with session 的使用)

Book:      intro 4.1.3, listing 4-2
Data:      none
Shows:     `with` closes the session by itself, whatever happens in the block; inside it `node.eval()` is
           `sess.run(node)`
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The graph: two constants (the book calls them variables)
a = tf.constant(3)
b = tf.constant(4)

# %% The session
with ex.session() as sess:
    total = sess.run(a + b)
    product = sess.run(a * b)
    print(f"sum: {total}")
    print(f"product: {product}")
    evaluated = (a + b).eval()

# %% Outside the block the session is closed
try:
    sess.run(a)
except RuntimeError as error:
    outside = str(error)
print("outside the block:", outside)

# %% Results
ex.report("sum", total, book=7)
ex.report("product", product, book=12)
ex.report("sum by eval()", evaluated)
ex.report("outside the block", outside)
ex.finish()
