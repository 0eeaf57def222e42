"""The families of CLIP-like models, with real architectures and random weights.

NAME.torch/ is the model as Python loads it, NAME/ (and NAME-something/) what a hub repository of its ONNX export looks like."""
import shutil
import subprocess
import sys

import torch
from transformers import (
    AltCLIPConfig, AltCLIPModel, AltCLIPProcessor, AutoTokenizer, BertTokenizerFast, ChineseCLIPConfig, ChineseCLIPImageProcessor,
    ChineseCLIPModel, ChineseCLIPProcessor, CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast, CLIPVisionConfig,
    CLIPVisionModelWithProjection, DistilBertConfig, DistilBertModel, DistilBertTokenizerFast, PreTrainedTokenizerFast, SiglipConfig,
    SiglipImageProcessor, SiglipModel, XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast,
)

from common import ROOT, Part, enliven, export, folder, patch_json, save_torch, write_json

TOK = ROOT / "tokenizers"
IDS = torch.tensor([[0, 10, 11, 12, 2], [0, 13, 2, 1, 1]])
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
ATTN = {"attn_implementation": "eager"}
CONFIGS = ["config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
           "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model"]


def copy_configs(source, target, leave=()):
    for name in CONFIGS:
        if (source / name).exists() and name not in leave:
            shutil.copy(source / name, target / name)


def vision(layers=3, width=192, patch=32, size=224, **more):
    return dict(hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers, num_attention_heads=width // 64, patch_size=patch, image_size=size, **more)


def pixels(size, count=2):
    return torch.randn(count, 3, size, size)


def split(model, target, size, text_inputs, opset=14, image_name="image_embeds", text_name="text_embeds"):
    """vision_model.onnx and text_model.onnx with what get_*_features return."""
    export(Part(model, lambda m, p: m.get_image_features(pixel_values=p)), {"pixel_values": pixels(size)}, [image_name], target / "onnx/vision_model.onnx", opset)
    names = list(text_inputs)
    export(Part(model, lambda m, *v: m.get_text_features(**dict(zip(names, v)))), text_inputs, [text_name], target / "onnx/text_model.onnx", opset)


def combined(model, target, inputs, opset=14, file="model.onnx"):
    """What `optimum-cli export onnx` makes of a CLIP: one file, four outputs."""
    names = list(inputs)

    def call(m, *values):
        out = m(**dict(zip(names, values)))
        return out.logits_per_image, out.logits_per_text, out.text_embeds, out.image_embeds

    export(Part(model, call), inputs, ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"], target / "onnx" / file, opset)


# --- AltCLIP ---------------------------------------------------------------------------------------------------------------------------------------

def altclip(name="altclip", size=224, dim=768, preprocessor=None, scale=4.6052):
    tokenizer = XLMRobertaTokenizerFast.from_pretrained(TOK / "xlmr", model_max_length=77 if name == "altclip" else 512)
    config = AltCLIPConfig(
        text_config=dict(vocab_size=len(tokenizer), hidden_size=256, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512,
                         max_position_embeddings=514, type_vocab_size=1, project_dim=320, pad_token_id=1, bos_token_id=0, eos_token_id=2),
        vision_config=vision(size=size, patch=14 if size == 336 else 32), projection_dim=dim, **ATTN)
    model = enliven(AltCLIPModel(config))
    model.logit_scale.data.fill_(scale)  # trained: exp(4.6052) = 100
    processor = AltCLIPProcessor(preprocessor or CLIPImageProcessor(), tokenizer)
    source = save_torch(model, processor, name)
    one, two = folder(name), folder(name + "-combined")
    for target in (one, two):
        copy_configs(source, target)
    split(model, one, size, {"input_ids": IDS, "attention_mask": MASK})
    combined(model, two, {"input_ids": IDS, "pixel_values": pixels(size), "attention_mask": MASK})


def altclip336():
    """336 px, mean and std of ImageNet, resize to 384 first: nothing is the default."""
    altclip("altclip336", 336, 1024, CLIPImageProcessor(size={"shortest_edge": 384}, crop_size={"height": 336, "width": 336}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225], resample=2))


# --- Chinese-CLIP ----------------------------------------------------------------------------------------------------------------------------------

def chinese_clip():
    """Xenova/chinese-clip-vit-base-patch16: combined only; the picture is squashed to 224 x 224, no crop."""
    tokenizer = BertTokenizerFast.from_pretrained(TOK / "bert")
    config = ChineseCLIPConfig(
        text_config=dict(vocab_size=len(tokenizer), hidden_size=256, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512, max_position_embeddings=512),
        vision_config=vision(), projection_dim=512, **ATTN)
    model = enliven(ChineseCLIPModel(config))
    model.logit_scale.data.fill_(4.6052)
    images = ChineseCLIPImageProcessor(size={"height": 224, "width": 224}, do_center_crop=False)
    source = save_torch(model, ChineseCLIPProcessor(images, tokenizer), "chinese-clip")
    one = folder("chinese-clip")
    copy_configs(source, one)
    patch_json(one / "preprocessor_config.json", feature_extractor_type="ChineseCLIPFeatureExtractor", image_processor_type=None)
    optimum(source, one)
    two = folder("chinese-clip-types")  # with token_type_ids, as newer exports have
    copy_configs(source, two)
    combined(model, two, {"input_ids": IDS, "pixel_values": pixels(224), "attention_mask": MASK, "token_type_ids": torch.zeros_like(IDS)})


def optimum(source, target, task="zero-shot-image-classification", *more):
    """The real exporter: optimum-cli export onnx, files moved to onnx/ as hub repositories have them."""
    work = folder(f"work/{target.name}")
    command = [sys.executable, "-m", "optimum.commands.optimum_cli", "export", "onnx", "--model", str(source), "--task", task, "--library", "transformers", *more, str(work)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-3000:])
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    for file in work.glob("*.onnx*"):
        shutil.copy(file, target / "onnx" / file.name)


