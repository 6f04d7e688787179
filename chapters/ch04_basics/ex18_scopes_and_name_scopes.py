"""Example 18 · Scope objects and the reach of name scopes (演示作用域与操作符的受限范围)

Book:      intro 4.3.7, listing 4-13 in both its versions
Data:      none
Shows:     a scope object leads back to its own scope from anywhere; a name scope holds for ops and for `Variable`,
           but not for `get_variable`; what the empty name does in either kind of scope
Departs:   the second version replaces the first (each has a graph of its own); the book says that a name scope never
           touches variables: that is true of `get_variable` only. An empty variable scope does not lead to the top,
           it adds an empty level to the name
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% A scope object opened again inside another scope (first version)
tf.reset_default_graph()
ex.seed_everything()
with tf.variable_scope("scope1") as sp:
    var1 = tf.get_variable("v", [1])
print("sp:", sp.name)
print("var1:", var1.name)

with tf.variable_scope("scope2"):
    var2 = tf.get_variable("v", [1])
    with tf.variable_scope(sp) as sp1:
        var3 = tf.get_variable("v3", [1])
print("sp1:", sp1.name)
print("var2:", var2.name)
print("var3:", var3.name)
ex.report("sp", sp.name, book="scope1")
ex.report("sp1", sp1.name, book="scope1")
ex.report("var1", var1.name, book="scope1/v:0")
ex.report("var2", var2.name, book="scope2/v:0")
ex.report("var3", var3.name, book="scope1/v3:0")

# %% A name scope inside a variable scope
with tf.variable_scope("scope"), tf.name_scope("bar"):
    v = tf.get_variable("v", [1])
    x = 1.0 + v
    plain = tf.Variable([1.0], name="plain")
print("v:", v.name)
print("x.op:", x.op.name, "of type", x.op.type)
print("a plain Variable:", plain.name)
ex.report("v", v.name, book="scope/v:0")
ex.report("x.op", x.op.name, book="scope/bar/add")
ex.report("plain Variable", plain.name)

# %% Scopes with an empty name (second version)
tf.reset_default_graph()
ex.seed_everything()
with tf.variable_scope("scope1") as sp:
    var1 = tf.get_variable("v", [1])
with tf.variable_scope("scope2"):
    var2 = tf.get_variable("v", [1])
    with tf.variable_scope(sp) as sp1:
        var3 = tf.get_variable("v3", [1])
        with tf.variable_scope(""):
            var4 = tf.get_variable("v4", [1])
    with tf.variable_scope(""):
        in_scope2 = tf.get_variable("v4", [1])
print("var4:", var4.name)
print("the same directly in scope2:", in_scope2.name)
ex.report("var4", var4.name, book="scope1//v4:0")
ex.report("empty scope in scope2", in_scope2.name)

with tf.variable_scope("scope"), tf.name_scope("bar"):
    v = tf.get_variable("v", [1])
    x = 1.0 + v
    with tf.name_scope(""):  # for ops the empty name does lead to the top
        y = 1.0 + v
print("v:", v.name)
print("x.op:", x.op.name)
print("y.op:", y.op.name)
ex.report("v, second version", v.name, book="scope/v:0")
ex.report("x.op, second version", x.op.name, book="scope/bar/add")
ex.report("y.op", y.op.name, book="add")

# %% Results
ex.finish()
