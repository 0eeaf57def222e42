"""A token table as bit planes: a row takes as many bits a value as its range needs, which is fewer than eight for nearly all rows of this encoder. Nothing is lost.

A row of levels q (bytes 0…255) is stored as its least level and the bits of v = q − least, plane by plane: w planes hold a v
below 2^w. 512 values are 64 bytes a plane.
"""

from dataclasses import dataclass

import numpy as np
from graph import FLOAT, INT32, Graph


@dataclass
class PackedTable:
    planes: np.ndarray  # uint8 [all planes, width / 8]
    start: np.ndarray  # int32 [rows], the first plane of a row
    least: np.ndarray  # uint8 [rows]
    count: np.ndarray  # uint8 [rows], the planes of a row
    most: int  # the planes of the row that has most


def pack(levels: np.ndarray) -> PackedTable:
    """Packs levels, uint8 [rows, width]; width is a multiple of 8."""
    least = levels.min(1)
    values = levels - least[:, None]
    count = np.array([int(v).bit_length() for v in values.max(1)], np.uint8)
    most = int(count.max())
    planes = [np.packbits(row >> plane & 1, bitorder="little") for row, planes in zip(values, count) for plane in range(planes)]
    # Every row is read as `most` planes: behind the last row something must lie.
    planes.extend([np.zeros_like(planes[0])] * most)
    start = np.concatenate([[0], np.cumsum(count[:-1], dtype=np.int64)]).astype(np.int32)
    return PackedTable(np.stack(planes), start, least, count, most)


def gather_rows(g: Graph, table: PackedTable, ids: str) -> str:
    """Adds the nodes that unpack the rows of ids [batch, tokens] to levels, fp32 [batch, tokens, width]."""
    most, width = table.most, table.planes.shape[1] * 8
    start = g.op("Gather", g.constant(table.start), ids)
    places = g.op("Add", g.op("Unsqueeze", start, g.integers(2)), g.constant(np.arange(most, dtype=np.int32)))
    packed = g.op("Cast", g.op("Gather", g.constant(table.planes), places), to=INT32)
    bits_of_byte = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(np.float32)
    bits = g.op("Reshape", g.op("Gather", g.constant(bits_of_byte), packed), g.integers(0, 0, most, width))
    # Row w: 1, 2, 4 … for the w planes of a row, 0 for what is read beyond them.
    worth = np.array([[2**p if p < w else 0 for p in range(most)] for w in range(most + 1)], np.float32)
    count = g.op("Cast", g.op("Gather", g.constant(table.count), ids), to=INT32)
    worths = g.op("Unsqueeze", g.op("Gather", g.constant(worth), count), g.integers(2))
    values = g.op("Squeeze", g.op("MatMul", worths, bits), g.integers(2))
    least = g.op("Cast", g.op("Gather", g.constant(table.least), ids), to=FLOAT)
    return g.op("Add", values, g.op("Unsqueeze", least, g.integers(2)))
