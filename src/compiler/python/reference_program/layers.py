"""Small pieces of the model: norm, rotary embedding, matrix products (plain, int8, fp8), feed-forward."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

from .model_spec import Mlp
from .params import JAX_DTYPES
from .request import Run
from .sharding import Shardings

ROPE_BASE = 10_000.0
QUANTIZED_MAX = {"int8": 127.0, "fp8": 448.0}


def rms_norm(x: jax.Array, scale: jax.Array, epsilon: float = 1e-5) -> jax.Array:
    wide = x.astype(jnp.float32)
    mean_square = jnp.mean(jax.lax.square(wide), axis=-1, keepdims=True)
    return (wide * jax.lax.rsqrt(mean_square + epsilon)).astype(x.dtype) * scale.astype(x.dtype)


def rotary(x: jax.Array, positions: jax.Array) -> jax.Array:
    """Rotary embedding of [batch, length, heads, head_dim] at positions [batch, length]."""
    half = x.shape[-1] // 2
    timescale = ROPE_BASE ** (jnp.arange(half, dtype=jnp.float32) / half)
    angle = positions[:, :, None, None].astype(jnp.float32) / timescale
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    first, second = jnp.split(x.astype(jnp.float32), 2, axis=-1)
    rotated = jnp.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)
    return rotated.astype(x.dtype)


def matmul(x: jax.Array, weight: jax.Array, contracted: int, run: Run) -> jax.Array:
    """x[..., k] · weight[k, ...] over `contracted` axes, in the activation dtype or quantized as the run says."""
    weight = as_activation(weight, run)
    if run.matmul_dtype in QUANTIZED_MAX:
        return _quantized_dot(x, weight, contracted, run.matmul_dtype)
    return _dot(x, weight, contracted)


def as_activation(weight: jax.Array, run: Run) -> jax.Array:
    """A stored weight in the activation dtype (int8 and fp8 weights carry their scale in the value here)."""
    return weight.astype(JAX_DTYPES[run.activation_dtype])


def _dot(x: jax.Array, weight: jax.Array, contracted: int, **options: Any) -> jax.Array:
    left = tuple(range(x.ndim - contracted, x.ndim))
    return jax.lax.dot_general(x, weight, ((left, tuple(range(contracted))), ((), ())), **options)


def _quantize(x: jax.Array, axes: tuple[int, ...], kind: str) -> tuple[jax.Array, jax.Array]:
    scale = jnp.max(jnp.abs(x), axis=axes, keepdims=True).astype(jnp.float32) / QUANTIZED_MAX[kind] + 1e-12
    scaled = x.astype(jnp.float32) / scale
    if kind == "int8":
        scaled = jnp.round(scaled)
    return scaled.astype(JAX_DTYPES[kind]), scale


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _quantized_dot(x: jax.Array, weight: jax.Array, contracted: int, kind: str) -> jax.Array:
    left_axes = tuple(range(x.ndim - contracted, x.ndim))
    right_axes = tuple(range(contracted))
    left, left_scale = _quantize(x, left_axes, kind)
    right, right_scale = _quantize(weight, right_axes, kind)
    wide = jnp.int32 if kind == "int8" else jnp.float32
    product = _dot(left, right, contracted, preferred_element_type=wide).astype(jnp.float32)
    left_scale = left_scale.reshape(x.shape[: x.ndim - contracted] + (1,) * (weight.ndim - contracted))
    right_scale = right_scale.reshape(weight.shape[contracted:])
    return (product * left_scale * right_scale).astype(x.dtype)


def _quantized_fwd(x: jax.Array, weight: jax.Array, contracted: int, kind: str) -> tuple[jax.Array, tuple]:
    return _quantized_dot(x, weight, contracted, kind), (x, weight)


def _quantized_bwd(contracted: int, kind: str, residuals: tuple, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, weight = residuals
    features = weight.ndim - contracted
    # activations' gradient: quantized too; weights' gradient: in the activation dtype
    flipped = jnp.transpose(weight, (*range(contracted, weight.ndim), *range(contracted)))
    x_gradient = _quantized_dot(gradient, flipped, features, kind)
    lead = tuple(range(x.ndim - contracted))
    weight_gradient = jax.lax.dot_general(x, gradient, ((lead, lead), ((), ())))
    return x_gradient.astype(x.dtype), weight_gradient.astype(weight.dtype)


_quantized_dot.defvjp(_quantized_fwd, _quantized_bwd)


def activate(mlp: Mlp, gate: jax.Array, linear: jax.Array | None) -> jax.Array:
    """silu(gate)·linear for a gated MLP, gelu otherwise."""
    if mlp.gated:
        assert linear is not None
        return jax.nn.silu(gate) * linear
    return jax.nn.gelu(gate)


def feed_forward(x: jax.Array, weights: dict, mlp: Mlp, run: Run, shardings: Shardings, prefix: str = "") -> jax.Array:
    """The dense MLP on [batch, length, embed], with MaxText's checkpoint names."""
    gate = checkpoint_name(matmul(x, weights[f"{prefix}wi_0"], 1, run), "mlpwi_0" if mlp.gated else "mlpwi")
    linear = None
    if mlp.gated:
        linear = checkpoint_name(matmul(x, weights[f"{prefix}wi_1"], 1, run), "mlpwi_1")
    hidden = activate(mlp, gate, linear)
    hidden = shardings.constrain(hidden, "batch", "length", "act_mlp")
    return checkpoint_name(matmul(hidden, weights[f"{prefix}wo"], 1, run), "mlpwo")
