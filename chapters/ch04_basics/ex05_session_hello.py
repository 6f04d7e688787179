"""Example 5 · Session hello world (编写 hello world 程序演示 session 的使用)

Book:      intro 4.1.2, listing 4-1
Data:      none
Shows:     a constant is a node of the graph: it has a value only when a session runs it; a session opened and closed
           by hand
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The graph, and the book's try-out: the node printed without being run
tf.reset_default_graph()
ex.seed_everything()
hello = tf.constant("Hello, TensorFlow!")
print("the node:", hello)

# %% The session
sess = ex.session()
value = sess.run(hello)
print(value)
sess.close()

# %% A closed session runs nothing
try:
    sess.run(hello)
except RuntimeError as error:
    after_closing = str(error)
print("after close():", after_closing)

# %% Results
ex.report("the node, not run", str(hello))
ex.report("the node, run", str(value), book="b'Hello, TensorFlow!'")
ex.report("after close()", after_closing)
ex.finish()