# --- OpenAI's CLIP -----------------------------------------------------------------------------------------------------------------------------------

def clip(name="clip", dim=512):
    tokenizer = CLIPTokenizerFast.from_pretrained(TOK / "clip")
    start, end = len(tokenizer) - 2, len(tokenizer) - 1
    config = CLIPConfig(
        text_config=dict(hidden_size=256, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512, projection_dim=dim, vocab_size=len(tokenizer), eos_token_id=end, bos_token_id=start),
        vision_config=vision(projection_dim=dim), projection_dim=dim, **ATTN)
    model = enliven(CLIPModel(config))
    model.logit_scale.data.fill_(4.6052)
    source = save_torch(model, CLIPProcessor(CLIPImageProcessor(), tokenizer), name)
    one, two = folder(name), folder(name + "-combined")
    for target in (one, two):
        copy_configs(source, target)
    # openai/clip-vit-base-patch32 as it was in 2021, copied by Xenova: plain numbers
    patch_json(one / "preprocessor_config.json", size=224, crop_size=224, feature_extractor_type="CLIPFeatureExtractor", image_processor_type=None, do_rescale=None, rescale_factor=None)
    split(model, one, 224, {"input_ids": torch.tensor([[start, 320, end], [start, end, end]])})
    optimum(source, two)
    three = folder(name + "-unprojected")  # optimum's export of CLIPTextModel/CLIPVisionModel: pooled, not projected; equal widths would pass unseen
    copy_configs(source, three)
    export(Part(model.vision_model, lambda m, p: (lambda o: (o.last_hidden_state, o.pooler_output))(m(p))), {"pixel_values": pixels(224)}, ["last_hidden_state", "pooler_output"], three / "onnx/vision_model.onnx")
    export(Part(model.text_model, lambda m, i: (lambda o: (o.last_hidden_state, o.pooler_output))(m(i))), {"input_ids": torch.tensor([[start, 320, end]])}, ["last_hidden_state", "pooler_output"], three / "onnx/text_model.onnx")


# --- SigLIP, SigLIP 2 --------------------------------------------------------------------------------------------------------------------------------

