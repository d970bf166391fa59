import { countLayers } from './count-layers.ts'
import { type Found, type InferredJob, likely, sure } from './inferred.ts'
import type { Role, Weight } from './weight-roles.ts'

type ModelPart = Pick<
  InferredJob,
  'layers' | 'denseLayers' | 'embed' | 'mlp' | 'heads' | 'kvHeads' | 'headDim' | 'vocab' | 'gated' | 'tied' | 'experts' | 'latentAttention'
>

/** Where a layer's weight has which of its dimensions. */
export interface WeightAxes {
  layers: number | null
  embed: number
  heads: number | null
  headDim: number | null
  mlp: number | null
  experts: number | null
}

/** The dimensions of a decoder from its weights: each axis is known by what it shares with a weight that leaves no doubt. */
export function inferModel(weights: readonly Weight[]): ModelPart {
  const first = (role: Role) => weights.find((weight) => weight.role === role) ?? null
  const embedding = first('embedding')
  const logits = first('logits')
  const embed = embedOf(weights)
  const found: ModelPart = {
    layers: null, denseLayers: null, embed, mlp: null, heads: null, kvHeads: null, headDim: null, vocab: null, gated: null,
    tied: null, experts: null, latentAttention: false,
  } // biome-ignore format: a table
  if (embed === null) return found
  const table = embedding ?? logits
  if (table !== null && table.dims.length === 2) found.vocab = sure(otherThan(table.dims, embed.value), `the other side of ${table.name}`)
  found.tied = embedding === null ? null : sure(logits === null, logits === null ? 'there is no weight of its own for logits' : logits.name)
  Object.assign(found, countLayers(weights, embed.value))
  readMlp(weights, embed.value, found)
  // queries beside latents are not those of plain attention, whose caches and products would be others
  found.latentAttention = first('latent') !== null
  if (found.latentAttention) return found
  readAttention(weights, embed.value, found)
  return found
}

/** Heads and their width, where those of all layers are the same. */
function readAttention(weights: readonly Weight[], embed: number, found: ModelPart): void {
  for (const [role, heads] of [
    ['query', 'heads'],
    ['key', 'kvHeads'],
  ] as const) {
    const all = weights.filter((weight) => weight.role === role)
    const sizes = all.map((weight) => headsOf(weight, embed))
    const [first, ...others] = sizes
    if (first == null || others.some((other) => other === null || other.heads !== first.heads || other.width !== first.width)) continue
    found[heads] = sure(first.heads, all[0]!.name)
    if (role === 'query') found.headDim = sure(first.width, all[0]!.name)
  }
}

function headsOf(weight: Weight, embed: number): { heads: number; width: number } | null {
  const axes = axesOf(weight, embed)
  if (axes?.heads == null || axes.headDim === null) return null
  return { heads: weight.dims[axes.heads]!, width: weight.dims[axes.headDim]! }
}

/** The width of the residual stream: what the last norm scales, or the side that the embedding shares with the queries. */
function embedOf(weights: readonly Weight[]): Found<number> | null {
  const norm = weights.find((weight) => weight.role === 'final_norm' && weight.dims.length === 1)
  if (norm) return sure(norm.dims[0]!, norm.name)
  const table = weights.find((weight) => weight.role === 'embedding' && weight.dims.length === 2)
  const query = weights.find((weight) => weight.role === 'query')
  const shared = table?.dims.filter((size) => query?.dims.includes(size)) ?? []
  return table && shared.length === 1 ? likely(shared[0]!, `${table.name} and ${query?.name} share it`) : null
}

function readMlp(weights: readonly Weight[], embed: number, found: ModelPart): void {
  const all = weights.filter((weight) => weight.role === 'gate')
  const routed = all.filter((weight) => weight.routed)
  const gates = routed.length > 0 ? routed : all
  const [gate] = gates
  if (!gate) return
  const axes = axesOf(gate, embed)
  const width = widthOf(gate, embed)
  if (width !== null && gates.every((other) => widthOf(other, embed) === width)) found.mlp = sure(width, gate.name)
  if (axes?.experts != null) found.experts = sure(gate.dims[axes.experts]!, gate.name)
  const up = weights.some((weight) => weight.role === 'up' && weight.group === gate.group)
  found.gated = sure(up, up ? 'the MLP has two inner weights' : 'the MLP has one inner weight')
}

function widthOf(weight: Weight, embed: number): number | null {
  const axis = axesOf(weight, embed)?.mlp ?? null
  return axis === null ? null : weight.dims[axis]!
}

/**
 * Which axis of a layer's weight is which. Weights that are scanned over have one axis of layers, the first (our reference) or
 * the second (MaxText's param_scan_axis=1), and another after it where a pattern lies within one; the rest follow their order:
 * embed, heads, head_dim; heads, head_dim, embed; experts, embed, mlp.
 */
export function axesOf(weight: Weight, embed: number): WeightAxes | null {
  const rest = weight.dims.map((_, i) => i)
  const expected = { query: 3, key: 3, value: 3, attention_out: 3, gate: 2, up: 2, down: 2 }[weight.role as string]
  if (expected === undefined) return null
  const inner = expected + (weight.routed ? 1 : 0)
  let layers: number | null = null
  const stacked = rest.length - inner
  if (stacked === 1 || stacked === 2) {
    layers = layerAxis(weight, embed)
    rest.splice(layers, stacked)
  } else if (rest.length !== inner) return null
  const experts = weight.routed && inner === rest.length ? rest.shift()! : null
  const last = weight.role === 'attention_out' || weight.role === 'down'
  const embedAxis = last ? rest.at(-1)! : rest[0]!
  if (weight.dims[embedAxis] !== embed) return null
  const others = rest.filter((axis) => axis !== embedAxis)
  const attention = expected === 3
  return {
    layers,
    embed: embedAxis,
    heads: attention ? others[0]! : null,
    headDim: attention ? others[1]! : null,
    mlp: attention ? null : others[0]!,
    experts,
  }
}

/** MaxText scans over the second axis: then the first is what the weight would begin with without layers. */
function layerAxis(weight: Weight, embed: number): number {
  const beginsWithEmbed = !weight.routed && weight.role !== 'attention_out' && weight.role !== 'down'
  if (beginsWithEmbed) return weight.dims[0] === embed && weight.dims[1] !== embed ? 1 : 0
  return /decoder/.test(weight.path.join('.')) ? 1 : 0
}

function otherThan(dims: readonly number[], embed: number): number {
  return dims[0] === embed ? (dims[1] ?? 1) : (dims[0] ?? 1)
}
