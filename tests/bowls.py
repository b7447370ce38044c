"""What the overlay's page sends of a field at rest. It starts no JAX, and does not import what does."""

from typing import Any

import numpy as np

from gradient.analysis import ARROWS, FIELD_SIZE

W, B = np.meshgrid(np.linspace(-1, 1, FIELD_SIZE), np.linspace(-1, 1, FIELD_SIZE))
DOMAIN = [-2.0, 2.0, 10.0, 30.0]


def array(values: Any) -> dict:
    values = np.asarray(values, "<f4")
    return {"value": values.tobytes(), "dtype": "float32", "shape": list(values.shape), "type": None}


def bowl(at: float) -> dict:
    """What a page sends of a bowl with its minimum at this share of the domain, from the middle."""
    w, b = np.meshgrid(*2 * [(np.arange(ARROWS) + 0.5) * 2 / ARROWS - 1])
    gradients = np.stack([2 * (w - at), 2 * b], axis=-1)
    return {"domain": DOMAIN, "field_losses": array((W - at) ** 2 + B**2), "field_gradients": array(gradients)}
