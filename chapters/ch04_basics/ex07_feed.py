"""Example 7 · The feed mechanism (演示注入机制)

Book:      intro 4.1.4, listing 4-3
Data:      none
Shows:     placeholders and `feed_dict`; a feed holds for that one call only; int16 wraps around without a word
Time:      4 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The graph
tf.reset_default_graph()
ex.seed_everything()
a = tf.placeholder(tf.int16, name="a")
b = tf.placeholder(tf.int16, name="b")
add = tf.add(a, b)
mul = tf.multiply(a, b)

# %% The session
with ex.session() as sess:
    total = sess.run(add, feed_dict={a: 3, b: 4})
    product = sess.run(mul, feed_dict={a: 3, b: 4})
    print(f"sum: {total}")
    print(f"product: {product}")

    # The b of the calls before is forgotten.
    try:
        sess.run(add, feed_dict={a: 3})
    except tf.errors.InvalidArgumentError as error:
        not_fed = error.message.splitlines()[-2]
    print("b not fed:", not_fed)

    # int16 ends at 32,767. A result beyond it wraps around silently, a fed value beyond it is refused.
    wrapped = sess.run(mul, feed_dict={a: 300, b: 300})
    print(f"300 * 300 in int16: {wrapped} (90,000 - 65,536 = {90_000 - 65_536})")
    try:
        sess.run(add, feed_dict={a: 70_000, b: 1})
    except (TypeError, OverflowError) as error:
        too_large = f"{type(error).__name__}: {error}"
    print("70,000 fed:", too_large)

# %% Results
ex.report("sum", total, book=7)
ex.report("product", product, book=12)
ex.report("b not fed", not_fed)
ex.report("300 * 300", wrapped)
ex.report("NumPy's int16 product", np.multiply(np.int16(300), np.array(300, np.int16)))
ex.report("70,000 fed", too_large)
ex.finish()
