"""Runs a module as `python -m` would, given as the first argument, and tells what MaxText does not print: versions, and the peak of what was compiled.

`python -c "$(cat tell_peak.py)" maxtext.trainers.pre_train.train_compile base.yml name=value …`. The module runs as it is; a jax without
these figures changes nothing but that they are not told.
"""

import runpy
import sys
from importlib import metadata

import jax

for package in ("maxtext", "jax", "jaxlib", "libtpu"):
    try:
        print(f"prompts: {package} {metadata.version(package)}", flush=True)
    except metadata.PackageNotFoundError:
        pass

compile_lowered = jax.stages.Lowered.compile


def compile_and_tell(self, *args, **kwargs):
    compiled = compile_lowered(self, *args, **kwargs)
    try:
        print(f"prompts: peak_memory_in_bytes={compiled.memory_analysis().peak_memory_in_bytes}", flush=True)
    except Exception:  # without the figure the sum that MaxText prints stands
        pass
    return compiled


jax.stages.Lowered.compile = compile_and_tell
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
