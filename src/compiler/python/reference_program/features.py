"""Versions of the parts of the reference program.

A verdict holds for the parts it used: raising one part's number makes only the verdicts that used it stale.
"""

from __future__ import annotations

from .flags import optimizer_on_host
from .model_spec import LatentAttention, Model, PlainAttention
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
    "mla": 1,
    "chunked": 1,
    "output_gate": 1,
    "mixed_layers": 1,
    "whole_patterns": 1,
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
    if run.matmul_dtype in ("int8", "fp8") or run.weight_dtype in ("int8", "fp8", "int4"):
        used.append("quantized")
    if run.microbatches > 1:
        used.append("accumulation")
    if request.phase == "train" and run.optimizer in VERSIONS:
        used.append(run.optimizer)
    if request.mesh["stage"] * request.dcn["stage"] > 1:
        used.append("pipeline")
    if model.extra_parameters:
        used.append("extra_parameters")
    used.extend(_kinds_of_layers(model))
    if request.phase == "train" and run.remat_patterns:
        used.append("whole_patterns")
    return used


def _kinds_of_layers(model: Model) -> list[str]:
    """What the layers of a model use that those of the flat form never do."""
    attentions = [layer.attention for layer in model.every_layer]
    used = []
    if any(isinstance(attention, LatentAttention) for attention in attentions):
        used.append("mla")
    if any(attention is not None and attention.kind == "chunked" for attention in attentions):
        used.append("chunked")
    if any(isinstance(attention, PlainAttention) and attention.output_gate for attention in attentions):
        used.append("output_gate")
    if model.is_mixed:
        used.append("mixed_layers")
    return used


def program_version(request: Request | None = None) -> str:
    """"core.1+flash.1": the parts a request used, or all of them."""
    names = VERSIONS if request is None else features_of(request)
    return "+".join(f"{name}.{VERSIONS[name]}" for name in names)
