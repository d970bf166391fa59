"""Versions of the parts of the reference program.

A verdict holds for the parts it used: raising one part's number makes only the verdicts that used it stale.
"""

from __future__ import annotations

from .flags import optimizer_on_host
from .request import Request

LONG_SEQUENCE = 32768  # beyond this length flash attention uses larger blocks

VERSIONS = {
    "core": 1,
    "flash": 1,
    "dot_product": 1,
    "dropping": 1,
    "dropless": 1,
    "offload": 2,
    "optimizer_on_host": 2,
    "saved_mlp": 1,
    "long_flash": 1,
    "quantized": 1,
    "accumulation": 1,
    "adafactor": 1,
    "lion": 1,
    "pipeline": 1,
    "prefill": 1,
    "decode": 1,
    "extra_parameters": 1,
}


def features_of(request: Request) -> list[str]:
    """The parts of the program that a request's verdict depends on."""
    model, run = request.model, request.run
    used = ["core", run.attention if request.phase != "decode" else "dot_product"]
    if model.is_moe:
        used.append(run.moe)
    if request.phase != "train":
        used.append(request.phase)
    else:
        if run.remat == "custom" or run.remat.endswith("_offloaded"):
            used.append("offload")
        if run.remat.startswith("minimal"):
            used.append("saved_mlp")
        if optimizer_on_host(run):
            used.append("optimizer_on_host")
    if run.attention == "flash" and request.phase != "decode" and run.seq_len > LONG_SEQUENCE:
        used.append("long_flash")
    if run.matmul_dtype in ("int8", "fp8") or run.weight_dtype in ("int8", "fp8"):
        used.append("quantized")
    if run.microbatches > 1:
        used.append("accumulation")
    if request.phase == "train" and run.optimizer in VERSIONS:
        used.append(run.optimizer)
    if request.mesh["stage"] * request.dcn["stage"] > 1:
        used.append("pipeline")
    if model.extra_parameters:
        used.append("extra_parameters")
    return used


def program_version(request: Request | None = None) -> str:
    """"core.1+flash.1": the parts a request used, or all of them."""
    names = VERSIONS if request is None else features_of(request)
    return "+".join(f"{name}.{VERSIONS[name]}" for name in names)
