"""Mixture of experts: top-k routing, then dense dispatch with dropping, or grouped matmuls without.

Dropping follows MaxText's `dense_matmul`: one-hot dispatch and combine masks of [batch, length, experts, capacity].
Dropless is in `moe_dropless`.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

from .layers import activate, as_activation, feed_forward
from .moe_dropless import dropless_experts
from .request import Request, RequestError
from .sharding import Shardings

DEFAULT_CAPACITY_FACTOR = 1.25


def expert_layer(x: jax.Array, weights: dict, request: Request, shardings: Shardings) -> jax.Array:
    """Routed experts, plus shared experts where the model has them, on [batch, length, embed]."""
    model = request.model
    experts = shardings.mesh.shape["expert"]
    if model.experts % experts:
        raise RequestError(f"model.experts {model.experts} is not divisible by expert {experts}")
    gates = jnp.einsum("bld,de->ble", x, as_activation(weights["gate"], request.run))
    gates = shardings.constrain(gates, "batch", "length", None)
    route = dropless_experts if request.run.moe == "dropless" else _dropping_experts
    out = route(x, gates, weights, request, shardings)
    if model.shared_experts:
        out = out + feed_forward(x, weights, model, request.run, shardings, "shared_")
    return out


def top_k_weights(gates: jax.Array, k: int) -> tuple[jax.Array, jax.Array]:
    """(weights that add to one, expert indices), both [..., k], from gate logits."""
    values, indices = jax.lax.top_k(gates, k)
    return jax.nn.softmax(values.astype(jnp.float32), axis=-1), indices


def capacity(request: Request, length: int) -> int:
    """Tokens of one sequence that one expert takes."""
    model, factor = request.model, request.run.capacity_factor or DEFAULT_CAPACITY_FACTOR
    return max(1, int(math.ceil(length * model.experts_per_token / model.experts) * factor))


def _masks(gates: jax.Array, request: Request, shardings: Shardings) -> tuple[jax.Array, jax.Array]:
    """Dispatch (bool) and combine (weights) masks, [batch, length, experts, capacity]."""
    model = request.model
    batch, length, _ = gates.shape
    slots = capacity(request, length)
    values, indices = top_k_weights(gates, model.experts_per_token)
    chosen = jax.nn.one_hot(indices, model.experts, dtype=jnp.int32)
    flat = chosen.reshape(batch, length * model.experts_per_token, model.experts)
    flat = shardings.constrain(flat, "batch", None, None)
    position = jnp.cumsum(flat, axis=1).reshape(chosen.shape)
    position = shardings.constrain(position, "batch", "length", None, None)
    kept = chosen * (position <= slots)
    slot = jax.nn.one_hot(jnp.sum(kept * position, axis=2), slots + 1, dtype=jnp.int32)[..., 1:]
    weight = jnp.sum(kept * values[..., None], axis=2).astype(gates.dtype)
    combine = weight[..., None] * slot
    combine = shardings.constrain(combine, "batch", "length", None, None)
    return combine.astype(bool), combine


def _dropping_experts(x: jax.Array, gates: jax.Array, weights: dict, request: Request,
                      shardings: Shardings) -> jax.Array:
    run, model = request.run, request.model
    dispatch, combine = _masks(gates, request, shardings)

    def up(routed: jax.Array, name: str) -> jax.Array:
        kernel = shardings.constrain(as_activation(weights[f"expert_{name}"], run), "experts", None, "mlp")
        hidden = jnp.einsum("ebcd,edf->ebcf", routed, kernel)
        hidden = shardings.constrain(hidden, "act_experts", "moe_batch", None, "act_mlp")
        return checkpoint_name(hidden, f"moe_mlp{name}")

    routed = jnp.einsum("bld,blec->ebcd", x, dispatch.astype(x.dtype))
    routed = shardings.constrain(routed, "act_experts", "moe_batch", None, "act_embed")
    gate = up(routed, "wi_0")
    linear = up(routed, "wi_1") if model.gated_mlp else None
    hidden = activate(model, gate, linear)
    kernel = shardings.constrain(as_activation(weights["expert_wo"], run), "experts", "mlp", None)
    out = jnp.einsum("ebcf,efd->ebcd", hidden, kernel)
    out = shardings.constrain(out, "act_experts", "moe_batch", None, "act_embed")
    out = checkpoint_name(out, "moe_mlpwo")
    return jnp.einsum("ebcd,blec->bld", out, combine)
