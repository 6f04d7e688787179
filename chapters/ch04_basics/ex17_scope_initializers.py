"""Example 17 · Initialisers of a scope are inherited (初始化共享变量的作用域)

Book:      intro 4.3.6, listing 4-12; `AUTO_REUSE` from the end of the section
Data:      none
Shows:     a scope's initialiser holds for its variables and for the scopes inside it, unless a variable has its own;
           `reuse=tf.AUTO_REUSE` makes a variable at the first use and shares it afterwards
Departs:   the book's text says that test1 is initialised to 4.0; it is 0.4
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The scopes
tf.reset_default_graph()
ex.seed_everything()
with tf.variable_scope("test1", initializer=tf.constant_initializer(0.4)):
    var1 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
    with tf.variable_scope("test2"):
        var2 = tf.get_variable("firstvar", shape=[2], dtype=tf.float32)
        var3 = tf.get_variable("var3", shape=[2], initializer=tf.constant_initializer(0.3))

# %% AUTO_REUSE: opened twice, one variable
shared = []
for _ in range(2):
    with tf.variable_scope("test3", reuse=tf.AUTO_REUSE):
        shared.append(tf.get_variable("firstvar", shape=[2], initializer=tf.constant_initializer(0.1)))

# %% The session
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    values = sess.run([var1, var2, var3])
    for name, value in zip(["var1", "var2", "var3"], values, strict=True):
        print(f"{name} =", value)
print("AUTO_REUSE, opened twice:", shared[0].name, shared[1].name, "the same object:", shared[0] is shared[1])

# %% Results
ex.report("var1", values[0], book=[0.40000001, 0.40000001])
ex.report("var2", values[1], book=[0.40000001, 0.40000001])
ex.report("var3", values[2], book=[0.30000001, 0.30000001])
ex.report("names", [var1.name, var2.name, var3.name])
ex.report("AUTO_REUSE makes one variable", shared[0] is shared[1])
ex.report("variables in the graph", len(tf.global_variables()))
ex.finish()
