"""Writes the recorded literals and msgpack values as what the targets `literal` and `structs` begin with. usage: recorded.py CORPUS"""

import hashlib
import json
import pathlib
import sys

GOLDEN = pathlib.Path(__file__).parents[2] / "tests/golden"
TARGETS = {"literal_hex": "literal", "msgpack_hex": "structs"}


def main():
    for path in ("flytekit-literals.jsonl", "flytekit-decode.jsonl"):
        for line in (GOLDEN / path).read_text().splitlines():
            case = json.loads(line)
            for key, target in TARGETS.items():
                if isinstance(case.get(key), str):
                    content = bytes.fromhex(case[key])
                    folder = pathlib.Path(sys.argv[1], target)
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


if __name__ == "__main__":
    main()
