"""Tokenizers of the kinds that CLIP-like models have, trained on CLDR's names and keywords. Each into ROOT/tokenizers/KIND/.

xlmr    XLM-RoBERTa: sentencepiece unigram (nmt_nfkc) with fairseq's ids -> tokenizer.json with a Precompiled normalizer; <s> A </s>
bert    BERT WordPiece, Chinese characters apart; [CLS] A [SEP]
mbert   the same, cased (DistilmBERT)
clip    as OpenAI's, byte-level BPE with </w>; <|startoftext|> A <|endoftext|>
siglip  T5-like unigram, lower case, punctuation removed; A </s>, padded with </s>
gemma   SigLIP 2: BPE with byte fallback, lower case; A <eos>, padded with <pad>; no model_max_length
"""
import sentencepiece as spm
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertTokenizerFast, CLIPTokenizerFast, DistilBertTokenizerFast, PreTrainedTokenizerFast, XLMRobertaTokenizer, XLMRobertaTokenizerFast

from common import ROOT, captions, folder, patch_json

OUT = "tokenizers/"


def xlmr():
    target = folder(OUT + "xlmr")
    text = folder(OUT + "work") / "zh-en.txt"
    text.write_text("\n".join(captions("zh", "en", "de", "fr")), encoding="utf8")
    spm.SentencePieceTrainer.train(input=str(text), model_prefix=str(text.with_suffix("")), vocab_size=4000, hard_vocab_limit=False, model_type="unigram", character_coverage=0.9995, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, normalization_rule_name="nmt_nfkc", minloglevel=2)
    model = str(text.with_suffix(".model"))
    XLMRobertaTokenizerFast(model, model_max_length=512).save_pretrained(target)


def bert(name="bert", lowercase=True, cls=BertTokenizerFast, languages=("zh", "en"), size=4000):
    target = folder(OUT + name)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, handle_chinese_chars=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(show_progress=False, vocab_size=size, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.train_from_iterator(captions(*languages), trainer)
    tokenizer.model.save(str(target))
    cls(str(target / "vocab.txt"), do_lower_case=lowercase, model_max_length=512).save_pretrained(target)


def clip():
    """As OpenAI's, with merges of its own."""
    import json

    target = folder(OUT + "clip")
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    pattern = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(pattern, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    trainer = trainers.BpeTrainer(vocab_size=4000, end_of_word_suffix="</w>", initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(captions("zh", "en"), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in model["merges"]]
    from transformers.models.clip.tokenization_clip import bytes_to_unicode

    alphabet = list(bytes_to_unicode().values())
    tokens = alphabet + [letter + "</w>" for letter in alphabet] + ["".join(merge) for merge in merges]
    tokens = list(dict.fromkeys(tokens)) + ["<|startoftext|>", "<|endoftext|>"]
    (target / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False), encoding="utf8")
    (target / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(merge) for merge in merges) + "\n", encoding="utf8")
    CLIPTokenizerFast(str(target / "vocab.json"), str(target / "merges.txt"), model_max_length=77).save_pretrained(target)


def siglip():
    tokenizer = Tokenizer(models.Unigram())
    punctuation = Regex(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(punctuation, ""), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(show_progress=False, vocab_size=4000, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>")
    tokenizer.train_from_iterator(captions("zh", "en"), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="</s>", unk_token="<unk>", model_max_length=64, model_input_names=["input_ids"])
    fast.save_pretrained(folder(OUT + "siglip"))
    patch_json(ROOT / OUT / "siglip/tokenizer_config.json", tokenizer_class="SiglipTokenizer")


def gemma():
    """As google/siglip2-*: model_max_length is 1e30 there, tokenizer_class GemmaTokenizer."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{i:02X}>" for i in range(256))]
    # Runs without spaces would be whole captions for the trainer: split them while training only.
    plain = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    plain.normalizer = tokenizer.normalizer
    plain.pre_tokenizer = pre_tokenizers.Split(Regex("▁?[^▁]{1,6}"), "isolated")
    plain.train_from_iterator(captions("zh", "en"), trainers.BpeTrainer(show_progress=False, vocab_size=4000, special_tokens=special))
    import json

    model = json.loads(plain.to_str())["model"]
    merges = [tuple(merge) if not isinstance(merge, str) else tuple(merge.split(" ")) for merge in model["merges"]]
    tokenizer.model = models.BPE(vocab=model["vocab"], merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A:0 <eos>:0", special_tokens=[("<eos>", 1)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", model_input_names=["input_ids"])
    fast.save_pretrained(folder(OUT + "gemma"))
    patch_json(ROOT / OUT / "gemma/tokenizer_config.json", tokenizer_class="GemmaTokenizer", add_bos_token=False, add_eos_token=True, model_max_length=1000000000000000019884624838656)


if __name__ == "__main__":
    xlmr()
    bert()
    bert("mbert", lowercase=False, cls=DistilBertTokenizerFast, languages=("zh", "en", "de", "fr"))
    clip()
    siglip()
    gemma()
