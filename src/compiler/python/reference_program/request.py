"""The request: the one JSON object that the program reads, as dataclasses.

Its values are judged once, by the sender (the experiment's schema and the planner's rules); here only a key that is unknown or missing
is an error, so that sender and program cannot drift apart unseen.
"""

from __future__ import annotations

import dataclasses
from typing import Any

AXES = ("replica", "stage", "data", "seq", "model", "expert")


class RequestError(ValueError):
    """The request is not one this program understands, or cannot be compiled as it stands."""


class UnsupportedError(RequestError):
    """Legal, but not in the reference program: no verdict."""


@dataclasses.dataclass(frozen=True)
class Target:
    platform_topology: str  # "v5p:4x4x4"
    chip_config: str | None = None  # "megacore" on v4 and v5p
    num_slices: int = 1
    wrap: tuple[bool, ...] | None = None
    chips_per_host_bounds: tuple[int, ...] | None = None


@dataclasses.dataclass(frozen=True)
class Model:
    layers: int
    embed: int
    mlp: int  # one expert's width in a MoE
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    gated_mlp: bool = True
    tied_embeddings: bool = False
    experts: int = 0
    experts_per_token: int = 0
    shared_experts: int = 0
    dense_layers: int = 0
    attention_window: int | None = None
    extra_parameters: int = 0

    @property
    def is_moe(self) -> bool:
        return self.experts > 1

    @property
    def dense_mlp(self) -> int:
        """Width of a dense layer: a MoE's leading dense layers are as wide as what one token uses of the others."""
        if not self.is_moe:
            return self.mlp
        return self.mlp * (self.experts_per_token + self.shared_experts)


@dataclasses.dataclass(frozen=True)
class Run:
    global_batch: int
    seq_len: int
    microbatches: int = 1
    pipeline_microbatches: int | None = None
    activation_dtype: str = "bf16"
    matmul_dtype: str | None = None
    weight_dtype: str = "f32"
    optimizer_dtype: str | None = None
    second_moment_dtype: str | None = None
    gradient_dtype: str | None = None
    kv_dtype: str = "bf16"
    optimizer: str = "adamw"
    remat: str = "full"
    attention: str = "flash"
    moe: str = "dropping"
    capacity_factor: float | None = None
    output_len: int | None = None  # with the two below: of requests, which one step does not have
    input_len: int | None = None
    concurrency: int | None = None
    flags: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Request:
    target: Target
    model: Model
    phase: str
    run: Run
    mesh: dict[str, int]
    dcn: dict[str, int]
    split_physical_axes: bool = False
    effort: str = "full"
    hlo_path: str | None = None


def _refuse_groups(raw: dict[str, Any]) -> None:
    """A model in layer groups is legal, but this program scans one kind of layer: says which kinds it has no words for."""
    model = raw.get("model")
    groups = model.get("groups") if isinstance(model, dict) else None
    if not groups:
        return
    missing = []
    for group in groups:
        for layer in group["layers"]:
            attention, mlp = layer["attention"], layer["mlp"]
            kind = "none" if attention is None else attention["kind"]
            missing.append("layers without attention" if kind == "none" else f"{kind} attention")
            if mlp is None:
                missing.append("layers without an MLP")
            elif mlp.get("shared_width"):
                missing.append("shared experts of their own width")
    what = ", ".join(dict.fromkeys(missing))
    raise UnsupportedError(f"the reference program compiles one kind of layer; this model mixes or needs: {what}")


def parse_request(raw: dict[str, Any]) -> Request:
    """The request as dataclasses. Values were judged by the sender; a key that is unknown or missing is a RequestError that names it."""
    _known(raw, Request, "request")
    _refuse_groups(raw)
    target = _present(raw, "target", Target)
    for name in ("wrap", "chips_per_host_bounds"):
        target[name] = tuple(target[name]) if name in target else None
    optional = {name: raw[name] for name in ("split_physical_axes", "effort", "hlo_path") if raw.get(name) is not None}
    try:
        return Request(
            target=Target(**target),
            model=Model(**_present(raw, "model", Model)),
            phase=raw["phase"],
            run=Run(**_present(raw, "run", Run)),
            mesh=_mesh(raw["mesh"], "mesh"),
            dcn=_mesh(raw.get("dcn") or {}, "dcn"),
            **optional,
        )
    except (KeyError, TypeError) as error:
        raise RequestError(f"The request lacks a key: {error}") from error


def _present(raw: dict[str, Any], name: str, kind: type) -> dict[str, Any]:
    """A part of the request without the keys that are null: those have the default."""
    if name not in raw:
        raise RequestError(f"The request lacks {name}")
    _known(raw[name], kind, name)
    return {key: value for key, value in raw[name].items() if value is not None}


def _known(raw: dict[str, Any], kind: type, where: str) -> None:
    unknown = raw.keys() - {field.name for field in dataclasses.fields(kind)}
    if unknown:
        raise RequestError(f"{where} has unknown keys: {', '.join(sorted(unknown))}")


def _mesh(raw: dict[str, int], where: str) -> dict[str, int]:
    if unknown := raw.keys() - set(AXES):
        raise RequestError(f"{where} has unknown axes: {', '.join(sorted(unknown))}")
    return {axis: raw.get(axis) or 1 for axis in AXES}
