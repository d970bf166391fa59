"""The train step: loss, gradients (accumulated over microbatches), clipping, optimizer."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .errors import RequestError
from .flags import optimizer_on_host
from .model import embed_tokens, logits_of, run_layers
from .optimizer import abstract_state, apply_updates, clip_by_global_norm, on_device
from .params import JAX_DTYPES, abstract_parameters
from .request import Request
from .sharding import Shardings


def abstract_train_arguments(request: Request, shardings: Shardings) -> tuple[Any, Any]:
    """(state, batch) as sharded ShapeDtypeStructs."""
    run = request.run
    params = abstract_parameters(request.model, run, shardings)
    state = {"step": jax.ShapeDtypeStruct((), jnp.int32, sharding=shardings.named(())),
             "params": params, "optimizer": abstract_state(params, run)}
    shape = (run.global_batch, run.seq_len)
    if run.global_batch % run.microbatches:
        raise RequestError(f"microbatches {run.microbatches} does not divide global_batch {run.global_batch}")
    shards = shardings.size("replica", "data", "expert")
    if (run.global_batch // run.microbatches) % shards:
        raise RequestError(
            f"a microbatch of {run.global_batch // run.microbatches} sequences is not divisible by "
            f"replica x data x expert = {shards}"
        )
    tokens = jax.ShapeDtypeStruct(shape, jnp.int32, sharding=shardings.named(("batch", "length"), shape))
    batch = dict.fromkeys(("inputs", "targets", "positions", "segments"), tokens)
    return state, batch


def train_step(state: Any, batch: dict[str, jax.Array], request: Request,
               shardings: Shardings) -> tuple[Any, dict[str, jax.Array]]:
    """One optimizer step; the state is donated by the caller."""
    run = request.run
    if run.microbatches > 1:
        loss, gradients = _accumulated(state["params"], batch, request, shardings)
    else:
        loss, gradients = jax.value_and_grad(_loss)(state["params"], batch, request, shardings)
    dtype = JAX_DTYPES[run.gradient_dtype or run.weight_dtype]
    gradients = jax.tree.map(lambda leaf: leaf.astype(dtype), gradients)
    if run.optimizer != "none":
        gradients = clip_by_global_norm(gradients)
    step = state["step"] + 1
    optimizer = state["optimizer"]
    if optimizer_on_host(run):
        optimizer = on_device(optimizer, abstract_state(abstract_parameters(request.model, run, shardings), run))
    params, optimizer = apply_updates(state["params"], gradients, optimizer, step, run)
    metrics = {"loss": loss}
    if run.optimizer == "none":
        metrics["gradients"] = gradients
    return {"step": step, "params": params, "optimizer": optimizer}, metrics


def _loss(params: Any, batch: dict[str, jax.Array], request: Request, shardings: Shardings) -> jax.Array:
    x = embed_tokens(params, batch["inputs"], request, shardings)
    x, _ = run_layers(params, x, batch["positions"], batch["segments"], request, shardings)
    logits = logits_of(params, x, request, shardings)
    one_hot = jax.nn.one_hot(batch["targets"], request.model.vocab, dtype=logits.dtype)
    one_hot = shardings.constrain(one_hot, "logits_batch", "length", "act_vocab")
    losses = cross_entropy(logits, one_hot) * (batch["segments"] != 0)
    loss = jnp.sum(losses) / (jnp.sum(batch["segments"] != 0) + 1e-8)
    if "extra" in params:
        loss = loss + 1e-9 * jnp.sum(jnp.square(params["extra"].astype(jnp.float32)))
    return loss


@jax.custom_vjp
def cross_entropy(logits: jax.Array, one_hot: jax.Array) -> jax.Array:
    """Softmax cross-entropy per token, keeping the f32 exponentials for the way back as MaxText does."""
    return _cross_entropy_forward(logits, one_hot)[0]


def _cross_entropy_forward(logits: jax.Array, one_hot: jax.Array) -> tuple[jax.Array, tuple]:
    shifted = logits - jax.lax.stop_gradient(jnp.max(logits, axis=-1, keepdims=True))
    exponentials = jnp.exp(shifted)
    total = jnp.sum(exponentials, axis=-1, keepdims=True)
    loss = -jnp.sum(one_hot * (shifted - jnp.log(total)), axis=-1)
    return loss, (exponentials, total, one_hot)


def _cross_entropy_backward(residuals: tuple, gradient: jax.Array) -> tuple[jax.Array, None]:
    exponentials, total, one_hot = residuals
    return jnp.expand_dims(gradient, -1) * (exponentials / total - one_hot), None


cross_entropy.defvjp(_cross_entropy_forward, _cross_entropy_backward)


def _accumulated(params: Any, batch: dict[str, jax.Array], request: Request,
                 shardings: Shardings) -> tuple[jax.Array, Any]:
    """Mean loss and gradients over a scan of microbatches, accumulated in the gradient dtype."""
    count = request.run.microbatches
    dtype = JAX_DTYPES[request.run.gradient_dtype or request.run.weight_dtype]

    def split(value: jax.Array) -> jax.Array:
        value = value.reshape(value.shape[0] // count, count, *value.shape[1:])
        return shardings.constrain(jnp.swapaxes(value, 0, 1), None, "batch", "length")

    def step(carry: tuple[jax.Array, Any], microbatch: dict[str, jax.Array]) -> tuple[tuple[jax.Array, Any], None]:
        loss, gradients = jax.value_and_grad(_loss)(params, microbatch, request, shardings)
        total, sums = carry
        return (total + loss, jax.tree.map(lambda a, b: a + b.astype(dtype), sums, gradients)), None

    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, dtype), params)
    (loss, sums), _ = jax.lax.scan(step, (jnp.zeros(()), zeros), jax.tree.map(split, batch))
    return loss / count, jax.tree.map(lambda leaf: leaf / count, sums)
