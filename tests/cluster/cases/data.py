"""Files and folders between Python and Rust: what is passed on stays where it is."""

import uuid

import files
import frames
from graph import Step, literal, value
from table import case


def prefix(cluster):
    """A new place in the cluster's own bucket."""
    ended = cluster.run_task(cluster.rust("surroundings.surroundings", "fixture"))
    raw = value(ended.outputs["o0"], dict[str, str])["raw"]
    return f"{raw.rpartition('/')[0].rpartition('/')[0]}/nebulakit-tests-{uuid.uuid4().hex}"


def passed_on(cluster, name, python, rust):
    """Sends what `python.make` makes through Rust, Python, Rust and Python: each of them finds it where it was made, and copies nothing."""
    data, by_python = prefix(cluster), cluster.python(python.passes_on)
    places = list(by_python.interface.inputs.variables)
    nodes = {"made": cluster.python(python.make), "before": by_python, "first": rust, "middle": by_python, "second": rust, "after": by_python}
    steps, source = {}, None
    for node, task in nodes.items():
        steps[node] = Step(task, {place: (source, place) for place in places} if source else {})
        source = node
    ended = cluster.run(f"cluster.data.{name}", steps, {node: (node, "uris") for node in ("before", "middle", "after")}, data=data)
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    before, middle, after = (value(ended.outputs[node], list[str]) for node in ("before", "middle", "after"))
    assert before == middle == after, f"{before} became {middle} and {after}"
    found = value(cluster.run_task(cluster.python(files.stored), prefix=data).outputs["o0"], list[str])
    others = [path for path in found if f"{ended.name}-made-0/" not in path]
    assert found and not others, others
    return f"{len(before)} URIs came out as they went in; {len(found)} objects, all of the task that made them [{ended.name}]"


@case("data: files and folders, bare, in lists, maps, options and structs, through Rust, Python, Rust: nothing is copied")
def files_passed_on(cluster):
    return passed_on(cluster, "files", files, cluster.rust("files.passes_on"))


@case("data: tables and FlyteSchemas of pandas and pyarrow, in the same places, the same way: nothing is copied")
def tables_passed_on(cluster):
    return passed_on(cluster, "tables", frames, cluster.rust("tables.passes_on"))


@case("data: tables of pandas and pyarrow, and a FlyteSchema, read and rewritten by Rust, Python, Rust, Python")
def tables_anew(cluster):
    by_python, by_rust = cluster.python(frames.writes_anew), cluster.rust("tables.writes_anew")
    nodes = {"first": by_rust, "middle": by_python, "second": by_rust, "last": by_python}
    steps, source = {"made": Step(cluster.python(frames.make))}, "made"
    for node, task in nodes.items():
        steps[node] = Step(task, {table: (source, table) for table in ("frame", "table", "older")})
        source = node
    ended = cluster.run("cluster.data.anew", steps)
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    columns = len(frames.FRAME.columns) + len(frames.TABLE.column_names) + len(frames.OLDER.columns)
    return f"3 tables of {columns} columns, equal after each step [{ended.name}]"


@case("data: made by Python, read by Rust")
def read(cluster):
    steps = {"made": Step(cluster.python(files.make))}
    steps["read"] = Step(cluster.rust("files.reads"), {"file": ("made", "file"), "folder": ("made", "folder")})
    ended = cluster.run("cluster.data.read", steps, {name: ("read", name) for name in ("o0", "o1")})
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    assert ended.outputs["o0"] == literal("a file"), ended.outputs
    tree = value(ended.outputs["o1"], dict[str, str])
    assert tree == {"one.txt": "c/one.txt", "deep/er/two.txt": "c/deep/er/two.txt"}, tree
    return str(tree)


@case("data: made by Rust in every way, read by Python")
def written(cluster):
    data = prefix(cluster)
    steps = {"made": Step(cluster.rust("files.writes"), {"text": literal("grüße")})}
    steps["seen"] = Step(cluster.python(files.see), {name: ("made", name) for name in ("streamed", "local", "bytes", "folder", "bundle")})
    ended = cluster.run("cluster.data.written", steps, {name: ("seen", name) for name in ("texts", "tree")}, data=data)
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    texts, tree = value(ended.outputs["texts"], list[str]), value(ended.outputs["tree"], dict[str, str])
    assert texts == ["grüße", "a,b\n1,grüße\n", "grüße", "grüße", "grüße", "grüße"], texts
    assert tree == {"one.txt": "grüße", "deep/er/two.txt": "grüße"}, tree
    found = value(cluster.run_task(cluster.python(files.stored), prefix=data).outputs["o0"], list[str])
    ours = [path.rpartition("/")[2] for path in found if f"{ended.name}-made-0/" in path]
    expected = ["a table.csv", "bytes.bin", "in a struct.txt", "one.txt", "streamed.txt", "two.txt"]
    assert sorted(ours) == expected, found
    return f"{len(ours)} objects, each stored once"


@case("data: a file of a child in the same container, read by every part of the process, and by Python")
def of_a_child(cluster):
    steps = {"made": Step(cluster.rust("files.reads_everywhere"), {"text": literal("grüße")})}
    steps["read"] = Step(cluster.python(files.read_one), {"file": ("made", "o0")})
    ended = cluster.run("cluster.data.child", steps, {"rust": ("made", "o1"), "python": ("read", "o0")})
    assert ended.phase == "SUCCEEDED" and ended.outputs["python"] == literal("grüße"), f"{ended}\n{ended.error.message}"
    texts = value(ended.outputs["rust"], list[str])
    assert texts == ["grüße"] * 4, texts
    return f"{texts} [{ended.name}]"


@case("data: a file of 500 MB, written and read by Rust")
def much(cluster):
    steps = {"made": Step(cluster.rust("files.writes_much"), {"mebibytes": literal(500)})}
    steps["seen"] = Step(cluster.rust("files.reads_much"), {"much": ("made", "o0")})
    ended = cluster.run("cluster.data.much", steps, {"o0": ("seen", "o0")})
    assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == literal(500 << 20), f"{ended}\n{ended.error.message}"
    return f"{ended.seconds:.1f} s, within the default memory of the cluster"


@case("data: a file that is not there")
def missing(cluster):
    gone = literal(files.FlyteFile("s3://nebulakit-tests-no-such-bucket/gone"), files.FlyteFile)
    folder = literal(files.FlyteDirectory("s3://nebulakit-tests-no-such-bucket/gone"), files.FlyteDirectory)
    ended = cluster.run_task(cluster.rust("files.reads"), file=gone, folder=folder)
    assert ended.phase == "FAILED" and "s3://nebulakit-tests-no-such-bucket" in ended.error.message, ended
    return f"{len(ended.attempts)} attempt(s), {ended}"


@case("data: a file that cannot be stored")
def unstorable(cluster):
    ended = cluster.run_task(cluster.rust("files.stores_nowhere"))
    assert ended.phase == "FAILED" and "s3://nebulakit-tests-no-such-bucket/lost.txt" in ended.error.message, ended
    return f"{len(ended.attempts)} attempt(s), {ended}"
