"""The parameter tree: shapes, logical axes and dtypes of a decoder-only transformer, layers stacked."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from .request import Model, Run
from .sharding import Shardings

JAX_DTYPES = {"f32": jnp.float32, "bf16": jnp.bfloat16, "int8": jnp.int8, "fp8": jnp.float8_e4m3fn}
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
    dense_count = model.dense_layers if model.is_moe else model.layers
    if dense_count:
        block = {**_attention(model), **_mlp(model, model.dense_mlp)}
        tree["dense_layers"] = _stack(block, dense_count)
    if model.is_moe:
        tree["moe_layers"] = _stack({**_attention(model), **_moe(model)}, model.layers - dense_count)
    if model.extra_parameters:
        rows = -(-model.extra_parameters // EXTRA_COLUMNS)
        tree["extra"] = Param((-(-rows // 4096) * 4096, EXTRA_COLUMNS), ("embed", None))
    return tree


def _attention(model: Model) -> dict[str, Param]:
    embed, head_dim = model.embed, model.head_dim
    return {
        "attention_norm": Param((embed,), ("norm",)),
        "query": Param((embed, model.heads, head_dim), ("embed", "heads", None)),
        "key": Param((embed, model.kv_heads, head_dim), ("embed", "kv_heads", None)),
        "value": Param((embed, model.kv_heads, head_dim), ("embed", "kv_heads", None)),
        "out": Param((model.heads, head_dim, embed), ("heads", None, "embed")),
        "mlp_norm": Param((embed,), ("norm",)),
    }


def _mlp(model: Model, width: int, prefix: str = "") -> dict[str, Param]:
    block = {
        f"{prefix}wi_0": Param((model.embed, width), ("embed", "mlp")),
        f"{prefix}wo": Param((width, model.embed), ("mlp", "embed")),
    }
    if model.gated_mlp:
        block[f"{prefix}wi_1"] = Param((model.embed, width), ("embed", "mlp"))
    return block


def _moe(model: Model) -> dict[str, Param]:
    experts, embed, width = model.experts, model.embed, model.mlp
    block = {
        "gate": Param((embed, experts), ("embed", None)),
        "expert_wi_0": Param((experts, embed, width), ("experts", "embed_moe", "mlp")),
        "expert_wo": Param((experts, width, embed), ("experts", "mlp", "embed_moe")),
    }
    if model.gated_mlp:
        block["expert_wi_1"] = Param((experts, embed, width), ("experts", "embed_moe", "mlp"))
    if model.shared_experts:
        block.update(_mlp(model, width * model.shared_experts, "shared_"))
    return block


def _stack(block: dict[str, Param], count: int) -> dict[str, Param]:
    return {name: Param((count, *param.shape), ("layers", *param.axes)) for name, param in block.items()}


def is_param(value: Any) -> bool:
    return isinstance(value, Param)


def abstract_parameters(model: Model, run: Run, shardings: Shardings) -> dict[str, Any]:
    """The parameters as sharded ShapeDtypeStructs; norms and the gate stay f32 or bf16 under int8 and fp8."""
    weight_dtype = JAX_DTYPES[run.weight_dtype]

    def make(param: Param) -> jax.ShapeDtypeStruct:
        matrix = len([size for size in param.shape if size > 1]) > 2 or param.axes[0] in ("vocab", "embed")
        dtype = weight_dtype if matrix or run.weight_dtype in ("f32", "bf16") else jnp.bfloat16
        return jax.ShapeDtypeStruct(param.shape, dtype, sharding=shardings.named(param.axes, param.shape))

    return jax.tree.map(make, parameter_tree(model), is_leaf=is_param)
