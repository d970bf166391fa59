"""Attention over a whole sequence: the public Pallas TPU kernel (splash attention), or plain dot products.

Sequence parallelism is MaxText's default: each device keeps its queries and gathers all keys and values.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.ad_checkpoint import checkpoint_name
from jax.experimental.pallas.ops.tpu import splash_attention as splash
from jax.experimental.pallas.ops.tpu.splash_attention import splash_attention_mask as splash_mask
from jax.sharding import NamedSharding, PartitionSpec

from .errors import RequestError
from .features import LONG_SEQUENCE
from .layers import matmul, rotary
from .model_spec import Attention, PlainAttention
from .request import Request, Run
from .sharding import Shardings

BLOCK = 512  # MaxText's default of every sa_block_*
LONG_BLOCK = 1024  # beyond LONG_SEQUENCE, so that the kernel's mask stays small
LANES = 128


def plain_attention(x: jax.Array, weights: dict, attention: PlainAttention, positions: jax.Array, segments: jax.Array | None,
                    request: Request, shardings: Shardings) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Self-attention on [batch, length, embed]. Returns the output and the (key, value) of the sequence."""
    query, key, value = project_qkv(x, weights, positions, request.run, shardings)
    out = attend(query, key, value, attention, segments, request, shardings)
    out = gated_output(x, weights, out, request.run, shardings)
    return project_out(out, weights, request.run, shardings), (key, value)


def attend(query: jax.Array, key: jax.Array, value: jax.Array, attention: Attention, segments: jax.Array | None,
           request: Request, shardings: Shardings) -> jax.Array:
    """Queries, keys and values [batch, length, heads, width] to the heads' outputs, of the values' width."""
    kernel = _flash if request.run.attention == "flash" else _dot_product
    out = kernel(query, key, value, attention, segments, request, shardings)
    return shardings.constrain(out, "batch", "length", "act_heads", None)


def gated_output(x: jax.Array, weights: dict, out: jax.Array, run: Run, shardings: Shardings) -> jax.Array:
    """The heads' outputs, each times a gate made from the layer's input where the model has one."""
    if "output_gate" not in weights:
        return out
    gate = shardings.constrain(matmul(x, weights["output_gate"], 1, run), "batch", "length", "act_heads", None)
    return out * jax.nn.sigmoid(gate)


def project_out(out: jax.Array, weights: dict, run: Run, shardings: Shardings) -> jax.Array:
    """The heads' outputs back to [batch, length, embed]."""
    out = checkpoint_name(matmul(out, weights["out"], 2, run), "out_proj")
    return shardings.constrain(out, "batch", "length", "act_embed")


