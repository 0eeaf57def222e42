"""What Python makes of DATA's pictures and texts: python reference.py [NAME ...] -> REFS/NAME.json (features, grey levels' means) and NAME.rgb, with the processor of NAME.torch.

Pictures as transformers' load_image opens them: EXIF applied, RGB. Texts as the model's card says: cut at the tokenizer's limit, SigLIP's filled to 64."""
import json
import sys

import numpy as np
import torch
from PIL import Image, ImageOps
from transformers import (
    AltCLIPModel, AutoImageProcessor, AutoTokenizer, ChineseCLIPImageProcessor, ChineseCLIPModel, CLIPImageProcessor, CLIPModel, CLIPVisionConfig,
    CLIPVisionModelWithProjection, PreTrainedTokenizerFast, SiglipImageProcessor, SiglipModel,
)

from families import ATTN, Jina, MeanDense
from paths import DATA, REFS, ROOT


def open_image(path):
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def clip_like(cls, name, images=CLIPImageProcessor, length=77, pad="longest"):
    folder = ROOT / f"{name}.torch"
    model = cls.from_pretrained(folder, **ATTN).eval()
    processor = images.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder) if cls is not SiglipModel else PreTrainedTokenizerFast.from_pretrained(folder)

    def text_features(texts):
        tokens = tokenizer(texts, padding=pad, truncation=True, max_length=length, return_tensors="pt")
        kept = {key: tokens[key] for key in ("input_ids", "attention_mask", "token_type_ids") if key in tokens and not (cls is SiglipModel and key != "input_ids")}
        if cls is ChineseCLIPModel:  # transformers 4.57 asks for a pooler that this model has not; 4.50 and 5 take the first token, as here
            return model.text_projection(model.text_model(**kept).last_hidden_state[:, 0])
        return model.get_text_features(**kept)

    return processor, lambda pixels: model.get_image_features(pixel_values=pixels), tokenizer, text_features, length


def mobileclip():
    _, image_features, tokenizer, text_features, length = clip_like(CLIPModel, "clip")
    return CLIPImageProcessor(do_normalize=False, resample=2), image_features, tokenizer, text_features, length


def jina():
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "jina.torch")
    model = Jina(len(tokenizer))
    model.load_state_dict(torch.load(ROOT / "jina.torch/weights.pt"))
    model.eval()
    processor = CLIPImageProcessor(size={"shortest_edge": 512}, crop_size={"height": 512, "width": 512})
    return processor, model.get_image_features, tokenizer, lambda texts: model.get_text_features(tokenizer(texts, padding=True, truncation=True, max_length=8192, return_tensors="pt")["input_ids"]), 8192


def mclip():
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "mclip.torch")
    text = MeanDense(len(tokenizer))
    text.load_state_dict(torch.load(ROOT / "mclip.torch/text.pt"))
    text.eval()
    image = CLIPVisionModelWithProjection.from_pretrained(ROOT / "mclip.torch/vision", **ATTN).eval()

    def text_features(texts):
        tokens = tokenizer(texts, padding=True, truncation=True, max_length=128, return_tensors="pt")
        return text(tokens["input_ids"], tokens["attention_mask"])

    return CLIPImageProcessor.from_pretrained(ROOT / "mclip.torch/vision"), lambda pixels: image(pixels).image_embeds, tokenizer, text_features, 128


MODELS = {
    "altclip": lambda: clip_like(AltCLIPModel, "altclip"),
    "altclip336": lambda: clip_like(AltCLIPModel, "altclip336", length=512),
    "chinese-clip": lambda: clip_like(ChineseCLIPModel, "chinese-clip", ChineseCLIPImageProcessor, length=512),
    "clip": lambda: clip_like(CLIPModel, "clip"),
    "siglip": lambda: clip_like(SiglipModel, "siglip", SiglipImageProcessor, 64, "max_length"),
    "siglip2": lambda: clip_like(SiglipModel, "siglip2", SiglipImageProcessor, 64, "max_length"),
    "mobileclip": mobileclip,
    "metaclip2": lambda: clip_like(__import__("transformers").MetaClip2Model, "metaclip2"),
    "jina": jina,
    "mclip": mclip,
}


@torch.no_grad()
def main(names):
    REFS.mkdir(exist_ok=True)
    paths = sorted((DATA / "images").iterdir())
    texts = [json.loads(line) for line in (DATA / "texts.txt").read_text(encoding="utf8").splitlines()]
    for name in names or MODELS:
        processor, image_features, tokenizer, text_features, length = MODELS[name]()
        images, pixels = [], []
        for path in paths:
            one = processor(images=open_image(path), return_tensors="pt")["pixel_values"]
            pixels.append(one[0].numpy())
            images.append(image_features(one)[0].numpy())
        words = [text_features([text])[0].numpy() for text in texts]
        mean, std = (np.array(value)[:, None, None] for value in levels(processor))
        rgb = np.stack([np.clip(np.rint((one * std + mean) * 255), 0, 255).astype(np.uint8).transpose(1, 2, 0) for one in pixels])
        rgb.tofile(REFS / f"{name}.rgb")
        found = {"names": [path.name for path in paths], "side": rgb.shape[1], "images": rows(images), "texts": rows(words)}
        (REFS / f"{name}.json").write_text(json.dumps(found))
        print("reference", name, rgb.shape, flush=True)


def levels(processor):
    return (processor.image_mean, processor.image_std) if processor.do_normalize else ([0] * 3, [1] * 3)


def rows(vectors):
    return [[float(value) for value in vector] for vector in vectors]


if __name__ == "__main__":
    main(sys.argv[1:])
