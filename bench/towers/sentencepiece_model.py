"""What the package's SentencePiece model holds: pieces with scores, and the table of its normalizer. Its layout is older than SentencePiece's released one."""

import struct
from collections import defaultdict
from dataclasses import dataclass


@dataclass
class SentencePieceModel:
    pieces: list[str]
    scores: list[float]
    # A double-array trie and the replacements it points to, as tokenizers' Precompiled normalizer takes them.
    charsmap: bytes


def read_model(data: bytes) -> SentencePieceModel:
    fields = read_fields(data)
    entries = [read_fields(entry) for entry in fields[1]]
    pieces = [entry[1][0].decode() for entry in entries]
    scores = [struct.unpack("<f", entry[2][0])[0] if 2 in entry else 0.0 for entry in entries]
    return SentencePieceModel(pieces, scores, read_fields(fields[3][0])[2][0])


def read_fields(data: bytes) -> dict[int, list[bytes]]:
    """The fields of a protobuf message by number; numbers as their bytes."""
    fields: dict[int, list[bytes]] = defaultdict(list)
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        field, wire = tag >> 3, tag & 7
        if wire == 2:
            length, at = read_varint(data, at)
        elif wire == 0:
            length = read_varint(data, at)[1] - at
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"no protobuf message: wire type {wire}")
        fields[field].append(data[at : at + length])
        at += length
    return fields


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
