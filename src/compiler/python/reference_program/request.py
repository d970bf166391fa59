"""The request: the one JSON object that the program reads, as dataclasses.

Its values are judged once, by the sender (the experiment's schema and the planner's rules); here only a key that is unknown or missing
is an error, so that sender and program cannot drift apart unseen.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from .errors import RequestError, UnsupportedError
from .model_spec import Model, known, parse_model

COMPUTED_TYPES = ("f32", "bf16", "int8", "fp8")
STORED_TYPES = (*COMPUTED_TYPES, "int4")
AXES = ("replica", "stage", "data", "seq", "model", "expert")


@dataclasses.dataclass(frozen=True)
class Target:
    platform_topology: str  # "v5p:4x4x4"
    chip_config: str | None = None  # "megacore" on v4 and v5p
    num_slices: int = 1
    wrap: tuple[bool, ...] | None = None
    chips_per_host_bounds: tuple[int, ...] | None = None


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
    output_len: int | None = None
    remat_patterns: bool = False  # a pattern of layers is computed again as a whole, from its input; otherwise each layer from its own
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


def parse_request(raw: dict[str, Any]) -> Request:
    """The request as dataclasses. Values were judged by the sender; a key that is unknown or missing is a RequestError that names it."""
    known(raw, _fields(Request), "request")
    if not isinstance(raw.get("model"), dict):
        raise RequestError("The request lacks model")
    target = _present(raw, "target", Target)
    for name in ("wrap", "chips_per_host_bounds"):
        target[name] = tuple(target[name]) if name in target else None
    optional = {name: raw[name] for name in ("split_physical_axes", "effort", "hlo_path") if raw.get(name) is not None}
    try:
        return Request(
            target=Target(**target),
            model=parse_model(raw["model"]),
            phase=raw["phase"],
            run=_run(raw),
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
    known(raw[name], _fields(kind), name)
    return {key: value for key, value in raw[name].items() if value is not None}


def _run(raw: dict[str, Any]) -> Run:
    run = Run(**_present(raw, "run", Run))
    types = {name: value for name, value in dataclasses.asdict(run).items() if name.endswith("_dtype") and value is not None}
    for name, value in types.items():
        if value not in (STORED_TYPES if name == "weight_dtype" else COMPUTED_TYPES):
            raise UnsupportedError(f"the reference program has no {name} {value}")
    return run


def _fields(kind: type) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def _mesh(raw: dict[str, int], where: str) -> dict[str, int]:
    if unknown := raw.keys() - set(AXES):
        raise RequestError(f"{where} has unknown axes: {', '.join(sorted(unknown))}")
    return {axis: raw.get(axis) or 1 for axis in AXES}
