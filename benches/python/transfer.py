"""Moves a file or a directory with obstore: usage: transfer.py up|down|up-tree|down-tree PATH KEY."""

import asyncio
import os
import pathlib
import sys

import obstore
from obstore.store import S3Store

store = S3Store(
    "nebulakit",
    endpoint=os.environ["AWS_ENDPOINT_URL"],
    virtual_hosted_style_request=False,
    region="us-east-1",
    client_options={"allow_http": True},
)


async def down(key, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    got = await obstore.get_async(store, key)
    with open(path, "wb") as file:
        async for chunk in got.stream(min_chunk_size=1 << 20):
            file.write(chunk)


async def small(key, path):
    got = await obstore.get_async(store, key)
    data = await got.bytes_async()
    with open(path, "wb") as file:
        file.write(data)


async def main(action, path, key):
    gate = asyncio.Semaphore(64)

    async def gated(work):
        async with gate:
            await work

    if action == "up":
        await obstore.put_async(store, key, path)
    elif action == "down":
        await down(key, path)
    elif action == "up-tree":
        files = [file for file in path.rglob("*") if file.is_file()]
        await asyncio.gather(*(gated(obstore.put_async(store, f"{key}/{file.relative_to(path)}", file)) for file in files))
    else:
        path.mkdir(parents=True, exist_ok=True)
        listed = [entry for page in obstore.list(store, key) for entry in page]
        await asyncio.gather(*(gated(small(entry["path"], path / entry["path"][len(key) + 1 :])) for entry in listed))


asyncio.run(main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]))
