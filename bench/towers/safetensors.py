"""Writes the safetensors format: the length of a JSON header in 8 bytes, the header, the values one after another."""

import json
import struct
from pathlib import Path

import numpy as np


def write_safetensors(file: Path, tensors: dict[str, np.ndarray]) -> None:
    """Writes fp32 tensors by name."""
    values = {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}
    header, offset = {}, 0
    for name, value in values.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = file.with_name(file.name + ".part")
    part.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(value.tobytes() for value in values.values()))
    part.replace(file)
