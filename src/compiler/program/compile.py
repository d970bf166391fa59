"""Lowers and compiles the program of a request, timing each."""

from __future__ import annotations

import functools
import gzip
import os
import time
from typing import Any

import jax

from request import Request, RequestError
from sharding import Shardings, build_mesh
from train import abstract_train_arguments, train_step

FAST_EFFORT = {"exec_time_optimization_effort": -1.0}


def lower(request: Request) -> tuple[Any, Shardings, float]:
    """The lowered program, the shardings it was built with, and the seconds it took."""
    started = time.monotonic()
    shardings = Shardings(build_mesh(request))
    if request.phase == "train":
        arguments = abstract_train_arguments(request, shardings)
        function = functools.partial(train_step, request=request, shardings=shardings)
        outputs = (jax.tree.map(lambda leaf: leaf.sharding, arguments[0]), None)
    else:
        raise RequestError(f"phase {request.phase} is not in the reference program")
    jitted = jax.jit(function, in_shardings=jax.tree.map(lambda leaf: leaf.sharding, arguments),
                     out_shardings=outputs, donate_argnums=(0,))
    lowered = jitted.lower(*arguments)
    return lowered, shardings, time.monotonic() - started


def compile_lowered(lowered: Any, effort: str) -> tuple[Any, float]:
    """The executable, and the seconds the TPU compiler took. Raises what the compiler raises."""
    started = time.monotonic()
    compiled = lowered.compile(compiler_options=FAST_EFFORT if effort == "fast" else None)
    return compiled, time.monotonic() - started


def save_module(executable: Any, path: str) -> None:
    """Writes the optimized, scheduled HloModuleProto, gzipped, whole or not at all."""
    proto = executable.runtime_executable().hlo_modules()[0].as_serialized_hlo_module_proto()
    partial = f"{path}.part"
    with gzip.open(partial, "wb", compresslevel=6) as file:
        file.write(proto)
    os.replace(partial, path)
