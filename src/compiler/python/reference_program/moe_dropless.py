"""Dropless experts as in MaxText's `sparse_matmul`: tokens sorted by expert, grouped matmuls (Pallas megablox),
and a ragged all-to-all over the expert axis into a buffer sized for the worst routing.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name
from jax.experimental.pallas.ops.tpu.megablox.ops import gmm

from .layers import activate, as_activation
from .model_spec import Mlp
from .request import Request
from .sharding import Shardings

TILE_ROWS, TILE_COLUMNS = 512, 1024  # MaxText's default tiles
LANES = 128


def dropless_experts(x: jax.Array, gates: jax.Array, weights: dict, mlp: Mlp, request: Request,
                     shardings: Shardings) -> jax.Array:
    """Routed experts on [batch, length, embed]; every routed token is computed."""
    mesh = shardings.mesh
    names = ["expert_wi_0", "expert_wo"] + (["expert_wi_1"] if mlp.gated else [])
    axes = {"expert_wi_0": ("experts", None, "mlp"), "expert_wi_1": ("experts", None, "mlp"),
            "expert_wo": ("experts", "mlp", None)}
    kernels = {name: as_activation(weights[name], request.run) for name in names}
    spec = shardings.spec
    token_spec = spec(("batch", "length", None))
    body = functools.partial(_local_experts, mlp=mlp, expert_shards=mesh.shape["expert"],
                             tensor_shards=mesh.shape["model"])
    return jax.shard_map(
        body, mesh=mesh, in_specs=(token_spec, token_spec, {name: spec(axes[name]) for name in names}),
        out_specs=spec(("batch", "length", "act_embed")), check_vma=False,
    )(x, gates, kernels)


def _local_experts(x: jax.Array, gates: jax.Array, kernels: dict[str, jax.Array], *, mlp: Mlp,
                   expert_shards: int, tensor_shards: int) -> jax.Array:
    batch, length, embed = x.shape
    k = mlp.experts_per_token
    values, indices = jax.lax.top_k(gates, k)
    values = jax.nn.softmax(values.astype(jnp.float32), axis=-1).reshape(-1, k)
    chosen = indices.reshape(-1)
    order = jnp.argsort(chosen)
    rows = _permute(jnp.repeat(x.reshape(-1, embed), k, axis=0), order)
    sizes = jnp.bincount(chosen, length=mlp.experts)
    if expert_shards > 1:
        out = _exchanged(rows, sizes, kernels, mlp, expert_shards, tensor_shards)
    else:
        out = _grouped_mlp(rows, sizes, kernels, mlp, tensor_shards)
    out = _permute(out, jnp.argsort(order)).reshape(batch * length, k, -1)
    out = jnp.einsum("tkd,tk->td", out.astype(jnp.float32), values)
    return out.reshape(batch, length, -1).astype(x.dtype)


def _exchanged(rows: jax.Array, sizes: jax.Array, kernels: dict[str, jax.Array], mlp: Mlp,
               expert_shards: int, tensor_shards: int) -> jax.Array:
    """Sends rows to the shard of their expert, computes them there, and sends the results back."""
    local = mlp.experts // expert_shards
    shard = jax.lax.axis_index("expert")
    to_shard = jnp.sum(sizes.reshape(-1, local), axis=1)
    table = jax.lax.all_gather(to_shard, "expert")  # [from, to]
    buffer_rows = expert_shards * rows.shape[0] // mlp.experts_per_token * min(local, mlp.experts_per_token)
    received = jax.lax.ragged_all_to_all(
        rows, jnp.zeros((buffer_rows, rows.shape[1]), rows.dtype), *_offsets(table, shard), axis_name="expert"
    )
    by_sender = jax.lax.all_gather(sizes, "expert")
    mine = jax.lax.dynamic_slice_in_dim(by_sender, shard * local, local, axis=1)
    expert_of = jnp.repeat(jnp.mod(jnp.arange(mine.size), local), mine.reshape(-1), total_repeat_length=buffer_rows)
    order = jnp.argsort(expert_of)
    out = _grouped_mlp(_permute(received, order), jnp.sum(mine, axis=0), kernels, mlp, tensor_shards)
    out = _permute(out, jnp.argsort(order))
    back = jnp.zeros((rows.shape[0], out.shape[1]), out.dtype)
    return jax.lax.ragged_all_to_all(out, back, *_offsets(table.T, shard), axis_name="expert")


def _offsets(table: jax.Array, shard: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """input_offsets, send_sizes, output_offsets, recv_sizes of ragged_all_to_all for a [from, to] table of rows."""
    sends = table[shard]
    starts = jnp.cumsum(sends) - sends
    written_before = jnp.cumsum(table, axis=0) - table
    return starts, sends, written_before[shard], table[:, shard]


@jax.custom_vjp
def _permute(rows: jax.Array, order: jax.Array) -> jax.Array:
    """rows[order] for a permutation: its gradient is a gather too, not a scatter."""
    return rows[order]


_permute.defvjp(lambda rows, order: (rows[order], order),
                lambda order, gradient: (gradient[jnp.argsort(order)], None))


def _tile(columns: int) -> int:
    """Whole lanes, for the way back cuts the other dimension by the same tile; the kernel masks what a tile has too much."""
    return min(TILE_COLUMNS, -(-columns // LANES) * LANES)


def _grouped_mlp(rows: jax.Array, sizes: jax.Array, kernels: dict[str, jax.Array], mlp: Mlp,
                 tensor_shards: int) -> jax.Array:
    padding = -rows.shape[0] % TILE_ROWS
    padded = jnp.pad(rows, ((0, padding), (0, 0)))

    def product(left: jax.Array, name: str) -> jax.Array:
        right = kernels[name]
        tiling = (TILE_ROWS, _tile(right.shape[1]), _tile(right.shape[2]))
        out = gmm(left, right, sizes.astype(jnp.int32), rows.dtype, tiling)
        return checkpoint_name(out, name.replace("expert_", "moe_mlp"))

    gate = product(padded, "expert_wi_0")
    linear = product(padded, "expert_wi_1") if mlp.gated else None
    out = product(activate(mlp, gate, linear), "expert_wo")
    if tensor_shards > 1:
        out = jax.lax.psum_scatter(out, "model", scatter_dimension=1, tiled=True)
    return out[: rows.shape[0]]
