"""Compiles a known matmul for one device, so that estimated cycles can be turned into seconds."""

from __future__ import annotations

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .errors import RequestError
from .request import Target
from .sharding import topology_devices

SIZE = 16384
# the smallest topology of each chip, and the chip configuration Cloud uses
TARGETS = {
    "v4": Target("v4:2x2x1", "megacore", 1, None, None),
    "v5e": Target("v5e:2x2", None, 1, None, None),
    "v5p": Target("v5p:2x2x1", "megacore", 1, None, None),
    "v6e": Target("v6e:2x2", None, 1, None, None),
    "tpu7x": Target("tpu7x:2x2x1", None, 1, None, None),
}
CYCLES = re.compile(r'estimated_cycles"?\s*:\s*"?(\d+)')


def calibrate(chip: str) -> dict[str, Any]:
    """FLOPs and estimated cycles of a SIZE^3 bf16 matmul on one device of the chip."""
    if chip not in TARGETS:
        raise RequestError(f"no calibration target for {chip!r}; there are {', '.join(TARGETS)}")
    device = topology_devices(TARGETS[chip])[0]
    mesh = Mesh(np.array([device]), ("one",))
    shape = jax.ShapeDtypeStruct((SIZE, SIZE), jnp.bfloat16, sharding=NamedSharding(mesh, PartitionSpec()))
    executable = jax.jit(jnp.dot).lower(shape, shape).compile()
    text = executable.as_text() or ""
    cycles = sum(map(int, CYCLES.findall(text)))
    return {"chip": chip, "topology": TARGETS[chip].platform_topology, "size": SIZE, "dtype": "bf16",
            "flops": 2 * SIZE**3, "estimated_cycles": cycles}
