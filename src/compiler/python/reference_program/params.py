"""The parameter tree: shapes, logical axes and dtypes of a decoder-only transformer, layers stacked."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from .model_spec import Attention, LatentAttention, Layer, Mlp, Model
from .request import Run
from .sharding import Shardings

JAX_DTYPES = {"f32": jnp.float32, "bf16": jnp.bfloat16, "int8": jnp.int8, "fp8": jnp.float8_e4m3fn, "int4": jnp.int4}
EXTRA_COLUMNS = 1024


@dataclasses.dataclass(frozen=True)
class Param:
    shape: tuple[int, ...]
    axes: tuple[str | None, ...]


def parameter_tree(model: Model) -> dict[str, Any]:
    """All parameters as a nested dict of Param. Stacked layers carry a leading `layers` axis."""
    embed = model.embed
    tree: dict[str, Any] = {
        "embedding": Param((model.vocab, embed), ("vocab", "embed")),
        "final_norm": Param((embed,), ("norm",)),
    }
    if not model.tied_embeddings:
        tree["logits"] = Param((embed, model.vocab), ("embed", "vocab"))
    for g, group in enumerate(model.groups):
        for i, layer in enumerate(group.layers):
            tree[model.stack_name(g, i)] = _stack(_layer(model.embed, layer), group.repeat)
    if model.extra_parameters:
        rows = -(-model.extra_parameters // EXTRA_COLUMNS)
        tree["extra"] = Param((-(-rows // 4096) * 4096, EXTRA_COLUMNS), ("embed", None))
    return tree


def _layer(embed: int, layer: Layer) -> dict[str, Param]:
    block: dict[str, Param] = {}
    if layer.attention is not None:
        block |= {"attention_norm": Param((embed,), ("norm",)), **_attention(embed, layer.attention)}
    if layer.mlp is not None:
        block |= {"mlp_norm": Param((embed,), ("norm",)), **(_moe if layer.mlp.experts else _mlp)(embed, layer.mlp)}
    return block


def _attention(embed: int, attention: Attention) -> dict[str, Param]:
    if isinstance(attention, LatentAttention):
        return _latent(embed, attention)
    heads, kv_heads = attention.heads, attention.kv_heads
    block = {
        "query": Param((embed, heads, attention.head_dim), ("embed", "heads", None)),
        "key": Param((embed, kv_heads, attention.head_dim), ("embed", "kv_heads", None)),
        "value": Param((embed, kv_heads, attention.v_head_dim), ("embed", "kv_heads", None)),
        "out": Param((heads, attention.v_head_dim, embed), ("heads", None, "embed")),
    }
    if attention.output_gate:
        block["output_gate"] = block["query"]
    return block


def _latent(embed: int, attention: LatentAttention) -> dict[str, Param]:
    """The projections down to the latents lie whole on the model axis, those from them are cut by heads; their input is cut as embed is."""
    heads, rank, query_rank = attention.heads, attention.kv_lora_rank, attention.q_lora_rank
    block = {
        "kv_down": Param((embed, rank + attention.qk_rope_head_dim), ("embed", None)),
        "kv_latent_norm": Param((rank,), (None,)),
        "kv_up": Param((rank, heads, attention.qk_nope_head_dim + attention.v_head_dim), ("embed", "heads", None)),
        "out": Param((heads, attention.v_head_dim, embed), ("heads", None, "embed")),
    }
    if not query_rank:
        return {**block, "query": Param((embed, heads, attention.head_dim), ("embed", "heads", None))}
    return {
        **block,
        "query_down": Param((embed, query_rank), ("embed", None)),
        "query_latent_norm": Param((query_rank,), (None,)),
        "query_up": Param((query_rank, heads, attention.head_dim), ("embed", "heads", None)),
    }


def _mlp(embed: int, mlp: Mlp, prefix: str = "") -> dict[str, Param]:
    block = {
        f"{prefix}wi_0": Param((embed, mlp.width), ("embed", "mlp")),
        f"{prefix}wo": Param((mlp.width, embed), ("mlp", "embed")),
    }
    if mlp.gated:
        block[f"{prefix}wi_1"] = Param((embed, mlp.width), ("embed", "mlp"))
    return block


def _moe(embed: int, mlp: Mlp) -> dict[str, Param]:
    experts, width = mlp.experts, mlp.width
    block = {
        "gate": Param((embed, experts), ("embed", None)),
        "expert_wi_0": Param((experts, embed, width), ("experts", "embed_moe", "mlp")),
        "expert_wo": Param((experts, width, embed), ("experts", "mlp", "embed_moe")),
    }
    if mlp.gated:
        block["expert_wi_1"] = Param((experts, embed, width), ("experts", "embed_moe", "mlp"))
    if mlp.shared_width:
        block |= _mlp(embed, dataclasses.replace(mlp, width=mlp.shared_width), "shared_")
    return block


def _stack(block: dict[str, Param], count: int) -> dict[str, Param]:
    return {name: Param((count, *param.shape), ("layers", *param.axes)) for name, param in block.items()}


def is_param(value: Any) -> bool:
    return isinstance(value, Param)


def abstract_parameters(model: Model, run: Run, shardings: Shardings) -> dict[str, Any]:
    """The parameters as sharded ShapeDtypeStructs; norms stay bf16 where weights are narrower."""
    weight_dtype = JAX_DTYPES[run.weight_dtype]

    def make(param: Param) -> jax.ShapeDtypeStruct:
        matrix = len([axis for axis in param.axes if axis != "layers"]) > 1
        dtype = weight_dtype if matrix or run.weight_dtype in ("f32", "bf16") else jnp.bfloat16
        return jax.ShapeDtypeStruct(param.shape, dtype, sharding=shardings.named(param.axes, param.shape))

    return jax.tree.map(make, parameter_tree(model), is_leaf=is_param)
