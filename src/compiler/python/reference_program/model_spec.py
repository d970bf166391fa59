"""The model of a request: a decoder as a list of layer groups. The flat form is a list of one, or of two where a MoE starts with dense layers."""

from __future__ import annotations

import dataclasses
from typing import Any

from .errors import RequestError, UnsupportedError


@dataclasses.dataclass(frozen=True)
class PlainAttention:
    kind: str  # full; window and chunked: within the last `window` tokens, or those of the same chunk
    heads: int
    kv_heads: int
    head_dim: int
    v_head_dim: int
    window: int | None = None
    output_gate: bool = False


@dataclasses.dataclass(frozen=True)
class LatentAttention:
    """DeepSeek-V2's: keys and values of every head are made from a latent of `kv_lora_rank` a token."""

    heads: int
    kv_lora_rank: int
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int
    q_lora_rank: int = 0  # 0: queries are made from the layer's input

    @property
    def kind(self) -> str:
        return "full"

    @property
    def window(self) -> None:
        return None

    @property
    def kv_heads(self) -> int:
        return self.heads

    @property
    def head_dim(self) -> int:
        return self.qk_nope_head_dim + self.qk_rope_head_dim


Attention = PlainAttention | LatentAttention


@dataclasses.dataclass(frozen=True)
class Mlp:
    width: int  # one expert's in a MoE
    gated: bool = True
    experts: int = 0  # 0: a dense MLP
    experts_per_token: int = 0
    shared_width: int = 0  # of what every token visits beside its experts


@dataclasses.dataclass(frozen=True)
class Layer:
    attention: Attention | None
    mlp: Mlp | None


@dataclasses.dataclass(frozen=True)
class Group:
    """A pattern of layers, `repeat` times."""

    repeat: int
    layers: tuple[Layer, ...]


@dataclasses.dataclass(frozen=True)
class Model:
    embed: int
    vocab: int
    groups: tuple[Group, ...]
    tied_embeddings: bool = False
    extra_parameters: int = 0

    @property
    def every_layer(self) -> tuple[Layer, ...]:
        """Each layer that is written out once, whatever its group's repeat."""
        return tuple(layer for group in self.groups for layer in group.layers)

    @property
    def is_moe(self) -> bool:
        return any(layer.mlp is not None and layer.mlp.experts for layer in self.every_layer)

    @property
    def is_mixed(self) -> bool:
        """Whether the flat form could not say it: patterns, more than leading dense layers, or layers that lack a part."""
        return not self._plain_names or any(layer.attention is None or layer.mlp is None for layer in self.every_layer)

    def stack_name(self, group: int, layer: int) -> str:
        """What the parameters of one layer of a pattern are called, stacked over its repeats."""
        mlp = self.groups[group].layers[layer].mlp
        name = "moe_layers" if mlp is not None and mlp.experts else "dense_layers"
        return name if self._plain_names else f"{name}_{group}_{layer}"

    @property
    def _plain_names(self) -> bool:
        kinds = [bool(group.layers[0].mlp and group.layers[0].mlp.experts) for group in self.groups]
        return all(len(group.layers) == 1 for group in self.groups) and len(set(kinds)) == len(kinds)


FLAT = {
    "layers", "embed", "mlp", "heads", "kv_heads", "head_dim", "vocab", "gated_mlp", "tied_embeddings", "experts", "experts_per_token",
    "shared_experts", "dense_layers", "attention_window", "extra_parameters",
}
GROUPED = {"embed", "vocab", "tied_embeddings", "extra_parameters", "groups"}


def parse_model(raw: dict[str, Any]) -> Model:
    """The model in either form. RequestError for a key that is unknown or missing, UnsupportedError naming every kind of layer without a program."""
    given = {key: value for key, value in raw.items() if value is not None}
    known(given, GROUPED if "groups" in given else FLAT, "model")
    whole = {key: given[key] for key in ("embed", "vocab", "tied_embeddings", "extra_parameters") if key in given}
    if "groups" not in given:
        return Model(**whole, groups=_flat_groups(given))
    if missing := dict.fromkeys(kind for group in given["groups"] for layer in group["layers"] for kind in _without_program(layer)):
        raise UnsupportedError(f"the reference program has no {', '.join(missing)}")
    return Model(**whole, groups=tuple(Group(group["repeat"], tuple(_layer(layer) for layer in group["layers"])) for group in given["groups"]))


def known(raw: dict[str, Any], keys: set[str], where: str) -> None:
    """RequestError where `raw` has a key that is not among `keys`."""
    if unknown := raw.keys() - keys:
        raise RequestError(f"{where} has unknown keys: {', '.join(sorted(unknown))}")


def _flat_groups(flat: dict[str, Any]) -> tuple[Group, ...]:
    head_dim, window = flat["head_dim"], flat.get("attention_window")
    attention = PlainAttention("window" if window else "full", flat["heads"], flat["kv_heads"], head_dim, head_dim, window)
    width, gated, layers = flat["mlp"], flat.get("gated_mlp", True), flat["layers"]
    experts, shared = flat.get("experts", 1), flat.get("shared_experts", 0)
    if experts <= 1:
        return (Group(layers, (Layer(attention, Mlp(width, gated)),)),)
    visited = flat.get("experts_per_token", 1)
    # a MoE's leading dense layers are as wide as what one token uses of the others
    dense = min(flat.get("dense_layers", 0), layers)
    groups = (Group(dense, (Layer(attention, Mlp(width * (visited + shared), gated)),)),
              Group(layers - dense, (Layer(attention, Mlp(width, gated, experts, visited, width * shared)),)))
    return tuple(group for group in groups if group.repeat)


def _without_program(layer: dict[str, Any]) -> list[str]:
    attention = layer["attention"] or {}
    missing = []
    if attention.get("kind") == "linear":
        missing.append(f"{attention['variant']} layers, which keep a state")
    if attention.get("shares_kv"):
        missing.append("layers that read another layer's keys and values")
    return missing


def _layer(raw: dict[str, Any]) -> Layer:
    return Layer(_attention(raw["attention"]), _mlp(raw["mlp"]))


def _attention(raw: dict[str, Any] | None) -> Attention | None:
    if raw is None:
        return None
    given = {key: value for key, value in raw.items() if value is not None and key != "shares_kv"}
    if given["kind"] == "mla":
        return _made(LatentAttention, {key: value for key, value in given.items() if key != "kind"}, "mla attention")
    return _made(PlainAttention, {"v_head_dim": given.get("head_dim"), **given}, "attention")


def _mlp(raw: dict[str, Any] | None) -> Mlp | None:
    if raw is None:
        return None
    return _made(Mlp, {key: value for key, value in raw.items() if value is not None and key != "kind"}, "mlp")


def _made(kind: type, given: dict[str, Any], where: str) -> Any:
    known(given, {field.name for field in dataclasses.fields(kind)}, where)
    return kind(**given)
