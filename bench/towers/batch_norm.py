"""What a network's batch norms tell: their fold into the convolutions before them, and the means of what follows, without a picture."""

import math

import numpy as np

EPSILON = 1e-3


def fold(tensors: dict[str, np.ndarray], weight: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """A convolution and the batch norm after it as one: W·γ/√(σ²+ε), β − μ·γ/√(σ²+ε)."""
    gamma, beta, mean, variance = (tensors[f"{norm}.{name}"].astype(np.float64) for name in ("weight", "bias", "running_mean", "running_var"))
    factor = gamma / np.sqrt(variance + EPSILON)
    return (tensors[weight] * factor[:, None, None, None]).astype(np.float32), (beta - mean * factor).astype(np.float32)


def mean_after(tensors: dict[str, np.ndarray], norm: str) -> np.ndarray:
    """The means of the channels behind a batch norm: β."""
    return tensors[f"{norm}.bias"].astype(np.float64)


def mean_after_relu6(tensors: dict[str, np.ndarray], norm: str) -> np.ndarray:
    """E[min(max(X, 0), 6)] for X ~ N(β, γ²): the means behind a batch norm and ReLU6, were the norm's outputs normal."""
    beta = mean_after(tensors, norm)
    deviation = np.abs(tensors[f"{norm}.weight"].astype(np.float64)) + 1e-12

    def positive_part(mean: np.ndarray) -> np.ndarray:
        t = mean / deviation
        cumulative = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in t])
        return mean * cumulative + deviation * np.exp(-t * t / 2) / math.sqrt(2 * math.pi)

    return positive_part(beta) - positive_part(beta - 6)
