"""Bytes as they are, for Python tasks on Flyte 2 that share them with Rust; docs/wire-format.md shows it."""

from flyte.types import TypeEngine, TypeTransformer
from flyteidl2.core import literals_pb2, types_pb2


class RawBytes(TypeTransformer[bytes]):
    def __init__(self):
        super().__init__("bytes", bytes)

    def get_literal_type(self, t=None):
        return types_pb2.LiteralType(simple=types_pb2.SimpleType.BINARY)

    async def to_literal(self, python_val, python_type, expected):
        return literals_pb2.Literal(scalar=literals_pb2.Scalar(binary=literals_pb2.Binary(value=python_val)))

    async def to_python_value(self, lv, expected_python_type):
        return lv.scalar.binary.value


TypeEngine.register(RawBytes())
