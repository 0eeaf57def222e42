"""The same models in other files: number formats, external data, other exporters, and the configuration that hub repositories really hold."""
import json
import shutil

import torch
from transformers import BertTokenizerFast, ChineseCLIPConfig, ChineseCLIPModel, CLIPModel

from common import ROOT, Part, enliven, export, folder, patch_json, write_json
from families import ATTN, IDS, MASK, TOK, copy_configs, pixels, split, vision


def formats():
    """Of `clip` (split) and `altclip-combined`: fp16 only, quantized only, external data, opset 18, the dynamo exporter."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.float16 import convert_float_to_float16

    def like(source, name):
        target = folder(name)
        copy_configs(ROOT / source, target)
        (target / "onnx").mkdir(exist_ok=True)
        return ROOT / source / "onnx", target / "onnx"

    for source in ("clip", "altclip-combined"):
        before, after = like(source, source + "-fp16")
        for file in before.glob("*.onnx"):
            # keep_io_types=False: Xenova's fp16 files take and give float16 in some repositories
            onnx.save_model(convert_float_to_float16(onnx.load(file), keep_io_types=source != "clip", disable_shape_infer=True), after / f"{file.stem}_fp16.onnx")
        before, after = like(source, source + "-q8")
        for file in before.glob("*.onnx"):
            quantize_dynamic(file, after / f"{file.stem}_quantized.onnx", weight_type=QuantType.QUInt8, extra_options={"EnableSubgraph": True})
        before, after = like(source, source + "-external")
        for file in before.glob("*.onnx"):
            onnx.save_model(onnx.load(file), after / file.name, save_as_external_data=True, all_tensors_to_one_file=True, location=f"{file.name}_data", size_threshold=1024)
    # weights as FILE.onnx.data, what torch.onnx.export(dynamo=True) writes; opset 18
    model = CLIPModel.from_pretrained(ROOT / "clip.torch", **ATTN)
    end = model.config.text_config.eos_token_id
    ids = torch.tensor([[end - 1, 320, end], [end - 1, end, end]])
    _, after = like("clip", "clip-opset18")
    split(model, after.parent, 224, {"input_ids": ids}, opset=18)
    _, after = like("clip", "clip-dynamo")
    batch, length = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("length", min=1, max=77)
    for part, inputs, names, shapes, file in (
        (Part(model, lambda m, p: m.get_image_features(pixel_values=p)), (pixels(224),), (["pixel_values"], ["image_embeds"]), ({0: batch},), "vision_model.onnx"),
        (Part(model, lambda m, i: m.get_text_features(input_ids=i)), (ids,), (["input_ids"], ["text_embeds"]), ({0: batch, 1: length},), "text_model.onnx"),
    ):
        try:
            torch.onnx.export(part.eval(), inputs, str(after / file), input_names=names[0], output_names=names[1], dynamic_shapes={"inputs": shapes}, dynamo=True, external_data=True)
        except Exception as error:  # noqa: BLE001: the new exporter cannot do every model
            print("dynamo export failed:", file, str(error)[:300])
    # every shape fixed: one picture, one text of 77 tokens a call
    from onnxruntime.tools.onnx_model_utils import make_input_shape_fixed

    _, after = like("clip", "clip-fixed")
    for file, name, shape in (("vision_model", "pixel_values", [1, 3, 224, 224]), ("text_model", "input_ids", [1, 77])):
        fixed = onnx.load(ROOT / f"clip/onnx/{file}.onnx")
        make_input_shape_fixed(fixed.graph, name, shape)
        onnx.save_model(fixed, after / f"{file}.onnx")
    # the optimum layout: both files directly in the folder, no onnx/
    flat = folder("clip-flat")
    copy_configs(ROOT / "clip", flat)
    for file in (ROOT / "clip/onnx").glob("*.onnx"):
        shutil.copy(file, flat / file.name)
    # transformers 5 saves preprocessing inside processor_config.json and no preprocessor_config.json
    five = folder("siglip-v5")
    copy_configs(ROOT / "siglip", five, leave=("preprocessor_config.json",))
    inner = json.loads((ROOT / "siglip/preprocessor_config.json").read_text())
    write_json(five / "processor_config.json", {"image_processor": inner, "processor_class": "SiglipProcessor"})
    shutil.copytree(ROOT / "siglip/onnx", five / "onnx", dirs_exist_ok=True)


def hub_configs():
    """The same models with the configuration files that hub repositories really hold."""
    def like(source, name):
        target = folder(name)
        copy_configs(ROOT / source, target)
        shutil.copytree(ROOT / source / "onnx", target / "onnx", dirs_exist_ok=True)
        return target

    # google/siglip2-base-patch16-*: config.json names what differs from the defaults only, and the tokenizer has no limit
    two = like("siglip2", "siglip2-hub")
    write_json(two / "config.json", {"architectures": ["SiglipModel"], "initializer_factor": 1.0, "model_type": "siglip", "text_config": {"model_type": "siglip_text_model", "vocab_size": 4000},
               "transformers_version": "4.49.0.dev0", "vision_config": {"image_size": 256, "model_type": "siglip_vision_model"}})
    patch_json(two / "preprocessor_config.json", do_convert_rgb=None)
    # Xenova/mobileclip_*: config.json is a model type; pixels are 0..1, bilinear
    mobile = like("clip", "mobileclip")
    write_json(mobile / "config.json", {"model_type": "clip"})
    write_json(mobile / "preprocessor_config.json", {"crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": False, "do_rescale": True, "do_resize": True,
               "feature_extractor_type": "CLIPFeatureExtractor", "image_processor_type": "CLIPFeatureExtractor", "resample": 2, "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 224}})
    # the same with a text tower that looks both ways and has no mask (MobileCLIP S0: its card says padding: 'max_length'); nothing in the folder tells
    both = like("siglip", "noncausal")
    write_json(both / "config.json", {"model_type": "clip"})
    # OFA-Sys/chinese-clip-* as of 2022: one number, and no crop: Python makes height and width of it
    plain = like("chinese-clip", "chinese-clip-2022")
    write_json(plain / "preprocessor_config.json", {"do_center_crop": False, "do_normalize": True, "do_resize": True, "feature_extractor_type": "ChineseCLIPFeatureExtractor", "image_mean": [0.48145466, 0.4578275, 0.40821073],
               "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 224})
    # the two towers of Multilingual-CLIP renamed by hand, as a user would try first: the text folder's model.onnx as text_model.onnx
    wrong = folder("mclip-unpooled")
    copy_configs(ROOT / "mclip", wrong)
    (wrong / "onnx").mkdir(exist_ok=True)
    shutil.copy(ROOT / "mclip-vision/onnx/vision_model.onnx", wrong / "onnx/vision_model.onnx")
    shutil.copy(ROOT / "mclip-text/onnx/model.onnx", wrong / "onnx/text_model.onnx")
    # fp32 vision, fp16 text: some repositories have not all formats of both towers
    mixed = folder("clip-mixed")
    copy_configs(ROOT / "clip", mixed)
    (mixed / "onnx").mkdir(exist_ok=True)
    shutil.copy(ROOT / "clip/onnx/vision_model.onnx", mixed / "onnx/vision_model.onnx")
    shutil.copy(ROOT / "clip-fp16/onnx/text_model_fp16.onnx", mixed / "onnx/text_model_fp16.onnx")
    # newer names of formats: onnx-community has q4f16, bnb4, uint8 beside those
    names = folder("clip-uint8")
    copy_configs(ROOT / "clip", names)
    (names / "onnx").mkdir(exist_ok=True)
    for stem in ("vision_model", "text_model"):
        shutil.copy(ROOT / f"clip-q8/onnx/{stem}_quantized.onnx", names / f"onnx/{stem}_uint8.onnx")


def unprojected():
    """ChineseCLIPVisionModel and ChineseCLIPTextModel as optimum exports them one by one: pooled, not projected. Both are 768 wide in the base model (256 here)."""
    tokenizer = BertTokenizerFast.from_pretrained(TOK / "bert")
    config = ChineseCLIPConfig(text_config=dict(vocab_size=len(tokenizer), hidden_size=256, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512, max_position_embeddings=512), vision_config=vision(width=256), projection_dim=512, **ATTN)
    model = enliven(ChineseCLIPModel(config))
    target = folder("unprojected")
    copy_configs(ROOT / "chinese-clip", target)
    outputs = ["last_hidden_state", "pooler_output"]
    export(Part(model.vision_model, lambda m, p: (lambda o: (o.last_hidden_state, o.pooler_output))(m(p))), {"pixel_values": pixels(224)}, outputs, target / "onnx/vision_model.onnx")
    export(Part(model.text_model, lambda m, i, a: (lambda h: (h, h[:, 0]))(m(i, attention_mask=a).last_hidden_state)), {"input_ids": IDS, "attention_mask": MASK}, outputs, target / "onnx/text_model.onnx")
