"""Pipeline parallelism over the `stage` axis: a GPipe schedule written as one scan.

Each stage holds layers/stages consecutive layers. At every tick all stages run at once (a vmap whose axis is sharded
over `stage`), then activations move one stage on (a roll, which becomes a collective permute). With M microbatches
and P stages there are M + P - 1 ticks, P - 1 of them partly idle. MaxText's circular schedule, which interleaves
layers over the stages to shrink the bubble, is not this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .errors import RequestError, UnsupportedError
from .params import Param, is_param, parameter_tree
from .request import Request
from .sharding import Shardings

StageFunction = Callable[[jax.Array, Any, jax.Array, jax.Array], jax.Array]


def run_pipeline(stage_layers: StageFunction, weights: Any, x: jax.Array, positions: jax.Array, segments: jax.Array,
                 request: Request, shardings: Shardings) -> jax.Array:
    """x [batch, length, embed] through all layers. stage_layers(x, weights, positions, segments) runs one stage's."""
    stages = shardings.mesh.shape["stage"]
    count = request.run.pipeline_microbatches or stages
    batch = x.shape[0]
    _check(request, shardings, batch, stages, count)
    staged = jax.tree.map(lambda leaf: leaf.reshape(stages, leaf.shape[0] // stages, *leaf.shape[1:]), weights)

    def split(value: jax.Array, *names: str | None) -> jax.Array:
        value = value.reshape(batch // count, count, *value.shape[1:])
        return shardings.constrain(jnp.swapaxes(value, 0, 1), None, "batch", *names)

    inputs = split(x, "length", "act_embed")
    all_positions, all_segments = split(positions, "length"), split(segments, "length")
    run_stages = jax.vmap(stage_layers, spmd_axis_name="stage")
    tree, model = parameter_tree(request.model), request.model
    params = tuple(tree[model.stack_name(0, i)] for i in range(len(model.groups[0].layers)))

    def sharded(param: Param, leaf: jax.Array) -> jax.Array:
        return shardings.constrain(leaf, "stage", None, *param.axes[1:])

    def tick(state: jax.Array, now: jax.Array) -> tuple[jax.Array, jax.Array]:
        # stage s works on microbatch now - s; out of range only while the pipeline fills and drains
        which = jnp.clip(now - jnp.arange(stages), 0, count - 1)
        entering = jax.lax.dynamic_index_in_dim(inputs, jnp.minimum(now, count - 1), 0, keepdims=False)
        moved = jnp.roll(state, 1, axis=0)
        first = jax.lax.broadcasted_iota(jnp.int32, moved.shape, 0) == 0
        state = shardings.constrain(jnp.where(first, entering[None], moved), "stage", "batch", "length", "act_embed")
        # kept sharded here, so that gathered weights and whole gradients do not outlive a tick
        weights = jax.tree.map(sharded, params, staged, is_leaf=is_param)
        state = run_stages(state, weights, all_positions[which], all_segments[which])
        state = shardings.constrain(state, "stage", "batch", "length", "act_embed")
        return state, state[-1]

    empty = jnp.zeros((stages, *inputs.shape[1:]), x.dtype)
    empty = shardings.constrain(empty, "stage", "batch", "length", "act_embed")
    _, leaving = jax.lax.scan(tick, empty, jnp.arange(count + stages - 1))
    out = jnp.swapaxes(leaving[stages - 1 :], 0, 1).reshape(x.shape)
    return shardings.constrain(out, "batch", "length", "act_embed")


def _check(request: Request, shardings: Shardings, batch: int, stages: int, count: int) -> None:
    groups = request.model.groups
    if len(groups) > 1:
        raise UnsupportedError("the reference program has no pipeline over more than one group of layers, as after leading dense ones")
    if groups[0].repeat % stages:
        what = "model.layers" if len(groups[0].layers) == 1 else f"patterns of {len(groups[0].layers)} layers:"
        raise RequestError(f"{what} {groups[0].repeat} is not divisible by stage {stages}")
    shards = shardings.size("replica", "data", "expert")
    if batch % count or (batch // count) % shards:
        raise RequestError(
            f"a batch of {batch} in {count} pipeline microbatches is not divisible by replica x data x expert = {shards}"
        )