def siglip(name="siglip", kind="siglip", size=224):
    tokenizer = PreTrainedTokenizerFast.from_pretrained(TOK / kind)
    config = SiglipConfig(
        text_config=dict(vocab_size=len(tokenizer), hidden_size=192, num_hidden_layers=3, num_attention_heads=3, intermediate_size=384, projection_size=192),
        vision_config=vision(size=size, patch=16), **ATTN)
    model = enliven(SiglipModel(config))
    model.logit_scale.data.fill_(4.7)
    model.logit_bias.data.fill_(-16.5)
    source = folder(name + ".torch")
    model.save_pretrained(source)
    SiglipImageProcessor(size={"height": size, "width": size}, resample=2 if kind == "gemma" else 3).save_pretrained(source)
    for file in (TOK / kind).iterdir():
        shutil.copy(file, source / file.name)
    one, two = folder(name), folder(name + "-combined")
    for target in (one, two):
        copy_configs(source, target)
    ids = torch.randint(5, 100, (2, 64))
    outputs = ["last_hidden_state", "pooler_output"]
    pooled = lambda o: (o.last_hidden_state, o.pooler_output)
    export(Part(model.vision_model, lambda m, p: pooled(m(p))), {"pixel_values": pixels(size)}, outputs, one / "onnx/vision_model.onnx")
    export(Part(model.text_model, lambda m, i: pooled(m(i))), {"input_ids": ids}, outputs, one / "onnx/text_model.onnx")
    optimum(source, two)


# --- jina-clip-v2 ------------------------------------------------------------------------------------------------------------------------------------

