"""Writes Parquet files with the standard library: one row group, plain values without compression, columns of int, str or bytes."""

import struct


def _varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _value(value):
    """Returns (type of Thrift's compact protocol, bytes). A dictionary is a struct by field ids, ("i32", n) an int of 32 bits."""
    if isinstance(value, dict):
        out, before = b"", 0
        for field, member in value.items():
            kind, content = _value(member)
            out += bytes([(field - before) << 4 | kind]) + content
            before = field
        return 12, out + b"\0"
    if isinstance(value, list):
        members = [_value(member) for member in value]
        kind = members[0][0]
        head = bytes([len(members) << 4 | kind]) if len(members) < 15 else bytes([0xF0 | kind]) + _varint(len(members))
        return 9, head + b"".join(content for _, content in members)
    if isinstance(value, (str, bytes)):
        content = value.encode() if isinstance(value, str) else value
        return 8, _varint(len(content)) + content
    kind, number = (5, value[1]) if isinstance(value, tuple) else (6, value)
    return kind, _varint((number << 1) ^ (number >> 63))


def _struct(value):
    return _value(value)[1]


def _i32(number):
    return "i32", number


def parquet(columns, metadata=None):
    """`columns`: {name: values}. `metadata`: {key: text} of the file."""
    out, schema, chunks = b"PAR1", [{3: _i32(0), 4: "schema", 5: _i32(len(columns))}], []
    rows = len(next(iter(columns.values())))
    for name, values in columns.items():
        kind = 2 if isinstance(values[0], int) else 6
        encoded = [value.encode() if isinstance(value, str) else value for value in values]
        data = b"".join(struct.pack("<q", value) if kind == 2 else struct.pack("<I", len(value)) + value for value in encoded)
        page = _struct({1: _i32(0), 2: _i32(len(data)), 3: _i32(len(data)), 5: {1: _i32(rows), 2: _i32(0), 3: _i32(3), 4: _i32(3)}}) + data
        schema.append({1: _i32(kind), 3: _i32(0), 4: name, **({6: _i32(0)} if isinstance(values[0], str) else {})})
        chunks.append({2: len(out), 3: {1: _i32(kind), 2: [_i32(0)], 3: [name], 4: _i32(0), 5: rows, 6: len(page), 7: len(page), 9: len(out)}})
        out += page
    footer = {1: _i32(2), 2: schema, 3: rows, 4: [{1: chunks, 2: len(out) - 4, 3: rows}]}
    if metadata:
        footer[5] = [{1: key, 2: text} for key, text in metadata.items()]
    thrift = _struct(footer)
    return out + thrift + struct.pack("<I", len(thrift)) + b"PAR1"
