"""Prefill (logits of the last token and the KV cache of a prompt) and decode (one token against a full cache)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .attention import gated_output, project_qkv, repeated_kv_heads
from .errors import RequestError
from .latent_attention import attend_latents, kv_latent, latent_query
from .layers import matmul, rms_norm
from .model import embed_tokens, group_stacks, logits_of, mlp_block, run_layers
from .model_spec import LatentAttention, Layer, PlainAttention
from .params import JAX_DTYPES, abstract_parameters
from .request import Request
from .sharding import Shardings

Axes = tuple[str | None, ...]
CACHE_AXES: Axes = (None, "batch", "act_kv_heads", "cache_length", None)  # keys, values
LATENT_AXES: Axes = (None, "batch", "cache_length", None)  # latents, rotary keys
INT8_SCALE = 127.0


def abstract_prefill_arguments(request: Request, shardings: Shardings) -> tuple[Any, Any]:
    """(parameters, batch) as sharded ShapeDtypeStructs."""
    run = request.run
    _check_batch(request, shardings)
    shape = (run.global_batch, run.seq_len)
    tokens = jax.ShapeDtypeStruct(shape, jnp.int32, sharding=shardings.named(("batch", "length"), shape))
    return abstract_parameters(request.model, run, shardings), {"tokens": tokens, "positions": tokens}


def prefill_step(params: Any, batch: dict[str, jax.Array], request: Request, shardings: Shardings) -> tuple[Any, Any]:
    """Logits [batch, vocab] of the last token, and the cache of every layer."""
    x = embed_tokens(params, batch["tokens"], request, shardings)
    x, caches = run_layers(params, x, batch["positions"], None, request, shardings, keep_cache=True)
    logits = logits_of(params, x[:, -1:], request, shardings)

    def stored(made: jax.Array) -> jax.Array:
        return _to_cache(jnp.transpose(made, (0, 1, 3, 2, 4)) if made.ndim == 5 else made, request, shardings)

    return logits[:, 0], jax.tree.map(stored, caches)


def abstract_decode_arguments(request: Request, shardings: Shardings) -> tuple[Any, Any, Any]:
    """(cache, parameters, batch): the cache comes first because it is donated."""
    model, run = request.model, request.run
    _check_batch(request, shardings)
    dtype = JAX_DTYPES[run.kv_dtype]

    def entry(axes: Axes, *shape: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(shape, dtype, sharding=shardings.named(axes, shape))

    def entries(repeat: int, layer: Layer) -> tuple[jax.ShapeDtypeStruct, ...]:
        attention, batch, length = layer.attention, run.global_batch, run.seq_len
        if attention is None:
            return ()
        if isinstance(attention, LatentAttention):
            return tuple(entry(LATENT_AXES, repeat, batch, length, width) for width in (attention.kv_lora_rank, attention.qk_rope_head_dim))
        widths = (attention.head_dim, attention.v_head_dim)
        return tuple(entry(CACHE_AXES, repeat, batch, attention.kv_heads, length, width) for width in widths)

    cache = [tuple(entries(group.repeat, layer) for layer in group.layers) for group in model.groups]
    shape = (run.global_batch, 1)
    token = jax.ShapeDtypeStruct(shape, jnp.int32, sharding=shardings.named(("batch", None), shape))
    index = jax.ShapeDtypeStruct((), jnp.int32, sharding=shardings.named(()))
    return cache, abstract_parameters(model, run, shardings), {"tokens": token, "positions": token, "index": index}


def decode_step(cache: Any, params: Any, batch: dict[str, jax.Array], request: Request,
                shardings: Shardings) -> tuple[Any, jax.Array]:
    """One token a sequence. Returns the cache, updated in place at `index`, and the next tokens [batch]."""
    model = request.model
    x = embed_tokens(params, batch["tokens"], request, shardings)
    new_cache = []
    for g, group in enumerate(model.groups):

        def step(carry: tuple, scanned: tuple, layers: tuple[Layer, ...] = group.layers) -> tuple[tuple, None]:
            x, caches = carry
            index, stacks = scanned
            updated = []
            for layer, entries, weights in zip(layers, caches, stacks, strict=True):
                x, entries = _decode_layer(x, entries, index, layer, weights, batch, request, shardings)
                updated.append(entries)
            return (x, tuple(updated)), None

        (x, entries), _ = jax.lax.scan(step, (x, cache[g]), (jnp.arange(group.repeat), group_stacks(params, model, g)))
        new_cache.append(entries)
    logits = logits_of(params, x, request, shardings)
    return new_cache, jnp.argmax(logits[:, 0], axis=-1)


def _decode_layer(x: jax.Array, entries: tuple, index: jax.Array, layer: Layer, weights: dict,
                  batch: dict[str, jax.Array], request: Request, shardings: Shardings) -> tuple[jax.Array, tuple]:
    """One layer on one token; `entries` are the caches of all repeats, of which this is repeat `index`."""
    if layer.attention is not None:
        normed = rms_norm(x, weights["attention_norm"])
        if isinstance(layer.attention, LatentAttention):
            out, entries = _decode_latents(normed, entries, index, layer.attention, weights, batch, request, shardings)
        else:
            out, entries = _decode_heads(normed, entries, index, layer.attention, weights, batch, request, shardings)
        x = x + matmul(out, weights["out"], 2, request.run)
    if layer.mlp is not None:
        normed = rms_norm(x, weights["mlp_norm"])
        x = x + mlp_block(normed, weights, layer.mlp, request, shardings)
    return shardings.constrain(x, "batch", None, "act_embed"), entries


def _decode_heads(x: jax.Array, entries: tuple, index: jax.Array, attention: PlainAttention, weights: dict,
                  batch: dict[str, jax.Array], request: Request, shardings: Shardings) -> tuple[jax.Array, tuple]:
    query, key, value = project_qkv(x, weights, batch["positions"], request.run, shardings)
    keys, values = (_write(cache, jnp.swapaxes(new, 1, 2), index, batch["index"], request, shardings)
                    for cache, new in zip(entries, (key, value), strict=True))
    out = _attend_cache(query, keys[index], values[index], attention, request, shardings)
    return gated_output(x, weights, out, request.run, shardings), (keys, values)


def _decode_latents(x: jax.Array, entries: tuple, index: jax.Array, attention: LatentAttention, weights: dict,
                    batch: dict[str, jax.Array], request: Request, shardings: Shardings) -> tuple[jax.Array, tuple]:
    run = request.run
    query = latent_query(x, weights, attention, batch["positions"], run, shardings)
    new = kv_latent(x, weights, attention, batch["positions"], run, shardings)
    latents, ropes = (_write(cache, made, index, batch["index"], request, shardings) for cache, made in zip(entries, new, strict=True))
    held = (_from_cache(latents[index], request), _from_cache(ropes[index], request))
    return attend_latents(query, *held, weights, attention, run, shardings), (latents, ropes)


def _write(cache: jax.Array, new: jax.Array, layer: jax.Array, index: jax.Array, request: Request, shardings: Shardings) -> jax.Array:
    """The cache with one token's entry, whose axes are the cache's without the first, at `index` of its length."""
    axes = CACHE_AXES if cache.ndim == 5 else LATENT_AXES
    zero = jnp.zeros((), jnp.int32)
    start = [index if name == "cache_length" else zero for name in axes[1:]]
    cache = jax.lax.dynamic_update_slice(cache, _to_cache(new[None], request, shardings, one_token=True), (layer, *start))
    return shardings.constrain(cache, *axes)


def _attend_cache(query: jax.Array, keys: jax.Array, values: jax.Array, attention: PlainAttention, request: Request,
                  shardings: Shardings) -> jax.Array:
    """[batch, 1, heads, head_dim] against [batch, kv_heads, length, head_dim]; the last of the cache's tokens is the newest."""
    batch, _, heads, head_dim = query.shape
    keys, values = (_from_cache(item, request) for item in (keys, values))
    kv_heads = repeated_kv_heads(attention, shardings.mesh.shape["model"])
    if kv_heads != attention.kv_heads:
        keys, values = (jnp.repeat(item, kv_heads // attention.kv_heads, axis=1) for item in (keys, values))
    grouped = query.reshape(batch, kv_heads, heads // kv_heads, head_dim)
    scores = jnp.einsum("bkgd,bksd->bkgs", grouped, keys).astype(jnp.float32)
    scores = shardings.constrain(scores, "batch", "act_kv_heads", None, "cache_length")
    if attention.window:
        length = keys.shape[2]
        first = (length - 1) // attention.window * attention.window - 1 if attention.kind == "chunked" else length - attention.window
        scores = jnp.where(jnp.arange(length) > first, scores, -1e9)
    weights = jax.nn.softmax(scores, axis=-1).astype(query.dtype)
    out = jnp.einsum("bkgs,bksd->bkgd", weights, values)
    return out.reshape(batch, 1, heads, values.shape[-1])


def _to_cache(kv: jax.Array, request: Request, shardings: Shardings, one_token: bool = False) -> jax.Array:
    dtype = JAX_DTYPES[request.run.kv_dtype]
    if request.run.kv_dtype == "int8":
        kv = jnp.round(kv.astype(jnp.float32) * INT8_SCALE)
    axes = CACHE_AXES if kv.ndim == 5 else LATENT_AXES
    return shardings.constrain(kv.astype(dtype), *(None if one_token and name == "cache_length" else name for name in axes))


def _from_cache(kv: jax.Array, request: Request) -> jax.Array:
    wide = kv.astype(JAX_DTYPES[request.run.activation_dtype])
    return wide / INT8_SCALE if request.run.kv_dtype == "int8" else wide


def _check_batch(request: Request, shardings: Shardings) -> None:
    shards = shardings.size("replica", "data", "expert")
    if request.run.global_batch % shards:
        raise RequestError(
            f"global_batch {request.run.global_batch} is not divisible by replica x data x expert = {shards}"
        )
    if shardings.size("stage") > 1:
        raise RequestError("pipeline is not in the reference program for serving")
