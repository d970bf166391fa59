"""Optimizers by their names: state trees and update rules, sharded like the parameters."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from .flags import optimizer_on_host
from .params import JAX_DTYPES
from .request import Run

LEARNING_RATE, WEIGHT_DECAY, EPSILON = 3e-5, 0.1, 1e-8
BETA_1, BETA_2 = 0.9, 0.95
CLIP = 1.0  # MaxText's gradient_clipping_threshold
FACTORED_MINIMUM = 128


def state_dtype(run: Run) -> Any:
    return JAX_DTYPES[run.optimizer_dtype or run.weight_dtype]


def abstract_state(params: Any, run: Run) -> Any:
    """The optimizer state for abstract parameters, as ShapeDtypeStructs with shardings; on the host where the run says so."""
    state = _device_state(params, run)
    if not optimizer_on_host(run):
        return state

    def on_host(leaf: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding.with_memory_kind("pinned_host"))

    return jax.tree.map(on_host, state)


def on_device(state: Any, abstract: Any) -> Any:
    """The state where an update can read it: a copy from the host where it lives there (MaxText's optimizer_memory_host_offload)."""
    return jax.tree.map(lambda leaf, spec: jax.device_put(leaf, spec.sharding.with_memory_kind("device")), state, abstract)


def _device_state(params: Any, run: Run) -> Any:
    dtype = state_dtype(run)

    def moment(dtype: Any) -> Any:
        return jax.tree.map(lambda param: jax.ShapeDtypeStruct(param.shape, dtype, sharding=param.sharding), params)

    if run.optimizer == "adamw":
        second = JAX_DTYPES[run.second_moment_dtype] if run.second_moment_dtype else dtype
        return {"mu": moment(dtype), "nu": moment(second)}
    if run.optimizer in ("lion",):
        return {"mu": moment(dtype)}
    if run.optimizer == "adafactor":
        return {"factors": jax.tree.map(lambda param: _factored(param, dtype), params)}
    return {}


def _factored_axes(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """The two largest axes after the layer axis, as optax.adafactor picks them; None where one is small."""
    start = 1 if len(shape) > 2 else 0
    order = sorted(range(start, len(shape)), key=lambda axis: shape[axis])
    if len(order) < 2 or shape[order[-2]] < FACTORED_MINIMUM:
        return None
    return order[-2], order[-1]


def _factored(param: jax.ShapeDtypeStruct, dtype: Any) -> dict[str, jax.ShapeDtypeStruct]:
    axes = _factored_axes(param.shape)
    if axes is None:
        return {"full": jax.ShapeDtypeStruct(param.shape, dtype, sharding=param.sharding)}
    return {"row": _without(param, axes[1], dtype), "column": _without(param, axes[0], dtype)}


def _without(param: jax.ShapeDtypeStruct, axis: int, dtype: Any) -> jax.ShapeDtypeStruct:
    spec = list(param.sharding.spec) + [None] * (len(param.shape) - len(param.sharding.spec))
    del spec[axis]
    shape = tuple(size for index, size in enumerate(param.shape) if index != axis)
    return jax.ShapeDtypeStruct(shape, dtype, sharding=NamedSharding(param.sharding.mesh, PartitionSpec(*spec)))


def clip_by_global_norm(gradients: Any) -> Any:
    squares = [jnp.sum(jnp.square(leaf.astype(jnp.float32))) for leaf in jax.tree.leaves(gradients)]
    norm = jnp.sqrt(sum(squares))
    factor = jnp.where(norm < CLIP, 1.0, CLIP / norm)
    return jax.tree.map(lambda leaf: (leaf * factor).astype(leaf.dtype), gradients)


def apply_updates(params: Any, gradients: Any, state: Any, step: jax.Array, run: Run) -> tuple[Any, Any]:
    """One optimizer step. Returns the new parameters and the new state, in their own dtypes."""
    if run.optimizer == "adamw":
        return _adamw(params, gradients, state, step)
    if run.optimizer == "lion":
        return _lion(params, gradients, state)
    if run.optimizer == "adafactor":
        return _adafactor(params, gradients, state, step)
    if run.optimizer == "sgd":
        return jax.tree.map(lambda p, g: (p - LEARNING_RATE * g.astype(jnp.float32)).astype(p.dtype), params, gradients), state
    return params, state


def _adamw(params: Any, gradients: Any, state: Any, step: jax.Array) -> tuple[Any, Any]:
    correction_1 = 1 - BETA_1 ** step.astype(jnp.float32)
    correction_2 = 1 - BETA_2 ** step.astype(jnp.float32)

    def update(param: jax.Array, gradient: jax.Array, mu: jax.Array, nu: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        gradient = gradient.astype(jnp.float32)
        new_mu = BETA_1 * mu.astype(jnp.float32) + (1 - BETA_1) * gradient
        new_nu = BETA_2 * nu.astype(jnp.float32) + (1 - BETA_2) * jnp.square(gradient)
        scaled = (new_mu / correction_1) / (jnp.sqrt(new_nu / correction_2) + EPSILON)
        wide = param.astype(jnp.float32)
        new = wide - LEARNING_RATE * (scaled + WEIGHT_DECAY * wide)
        return new.astype(param.dtype), new_mu.astype(mu.dtype), new_nu.astype(nu.dtype)

    out = jax.tree.map(update, params, gradients, state["mu"], state["nu"])
    return _unzip(out, 0), {"mu": _unzip(out, 1), "nu": _unzip(out, 2)}


def _lion(params: Any, gradients: Any, state: Any) -> tuple[Any, Any]:
    def update(param: jax.Array, gradient: jax.Array, mu: jax.Array) -> tuple[jax.Array, jax.Array]:
        gradient, wide_mu, wide = gradient.astype(jnp.float32), mu.astype(jnp.float32), param.astype(jnp.float32)
        direction = jnp.sign(0.9 * wide_mu + 0.1 * gradient)
        new = wide - LEARNING_RATE * (direction + WEIGHT_DECAY * wide)
        return new.astype(param.dtype), (0.99 * wide_mu + 0.01 * gradient).astype(mu.dtype)

    out = jax.tree.map(update, params, gradients, state["mu"])
    return _unzip(out, 0), {"mu": _unzip(out, 1)}


def _adafactor(params: Any, gradients: Any, state: Any, step: jax.Array) -> tuple[Any, Any]:
    decay = 1.0 - (step.astype(jnp.float32) + 1.0) ** -0.8

    def update(param: jax.Array, gradient: jax.Array, factors: dict[str, jax.Array]) -> tuple[jax.Array, dict[str, jax.Array]]:
        gradient = gradient.astype(jnp.float32)
        square = jnp.square(gradient) + 1e-30
        axes = _factored_axes(param.shape)
        if axes is None:
            full = decay * factors["full"].astype(jnp.float32) + (1 - decay) * square
            scaled, new = gradient * jax.lax.rsqrt(full), {"full": full.astype(factors["full"].dtype)}
        else:
            row_axis, column_axis = axes
            row = decay * factors["row"].astype(jnp.float32) + (1 - decay) * jnp.mean(square, axis=column_axis)
            column = decay * factors["column"].astype(jnp.float32) + (1 - decay) * jnp.mean(square, axis=row_axis)
            kept = row_axis - 1 if row_axis > column_axis else row_axis
            row_factor = jax.lax.rsqrt(row / jnp.mean(row, axis=kept, keepdims=True))
            scaled = gradient * jnp.expand_dims(row_factor, column_axis)
            scaled = scaled * jnp.expand_dims(jax.lax.rsqrt(column), row_axis)
            new = {"row": row.astype(factors["row"].dtype), "column": column.astype(factors["column"].dtype)}
        scaled = scaled / jnp.maximum(1.0, jnp.sqrt(jnp.mean(jnp.square(scaled))))
        wide = param.astype(jnp.float32)
        return (wide - LEARNING_RATE * scaled).astype(param.dtype), new

    leaves: list[jax.Array]
    treedef: Any
    leaves, treedef = jax.tree.flatten(params)
    results = [
        update(param, gradient, factors)
        for param, gradient, factors in zip(
            leaves, jax.tree.leaves(gradients), treedef.flatten_up_to(state["factors"]), strict=True
        )
    ]
    new_params = treedef.unflatten([result[0] for result in results])
    return new_params, {"factors": treedef.unflatten([result[1] for result in results])}


def _unzip(tree: Any, index: int) -> Any:
    return jax.tree.map(lambda item: item[index], tree, is_leaf=lambda item: isinstance(item, tuple))
