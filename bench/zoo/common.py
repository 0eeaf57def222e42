"""Shared by all teacher builders: paths, captions, random weights that matter, ONNX export.

Every builder writes ROOT/NAME/ in the layout of transformers.js repositories (config.json, preprocessor_config.json,
tokenizer*.json, onnx/*.onnx) and ROOT/NAME.torch/ (safetensors and processor, for reference.py to load in Python).
Weights are random, architectures and files are real. Needs torch, transformers 4.57, onnx, tokenizers, sentencepiece.
"""
import json

import torch

from paths import ROOT, TEXT

torch.set_num_threads(2)


def captions(*languages):
    """Training text for tokenizers: CLDR's names and keywords."""
    words = json.loads(TEXT.read_text(encoding="utf8"))["words"]
    return [" ".join(entry) for language in languages for entry in words[language].values()]


def enliven(model, seed=0, gain=1.0):
    """Random weights that make embeddings depend on every patch and token.

    Freshly initialised transformers nearly ignore their input (std 0.02): every cosine would be 1, whatever the preprocessing.
    Linear maps become N(0, gain/sqrt(fan_in)); biases N(0, 0.02); position and class embeddings stay small beside patches and tokens."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "logit" in name:
                continue
            if parameter.dim() >= 2:
                small = "position" in name or "class_embedding" in name or "token_type" in name
                fan_in = parameter[0].numel()
                std = 0.1 if small else 1.0 if "embeddings.word" in name or "token_embedding" in name else gain / fan_in**0.5
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * std)
            elif name.endswith("bias"):
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.02)
            elif "class_embedding" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model.eval()


class Part(torch.nn.Module):
    """A function of a model as a module, for export."""

    def __init__(self, model, call):
        super().__init__()
        self.model = model
        self.call = call

    def forward(self, *inputs):
        return self.call(self.model, *inputs)


def export(module, inputs, outputs, path, opset=14, dynamic=None):
    """Legacy (TorchScript) exporter, as optimum uses it. inputs: {name: example}; all first axes dynamic, second ones of integers too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if dynamic is None:
        dynamic = {}
        for name, example in inputs.items():
            dynamic[name] = {0: "image_batch_size" if name == "pixel_values" else "text_batch_size"}
            if name == "pixel_values":
                dynamic[name] |= {1: "num_channels", 2: "height", 3: "width"}
            else:
                dynamic[name][1] = "sequence_length"
        for name in outputs:
            dynamic[name] = {0: "batch_" + name}
    with torch.no_grad():
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=dynamic,
            opset_version=opset,
            do_constant_folding=True,
            dynamo=False,
        )


def folder(name):
    target = ROOT / name
    target.mkdir(parents=True, exist_ok=True)
    return target


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf8")


def patch_json(path, **changes):
    """Changes keys of a JSON file; None removes one."""
    value = json.loads(path.read_text(encoding="utf8"))
    for key, new in changes.items():
        value.pop(key, None) if new is None else value.__setitem__(key, new)
    write_json(path, value)


def save_torch(model, processor, name):
    """For reference.py."""
    target = folder(name + ".torch")
    model.save_pretrained(target)
    processor.save_pretrained(target)
    return target
