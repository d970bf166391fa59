"""Prefill (logits of the last token and the KV cache of a prompt) and decode (one token against a full cache)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .attention import project_qkv, repeated_kv_heads
from .layers import feed_forward, matmul, rms_norm
from .model import LAYER_GROUPS, embed_tokens, logits_of, run_layers
from .moe import expert_layer
from .params import JAX_DTYPES, abstract_parameters
from .request import Request, RequestError
from .sharding import Shardings

CACHE_AXES = (None, "batch", "act_kv_heads", "cache_length", None)
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

    def stored(kv: jax.Array) -> jax.Array:
        return _to_cache(jnp.transpose(kv, (0, 1, 3, 2, 4)), request, shardings)

    return logits[:, 0], jax.tree.map(stored, caches)


def abstract_decode_arguments(request: Request, shardings: Shardings) -> tuple[Any, Any, Any]:
    """(cache, parameters, batch): the cache comes first because it is donated."""
    model, run = request.model, request.run
    _check_batch(request, shardings)
    dtype = JAX_DTYPES[run.kv_dtype]
    dense = model.dense_layers if model.is_moe else model.layers
    counts = {"dense_layers": dense, "moe_layers": model.layers - dense}

    def entry(count: int) -> jax.ShapeDtypeStruct:
        shape = (count, run.global_batch, model.kv_heads, run.seq_len, model.head_dim)
        return jax.ShapeDtypeStruct(shape, dtype, sharding=shardings.named(CACHE_AXES, shape))

    cache = {group: (entry(count), entry(count)) for group, count in counts.items() if count}
    shape = (run.global_batch, 1)
    token = jax.ShapeDtypeStruct(shape, jnp.int32, sharding=shardings.named(("batch", None), shape))
    index = jax.ShapeDtypeStruct((), jnp.int32, sharding=shardings.named(()))
    return cache, abstract_parameters(model, run, shardings), {"tokens": token, "positions": token, "index": index}


def decode_step(cache: Any, params: Any, batch: dict[str, jax.Array], request: Request,
                shardings: Shardings) -> tuple[Any, jax.Array]:
    """One token a sequence. Returns the cache, updated in place at `index`, and the next tokens [batch]."""
    x = embed_tokens(params, batch["tokens"], request, shardings)
    new_cache = {}
    for group in LAYER_GROUPS:
        if group not in params:
            continue

        def step(carry: tuple, scanned: tuple) -> tuple[tuple, None]:
            x, keys, values = carry
            layer, weights = scanned
            return _decode_layer(x, keys, values, layer, weights, batch, request, shardings), None

        keys, values = cache[group]
        indices = jnp.arange(keys.shape[0])
        (x, keys, values), _ = jax.lax.scan(step, (x, keys, values), (indices, params[group]))
        new_cache[group] = (keys, values)
    logits = logits_of(params, x, request, shardings)
    return new_cache, jnp.argmax(logits[:, 0], axis=-1)


def _decode_layer(x: jax.Array, keys: jax.Array, values: jax.Array, layer: jax.Array, weights: dict,
                  batch: dict[str, jax.Array], request: Request, shardings: Shardings) -> tuple:
    normed = rms_norm(x, weights["attention_norm"])
    query, key, value = project_qkv(normed, weights, batch["positions"], request.run, shardings)
    keys = _write(keys, key, layer, batch["index"], request, shardings)
    values = _write(values, value, layer, batch["index"], request, shardings)
    out = _attend_cache(query, keys[layer], values[layer], request, shardings)
    x = x + matmul(out, weights["out"], 2, request.run)
    normed = rms_norm(x, weights["mlp_norm"])
    if "gate" in weights:
        out = expert_layer(normed, weights, request, shardings)
    else:
        out = feed_forward(normed, weights, request.model, request.run, shardings)
    x = shardings.constrain(x + out, "batch", None, "act_embed")
    return x, keys, values


def _write(cache: jax.Array, new: jax.Array, layer: jax.Array, index: jax.Array, request: Request,
           shardings: Shardings) -> jax.Array:
    entry = _to_cache(jnp.swapaxes(new, 1, 2)[None], request, shardings, length_axis=None)
    zero = jnp.zeros((), jnp.int32)
    cache = jax.lax.dynamic_update_slice(cache, entry, (layer, zero, zero, index, zero))
    return shardings.constrain(cache, *CACHE_AXES)


def _attend_cache(query: jax.Array, keys: jax.Array, values: jax.Array, request: Request,
                  shardings: Shardings) -> jax.Array:
    """[batch, 1, heads, head_dim] against [batch, kv_heads, length, head_dim]."""
    model = request.model
    batch, _, heads, head_dim = query.shape
    keys, values = (_from_cache(item, request) for item in (keys, values))
    kv_heads = repeated_kv_heads(model, shardings.mesh.shape["model"])
    if kv_heads != model.kv_heads:
        keys, values = (jnp.repeat(item, kv_heads // model.kv_heads, axis=1) for item in (keys, values))
    grouped = query.reshape(batch, kv_heads, heads // kv_heads, head_dim)
    scores = jnp.einsum("bkgd,bksd->bkgs", grouped, keys).astype(jnp.float32)
    scores = shardings.constrain(scores, "batch", "act_kv_heads", None, "cache_length")
    if model.attention_window:
        length = keys.shape[2]
        recent = jnp.arange(length) > length - model.attention_window
        scores = jnp.where(recent, scores, -1e9)
    weights = jax.nn.softmax(scores, axis=-1).astype(query.dtype)
    out = jnp.einsum("bkgs,bksd->bkgd", weights, values)
    return out.reshape(batch, 1, heads, head_dim)


def _to_cache(kv: jax.Array, request: Request, shardings: Shardings, length_axis: str | None = "cache_length") -> jax.Array:
    dtype = JAX_DTYPES[request.run.kv_dtype]
    if request.run.kv_dtype == "int8":
        kv = jnp.round(kv.astype(jnp.float32) * INT8_SCALE)
    return shardings.constrain(kv.astype(dtype), None, "batch", "act_kv_heads", length_axis, None)


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
