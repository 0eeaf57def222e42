"""Embeddings of made-up inputs by transformers' CLIPModel, from a model folder.

    python3 clip_from_pretrained.py FOLDER

Prints JSON: version, image and text (unit rows). `npm run bench -- from-pretrained` compares them with this project's.
Needs torch and transformers.
"""
import json
import math
import sys

import torch
import transformers

torch.set_grad_enabled(False)
model, report = transformers.CLIPModel.from_pretrained(sys.argv[1], output_loading_info=True)
for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
    if report[kind]:
        sys.exit(f"{sys.argv[1]}: {kind}: {report[kind]}")
model.eval()

size = model.config.vision_config.image_size
pixels = torch.tensor([math.sin(0.37 * i) for i in range(2 * 3 * size * size)], dtype=torch.float32).reshape(2, 3, size, size)

vocabulary = model.config.text_config.vocab_size
length = model.config.text_config.max_position_embeddings
ids = torch.zeros(3, length, dtype=torch.long)
mask = torch.zeros(3, length, dtype=torch.long)
for row in range(3):
    end = length - 1 - 2 * row
    for i in range(1, end):
        ids[row, i] = 4 + (7 * i + 31 * row) % (vocabulary - 4)
    ids[row, 0] = 1
    ids[row, end] = 3
    mask[row, : end + 1] = 1

output = model(input_ids=ids, attention_mask=mask, pixel_values=pixels)
print(json.dumps({"version": transformers.__version__, "image": output.image_embeds.tolist(), "text": output.text_embeds.tolist()}))
