"""One compressed block of bytes: a JSON header and, behind it, every array once."""

import base64
import gzip
import json
import struct
from hashlib import blake2b
from typing import Any

import numpy as np
from bokeh.core.serialization import Buffer

_ALIGNMENT = 8  # a browser reads a Float64Array only from a multiple of its item size


class Arrays:
    """Arrays of all states, equal ones once; single precision where a picture shows no more."""

    def __init__(self):
        self._index: dict[bytes, int] = {}
        self.blocks: list[bytes] = []

    def put_aside(self, node: Any) -> Any:
        """A copy of Bokeh's serialised value with each array's bytes replaced by their number."""
        if isinstance(node, list | tuple):
            return [self.put_aside(part) for part in node]
        if not isinstance(node, dict):
            return node
        if node.get("type") == "ndarray" and isinstance(node["array"], dict):
            return self._array(node)
        if node.get("type") == "bytes":
            return {"type": "bytes", "data": self._number(_bytes(node["data"]))}
        return {key: self.put_aside(value) for key, value in node.items()}

    def _array(self, node: dict) -> dict:
        array = node["array"]
        if array.get("type") != "bytes":
            return {**node, "array": self.put_aside(array)}
        data, dtype = _bytes(array["data"]), node["dtype"]
        if dtype == "float64":
            values = np.frombuffer(data, f"{'<' if node['order'] == 'little' else '>'}f8")
            if can_be_single(values):
                data, dtype = values.astype("<f4").tobytes(), "float32"
                node = {**node, "order": "little"}
        number = {"type": "bytes", "data": self._number(data)}
        return {**node, "array": number, "dtype": dtype}

    def _number(self, data: bytes) -> int:
        key = blake2b(data, digest_size=16).digest()
        if key not in self._index:
            self._index[key] = len(self.blocks)
            self.blocks.append(data)
        return self._index[key]


def _bytes(data) -> bytes:
    if isinstance(data, Buffer):
        return data.to_bytes()
    return base64.b64decode(data)


def can_be_single(values: np.ndarray) -> bool:
    """Whether rounding to single precision moves no value by more than 1e-5 of their spread.

    Numbers beyond its range, and those it would flush to zero on a logarithmic axis, stay double.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return True
    size = np.abs(finite[finite != 0])
    if size.size and not (size.max() < 1e38 and size.min() > 1e-37):
        return False
    spread = finite.max() - finite.min()
    moved = np.abs(finite.astype(np.float32) - finite).max()
    return bool(moved <= 1e-5 * spread or moved == 0)


def pack(header: dict[str, Any], blocks: list[bytes]) -> str:
    """Header and arrays, compressed, as base64.

    Four bytes: the length of the header; the header, JSON in UTF-8, with its key "arrays" saying
    where each array begins, counted from the end of the padded header, and how long it is; padding;
    the arrays.
    """
    places, position = [], 0
    for block in blocks:
        places.append([position, len(block)])
        position += _padded(len(block))
    text = json.dumps(
        header | {"arrays": places}, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
    head = struct.pack("<I", len(text)) + text
    parts = [head, b"\0" * (_padded(len(head)) - len(head))]
    for block in blocks:
        parts += [block, b"\0" * (_padded(len(block)) - len(block))]
    return base64.b64encode(gzip.compress(b"".join(parts), 9, mtime=1)).decode()


def unpack(text: str) -> tuple[dict[str, Any], list[bytes]]:
    """The inverse of `pack`."""
    whole = gzip.decompress(base64.b64decode(text))
    (length,) = struct.unpack_from("<I", whole)
    header = json.loads(whole[4 : 4 + length])
    start = _padded(4 + length)
    return header, [whole[start + at : start + at + size] for at, size in header["arrays"]]


def _padded(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT
