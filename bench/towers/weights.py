"""How the weights of a graph are stored. Whatever the storage, the graph computes in fp32: the conversion is of constants, so a runtime does it once, on loading."""

import numpy as np
from graph import FLOAT, Graph

STORAGES = ("fp32", "fp16", "int8")
# Depthwise and early convolutions lose most at 8 bits and weigh least: where weights are fewer, int8 keeps them at fp16.
SMALL = 40_000


def stored(g: Graph, weight: np.ndarray, storage: str) -> str:
    """
    Adds a weight whose first axis is the output channel, and returns the name of its fp32 value.

    int8: from SMALL weights on, symmetric, one scale for each output channel, q = round(w / s), s = max|w| / 127.
    """
    if storage == "fp32":
        return g.constant(weight.astype(np.float32))
    if storage == "fp16" or weight.size < SMALL:
        return g.op("Cast", g.constant(weight.astype(np.float16)), to=FLOAT)
    levels, scale = to_int8(weight)
    return g.op("Mul", g.op("Cast", g.constant(levels), to=FLOAT), g.constant(scale))


def rounding(weight: np.ndarray, storage: str) -> np.ndarray:
    """What the storage adds to each weight."""
    if storage == "fp32":
        return np.zeros_like(weight)
    if storage == "fp16" or weight.size < SMALL:
        return weight.astype(np.float16) - weight
    levels, scale = to_int8(weight)
    return levels * scale - weight


def to_int8(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    largest = np.abs(weight).reshape(len(weight), -1).max(1)
    scale = (np.where(largest == 0, 1, largest) / 127).reshape(-1, *[1] * (weight.ndim - 1)).astype(np.float32)
    return np.clip(np.rint(weight / scale), -127, 127).astype(np.int8), scale
