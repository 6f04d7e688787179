"""Chapter 4: names of variables, scopes, sharing, graphs."""

import pytest

SUFFIX = "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"


def near(values):
    """float32 has 0.4 as 0.40000001."""
    return pytest.approx(values, abs=1e-7)


def books_figures(run):
    """Return the names of the figures the book prints; each of them must be measured as the book has it."""
    compared = {metric["name"]: metric["verdict"] for metric in run.result["metrics"] if metric["book"] is not None}
    assert set(compared.values()) == {"as the book"}, compared
    return list(compared)


def test_14_variable_renames_and_get_variable_refuses(quick):
    run = quick("14")
    assert len(books_figures(run)) == 9
    names = [run.metric(f"Variable {number}") for number in (1, 2, 3, 4)]
    assert names == ["firstvar:0", "firstvar_1:0", "Variable:0", "Variable_1:0"]
    assert (run.metric("var1"), run.metric("var2")) == (2.0, 4.0)
    assert run.metric("get_variable firstvar") == "firstvar_2:0"
    assert run.metric("get_variable firstvar again") == f"Variable firstvar already exists, disallowed. {SUFFIX}"
    assert run.metric("get_variable firstvar1") == "firstvar1:0"
    assert run.metric("value of firstvar") == near([0.3])  # the refused call left it alone
    assert run.metric("value of firstvar1") == near([0.4])
    assert run.metric("variables in the graph") == 6


def test_15_scopes_keep_equal_names_apart(quick):
    run = quick("15")
    assert len(books_figures(run)) == 4
    assert run.metric("side by side, var1") == "test1/firstvar:0"
    assert run.metric("side by side, var2") == "test2/firstvar:0"
    assert run.metric("nested, var1") == "test1/firstvar:0"
    assert run.metric("nested, var2") == "test1/test2/firstvar:0"
    assert run.metric("without scopes") == f"Variable firstvar already exists, disallowed. {SUFFIX}"


def test_16_reuse_gives_the_same_variable_back(quick):
    run = quick("16")
    assert len(books_figures(run)) == 4
    assert run.metric("var1") == run.metric("var3") == "test1/firstvar:0"
    assert run.metric("var2") == run.metric("var4") == "test1/test2/firstvar:0"
    assert run.metric("var3 is var1") is run.metric("var4 is var2") is True
    assert run.metric("var3 after var1.assign") == [5.0, 6.0]
    assert run.metric("unknown name").startswith("Variable test1/secondvar does not exist")
    assert run.metric("again without reuse") == f"Variable test1/firstvar already exists, disallowed. {SUFFIX}"
    assert run.metric("variables in the graph") == 2


def test_17_inner_scopes_inherit_the_initialiser(quick):
    run = quick("17")
    assert books_figures(run) == ["var1", "var2", "var3"]
    assert run.metric("var1") == run.metric("var2") == near([0.4, 0.4])
    assert run.metric("var3") == near([0.3, 0.3])
    assert run.metric("names") == ["test1/firstvar:0", "test1/test2/firstvar:0", "test1/test2/var3:0"]
    assert run.metric("AUTO_REUSE makes one variable") is True
    assert run.metric("variables in the graph") == 4


def test_18_scope_objects_name_scopes_and_empty_names(quick):
    run = quick("18")
    assert len(books_figures(run)) == 11
    expected = {
        "sp": "scope1",
        "sp1": "scope1",
        "var1": "scope1/v:0",
        "var2": "scope2/v:0",
        "var3": "scope1/v3:0",
        "v": "scope/v:0",
        "x.op": "scope/bar/add",
        "plain Variable": "scope/bar/plain:0",
        "var4": "scope1//v4:0",
        "empty scope in scope2": "scope2//v4:0",
        "v, second version": "scope/v:0",
        "x.op, second version": "scope/bar/add",
        "y.op": "add",
    }
    assert {name: run.metric(name) for name in expected} == expected


def test_19_graphs_are_found_by_name_and_identity(quick):
    run = quick("19")
    books_figures(run)
    same = ["c1.graph is g", "g2 is c.graph", "it is c1", "test is tensor1", "testop is tensor1.op"]
    same += ["found in the default graph", "element is c1", "element 'Const:0' is c1"]
    assert [name for name in same if run.metric(name) is not True] == []
    other = ["c.graph is g", "g3 is g2", "g3 is g"]
    assert [name for name in other if run.metric(name) is not False] == []
    assert run.metric("c1.name") == run.metric("c.name") == "Const:0"
    assert run.metric("tensor found") == run.metric("element") == 'Tensor("Const:0", shape=(), dtype=float32)'
    assert run.metric("tensor1") == 'Tensor("exampleop:0", shape=(1, 1), dtype=float32)'
    assert run.metric("tensor1.name") == "exampleop:0"
    assert run.metric("tensor1.op.name") == "exampleop"
    assert run.metric("op found") == ["MatMul", "Const", "Const_1"]
    assert run.metric("type") == "float32"
    assert run.metric("transposed") == [False, False]
    assert run.metric("product") == [[7.0]]
    assert run.metric("ops of g") == [["Const", "Const"]]
    assert run.metric("element 'Const'") == "Operation"


def test_19_exercise_the_default_graph_inside_as_default_is_the_new_one(quick):
    run = quick("19")
    assert run.metric("4.4.6: the new graph") is True
    assert run.metric("4.4.6: the global graph") is False
    assert run.metric("behind the block") is True


def test_19_the_default_graph_cannot_be_reset_inside_a_block(quick):
    run = quick("19")
    for place in ("as_default", "with session", "InteractiveSession of a graph"):
        assert run.metric(f"reset, {place}").startswith("AssertionError: Do not use tf.reset_default_graph()"), place
    assert run.metric("reset, InteractiveSession") == "reset"


def test_4_3_1_towers_share_what_get_variable_makes(quick):
    run = quick("4.3.1")
    assert run.metric("Variable biases twice") == ["biases:0", "biases_1:0"]
    assert run.metric("get_variable biases twice") == ["model/biases:0", "model/biases:0"]
    assert run.metric("get_variable gives one object") is True

    own, shared = "tower_of_variables", "tower_of_get_variables"
    assert run.metric(f"{own}, names") == ["weights:0", "biases:0", "weights_1:0", "biases_1:0"]
    assert run.metric(f"{shared}, names") == ["tower/weights:0", "tower/biases:0"]
    assert (run.metric(f"{own}, variables"), run.metric(f"{shared}, variables")) == (4, 2)
    assert (run.metric(f"{own}, numbers"), run.metric(f"{shared}, numbers")) == (16, 8)
    assert min(run.metric(f"{own}, apart")) > 0.5  # seeds 1 to 6: 1.3 and more
    assert run.metric(f"{own}, moved") == 0.0
    assert run.metric(f"{shared}, apart") == [0.0, 0.0]
    assert run.metric(f"{shared}, moved") > 0.1  # seeds 1 to 6: 0.30 to 0.56
