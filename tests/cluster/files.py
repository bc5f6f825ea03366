"""The Python tasks that make files and folders for ours, and look at those that ours give back."""

import os
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional

from flytekit import FlyteContextManager, current_context, task
from flytekit.types.directory import FlyteDirectory
from flytekit.types.file import FlyteFile

CSV = FlyteFile["csv"]


@dataclass
class Bundle:
    file: FlyteFile
    folder: FlyteDirectory
    more: List[FlyteFile]
    named: Dict[str, FlyteFile]
    table: Optional[CSV] = None
    none: Optional[FlyteFile] = None


class Data(NamedTuple):
    file: FlyteFile
    table: CSV
    folder: FlyteDirectory
    files: List[FlyteFile]
    named: Dict[str, FlyteDirectory]
    some: Optional[FlyteFile]
    none: Optional[FlyteDirectory]
    bundle: Bundle


def local(name, text):
    """A file of this machine."""
    path = os.path.join(current_context().working_directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def folder(name):
    for file in ("one.txt", "deep/er/two.txt"):
        local(f"{name}/{file}", f"{name}/{file}")
    return FlyteDirectory(os.path.join(current_context().working_directory, name))


def file(name):
    return FlyteFile(local(name, name))


@task
def make() -> Data:
    bundle = Bundle(
        file("in a struct"), folder("in struct"), [file("s1"), file("s2")], {"k": file("s3")}, CSV(local("t.csv", "in a struct"))
    )
    named = {"a": folder("a"), "ü": folder("b")}
    return Data(file("a file"), CSV(local("a.csv", "a,b\n")), folder("c"), [file("1"), file("2")], named, file("some"), None, bundle)


def uri(data):
    return str(data.remote_source or data.path)


def places(data):
    """Where all of it is, in one order."""
    bundle = data.bundle
    found = [data.file, data.table, data.folder, *data.files, *(data.named[key] for key in sorted(data.named)), data.some]
    found += [bundle.file, bundle.table, bundle.folder, *bundle.more, *(bundle.named[key] for key in sorted(bundle.named))]
    return [uri(place) for place in found if place is not None]


class Passed(NamedTuple):
    file: FlyteFile
    table: CSV
    folder: FlyteDirectory
    files: List[FlyteFile]
    named: Dict[str, FlyteDirectory]
    some: Optional[FlyteFile]
    none: Optional[FlyteDirectory]
    bundle: Bundle
    uris: List[str]


@task
def passes_on(
    file: FlyteFile,
    table: CSV,
    folder: FlyteDirectory,
    files: List[FlyteFile],
    named: Dict[str, FlyteDirectory],
    some: Optional[FlyteFile],
    none: Optional[FlyteDirectory],
    bundle: Bundle,
) -> Passed:
    """Gives on what came, and the URIs of all of it."""
    assert none is None and bundle.none is None
    came = Data(file, table, folder, files, named, some, none, bundle)
    return Passed(*came, places(came))


def read(data):
    with open(data.download()) as opened:
        return opened.read()


def tree(data):
    top = data.download()
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
    return {os.path.relpath(path, top): open(path).read() for path in paths}


@task
def read_one(file: FlyteFile) -> str:
    return read(file)


class Seen(NamedTuple):
    texts: List[str]
    tree: Dict[str, str]


@task
def see(streamed: FlyteFile, local: CSV, bytes: FlyteFile, folder: FlyteDirectory, bundle: Bundle) -> Seen:
    """What is in the data that Rust made."""
    inside = [bundle.file, *bundle.more, *bundle.named.values()]
    assert bundle.table is None and tree(bundle.folder) == tree(folder)
    return Seen([read(data) for data in (streamed, local, bytes, *inside)], tree(folder))


@task
def stored(prefix: str) -> List[str]:
    """All objects below a prefix."""
    return FlyteContextManager.current_context().file_access.get_filesystem_for_path(prefix).find(prefix)
