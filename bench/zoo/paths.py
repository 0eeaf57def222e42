"""Where builders read and write: ZOO, set by zoo.ts."""
import os
from pathlib import Path

ZOO = Path(os.environ["ZOO"])
ROOT = ZOO / "teachers"
DATA = ZOO / "data"
REFS = ZOO / "refs"
TEXT = Path(__file__).parent.parent.parent / "corpora" / "emoji" / "text.json"
