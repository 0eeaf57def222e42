"""One training step of the same dual encoder in plain PyTorch, timed.

    python3 torch_step.py '{"config": {...}, "batchSize": 64, "textLength": 32, "languages": ["en", "zh"], "keepPatches": 1,
                            "threads": 2, "repeats": 10}'

Same model (Hugging Face's CLIP), batch, threads, fp32, loss, clipping and AdamW as the compiled step of `npm run bench -- step`, written
the way PyTorch is fast: one product for k and v, scaled_dot_product_attention, the fused AdamW; as there, the last layer computes only the
pooled token. Prints JSON: version, milliseconds, loss.
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

run = json.loads(sys.argv[1])
torch.set_num_threads(run["threads"])
torch.manual_seed(1)


class Block(nn.Module):
    def __init__(self, width, hidden, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.kv, self.out = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, pooled=None):
        """pooled: index of the one token of each row that is needed (the last layer), else all are."""
        batch, tokens, width = x.shape
        normed, causal, mask = self.norm1(x), self.causal, None
        k, v = self.kv(normed).view(batch, tokens, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        if pooled is not None:
            rows = torch.arange(batch)
            x, normed = x[rows, pooled, None], normed[rows, pooled, None]
            mask = (torch.arange(tokens) <= pooled[:, None])[:, None, None] if causal else None
            causal = False
        q = self.q(normed).view(batch, -1, self.heads, width // self.heads).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, -1, width))
        hidden = self.fc1(self.norm2(x))
        return x + self.fc2(hidden * torch.sigmoid(1.702 * hidden))


class Encoder(nn.ModuleList):
    def __init__(self, config, causal):
        sizes = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
        super().__init__(Block(*sizes, causal) for _ in range(config["num_hidden_layers"]))

    def forward(self, x, pooled):
        *first, last = self
        for block in first:
            x = block(x)
        return last(x, pooled)[:, 0]


class ImageTower(nn.Module):
    def __init__(self, config, dim):
        super().__init__()
        width, self.patch = config["hidden_size"], config["patch_size"]
        count = (config["image_size"] // self.patch) ** 2
        self.embed = nn.Conv2d(3, width, self.patch, self.patch, bias=False)
        self.class_token = nn.Parameter(torch.randn(width) * width**-0.5)
        self.positions = nn.Parameter(torch.randn(count + 1, width) * 0.02)
        self.before, self.encoder, self.after = nn.LayerNorm(width), Encoder(config, False), nn.LayerNorm(width)
        self.projection = nn.Linear(width, dim, bias=False)

    def forward(self, pixels, keep):
        patches = self.embed(pixels).flatten(2).transpose(1, 2) + self.positions[1:]
        if keep is not None:
            patches = patches.gather(1, keep[:, :, None].expand(-1, -1, patches.shape[2]))
        first = (self.class_token + self.positions[0]).expand(len(pixels), 1, -1)
        x = self.encoder(self.before(torch.cat([first, patches], 1)), torch.zeros(len(pixels), dtype=torch.long))
        return F.normalize(self.projection(self.after(x)), dim=-1)


class TextTower(nn.Module):
    def __init__(self, config, dim):
        super().__init__()
        width = config["hidden_size"]
        self.tokens = nn.Embedding(config["vocab_size"], width)
        self.positions = nn.Parameter(torch.randn(config["max_position_embeddings"], width) * 0.01)
        self.encoder, self.after = Encoder(config, True), nn.LayerNorm(width)
        self.projection = nn.Linear(width, dim, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(self, ids, last):
        x = self.encoder(self.tokens(ids) + self.positions[: ids.shape[1]], last)
        return F.normalize(self.projection(self.after(x)), dim=-1)


config, size, languages = run["config"], run["batchSize"], len(run["languages"])
image = ImageTower(config["vision_config"], config["projection_dim"])
text = TextTower(config["text_config"], config["projection_dim"])
logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())
params = [*image.parameters(), *text.parameters(), logit_scale]
groups = [{"params": [p for p in params if p.dim() >= 2], "weight_decay": 0.1}, {"params": [p for p in params if p.dim() < 2], "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.98), eps=1e-6, fused=True)

pixels = torch.randn(size, 3, config["vision_config"]["image_size"], config["vision_config"]["image_size"])
ids = torch.randint(config["text_config"]["vocab_size"], (languages * size, run["textLength"]))
last = torch.full((len(ids),), run["textLength"] - 1)
patches = image.positions.shape[0] - 1
kept = max(1, round(patches * run["keepPatches"]))
keep = torch.rand(size, patches).argsort(1)[:, :kept] if run["keepPatches"] < 1 else None
target = torch.eye(size)


def step():
    optimizer.zero_grad(set_to_none=True)
    images, texts = image(pixels, keep), text(ids, last)
    scale = logit_scale.clamp(0, 4.6051702).exp()
    losses = []
    for part in texts.split(size):
        logits = scale * images @ part.T
        losses.append((F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2)
    loss = torch.stack(losses).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
    return loss.item()


times = []
for i in range(run["repeats"] + 2):
    began = time.perf_counter()
    loss = step()
    times.append(1000 * (time.perf_counter() - began))
print(json.dumps({"version": torch.__version__, "milliseconds": times[2:], "loss": loss}))
