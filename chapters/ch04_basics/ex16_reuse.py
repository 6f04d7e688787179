"""Example 16 · Sharing variables with `reuse` (共享变量功能的实现)

Book:      intro 4.3.5, the second half of listing 4-11
Data:      none
Shows:     under `reuse=True` `get_variable` gives back the variable that is there already, and makes no new one
Departs:   the graph is reset at the start: the book's script fails when it is run twice in one kernel (Spyder),
           because the default graph still holds the names; that clash is shown and caught
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Two variables, as in example 15
tf.reset_default_graph()
ex.seed_everything()
with tf.variable_scope("test1"):
    var1 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
    with tf.variable_scope("test2"):
        var2 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
print("var1:", var1.name)
print("var2:", var2.name)

# %% The same scopes opened again, with reuse; the inner scope inherits it
with tf.variable_scope("test1", reuse=True):
    var3 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
    with tf.variable_scope("test2"):
        var4 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
print("var3:", var3.name)
print("var4:", var4.name)
print("var3 is var1:", var3 is var1, "  var4 is var2:", var4 is var2)

# %% What is written through one name is read through the other
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(var1.assign([5.0, 6.0]))
    read = sess.run(var3)
    print("var1 was set to [5, 6], var3 =", read)

# %% With reuse nothing new can be made, without it nothing can be had twice (a second run in one kernel)
try:
    with tf.variable_scope("test1", reuse=True):
        tf.get_variable("secondvar", shape=[2], dtype=tf.float32)
except ValueError as error:
    unknown = str(error)
print("an unknown name:", unknown)
try:
    with tf.variable_scope("test1"):
        tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
except ValueError as error:
    again = str(error).partition(" Originally")[0]
print("the scope again, without reuse:", again)

# %% Results
ex.report("var1", var1.name, book="test1/firstvar:0")
ex.report("var2", var2.name, book="test1/test2/firstvar:0")
ex.report("var3", var3.name, book="test1/firstvar:0")
ex.report("var4", var4.name, book="test1/test2/firstvar:0")
ex.report("var3 is var1", var3 is var1)
ex.report("var4 is var2", var4 is var2)
ex.report("var3 after var1.assign", read)
ex.report("unknown name", unknown)
ex.report("again without reuse", again)
ex.report("variables in the graph", len(tf.global_variables()))
ex.finish()
