"""The same bytes as values.rs, read and written by flytekit. usage: values.py FOLDER"""

import dataclasses
import pathlib
import sys
import time
from typing import List, Optional

from flyteidl.core import literals_pb2
from flytekit import FlyteContextManager
from flytekit.core.type_engine import TypeEngine
from flytekit.models.literals import Literal


@dataclasses.dataclass
class Row:
    id: int
    name: str
    score: float
    valid: bool
    count: int
    city: str
    weight: float
    parent: Optional[int] = None


def main(folder: pathlib.Path) -> None:
    context = FlyteContextManager.current_context()
    for case, python_type, elements in (("integers", List[int], 1e6), ("structs", List[Row], 1e5), ("string", str, 1)):
        data = (folder / case).read_bytes()
        literal_type = TypeEngine.to_literal_type(python_type)
        begin = time.perf_counter()
        message = literals_pb2.Literal()
        message.ParseFromString(data)
        value = TypeEngine.to_python_value(context, Literal.from_flyte_idl(message), python_type)
        decoded = time.perf_counter()
        TypeEngine.to_literal(context, value, python_type, literal_type).to_flyte_idl().SerializeToString()
        encoded = time.perf_counter()
        print(
            f"  {case}: decode {(decoded - begin) * 1e9 / elements:.1f} ns, "
            f"encode {(encoded - decoded) * 1e9 / elements:.1f} ns per element"
        )


main(pathlib.Path(sys.argv[1]))
