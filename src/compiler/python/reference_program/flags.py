"""What a run's `flags` mean to this program: options of the compiler, tensors of MaxText's `custom` remat, optimizer states on the host.

Flags come from an experiment file, which may be a stranger's: only names of XLA's own and values that cannot be a path reach the compiler.
"""

from __future__ import annotations

import re
from collections.abc import Container

from .request import Run

# environment variables whose value is a list of flags
VARIABLES = ("LIBTPU_INIT_ARGS", "XLA_FLAGS")
NAME = re.compile(r"xla_[a-z0-9_]{1,120}")
# what writes, reads or talks to somewhere
OUTWARD = re.compile(r"dump|path|file|dir|log|url|address|cache")
VALUE = re.compile(r"[A-Za-z0-9_.,+-]{1,64}")
REFUSED = (re.compile(r"No such compile option: '([^']+)'"), re.compile(r"Failed to parse '[^']*' into flag (\w+)"))

OPTIMIZER_ON_HOST = "optimizer_memory_host_offload"
# MaxText's settings of single tensors under remat_policy=custom -> checkpoint names of this program
CUSTOM_TENSORS: dict[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in ("decoder_layer_input", "query_proj", "key_proj", "value_proj", "query_wa_proj", "kv_wa_proj", "mla_q", "mla_kv", "context",
                     "out_proj", "mlpwi", "mlpwi_0", "mlpwi_1", "mlpwo", "moe_mlpwi", "moe_mlpwi_0", "moe_mlpwi_1", "moe_mlpwo")
    },
    "qkv_proj": ("query_proj", "key_proj", "value_proj"),
}


def compiler_options(run: Run, refused: Container[str] = ()) -> dict[str, str]:
    """The compiler flags of a run but for refused ones, `{"xla_tpu_…": "true"}`; a flag without a value is true."""
    found: dict[str, str] = {}
    for name, value in run.flags.items():
        words = str(value).split() if name in VARIABLES else [f"{name}={value}"]
        for word in words:
            key, _, given = word.lstrip("-").partition("=")
            if NAME.fullmatch(key) and not OUTWARD.search(key) and VALUE.fullmatch(given or "true"):
                found[key] = given or "true"
    return {name: value for name, value in found.items() if name not in refused}


def refused_option(message: str) -> str | None:
    """The name of the option that the compiler does not know or cannot read, where its error says so."""
    for pattern in REFUSED:
        match = pattern.search(message)
        if match:
            return match.group(1)
    return None


def optimizer_on_host(run: Run) -> bool:
    """Whether optimizer states live in the host's memory between their updates."""
    return run.optimizer != "none" and str(run.flags.get(OPTIMIZER_ON_HOST, "")).lower() == "true"


def custom_tensors(run: Run) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """(kept on the device, offloaded to the host) of `custom` remat; None where the run's flags name no tensor."""
    named = {name: run.flags[name] for name in CUSTOM_TENSORS if name in run.flags}
    if not named:
        return None

    def those(place: str) -> tuple[str, ...]:
        return tuple(tensor for name, value in named.items() if value == place for tensor in CUSTOM_TENSORS[name])

    return those("device"), those("offload")


def not_compiled(run: Run) -> list[str]:
    """Names of flags that this program does nothing with."""
    options = compiler_options(run)
    left: list[str] = []
    for name, value in run.flags.items():
        if name in VARIABLES:
            words = (word.lstrip("-").partition("=")[0] for word in str(value).split())
            left.extend(word for word in words if word not in options)
        elif name not in options and name != OPTIMIZER_ON_HOST and not (run.remat == "custom" and name in CUSTOM_TENSORS):
            left.append(name)
    return left


def flags_note(refused: list[str], run: Run) -> list[str]:
    """What a verdict says of the run's flags, of which the compiler refused some."""
    notes = []
    applied = compiler_options(run, refused)
    if applied:
        notes.append("with " + " ".join(f"{name}={value}" for name, value in applied.items()))
    left = [*refused, *not_compiled(run)]
    if left:
        notes.append("without " + ", ".join(left))
    return notes
