"""Example 14 · `Variable` against `get_variable` (演示 get_variable 和 Variable 的区别)

Book:      intro 4.3.3, listing 4-9
Data:      none
Shows:     `Variable` makes a new variable every time and a name of its own for it; `get_variable` goes by the name
           and refuses to make a second one
Departs:   the failing line is caught, so that the script runs through; the book's text says that the last value is
           4.0 instead of 0.3, it is 0.4
Time:      4 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% `Variable`: an equal name is made different
tf.reset_default_graph()
ex.seed_everything()
names = []

var1 = tf.Variable(1.0, name="firstvar")
print("var1:", var1.name)
names.append(var1.name)
var1 = tf.Variable(2.0, name="firstvar")
print("var1:", var1.name)
names.append(var1.name)
var2 = tf.Variable(3.0)
print("var2:", var2.name)
names.append(var2.name)
var2 = tf.Variable(4.0)
print("var2:", var2.name)  # the book labels this line "var1:"
names.append(var2.name)

# The Python names var1 and var2 mean the variables made last; the graph holds all four.
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    value1, value2 = sess.run([var1, var2])
    print("var1 =", value1)
    print("var2 =", value2)

# %% `get_variable`: an equal name is refused
get_var1 = tf.get_variable("firstvar", [1], initializer=tf.constant_initializer(0.3))
print("get_var1:", get_var1.name)  # `Variable` has taken firstvar and firstvar_1
try:
    get_var1 = tf.get_variable("firstvar", [1], initializer=tf.constant_initializer(0.4))
except ValueError as error:
    refused = str(error).partition(" Originally")[0]
print("a second get_variable:", refused)

get_var2 = tf.get_variable("firstvar1", [1], initializer=tf.constant_initializer(0.4))
print("get_var2:", get_var2.name)

with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    kept, other = sess.run([get_var1, get_var2])
    print("get_var1 =", kept)
    print("get_var2 =", other)

# %% Results
for number, (measured, book) in enumerate(
    zip(names, ["firstvar:0", "firstvar_1:0", "Variable:0", "Variable_1:0"], strict=True), start=1
):
    ex.report(f"Variable {number}", measured, book=book)
ex.report("var1", value1, book=2.0)
ex.report("var2", value2, book=4.0)
ex.report("get_variable firstvar", get_var1.name, book="firstvar_2:0")
ex.report("get_variable firstvar again", refused)
ex.report("get_variable firstvar1", get_var2.name, book="firstvar1:0")
ex.report("value of firstvar", kept)
ex.report("value of firstvar1", other, book=[0.40000001])
ex.report("variables in the graph", len(tf.global_variables()))
ex.finish()
