"""Moves a file or a directory as flytekit's FlyteFile and FlyteDirectory do. usage: flytekit_transfer.py up|down|up-tree|down-tree PATH URL."""

import sys
import tempfile

from flytekit.core.data_persistence import FileAccessProvider

action, path, url = sys.argv[1:]
tree = action.endswith("tree")
with tempfile.TemporaryDirectory() as folder:
    access = FileAccessProvider(folder, "s3://nebulakit/raw")
    if action.startswith("up"):
        access.put_data(path, url, is_multipart=tree)
    else:
        access.get_data(url, path, is_multipart=tree)
