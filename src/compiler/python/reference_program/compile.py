"""Lowers and compiles the program of a request, timing each."""

from __future__ import annotations

import functools
import gzip
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from jax.experimental.layout import Format, Layout

from .flags import compiler_options, refused_option
from .request import Request
from .serve import abstract_decode_arguments, abstract_prefill_arguments, decode_step, prefill_step
from .sharding import Shardings, build_mesh
from .train import abstract_train_arguments, train_step

# jax 0.11 replaced the number by levels
FAST_EFFORT: dict[str, Any] = (
    {"exec_time_optimization_effort": -1.0} if hasattr(jax.config, "jax_exec_time_optimization_effort") else {"optimization_level": "O1"}
)
# at fast effort the pinned libtpu aborts on tpu7x ("offload_collective_strategies.cc: Check failed") while it moves
# collectives to SparseCore; full effort does not
WITHOUT_SPARSE_CORE = {
    f"xla_tpu_enable_sparse_core_collective_offload_{name}": False
    for name in ("all_gather", "2d_all_gather", "3d_all_gather", "all_reduce", "reduce_scatter", "nd_reduce_scatter")
}

# phase -> (abstract arguments, program)
PROGRAMS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "train": (abstract_train_arguments, train_step),
    "prefill": (abstract_prefill_arguments, prefill_step),
    "decode": (abstract_decode_arguments, decode_step),
}


def lower(request: Request) -> tuple[Any, Shardings, float]:
    """The lowered program, the shardings it was built with, and the seconds it took."""
    started = time.monotonic()
    shardings = Shardings(build_mesh(request))
    abstract_arguments, program = PROGRAMS[request.phase]
    arguments = abstract_arguments(request, shardings)
    # the first argument (train: the state, decode: the cache) is donated and comes back first
    donates = request.phase != "prefill"
    placed = jax.tree.map(lambda leaf: leaf.sharding, arguments)
    if request.phase == "decode":
        placed = (_free_layout(placed[0]), *placed[1:])
    jitted = jax.jit(
        functools.partial(program, request=request, shardings=shardings),
        in_shardings=placed,
        out_shardings=(placed[0], None) if donates else None,
        donate_argnums=(0,) if donates else (),
    )
    lowered = jitted.lower(*arguments)
    return lowered, shardings, time.monotonic() - started


def _free_layout(shardings: Any) -> Any:
    """Lets the compiler choose how a KV cache lies in memory, as servers do; a fixed layout is copied every step."""
    return jax.tree.map(lambda sharding: Format(Layout.AUTO, sharding), shardings)


def compile_lowered(lowered: Any, request: Request, refused: list[str]) -> Any:
    """The executable, compiled with the run's own flags; those that this compiler does not know go to `refused`. Raises what the compiler raises."""
    while True:
        known = compiler_options(request.run, refused)
        try:
            return lowered.compile(compiler_options={**_effort(request), **known} or None)
        except Exception as error:
            name = refused_option(str(error))
            if name not in known:
                raise
            refused.append(name)


def _effort(request: Request) -> dict[str, Any]:
    if request.effort == "full":
        return {}
    if request.target.platform_topology.startswith("tpu7x"):
        return {**FAST_EFFORT, **WITHOUT_SPARSE_CORE}
    return FAST_EFFORT


def save_module(executable: Any, path: str) -> None:
    """Writes the optimized, scheduled HloModuleProto, gzipped, whole or not at all."""
    proto = executable.runtime_executable().hlo_modules()[0].as_serialized_hlo_module_proto()
    partial = f"{path}.part"
    with gzip.open(partial, "wb", compresslevel=6) as file:
        file.write(proto)
    Path(partial).replace(path)
