import type { ChipSpec, Item, OpSpec } from './synthetic-profile.ts'

/** A decoder's step as one device runs it, for synthetic profiles whose times follow from the work. */
export interface TransformerStep {
  chip: ChipSpec
  /** Cores that share a device's work (megacore: 2). */
  coresPerDevice: number
  layers: number
  embed: number
  /** Width of the MLP a token passes: one expert's times experts per token. */
  mlp: number
  /** Width whose weights are read: all experts of a MoE. */
  mlpWeights?: number
  heads: number
  kvHeads: number
  headDim: number
  vocab: number
  /** Tokens of the step on this device's batch shard, the same for all devices of a tensor group. */
  tokens: number
  context: number
  tensor: number
  fsdp: number
  /** Experts that a token visits: its activations are copied to each, and back. 1 for a dense model. */
  expertsPerToken?: number
  /**
   * Reached part of the peak in matrix products (of experts apart: their groups are uneven), and of the HBM bandwidth elsewhere.
   */
  matmulEfficiency: number
  expertEfficiency?: number
  /** Attention's products wait for its softmax; as other products where it is not said. */
  attentionEfficiency?: number
  /** The part of a gather's flight that the layer before it hides; all of it where the layer is long enough. */
  hiddenGathers?: number
  hbmEfficiency: number
  /** Bytes a second through the tensor group's and the FSDP group's links, GB/s. */
  tensorGbps: number
  fsdpGbps: number
  /** Latency of one collective, microseconds. */
  latencyUs: number
  backward: boolean
  /** Recomputes the forward pass in the backward one. */
  remat: boolean
  /** Tokens decoded at once read the cache of `context` tokens each. */
  kvCacheBytes?: number
  /** A compiled step cuts each layer out of the cache: so often it is read or written besides. */
  cacheCopies?: number
  optimizerBytes?: number
}

const source = 'maxtext/layers/decoders.py:210'

/** What the step does, in order. */
export function transformerStep(step: TransformerStep): Item[] {
  const forward: Item[] = [{ loop: 'while.1', times: step.layers, body: layer(step, 'fwd', 'forward') }]
  const embedding = memoryOp(step, 'fusion.embed', step.tokens * step.embed * 4, 'decoder/embedding')
  const logits = matmul(
    step,
    'fusion.logits',
    2 * step.tokens * step.embed * step.vocab,
    { weights: step.embed * step.vocab * 2, gathered: step.tokens * step.embed * 2, own: step.tokens * step.vocab * 2 },
    'decoder/logits_dense/dot_general',
  )
  if (!step.backward) return [{ op: embedding }, ...forward, { op: logits }]
  const backward: Item[] = [
    ...(step.remat ? layer(step, 'remat', 'rematted_computation', false) : []),
    ...layer(step, 'bwd', 'transpose', true),
  ]
  const out: Item[] = [
    { op: embedding },
    ...forward,
    { op: logits },
    { op: { ...logits, name: 'fusion.logits_grad', us: logits.us * 2, flops: (logits.flops ?? 0) * 2, bytes: (logits.bytes ?? 0) * 2 } },
    { loop: 'while.2', times: step.layers, body: backward },
  ]
  if (step.optimizerBytes !== undefined) out.push({ op: memoryOp(step, 'fusion.optimizer', step.optimizerBytes, 'optimizer/adamw') })
  return out
}

function layer(step: TransformerStep, tag: string, scope: string, backward = false): Item[] {
  const { tokens, embed, heads, kvHeads, headDim, context } = step
  const times = backward ? 2 : 1
  const projection = (heads + 2 * kvHeads) * headDim
  const activations = tokens * embed * 2
  const name = (part: string): string => `${part}.${tag}`
  const path = (part: string): string => `jit(train_step)/${scope}/decoder/layers/${part}`
  const scores = 2 * 2 * tokens * context * heads * headDim * (step.kvCacheBytes === undefined ? 0.5 : 1)
  const cache = (step.kvCacheBytes ?? 0) / step.layers
  const weights = (embed * projection + heads * headDim * embed + 3 * embed * (step.mlpWeights ?? step.mlp)) * 2
  const items: Item[] = []
  const gathers = step.fsdp > 1
  const gatherUs = flight(step, weights / step.tensor, step.fsdpGbps)
  if (gathers)
    items.push({
      start: `${tag}w`,
      collective: 'all-gather',
      us: gatherUs,
      bytes: Math.round(weights / step.tensor),
      expression: collectiveText(step, 'all-gather', `${tag}w`, weights / step.tensor, step.fsdp),
    })
  const routed = tokens * (step.expertsPerToken ?? 1)
  const routes = (step.expertsPerToken ?? 1) > 1
  const reached = { expert: step.expertEfficiency, attention: step.attentionEfficiency }
  const matrix = (part: string, flops: number, bytes: Traffic, where: string, kind?: 'expert' | 'attention'): Item => ({
    op: matmul(
      step,
      name(part),
      times * flops,
      { weights: times * bytes.weights, gathered: times * bytes.gathered, own: times * bytes.own },
      path(where),
      kind === 'expert' && !routes ? undefined : kind && reached[kind],
    ),
  })
  const copies = step.cacheCopies ?? 0
  const copied: Item[] = copies > 0 ? [{ op: memoryOp(step, name('fusion.cache'), cache * copies, path('self_attention/cache')) }] : []
  const experts: Item[] = routes ? [{ op: memoryOp(step, name('fusion.route'), routed * embed * 2 * 2 * times, path('mlp/route')) }] : []
  const combine: Item[] = routes
    ? [{ op: memoryOp(step, name('fusion.combine'), routed * embed * 2 * 2 * times, path('mlp/combine')) }]
    : []
  items.push(
    { op: memoryOp(step, name('fusion.norm_attention'), activations * 2 * times, path('pre_self_attention_norm')) },
    ...sync(step, name('all-gather.attention'), 'all-gather', activations),
    matrix(
      'fusion.qkv',
      2 * tokens * embed * projection,
      { weights: embed * projection * 2, gathered: activations, own: tokens * projection * 2 },
      'self_attention/qkv/dot_general',
    ),
    ...copied,
    matrix(
      'fusion.attention',
      scores,
      { weights: cache / times, gathered: 0, own: tokens * (projection + heads * headDim) * 2 },
      'self_attention/flash_attention',
      'attention',
    ),
    ...(gathers && backward ? [gradients(step, tag, weights)] : []),
    matrix(
      'fusion.out',
      2 * tokens * heads * headDim * embed,
      { weights: heads * headDim * embed * 2, gathered: activations, own: tokens * heads * headDim * 2 },
      'self_attention/out/dot_general',
    ),
    ...sync(step, name('reduce-scatter.attention'), 'reduce-scatter', activations),
    { op: memoryOp(step, name('fusion.norm_mlp'), activations * 2 * times, path('post_self_attention_norm')) },
    ...sync(step, name('all-gather.mlp'), 'all-gather', activations),
    ...experts,
    matrix(
      'fusion.wi',
      4 * tokens * embed * step.mlp,
      { weights: 2 * embed * (step.mlpWeights ?? step.mlp) * 2, gathered: routed * embed * 2, own: 2 * tokens * step.mlp * 2 },
      'mlp/wi/dot_general',
      'expert',
    ),
    matrix(
      'fusion.wo',
      2 * tokens * embed * step.mlp,
      { weights: embed * (step.mlpWeights ?? step.mlp) * 2, gathered: routed * embed * 2, own: tokens * step.mlp * 2 },
      'mlp/wo/dot_general',
      'expert',
    ),
    ...combine,
    ...sync(step, name('reduce-scatter.mlp'), 'reduce-scatter', activations),
    ...(gathers && backward ? [{ done: `${tag}g` }] : []),
  )
  if (gathers) items.splice(waitAt(items, gatherUs, step.hiddenGathers ?? 1), 0, { done: `${tag}w` })
  return items
}

