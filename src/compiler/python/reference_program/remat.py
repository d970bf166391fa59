"""Remat policies by MaxText's names, as sets of checkpoint names that are saved or offloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from .errors import UnsupportedError
from .flags import custom_tensors
from .request import Run

QKV = ("query_proj", "key_proj", "value_proj")
MLP_IN = ("mlpwi_0", "mlpwi_1", "mlpwi")

# name -> (saved on the device, offloaded to the host)
POLICIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "full": ((), ()),
    "minimal": ((*QKV, "out_proj", *MLP_IN, "mlpwo"), ()),
    "minimal_with_context": ((*QKV, "context", "out_proj", *MLP_IN, "mlpwo"), ()),
    "save_dot_with_context_except_mlp": ((*QKV, "context", "out_proj"), ()),
    "save_dot_except_mlpwi": ((*QKV, "out_proj", "mlpwo"), ()),
    "save_dot_except_mlp": ((*QKV, "out_proj"), ()),
    "save_qkv_proj": (QKV, ()),
    "save_out_proj": (("out_proj",), ()),
    "qkv_proj_offloaded": ((), QKV),
    "minimal_offloaded": ((), (*QKV, "out_proj", *MLP_IN, "mlpwo")),
    # MaxText's `custom` is a list of tensors chosen by the user; where the run's flags do not hold it, it is taken as
    # what the public recipes do that use it: keep the layer input on the host and recompute the rest.
    "custom": ((), ("decoder_layer_input",)),
}
ALIASES = {
    "minimal_flash": "minimal_with_context",
    "minimal_with_quantization": "minimal",
    "minimal_with_context_and_quantization": "minimal_with_context",
    "nothing_saveable": "full",
    "dots_no_batch_dims": "minimal",
    "per_layer": "full",
    "save_dot_except_logits": "minimal",
    "save_dot_except_logits_ffn": "save_dot_except_mlp",
}


def apply_remat(layer: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Wraps a layer function for use inside a scan over layers; `none` saves all and changes nothing."""
    name = ALIASES.get(run.remat, run.remat)
    if name == "none":
        return layer
    if name not in POLICIES:
        raise UnsupportedError(f"remat {run.remat!r} is not in the reference program")
    saved, offloaded = (custom_tensors(run) if name == "custom" else None) or POLICIES[name]
    policies = jax.checkpoint_policies
    policy = None
    if offloaded:
        policy = policies.save_and_offload_only_these_names(
            names_which_can_be_saved=list(saved),
            names_which_can_be_offloaded=list(offloaded),
            offload_src="device",
            offload_dst="pinned_host",
        )
    elif saved:
        policy = policies.save_only_these_names(*saved)
    return jax.checkpoint(layer, policy=policy, prevent_cse=False)
