"""Builds teachers: python teachers.py [NAME ...]; without names all."""
import sys
import warnings

import torch

from families import altclip, altclip336, chinese_clip, clip, jina, mclip, metaclip2, siglip
from formats import formats, hub_configs, unprojected

TEACHERS = {
    "altclip": altclip,
    "altclip336": altclip336,
    "chinese-clip": chinese_clip,
    "clip": clip,
    "siglip": siglip,
    "siglip2": lambda: siglip("siglip2", "gemma", 256),
    "jina": jina,
    "mclip": mclip,
    "metaclip2": metaclip2,
    "formats": formats,
    "hub-configs": hub_configs,
    "unprojected": unprojected,
}

if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    for name in sys.argv[1:] or TEACHERS:
        torch.manual_seed(0)
        TEACHERS[name]()
        print("built", name, flush=True)