/** The layer's gradients go to their shards while the rest of the layer computes. */
function gradients(step: TransformerStep, tag: string, weights: number): Item {
  const bytes = Math.round(weights / step.tensor)
  return {
    start: `${tag}g`,
    collective: 'reduce-scatter',
    us: flight(step, weights / step.tensor, step.fsdpGbps),
    bytes,
    expression: collectiveText(step, 'reduce-scatter', `${tag}g`, weights / step.tensor, step.fsdp),
  }
}

/**
 * Where in the layer the transfer is waited for: no later than it has to, and where a part is not hidden before that part begins.
 */
function waitAt(items: readonly Item[], us: number, hidden: number): number {
  let passed = 0
  for (const [index, item] of items.entries()) {
    const length = 'op' in item ? item.op.us : 0
    if (hidden < 1 && passed + length > us * hidden) return index
    passed += length
    if (passed >= us) return index + 1
  }
  return items.length
}

function sync(step: TransformerStep, name: string, kind: string, bytes: number): Item[] {
  if (step.tensor === 1) return []
  const share = (bytes * (step.tensor - 1)) / step.tensor
  return [
    {
      op: {
        name,
        category: kind,
        us: share / (step.tensorGbps * 1000) + step.latencyUs,
        bytes: (bytes * 2) / step.tensor / step.coresPerDevice,
        flops: 0,
        expression: collectiveText(step, kind, name.replace(`${kind}.`, ''), bytes, step.tensor),
        source,
      },
    },
  ]
}

function flight(step: TransformerStep, bytes: number, gbps: number): number {
  return (bytes * (step.fsdp - 1)) / step.fsdp / (gbps * 1000) + step.latencyUs
}

function collectiveText(step: TransformerStep, kind: string, key: string, bytes: number, group: number): string {
  const devices = step.tensor * step.fsdp
  return `%${kind}.${key} = bf16[${Math.round(bytes / 2)}]{0} ${kind}(bf16[${Math.round(bytes / 2 / group)}]{0} %param), channel_id=1, replica_groups=[${devices / group},${group}]<=[${devices}], dimensions={0}`
}

/**
 * What a product reads and writes, bytes: weights and results that a tensor group splits, and operands that every member holds
 * whole.
 */
interface Traffic {
  weights: number
  gathered: number
  own: number
}

/** A product moves what its shapes say: no more FLOPs a byte than they have. */
function matmul(step: TransformerStep, name: string, flops: number, traffic: Traffic, tfOp: string, reached?: number): OpSpec {
  const share = step.tensor * step.coresPerDevice
  const own = flops / share
  const bytes = (traffic.weights + traffic.own) / share + traffic.gathered / step.coresPerDevice
  const efficiency = reached ?? step.matmulEfficiency
  const us = Math.max(own / (step.chip.tflops * efficiency * 1e6), bytes / (step.chip.hbmGbps * step.hbmEfficiency * 1e3))
  return { name, category: 'convolution fusion', us, flops: own, bytes, tfOp, source }
}

function memoryOp(step: TransformerStep, name: string, bytes: number, tfOp: string): OpSpec {
  const own = bytes / step.coresPerDevice / step.tensor
  return {
    name,
    category: 'loop fusion',
    us: Math.max(0.5, own / (step.chip.hbmGbps * step.hbmEfficiency * 1e3)),
    flops: own / 2,
    bytes: own,
    tfOp,
    source,
  }
}