def project_qkv(x: jax.Array, weights: dict, positions: jax.Array, run: Run,
                shardings: Shardings) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Projections to [batch, length, heads, head_dim] with rotary positions and checkpoint names."""
    query = matmul(x, weights["query"], 1, run)
    key = matmul(x, weights["key"], 1, run)
    value = matmul(x, weights["value"], 1, run)
    query = rotary(query, positions) / math.sqrt(query.shape[-1])
    key = rotary(key, positions)
    query = shardings.constrain(query, "batch", "length", "act_heads", None)
    key = shardings.constrain(key, "batch", "length", "act_kv_heads", None)
    value = shardings.constrain(value, "batch", "length", "act_kv_heads", None)
    return (checkpoint_name(query, "query_proj"), checkpoint_name(key, "key_proj"),
            checkpoint_name(value, "value_proj"))


def repeated_kv_heads(attention: Attention, tensor: int) -> int:
    """KV heads after the replication that lets `tensor` divide them."""
    if attention.kv_heads % tensor == 0:
        return attention.kv_heads
    count = math.lcm(attention.kv_heads, tensor)
    return count if attention.heads % count == 0 else attention.heads


def _repeat_kv(kv: jax.Array, count: int) -> jax.Array:
    return kv if kv.shape[2] == count else jnp.repeat(kv, count // kv.shape[2], axis=2)


def _block(length: int, sequence: int) -> int:
    for block in (LONG_BLOCK, BLOCK, 384, 256, 128):
        if length % block == 0 and (block <= BLOCK or sequence > LONG_SEQUENCE):
            return block
    raise RequestError(f"flash attention needs a sequence shard that is a multiple of {LANES}, not {length}")


def _flash(query: jax.Array, key: jax.Array, value: jax.Array, attention: Attention, segments: jax.Array | None,
           request: Request, shardings: Shardings) -> jax.Array:
    mesh = shardings.mesh
    tensor, seq = mesh.shape["model"], mesh.shape["seq"]
    batch, length, heads, _ = query.shape
    if heads % tensor:
        raise RequestError(f"model.heads {heads} is not divisible by model {tensor}")
    if length % seq:
        raise RequestError(f"run.seq_len {length} is not divisible by seq {seq}")
    kv_heads = repeated_kv_heads(attention, tensor)
    key, value = _repeat_kv(key, kv_heads), _repeat_kv(value, kv_heads)
    width = value.shape[-1]
    query, key, value = (jnp.swapaxes(item, 1, 2) for item in (query, key, value))
    if seq == 1:
        # padded keys that are gathered over seq end in an error of XLA's own
        query, key, value = (_padded(item) for item in (query, key, value))

    kernel, kernel_spec = _kernel(attention, request, shardings, length)
    spec = shardings.spec
    query_spec = spec(("batch", "act_heads", "length", None), query.shape)
    kv_spec = spec(("batch", "act_kv_heads", None, None), key.shape)
    segment_specs = (spec(("batch", "length")), spec(("batch", None)))

    def local(kernel: Any, *arrays: jax.Array) -> jax.Array:
        def one(query: jax.Array, key: jax.Array, value: jax.Array, query_segments: jax.Array, kv_segments: jax.Array) -> jax.Array:
            ids = None if segments is None else splash.SegmentIds(q=query_segments, kv=kv_segments)
            attended: jax.Array = kernel(query, key, value, segment_ids=ids)
            return attended

        return jax.vmap(one)(*arrays)

    segments_arg = jnp.zeros((batch, length), jnp.int32) if segments is None else segments
    out = jax.shard_map(
        local, mesh=mesh, in_specs=(kernel_spec, query_spec, kv_spec, kv_spec, *segment_specs),
        out_specs=query_spec, check_vma=False,
    )(kernel, query, key, value, segments_arg, segments_arg)
    return jnp.swapaxes(out, 1, 2)[..., :width]


def _padded(heads: jax.Array) -> jax.Array:
    """Heads of whole lanes."""
    padding = -heads.shape[-1] % LANES
    return jnp.pad(heads, ((0, 0),) * 3 + ((0, padding),)) if padding else heads


def _kernel(attention: Attention, request: Request, shardings: Shardings, length: int) -> tuple[Any, Any]:
    """The splash kernel for this mask, and the PartitionSpecs of its mask arrays."""
    mesh = shardings.mesh
    tensor, seq = mesh.shape["model"], mesh.shape["seq"]
    block_q, block_kv = _block(length // seq, length), _block(length, length)
    compute = min(block_kv, BLOCK)
    blocks: dict[str, Any] = {"block_q": block_q, "block_kv": block_kv, "block_kv_compute": compute}
    if request.phase == "train":
        blocks |= {"block_q_dkv": block_q, "block_kv_dkv": block_kv, "block_kv_dkv_compute": compute,
                   "block_q_dq": block_q, "block_kv_dq": block_kv}
    mask = _quick_blocks(_mask(attention, length, seq), attention)
    heads_axis = "model" if tensor > 1 else None
    with jax.ensure_compile_time_eval():
        kernel = splash.make_splash_mha(
            splash.MultiHeadMask([mask] * attention.heads),
            block_sizes=splash.BlockSizes(**blocks), head_shards=tensor, q_seq_shards=seq,
            residual_checkpoint_name="context",
        )
    kernel = jax.tree.map(np.asarray, kernel)
    sharding = NamedSharding(mesh, PartitionSpec(heads_axis, "seq" if seq > 1 else None))
    return kernel, kernel.manual_sharding_spec(sharding)


def _mask(attention: Attention, length: int, seq: int) -> splash.Mask:
    shape, window = (length, length), attention.window
    if window is None or window >= length:
        return splash.CausalMask(shape, shard_count=seq)
    if attention.kind == "chunked":
        return splash_mask.ChunkedCausalMask(shape, window, shard_count=seq)
    return splash.LocalMask(shape, window_size=(window - 1, 0), offset=0, shard_count=seq)


def _quick_blocks(mask: splash.Mask, attention: Attention) -> splash.Mask:
    """The same mask, answering for a block that is all visible or all hidden without computing each element.

    The kernel's maker asks for every block of a mask: for 128k tokens that is minutes of work otherwise.
    """
    kind, window, chunked = type(mask), attention.window, attention.kind == "chunked"

    def block(self: splash.Mask, index: tuple[slice, slice]) -> np.ndarray:
        rows, columns = index
        first_row, last_row, first_column, last_column = rows.start, rows.stop - 1, columns.start, columns.stop - 1
        hidden = first_column > last_row
        visible = last_column <= first_row
        if window and chunked:
            hidden |= last_column // window < first_row // window
            visible &= first_column // window == last_row // window
        elif window:
            hidden |= last_column <= first_row - window
            visible &= first_column > last_row - window
        if hidden or visible:
            return np.full((1, 1), bool(visible))
        return kind.__getitem__(self, index)

    quick = type(f"Quick{kind.__name__}", (kind,), {"__getitem__": block})
    mask.__class__ = quick
    return mask


def _dot_product(query: jax.Array, key: jax.Array, value: jax.Array, attention: Attention, segments: jax.Array | None,
                 request: Request, shardings: Shardings) -> jax.Array:
    batch, length, heads, head_dim = query.shape
    kv_heads = repeated_kv_heads(attention, shardings.mesh.shape["model"])
    key, value = _repeat_kv(key, kv_heads), _repeat_kv(value, kv_heads)
    key = shardings.constrain(key, "batch", None, "act_kv_heads", None)
    value = shardings.constrain(value, "batch", None, "act_kv_heads", None)
    grouped = query.reshape(batch, length, kv_heads, heads // kv_heads, head_dim)
    scores = jnp.einsum("bqkgd,bskd->bkgqs", grouped, key)
    scores = shardings.constrain(scores, "batch", "act_kv_heads", None, "length", None)
    scores = scores + _additive_mask(length, attention, segments)
    weights = jax.nn.softmax(scores.astype(jnp.float32), axis=-1).astype(query.dtype)
    out = jnp.einsum("bkgqs,bskd->bqkgd", weights, value)
    return checkpoint_name(out.reshape(batch, length, heads, value.shape[-1]), "context")


def _additive_mask(length: int, attention: Attention, segments: jax.Array | None) -> jax.Array:
    rows = jax.lax.broadcasted_iota(jnp.int32, (length, length), 0)
    columns = jax.lax.broadcasted_iota(jnp.int32, (length, length), 1)
    allowed = columns <= rows
    if attention.window and attention.kind == "chunked":
        allowed &= columns // attention.window == rows // attention.window
    elif attention.window:
        allowed &= columns > rows - attention.window
    allowed = allowed[None]
    if segments is not None:
        allowed = allowed & (segments[:, :, None] == segments[:, None, :])
    return jnp.where(allowed, 0.0, -1e9).astype(jnp.float32)[:, None, None]
