"""Names of the 1,000 classes. The classifier's order is that of the sorted synset ids of ILSVRC2012; names and glosses of these synsets are WordNet 3.0's."""

import json
from pathlib import Path

from wheels import TIMM, open_wheel, read_member


def write_class_names(wheels: Path, out: Path) -> None:
    """Writes class_names.json: for each class, in the order of the classifier's rows, its synset, names and gloss in English."""
    wheel = open_wheel(wheels, TIMM)
    synsets = lines(read_member(wheel, "_info/imagenet_synsets.txt"))
    if len(synsets) != 1000 or synsets != sorted(synsets):
        raise SystemExit("Expected 1,000 synsets, sorted.")
    lemmas, glosses = (dict(line.split("\t", 1) for line in lines(read_member(wheel, f"_info/imagenet_synset_to_{kind}.txt"))) for kind in ("lemma", "definition"))
    classes = [{"wnid": synset, "names": lemmas[synset].split(", "), "gloss": glosses[synset]} for synset in synsets]
    rows = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in classes)
    out.mkdir(parents=True, exist_ok=True)
    (out / "class_names.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")


def lines(data: bytes) -> list[str]:
    return data.decode("utf-8").splitlines()
