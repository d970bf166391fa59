"""The request: strict parsing of the one JSON object the program reads.

Unknown keys, missing keys and wrong types are errors that name the key.
Every default is resolved by the caller; this program guesses nothing silently.
"""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

AXES = ("replica", "stage", "data", "seq", "model", "expert")
PHASES = ("train", "prefill", "decode")
DTYPES = ("f32", "bf16", "int8", "fp8")
OPTIMIZERS = ("adamw", "adafactor", "sgd", "lion", "none")


class RequestError(ValueError):
    """The request is not one this program understands, or cannot be compiled as it stands."""


class UnsupportedError(RequestError):
    """Legal, but not in the reference program: no verdict."""


@dataclasses.dataclass(frozen=True)
class Target:
    platform_topology: str  # "v5p:4x4x4"
    chip_config: str | None  # "megacore" on v4 and v5p
    num_slices: int
    wrap: tuple[bool, ...] | None
    chips_per_host_bounds: tuple[int, ...] | None


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
    gradient_dtype: str | None = None
    kv_dtype: str = "bf16"
    optimizer: str = "adamw"
    remat: str = "full"
    attention: str = "flash"
    moe: str = "dropping"
    capacity_factor: float | None = None
    output_len: int | None = None
    flags: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Request:
    target: Target
    model: Model
    phase: str
    run: Run
    mesh: dict[str, int]
    dcn: dict[str, int]
    split_physical_axes: bool
    effort: str
    hlo_path: str | None


def parse_request(raw: Any) -> Request:
    """Parses the request object; raises RequestError naming the key at fault."""
    known = [field.name for field in dataclasses.fields(Request)]
    _only_known_keys(raw, known, "request")
    request = Request(
        target=_parse_target(_required(raw, "target", "request")),
        model=_build(Model, _required(raw, "model", "request"), "model"),
        phase=_one_of(_required(raw, "phase", "request"), PHASES, "phase"),
        run=_build(Run, _required(raw, "run", "request"), "run"),
        mesh=_parse_mesh(_required(raw, "mesh", "request"), "mesh"),
        dcn=_parse_mesh(raw.get("dcn") or {}, "dcn"),
        split_physical_axes=bool(raw.get("split_physical_axes", False)),
        effort=_one_of(raw.get("effort", "full"), ("fast", "full"), "effort"),
        hlo_path=raw.get("hlo_path"),
    )
    _check(request)
    return request


def _parse_target(raw: Any) -> Target:
    known = [field.name for field in dataclasses.fields(Target)]
    _only_known_keys(raw, known, "target")
    wrap, bounds = raw.get("wrap"), raw.get("chips_per_host_bounds")
    chip_config = raw.get("chip_config")
    return Target(
        platform_topology=str(_required(raw, "platform_topology", "target")),
        chip_config=None if chip_config in (None, "default") else str(chip_config),
        num_slices=int(raw.get("num_slices") or 1),
        wrap=None if wrap is None else tuple(bool(value) for value in wrap),
        chips_per_host_bounds=None if bounds is None else tuple(int(value) for value in bounds),
    )


def _parse_mesh(raw: Any, where: str) -> dict[str, int]:
    _only_known_keys(raw, AXES, where)
    mesh = {axis: raw.get(axis) or 1 for axis in AXES}
    for axis, size in mesh.items():
        if not isinstance(size, int) or size < 1:
            raise RequestError(f"{where}.{axis} must be a positive integer, not {size!r}")
    return mesh


def _build(kind: Any, raw: Any, where: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    _only_known_keys(raw, list(fields), where)
    values = {}
    for name, field in fields.items():
        value = raw.get(name)
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if value is None:
            if not optional:
                raise RequestError(f"{where}.{name} is missing")
            continue
        values[name] = _typed(value, str(field.type), f"{where}.{name}")
    return kind(**values)


def _typed(value: Any, type_name: str, where: str) -> Any:
    if type_name.startswith("bool"):
        if isinstance(value, bool):
            return value
    elif type_name.startswith("int"):
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value) and value >= 0:
            return int(value)
    elif type_name.startswith("float"):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    elif type_name.startswith("str"):
        if isinstance(value, str):
            return value
    elif isinstance(value, dict):
        return dict(value)
    raise RequestError(f"{where} must be {type_name}, not {value!r}")


def _check(request: Request) -> None:
    run, model = request.run, request.model
    for name in ("activation_dtype", "weight_dtype", "kv_dtype", "matmul_dtype", "optimizer_dtype", "gradient_dtype"):
        value = getattr(run, name)
        if value is not None:
            _one_of(value, DTYPES, f"run.{name}")
    _one_of(run.optimizer, OPTIMIZERS, "run.optimizer")
    _one_of(run.attention, ("flash", "dot_product"), "run.attention")
    _one_of(run.moe, ("dropping", "dropless"), "run.moe")
    for name in ("layers", "embed", "mlp", "heads", "kv_heads", "head_dim", "vocab"):
        if getattr(model, name) < 1:
            raise RequestError(f"model.{name} must be positive")
    if model.heads % model.kv_heads:
        raise RequestError(f"model.kv_heads {model.kv_heads} does not divide model.heads {model.heads}")
    if model.is_moe and not 1 <= model.experts_per_token <= model.experts:
        raise RequestError("model.experts_per_token must lie between 1 and model.experts")
    for name in ("global_batch", "seq_len", "microbatches"):
        if getattr(run, name) < 1:
            raise RequestError(f"run.{name} must be positive")


def _only_known_keys(raw: Any, known: Any, where: str) -> None:
    if not isinstance(raw, dict):
        raise RequestError(f"{where} must be an object")
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(str(key), list(known), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise RequestError(f"{where} has an unknown key {key!r}{hint}")


def _required(raw: Any, key: str, where: str) -> Any:
    if raw.get(key) is None:
        raise RequestError(f"{where}.{key} is missing")
    return raw[key]


def _one_of(value: Any, allowed: Any, where: str) -> str:
    if value not in allowed:
        raise RequestError(f"{where} must be one of {', '.join(allowed)}, not {value!r}")
    return str(value)
