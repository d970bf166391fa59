"""Device meshes and the logical axis rules.

The rules follow MaxText's (`logical_axis_rules` of its base.yml), with the contract's axis names:
replica = MaxText's data, stage = stage, data = fsdp, seq = context, model = tensor, expert = expert.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
from jax.experimental import mesh_utils, topologies
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .errors import RequestError
from .request import AXES, Request, Target

RULES: dict[str, tuple[str, ...]] = {
    # activations
    "batch": ("replica", "data", "expert"),
    "logits_batch": ("replica", "data", "expert", "stage"),  # stage last: a slice of the batch each device holds
    "moe_batch": ("replica", "data"),
    "length": ("seq",),
    "act_embed": ("model",),
    "act_heads": ("model",),
    "act_kv_heads": ("model",),
    "act_mlp": ("model",),
    "act_vocab": ("model",),
    "act_experts": ("expert",),
    "cache_length": ("seq",),
    "stage": ("stage",),
    # weights
    "layers": ("stage",),
    "vocab": ("model",),
    "embed": ("data", "seq", "expert"),
    "heads": ("model",),
    "kv_heads": ("model",),
    "mlp": ("model",),
    "experts": ("expert",),
    "embed_moe": ("data", "seq"),
    "norm": ("model",),
}


class Shardings:
    """Turns logical axis names into shardings over one device mesh.

    An axis that does not divide a dimension is left out for it (KV heads fewer than `model` are replicated);
    every such case is kept in `notes`.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.notes: dict[str, None] = {}

    def size(self, *axes: str) -> int:
        return math.prod(self.mesh.shape[axis] for axis in axes)

    def spec(self, names: Sequence[str | None], shape: Sequence[int] | None = None) -> PartitionSpec:
        """The PartitionSpec for logical names; with a shape, axes that do not divide it are left out."""
        used: set[str] = set()
        parts: list[tuple[str, ...] | None] = []
        for index, name in enumerate(names):
            axes = [axis for axis in RULES.get(name or "", ()) if axis not in used and self.mesh.shape[axis] > 1]
            while axes and shape is not None and shape[index] % self.size(*axes):
                self._note(name, shape[index], axes)
                axes.pop()
            used.update(axes)
            parts.append(tuple(axes) or None)
        return PartitionSpec(*parts)

    def named(self, names: Sequence[str | None], shape: Sequence[int] | None = None) -> NamedSharding:
        return NamedSharding(self.mesh, self.spec(names, shape))

    def constrain(self, value: jax.Array, *names: str | None) -> jax.Array:
        return jax.lax.with_sharding_constraint(value, self.named(names, value.shape))

    def _note(self, name: str | None, size: int, axes: Sequence[str]) -> None:
        if size == 1:
            return  # the one token of a decode step, the last token's logits
        product = " x ".join(f"{axis} {self.mesh.shape[axis]}" for axis in axes)
        self.notes[f"{name} {size} is not divisible by {product}: not sharded over {axes[-1]}"] = None


def topology_devices(target: Target) -> list[jax.Device]:
    """The devices of a topology that need not be attached to this machine."""
    options: dict[str, object] = {}
    if target.chip_config:
        options["chip_config_name"] = target.chip_config
    if target.wrap is not None:
        options["wrap"] = target.wrap
    if target.chips_per_host_bounds is not None:
        options["chips_per_host_bounds"] = target.chips_per_host_bounds
    if target.num_slices > 1:
        options["num_slices"] = target.num_slices
    topology = topologies.get_topology_desc(
        platform="tpu", topology_name=target.platform_topology, **options
    )
    return list(topology.devices)


def build_mesh(request: Request) -> Mesh:
    """The logical mesh over the target's devices, placed as JAX itself places it.

    Raises RequestError where the axes do not multiply to the devices, or JAX refuses the placement.
    """
    devices = topology_devices(request.target)
    ici = [request.mesh[axis] for axis in AXES]
    dcn = [request.dcn[axis] for axis in AXES]
    slices = request.target.num_slices
    if math.prod(dcn) != slices:
        raise RequestError(f"dcn multiplies to {math.prod(dcn)}, but there are {slices} slices")
    if math.prod(ici) * slices != len(devices):
        raise RequestError(f"the mesh multiplies to {math.prod(ici)}, but a slice has {len(devices) // slices} devices")
    split = request.split_physical_axes
    try:
        if slices > 1:
            array = mesh_utils.create_hybrid_device_mesh(ici, dcn, devices, allow_split_physical_axes=split)
        else:
            array = mesh_utils.create_device_mesh(ici, devices, allow_split_physical_axes=split)
    except (NotImplementedError, ValueError, AssertionError) as error:
        raise RequestError(f"physical mesh: {error}") from error
    return Mesh(array, AXES)
