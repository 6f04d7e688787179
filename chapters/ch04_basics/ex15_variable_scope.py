"""Example 15 · `get_variable` inside scopes (在特定的作用域下获取变量)

Book:      intro 4.3.4, listing 4-10 and the first half of 4-11
Data:      none
Shows:     a variable's full name begins with its scopes: equal names in scopes side by side or nested do not clash
Departs:   the line that fails without scopes is run as well, and caught
Time:      5 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Without scopes two equal names clash
tf.reset_default_graph()
ex.seed_everything()
tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
try:
    tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
except ValueError as error:
    refused = str(error).partition(" Originally")[0]
print("without scopes:", refused)

# %% Scopes side by side (listing 4-10)
tf.reset_default_graph()
ex.seed_everything()
with tf.variable_scope("test1"):
    var1 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
with tf.variable_scope("test2"):
    var2 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
print("var1:", var1.name)
print("var2:", var2.name)
ex.report("side by side, var1", var1.name, book="test1/firstvar:0")
ex.report("side by side, var2", var2.name, book="test2/firstvar:0")

# %% A scope inside the other (listing 4-11)
tf.reset_default_graph()
ex.seed_everything()
with tf.variable_scope("test1"):
    var1 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
    with tf.variable_scope("test2"):
        var2 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
print("var1:", var1.name)
print("var2:", var2.name)
ex.report("nested, var1", var1.name, book="test1/firstvar:0")
ex.report("nested, var2", var2.name, book="test1/test2/firstvar:0")

# %% Results
ex.report("without scopes", refused)
ex.finish()
