"""Example 8 · Fetching several nodes (使用注入机制获取节点)

Book:      intro 4.1.6, listing 4-3 continued
Data:      none
Shows:     one `run` call fetches a list of nodes, in the order asked, in one pass through the graph
Departs:   the book's title says "inject" (feed); what the section describes is *fetch*
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The graph of example 7
a = tf.placeholder(tf.int16)
b = tf.placeholder(tf.int16)
add = tf.add(a, b)
mul = tf.multiply(a, b)

# %% The session
with ex.session() as sess:
    feed = {a: 3, b: 4}
    total = sess.run(add, feed_dict=feed)
    product = sess.run(mul, feed_dict=feed)
    print(f"sum: {total}")
    print(f"product: {product}")

    fetched = sess.run([mul, add], feed_dict=feed)  # the product first
    print("both:", [int(value) for value in fetched])  # NumPy 2 alone would print np.int16(12)

    # What is fetched comes back in the shape of what was asked for.
    by_name = sess.run({"product": mul, "sum": add}, feed_dict=feed)
    print("by name:", {name: int(value) for name, value in by_name.items()})

# %% Results
ex.report("sum", total, book=7)
ex.report("product", product, book=12)
ex.report("[mul, add]", fetched, book=[12, 7])
ex.report("type of the values", type(fetched[0]).__name__)
ex.report("by name", by_name)
ex.finish()
