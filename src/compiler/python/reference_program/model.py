"""The decoder: embedding, scanned layers, final norm and logits, over a whole sequence."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

from .attention import attention_block
from .layers import as_activation, feed_forward, rms_norm
from .moe import expert_layer
from .pipeline import run_pipeline
from .remat import apply_remat
from .request import Request
from .sharding import Shardings

LAYER_GROUPS = ("dense_layers", "moe_layers")


def embed_tokens(params: dict[str, Any], tokens: jax.Array, request: Request, shardings: Shardings) -> jax.Array:
    """Token embeddings [batch, length, embed] in the activation dtype."""
    table = as_activation(params["embedding"], request.run)
    out = jnp.take(table, tokens, axis=0)
    return shardings.constrain(out, "batch", "length", "act_embed")


def decoder_layer(x: jax.Array, weights: dict[str, Any], positions: jax.Array, segments: jax.Array | None,
                  request: Request, shardings: Shardings) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """One pre-norm block. Returns the layer's output and the (key, value) it made."""
    x = checkpoint_name(x, "decoder_layer_input")
    x = shardings.constrain(x, "batch", "length", "act_embed")
    normed = rms_norm(x, weights["attention_norm"])
    normed = shardings.constrain(normed, "batch", "length", "act_embed")
    attended, key_value = attention_block(normed, weights, positions, segments, request, shardings)
    x = x + attended
    normed = rms_norm(x, weights["mlp_norm"])
    normed = shardings.constrain(normed, "batch", "length", "act_embed")
    if "gate" in weights:
        out = expert_layer(normed, weights, request, shardings)
    else:
        out = feed_forward(normed, weights, request.model, request.run, shardings)
    x = x + shardings.constrain(out, "batch", "length", "act_embed")
    return shardings.constrain(x, "batch", "length", "act_embed"), key_value


def run_layers(params: dict[str, Any], x: jax.Array, positions: jax.Array, segments: jax.Array | None,
               request: Request, shardings: Shardings, keep_cache: bool = False) -> tuple[jax.Array, Any]:
    """All layers by scan. With keep_cache the stacked (key, value) of each group come back too."""

    def step(carry: jax.Array, weights: dict[str, Any]) -> tuple[jax.Array, Any]:
        out, key_value = decoder_layer(carry, weights, positions, segments, request, shardings)
        return out, key_value if keep_cache else None

    body = step if request.phase != "train" else apply_remat(step, request.run)
    if shardings.size("stage") > 1:
        assert segments is not None  # a training step always has them, and only that is pipelined
        return _pipelined(params, x, positions, segments, request, shardings), None
    caches = {}
    for group in LAYER_GROUPS:
        if group in params:
            x, caches[group] = jax.lax.scan(body, x, params[group])
    return x, caches


def _pipelined(params: dict[str, Any], x: jax.Array, positions: jax.Array, segments: jax.Array, request: Request,
               shardings: Shardings) -> jax.Array:
    def stage_layers(x: jax.Array, weights: Any, positions: jax.Array, segments: jax.Array) -> jax.Array:
        def step(carry: jax.Array, layer: dict[str, Any]) -> tuple[jax.Array, None]:
            return decoder_layer(carry, layer, positions, segments, request, shardings)[0], None

        return jax.lax.scan(apply_remat(step, request.run), x, weights)[0]

    weights = params["moe_layers" if request.model.is_moe else "dense_layers"]
    return run_pipeline(stage_layers, weights, x, positions, segments, request, shardings)


def logits_of(params: dict[str, Any], x: jax.Array, request: Request, shardings: Shardings) -> jax.Array:
    """Logits in f32, [batch, length, vocab]; the product itself is in the activation dtype, as in MaxText."""
    if shardings.size("stage") > 1:
        x = shardings.constrain(x, "logits_batch", "length", "act_embed")
    x = rms_norm(x, params["final_norm"])
    if request.model.tied_embeddings:
        table = as_activation(params["embedding"], request.run)
        logits = jnp.einsum("bld,vd->blv", x, table)
    else:
        logits = jnp.einsum("bld,dv->blv", x, as_activation(params["logits"], request.run))
    logits = shardings.constrain(logits, "logits_batch", "length", "act_vocab")
    return logits.astype(jnp.float32)

