"""Multi-head latent attention (DeepSeek-AI, DeepSeek-V2, 2024, section 2.1), with MaxText's checkpoint names."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

from .attention import attend, project_out
from .layers import as_activation, matmul, rms_norm, rotary
from .model_spec import LatentAttention
from .request import Request, Run
from .sharding import Shardings


def latent_attention(x: jax.Array, weights: dict, attention: LatentAttention, positions: jax.Array, segments: jax.Array | None,
                     request: Request, shardings: Shardings) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Self-attention on [batch, length, embed]; keys and values of every head are made. Returns the output and the (latent, rotary key)."""
    run = request.run
    query = jnp.concatenate(latent_query(x, weights, attention, positions, run, shardings), axis=-1)
    latent, rope = kv_latent(x, weights, attention, positions, run, shardings)
    made = matmul(latent, weights["kv_up"], 1, run)
    made = shardings.constrain(made, "batch", "length", "act_heads", None)
    nope, value = jnp.split(made, [attention.qk_nope_head_dim], axis=-1)
    shared = jnp.broadcast_to(rope[:, :, None], (*nope.shape[:-1], rope.shape[-1]))
    key = shardings.constrain(jnp.concatenate([nope, shared], axis=-1), "batch", "length", "act_heads", None)
    query = checkpoint_name(query, "query_proj")
    key, value = checkpoint_name(key, "key_proj"), checkpoint_name(value, "value_proj")
    out = attend(query, key, value, attention, segments, request, shardings)
    return project_out(out, weights, run, shardings), (latent, rope)


def latent_query(x: jax.Array, weights: dict, attention: LatentAttention, positions: jax.Array, run: Run,
                 shardings: Shardings) -> tuple[jax.Array, jax.Array]:
    """The two parts of the scaled queries, [batch, length, heads, qk_nope_head_dim and qk_rope_head_dim]."""
    if attention.q_lora_rank:
        low = checkpoint_name(matmul(x, weights["query_down"], 1, run), "query_wa_proj")
        low = checkpoint_name(rms_norm(low, weights["query_latent_norm"]), "mla_q")
        query = matmul(low, weights["query_up"], 1, run)
    else:
        query = matmul(x, weights["query"], 1, run)
    query = shardings.constrain(query, "batch", "length", "act_heads", None)
    nope, rope = jnp.split(query / math.sqrt(attention.head_dim), [attention.qk_nope_head_dim], axis=-1)
    return nope, rotary(rope, positions)


def kv_latent(x: jax.Array, weights: dict, attention: LatentAttention, positions: jax.Array, run: Run,
              shardings: Shardings) -> tuple[jax.Array, jax.Array]:
    """(latent [batch, length, kv_lora_rank], rotary key [batch, length, qk_rope_head_dim]): what a cache holds of a token."""
    low = checkpoint_name(matmul(x, weights["kv_down"], 1, run), "kv_wa_proj")
    low = shardings.constrain(low, "batch", "length", None)
    latent, rope = jnp.split(low, [attention.kv_lora_rank], axis=-1)
    latent = checkpoint_name(rms_norm(latent, weights["kv_latent_norm"]), "mla_kv")
    return latent, rotary(rope[:, :, None], positions)[:, :, 0]


def attend_latents(query: tuple[jax.Array, jax.Array], latents: jax.Array, ropes: jax.Array, weights: dict, attention: LatentAttention,
                   run: Run, shardings: Shardings) -> jax.Array:
    """One token's queries against cached [batch, length, rank] latents: the projections to keys and values are taken into query and output."""
    nope, rope = query
    up = as_activation(weights["kv_up"], run)
    to_key, to_value = up[..., : attention.qk_nope_head_dim], up[..., attention.qk_nope_head_dim :]
    absorbed = jnp.einsum("bqhd,rhd->bqhr", nope, to_key)
    scores = jnp.einsum("bqhr,bsr->bhqs", absorbed, latents) + jnp.einsum("bqhd,bsd->bhqs", rope, ropes)
    scores = shardings.constrain(scores.astype(jnp.float32), "batch", "act_heads", None, "cache_length")
    shares = jax.nn.softmax(scores, axis=-1).astype(latents.dtype)
    out = jnp.einsum("bhqs,bsr->bqhr", shares, latents)
    return jnp.einsum("bqhr,rhd->bqhd", out, to_value)
