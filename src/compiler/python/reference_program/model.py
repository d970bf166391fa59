"""The decoder: embedding, scanned layers, final norm and logits, over a whole sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

from .attention import plain_attention
from .latent_attention import latent_attention
from .layers import as_activation, feed_forward, rms_norm
from .model_spec import Group, LatentAttention, Layer, Mlp, Model
from .moe import expert_layer
from .pipeline import run_pipeline
from .remat import apply_remat
from .request import Request
from .sharding import Shardings


def embed_tokens(params: dict[str, Any], tokens: jax.Array, request: Request, shardings: Shardings) -> jax.Array:
    """Token embeddings [batch, length, embed] in the activation dtype."""
    table = as_activation(params["embedding"], request.run)
    out = jnp.take(table, tokens, axis=0)
    return shardings.constrain(out, "batch", "length", "act_embed")


def decoder_layer(x: jax.Array, weights: dict[str, Any], layer: Layer, positions: jax.Array, segments: jax.Array | None,
                  request: Request, shardings: Shardings) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    """One pre-norm block. Returns the layer's output and what a cache holds of its tokens, nothing where it does not attend."""
    made: tuple[jax.Array, ...] = ()
    x = checkpoint_name(x, "decoder_layer_input")
    x = shardings.constrain(x, "batch", "length", "act_embed")
    if layer.attention is not None:
        normed = rms_norm(x, weights["attention_norm"])
        normed = shardings.constrain(normed, "batch", "length", "act_embed")
        if isinstance(layer.attention, LatentAttention):
            attended, made = latent_attention(normed, weights, layer.attention, positions, segments, request, shardings)
        else:
            attended, made = plain_attention(normed, weights, layer.attention, positions, segments, request, shardings)
        x = x + attended
    if layer.mlp is not None:
        normed = rms_norm(x, weights["mlp_norm"])
        normed = shardings.constrain(normed, "batch", "length", "act_embed")
        out = mlp_block(normed, weights, layer.mlp, request, shardings)
        x = x + shardings.constrain(out, "batch", "length", "act_embed")
    return shardings.constrain(x, "batch", "length", "act_embed"), made


def mlp_block(x: jax.Array, weights: dict[str, Any], mlp: Mlp, request: Request, shardings: Shardings) -> jax.Array:
    """A dense MLP or experts, on [batch, length, embed]."""
    if mlp.experts:
        return expert_layer(x, weights, mlp, request, shardings)
    return feed_forward(x, weights, mlp, request.run, shardings)


def group_stacks(params: dict[str, Any], model: Model, group: int) -> tuple[dict[str, Any], ...]:
    """The stacked parameters of each layer of a group's pattern."""
    return tuple(params[model.stack_name(group, i)] for i in range(len(model.groups[group].layers)))


def run_layers(params: dict[str, Any], x: jax.Array, positions: jax.Array, segments: jax.Array | None,
               request: Request, shardings: Shardings, keep_cache: bool = False) -> tuple[jax.Array, list[Any]]:
    """All layers, group by group, by a scan over each one's pattern. With keep_cache what caches hold comes back, stacked, of each layer."""
    model = request.model
    if shardings.size("stage") > 1:
        assert segments is not None  # a training step always has them, and only that is pipelined
        return _pipelined(params, x, positions, segments, request, shardings), []
    caches = []
    for g, group in enumerate(model.groups):
        step = _pattern_step(group, positions, segments, request, shardings, keep_cache)
        x, made = jax.lax.scan(step, x, group_stacks(params, model, g))
        caches.append(made)
    return x, caches


def _pattern_step(group: Group, positions: jax.Array, segments: jax.Array | None, request: Request, shardings: Shardings,
                  keep_cache: bool = False) -> Callable[..., Any]:
    """One pattern of layers as a step of a scan, computed again as the run's remat says."""
    train = request.phase == "train"
    whole = request.run.remat_patterns or len(group.layers) == 1

    def one(layer: Layer) -> Callable[..., Any]:
        def run(x: jax.Array, weights: dict[str, Any]) -> tuple[jax.Array, tuple[jax.Array, ...]]:
            return decoder_layer(x, weights, layer, positions, segments, request, shardings)

        return run if whole or not train else apply_remat(run, request.run)

    runs = [one(layer) for layer in group.layers]

    def step(x: jax.Array, stacks: tuple[dict[str, Any], ...]) -> tuple[jax.Array, Any]:
        made = []
        for run, weights in zip(runs, stacks, strict=True):
            x, entry = run(x, weights)
            made.append(entry)
        return x, tuple(made) if keep_cache else None

    return apply_remat(step, request.run) if train and whole else step


def _pipelined(params: dict[str, Any], x: jax.Array, positions: jax.Array, segments: jax.Array, request: Request,
               shardings: Shardings) -> jax.Array:
    def stage_layers(x: jax.Array, stacks: Any, positions: jax.Array, segments: jax.Array) -> jax.Array:
        step = _pattern_step(request.model.groups[0], positions, segments, request, shardings)
        return jax.lax.scan(step, x, stacks)[0]

    return run_pipeline(stage_layers, group_stacks(params, request.model, 0), x, positions, segments, request, shardings)


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