class Jina(torch.nn.Module):
    """The shape of jinaai/jina-clip-v2: XLM-R with mean pooling (the mask comes from the pad id), a ViT, four outputs. Both inputs are required."""

    def __init__(self, tokenizer_size, dim=1024):
        super().__init__()
        text = XLMRobertaConfig(vocab_size=tokenizer_size, hidden_size=dim // 4, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512, max_position_embeddings=8194, type_vocab_size=1, pad_token_id=1, **ATTN)
        self.text = XLMRobertaModel(text, add_pooling_layer=False)
        self.project = torch.nn.Linear(dim // 4, dim)
        self.vision = CLIPVisionModelWithProjection(CLIPVisionConfig(**vision(size=512, patch=32), projection_dim=dim, **ATTN))

    def get_text_features(self, input_ids, attention_mask=None):
        mask = (input_ids != 1).long()
        hidden = self.text(input_ids, attention_mask=mask).last_hidden_state
        return self.project((hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True))

    def get_image_features(self, pixel_values):
        return self.vision(pixel_values).image_embeds

    def forward(self, input_ids, pixel_values):
        text, image = self.get_text_features(input_ids), self.get_image_features(pixel_values)
        return text, image, text / text.norm(dim=-1, keepdim=True), image / image.norm(dim=-1, keepdim=True)


def jina():
    tokenizer = XLMRobertaTokenizerFast.from_pretrained(TOK / "xlmr", model_max_length=8194)
    model = enliven(Jina(len(tokenizer)))
    source, target = folder("jina.torch"), folder("jina")
    torch.save(model.state_dict(), source / "weights.pt")
    tokenizer.save_pretrained(source)
    tokenizer.save_pretrained(target)
    write_json(target / "config.json", {"architectures": ["JinaCLIPModel"], "logit_scale_init_value": 2.6592, "model_type": "jina_clip", "projection_dim": 1024,
               "text_config": {"embed_dim": 1024, "model_type": "jina_clip_text", "pooler_type": "mean_pooler"}, "vision_config": {"image_size": 512, "patch_size": 14, "width": 1024, "model_type": "jina_clip_vision"}})
    write_json(target / "preprocessor_config.json", {"fill_color": 0, "image_processor_type": "JinaCLIPImageProcessor", "interpolation": "bicubic", "mean": [0.48145466, 0.4578275, 0.40821073],
               "processor_class": "JinaCLIPProcessor", "resize_mode": "shortest", "size": 512, "std": [0.26862954, 0.26130258, 0.27577711]})
    export(model, {"input_ids": IDS, "pixel_values": pixels(512)}, ["text_embeddings", "image_embeddings", "l2norm_text_embeddings", "l2norm_image_embeddings"], target / "onnx/model.onnx")


# --- Multilingual-CLIP -------------------------------------------------------------------------------------------------------------------------------

class MeanDense(torch.nn.Module):
    """sentence-transformers/clip-ViT-B-32-multilingual-v1: DistilmBERT, mean pooling, Dense without bias to 512."""

    def __init__(self, vocab, dim=512):
        super().__init__()
        self.bert = DistilBertModel(DistilBertConfig(vocab_size=vocab, dim=256, n_layers=3, n_heads=4, hidden_dim=512, **ATTN))
        self.dense = torch.nn.Linear(256, dim, bias=False)

    def get_text_features(self, input_ids, attention_mask):
        hidden = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).float()
        return self.dense((hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9))

    def forward(self, input_ids, attention_mask):
        return self.get_text_features(input_ids, attention_mask)


def mclip():
    """Two folders, mclip-text (sentence-transformers layout) and mclip-vision (openai's CLIP, vision only); and mclip, what a user makes of them by hand."""
    tokenizer = DistilBertTokenizerFast.from_pretrained(TOK / "mbert", model_max_length=128)
    text = enliven(MeanDense(len(tokenizer)))
    image = enliven(CLIPVisionModelWithProjection(CLIPVisionConfig(**vision(), projection_dim=512, **ATTN)), seed=1)
    source = folder("mclip.torch")
    torch.save(text.state_dict(), source / "text.pt")
    image.save_pretrained(source / "vision")
    CLIPImageProcessor().save_pretrained(source / "vision")
    tokenizer.save_pretrained(source)
    words, eyes, both = folder("mclip-text"), folder("mclip-vision"), folder("mclip")
    # the text repository: last_hidden_state only in onnx/model.onnx as optimum exports it, Dense in 2_Dense/
    tokenizer.save_pretrained(words)
    text.bert.config.save_pretrained(words)
    write_json(words / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}])
    export(Part(text.bert, lambda m, i, a: m(i, attention_mask=a).last_hidden_state), {"input_ids": IDS, "attention_mask": MASK}, ["last_hidden_state"], words / "onnx/model.onnx")
    copy_configs(source / "vision", eyes)
    export(Part(image, lambda m, p: m(p).image_embeds), {"pixel_values": pixels(224)}, ["image_embeds"], eyes / "onnx/vision_model.onnx")
    # by hand: one folder, text exported with pooling and Dense as `sentence_embedding` beside token_embeddings
    tokenizer.save_pretrained(both)
    copy_configs(source / "vision", both)
    export(Part(text, lambda m, i, a: (m.bert(i, attention_mask=a).last_hidden_state, m(i, a))), {"input_ids": IDS, "attention_mask": MASK}, ["token_embeddings", "sentence_embedding"], both / "onnx/text_model.onnx")
    shutil.copy(eyes / "onnx/vision_model.onnx", both / "onnx/vision_model.onnx")


def metaclip2():
    """facebook/metaclip-2-worldwide-*: CLIP's towers, XLM-V's tokenizer (XLM-R's kind), pooled at </s>; optimum writes one file or two."""
    from transformers import MetaClip2Config, MetaClip2Model

    tokenizer = XLMRobertaTokenizerFast.from_pretrained(TOK / "xlmr", model_max_length=77)
    config = MetaClip2Config(
        text_config=dict(vocab_size=len(tokenizer), hidden_size=256, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512, projection_dim=512, max_position_embeddings=77, eos_token_id=2, bos_token_id=0, pad_token_id=1),
        vision_config=vision(projection_dim=512), projection_dim=512, **ATTN)
    model = enliven(MetaClip2Model(config))
    source = folder("metaclip2.torch")
    model.save_pretrained(source)
    CLIPImageProcessor(size={"height": 224, "width": 224}, do_center_crop=False).save_pretrained(source)  # as the repositories have it
    tokenizer.save_pretrained(source)
    for name, more in (("metaclip2", ("--variant", "split")), ("metaclip2-combined", ())):
        copy_configs(source, folder(name))
        optimum(source, folder(name), "zero-shot-image-classification", *more)
