"""Example 19 · Basic graph operations (图的基本操作)

Book:      intro 4.4.1–4.4.6, listing 4-14
Data:      none
Shows:     making graphs, the default graph, resetting it; finding tensors, ops and all nodes of a graph by name; the
           exercise 4.4.6: which graph is the default one inside `with graph.as_default()`
Departs:   the addresses that the book prints are compared as objects. The book warns that the default graph cannot be
           reset while an InteractiveSession is open: today that is so only for a session that was given a graph, and
           inside every `with` block of a graph or a session
Time:      5 s on 2 CPU cores
"""

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% 4.4.1 Making graphs
tf.reset_default_graph()
ex.seed_everything()
c = tf.constant(0.0)
g = tf.Graph()
with g.as_default():
    c1 = tf.constant(0.0)
    print("c1.graph", c1.graph)
    print("g       ", g)
    print("c.graph ", c.graph)
g2 = tf.get_default_graph()
print("g2      ", g2)
ex.report("c1.graph is g", c1.graph is g, book=True)
ex.report("c.graph is g", c.graph is g, book=False)
ex.report("g2 is c.graph", g2 is c.graph, book=True)

tf.reset_default_graph()
ex.seed_everything()
g3 = tf.get_default_graph()
print("g3      ", g3)
ex.report("g3 is g2", g3 is g2, book=False)
ex.report("g3 is g", g3 is g, book=False)

# %% 4.4.2 Finding a tensor
print(c1.name)
t = g.get_tensor_by_name(name="Const:0")
print(t)
ex.report("c1.name", c1.name, book="Const:0")
ex.report("c.name", c.name)  # the same: names are unique within one graph only
ex.report("tensor found", str(t), book='Tensor("Const:0", shape=(), dtype=float32)')
ex.report("it is c1", t is c1)

# %% 4.4.3 Finding an op
a = tf.constant([[1.0, 2.0]])
b = tf.constant([[1.0], [3.0]])
tensor1 = tf.matmul(a, b, name="exampleop")
print(tensor1.name, tensor1)
test = g3.get_tensor_by_name("exampleop:0")
print(test)
print(tensor1.op.name)  # tensor1 is a tensor; the op that makes it is its .op
testop = g3.get_operation_by_name("exampleop")
print(testop)
ex.report("tensor1.name", tensor1.name, book="exampleop:0")
ex.report("tensor1", str(tensor1), book='Tensor("exampleop:0", shape=(1, 1), dtype=float32)')
ex.report("test is tensor1", test is tensor1)
ex.report("tensor1.op.name", tensor1.op.name, book="exampleop")
ex.report("op found", [testop.type, *testop.node_def.input], book=["MatMul", "Const", "Const_1"])
ex.report("type", testop.get_attr("T").name, book="float32")
ex.report("transposed", [testop.get_attr("transpose_a"), testop.get_attr("transpose_b")], book=[False, False])
ex.report("testop is tensor1.op", testop is tensor1.op)

with ex.session() as sess:
    value = sess.run(test)
    print(value)
    again = tf.get_default_graph().get_tensor_by_name("exampleop:0")
    print(again)
ex.report("product", value, book=[[7.0]])
ex.report("found in the default graph", again is tensor1)

# %% 4.4.4 All the nodes of a graph
tt2 = g.get_operations()
print(tt2)
ex.report("ops of g", [[op.name, op.type] for op in tt2], book=[["Const", "Const"]])

# %% 4.4.5 Finding an element from an object or a name
tt3 = g.as_graph_element(c1)
print(tt3)
ex.report("element", str(tt3), book='Tensor("Const:0", shape=(), dtype=float32)')
ex.report("element is c1", tt3 is c1)
ex.report("element 'Const'", type(g.as_graph_element("Const")).__name__)
ex.report("element 'Const:0' is c1", g.as_graph_element("Const:0") is c1)

# %% Exercise 4.4.6: the default graph inside `with graph.as_default()`
with tf.Graph().as_default() as new:
    inside = tf.get_default_graph()
    print("the default graph inside the block is the new one:", inside is new, "- the global one:", inside is g3)
print("behind the block it is the global one again:", tf.get_default_graph() is g3)
ex.report("4.4.6: the new graph", inside is new)
ex.report("4.4.6: the global graph", inside is g3)
ex.report("behind the block", tf.get_default_graph() is g3)


# %% Where the default graph cannot be reset
def try_to_reset():
    """Return what tf.reset_default_graph() says."""
    try:
        tf.reset_default_graph()
    except AssertionError as error:
        return f"AssertionError: {error}"
    return "reset"


with g.as_default():
    resets = {"as_default": try_to_reset()}
with ex.session():
    resets["with session"] = try_to_reset()
given = tf.InteractiveSession(graph=g, config=ex.config())
resets["InteractiveSession of a graph"] = try_to_reset()
given.close()
plain = tf.InteractiveSession(config=ex.config())
resets["InteractiveSession"] = try_to_reset()
plain.close()
for place, outcome in resets.items():
    print(f"{place}: {outcome}")
    ex.report(f"reset, {place}", outcome)

# %% Results
ex.finish()
