"""HBM that the compiler lets a program use on one JAX device, measured by making it run out."""

from __future__ import annotations

from .request import Target

# GiB a device, read from out-of-memory messages of the pinned libtpu
AVAILABLE_GIB = {"v4": 30.75, "v5e": 15.75, "v5litepod": 15.75, "v5p": 95.74, "v5": 95.74, "v6e": 31.25, "tpu7x": 94.75}
V4_SINGLE_CORE_GIB = 15.25


def available_gib(target: Target) -> float | None:
    """None for a chip that was not measured."""
    chip = target.platform_topology.split(":")[0].lower()
    if chip == "v4" and target.chip_config != "megacore":
        return V4_SINGLE_CORE_GIB
    return AVAILABLE_GIB.get(chip)
