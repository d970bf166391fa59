"""Runs a module as `python -m` would, given as the first argument, and tells what MaxText does not print: versions, and the peak
of what was compiled.

`python -c "$(cat tell_peak.py)" maxtext.trainers.pre_train.train_compile base.yml name=value …`. The module runs as it is; a jax without
these figures changes nothing but that they are not told.
"""

import contextlib
import runpy
import sys
from importlib import metadata
from typing import Any

import jax

for package in ("maxtext", "jax", "jaxlib", "libtpu"):
    with contextlib.suppress(metadata.PackageNotFoundError):
        print(f"prompts: {package} {metadata.version(package)}", flush=True)

compile_lowered = jax.stages.Lowered.compile


def told_peak(stats: Any) -> str:
    """A device's HBM at its peak, as `prompts: …=bytes`.

    The compiler's figure is all arguments, those on the host too, and the larger of two heaps, the device's and the host's (offloaded
    activations): where that is the host's, the device's is known only not to be larger.
    """
    peak = stats.peak_memory_in_bytes - stats.host_argument_size_in_bytes
    heap = peak - stats.argument_size_in_bytes
    if stats.host_temp_size_in_bytes == 0 or heap > 1.01 * stats.host_temp_size_in_bytes:
        return f"peak_memory_in_bytes={peak}"
    return f"peak_memory_in_bytes_at_most={stats.argument_size_in_bytes + min(heap, stats.temp_size_in_bytes)}"


def compile_and_tell(self: Any, *args: Any, **kwargs: Any) -> Any:
    compiled = compile_lowered(self, *args, **kwargs)
    with contextlib.suppress(Exception):  # without the figure the sum that MaxText prints stands
        print(f"prompts: {told_peak(compiled.memory_analysis())}", flush=True)
    return compiled


jax.stages.Lowered.compile = compile_and_tell  # type: ignore[method-assign]
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
