"""Mixture of experts: top-k routing, then dense dispatch with dropping, or grouped matmuls without.

Dropping follows MaxText's `dense_matmul`: one-hot dispatch and combine masks of [batch, length, experts, capacity].
Dropless is in `moe_dropless`.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

from .errors import RequestError
from .layers import activate, as_activation, feed_forward
from .model_spec import Mlp
from .moe_dropless import dropless_experts
from .request import Request
from .sharding import Shardings

DEFAULT_CAPACITY_FACTOR = 1.25


def expert_layer(x: jax.Array, weights: dict, mlp: Mlp, request: Request, shardings: Shardings) -> jax.Array:
    """Routed experts, plus shared experts where the model has them, on [batch, length, embed]."""
    experts = shardings.mesh.shape["expert"]
    if mlp.experts % experts:
        raise RequestError(f"model.experts {mlp.experts} is not divisible by expert {experts}")
    gates = jnp.einsum("bld,de->ble", x, as_activation(weights["gate"], request.run))
    gates = shardings.constrain(gates, "batch", "length", None)
    route = dropless_experts if request.run.moe == "dropless" else _dropping_experts
    out = route(x, gates, weights, mlp, request, shardings)
    if mlp.shared_width:
        out = out + feed_forward(x, weights, mlp, request.run, shardings, "shared_")
    return out


def top_k_weights(gates: jax.Array, k: int) -> tuple[jax.Array, jax.Array]:
    """(weights that add to one, expert indices), both [..., k], from gate logits."""
    values, indices = jax.lax.top_k(gates, k)
    return jax.nn.softmax(values.astype(jnp.float32), axis=-1), indices


def capacity(mlp: Mlp, factor: float | None, length: int) -> int:
    """Tokens of one sequence that one expert takes."""
    return max(1, int(math.ceil(length * mlp.experts_per_token / mlp.experts) * (factor or DEFAULT_CAPACITY_FACTOR)))


def _masks(gates: jax.Array, mlp: Mlp, request: Request, shardings: Shardings) -> tuple[jax.Array, jax.Array]:
    """Dispatch (bool) and combine (weights) masks, [batch, length, experts, capacity]."""
    batch, length, _ = gates.shape
    slots = capacity(mlp, request.run.capacity_factor, length)
    values, indices = top_k_weights(gates, mlp.experts_per_token)
    chosen = jax.nn.one_hot(indices, mlp.experts, dtype=jnp.int32)
    flat = chosen.reshape(batch, length * mlp.experts_per_token, mlp.experts)
    flat = shardings.constrain(flat, "batch", None, None)
    position = jnp.cumsum(flat, axis=1).reshape(chosen.shape)
    position = shardings.constrain(position, "batch", "length", None, None)
    kept = chosen * (position <= slots)
    slot = jax.nn.one_hot(jnp.sum(kept * position, axis=2), slots + 1, dtype=jnp.int32)[..., 1:]
    weight = jnp.sum(kept * values[..., None], axis=2).astype(gates.dtype)
    combine = weight[..., None] * slot
    combine = shardings.constrain(combine, "batch", "length", None, None)
    return combine.astype(bool), combine


def _dropping_experts(x: jax.Array, gates: jax.Array, weights: dict, mlp: Mlp, request: Request,
                      shardings: Shardings) -> jax.Array:
    run = request.run
    dispatch, combine = _masks(gates, mlp, request, shardings)

    def up(routed: jax.Array, name: str) -> jax.Array:
        kernel = shardings.constrain(as_activation(weights[f"expert_{name}"], run), "experts", None, "mlp")
        hidden = jnp.einsum("ebcd,edf->ebcf", routed, kernel)
        hidden = shardings.constrain(hidden, "act_experts", "moe_batch", None, "act_mlp")
        return checkpoint_name(hidden, f"moe_mlp{name}")

    routed = jnp.einsum("bld,blec->ebcd", x, dispatch.astype(x.dtype))
    routed = shardings.constrain(routed, "act_experts", "moe_batch", None, "act_embed")
    gate = up(routed, "wi_0")
    linear = up(routed, "wi_1") if mlp.gated else None
    hidden = activate(mlp, gate, linear)
    kernel = shardings.constrain(as_activation(weights["expert_wo"], run), "experts", "mlp", None)
    out = jnp.einsum("ebcf,efd->ebcd", hidden, kernel)
    out = shardings.constrain(out, "act_experts", "moe_batch", None, "act_embed")
    out = checkpoint_name(out, "moe_mlpwo")
    return jnp.einsum("ebcd,blec->bld", out, combine)
