"""A token table as bit planes: a row takes as many bits a value as its range needs, which is fewer than eight for nearly all rows of this encoder.

Row r of levels q (bytes 0…255) is stored as its least level, and the bits of v = q − least, plane by plane: with w planes q < least + 2^w. 512 values are 64 bytes a plane.
Where w exceeds the limit, q ≈ least + step · v with the step and the least level of the smallest squared error.
"""

from dataclasses import dataclass

import numpy as np
from graph import FLOAT, INT32, Graph

# Steps that a row over the limit may have. 1 is exact.
STEPS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0)


@dataclass
class PackedTable:
    planes: np.ndarray  # uint8 [total planes + limit − 1, width / 8]
    start: np.ndarray  # int32 [rows], the first plane of a row
    least: np.ndarray  # uint8 [rows]
    kind: np.ndarray  # uint8 [rows], a row of plane_weights
    plane_weights: np.ndarray  # fp32 [kinds, limit]: step · 2^p, 0 for planes that a row does not have


def pack(levels: np.ndarray, limit: np.ndarray) -> PackedTable:
    """Packs levels [rows, width]. limit [rows]: the most planes that a row may take."""
    planes, least, kinds = [], np.zeros(len(levels), np.uint8), []
    widths = np.zeros(len(levels), np.int64)
    for row, q in enumerate(levels.astype(np.int64)):
        values, least[row], step, widths[row] = fit(q, int(limit[row]))
        kinds.append((int(widths[row]), step))
        for plane in range(widths[row]):
            planes.append(np.packbits(values >> plane & 1, bitorder="little"))
    names = sorted(set(kinds))
    most = max(width for width, _ in names)
    weights = np.array([[step * 2**p if p < width else 0 for p in range(most)] for width, step in names], np.float32)
    kind = np.array([names.index(k) for k in kinds], np.uint8)
    # A row is read as `most` planes from its start, whatever its width: the last rows need something behind them.
    planes.extend([np.zeros(levels.shape[1] // 8, np.uint8)] * most)
    start = np.concatenate([[0], np.cumsum(widths)[:-1]]).astype(np.int32)
    return PackedTable(np.stack(planes), start, least, kind, weights)


def fit(q: np.ndarray, limit: int) -> tuple[np.ndarray, int, float, int]:
    """Returns v, the least level, the step and the number of planes of one row."""
    width = int(q.max() - q.min()).bit_length()
    if width <= limit:
        return q - q.min(), int(q.min()), 1.0, width
    top = 2**limit - 1
    steps = [step for step in STEPS if step * top <= 1.5 * (q.max() - q.min() + 1)]
    candidates = [(step, round(float(q.mean()) - step * top / 2) + shift) for step in steps for shift in (-1, 0, 1)]
    candidates = [(step, least) for step, least in candidates if 0 <= least <= 255]
    fits = [(np.clip(np.rint((q - least) / step), 0, top), least, step) for step, least in candidates]
    errors = [float(((least + step * v - q) ** 2).sum()) for v, least, step in fits]
    v, least, step = fits[int(np.argmin(errors))]
    return v.astype(np.int64), least, step, limit


def gather_rows(g: Graph, table: PackedTable, ids: str) -> str:
    """Adds the nodes that unpack the rows of ids [batch, tokens] to levels, fp32 [batch, tokens, width]."""
    most, width = table.plane_weights.shape[1], table.planes.shape[1] * 8
    start = g.op("Gather", g.constant(table.start), ids)
    places = g.op("Add", g.op("Unsqueeze", start, g.integers(2)), g.constant(np.arange(most, dtype=np.int32)))
    packed = g.op("Cast", g.op("Gather", g.constant(table.planes), places), to=INT32)
    bits_of_byte = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(np.float32)
    bits = g.op("Reshape", g.op("Gather", g.constant(bits_of_byte), packed), g.integers(0, 0, most, width))
    kind = g.op("Cast", g.op("Gather", g.constant(table.kind), ids), to=INT32)
    plane_weights = g.op("Unsqueeze", g.op("Gather", g.constant(table.plane_weights), kind), g.integers(2))
    values = g.op("Squeeze", g.op("MatMul", plane_weights, bits), g.integers(2))
    least = g.op("Cast", g.op("Gather", g.constant(table.least), ids), to=FLOAT)
    return g.op("Add", values, g.op("Unsqueeze", least, g.integers(2)))
