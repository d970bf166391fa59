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
  readLayers(weights, embed.value, found)
  readMlp(weights, embed.value, found)
  // queries beside latents are not those of plain attention, whose caches and products would be others
  found.latentAttention = first('latent') !== null
  if (found.latentAttention) return found
  const query = first('query')
  const key = first('key')
  const axes = query && axesOf(query, embed.value)
  if (query && axes?.heads != null && axes.headDim !== null) {
    found.heads = sure(query.dims[axes.heads]!, query.name)
    found.headDim = sure(query.dims[axes.headDim]!, query.name)
  }
  const keyAxes = key && axesOf(key, embed.value)
  if (key && keyAxes?.heads != null) found.kvHeads = sure(key.dims[keyAxes.heads]!, key.name)
  return found
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

function readLayers(weights: readonly Weight[], embed: number, found: ModelPart): void {
  const counts = new Map<string, number>()
  for (const weight of weights) {
    if (weight.role !== 'norm' || weight.group === '' || weight.dims.length !== 2 || !weight.dims.includes(embed)) continue
    counts.set(weight.group, otherThan(weight.dims, embed))
  }
  if (counts.size === 0) {
    const numbered = new Set(
      weights.map((weight) => /(\d+)$/.exec(weight.group)?.[1] ?? numberAfter(weight)).filter((n) => n !== undefined),
    )
    if (numbered.size > 0) found.layers = likely(numbered.size, 'the layers are numbered')
    return
  }
  found.layers = sure(
    [...counts.values()].reduce((sum, count) => sum + count, 0),
    `the norms of ${[...counts.keys()].join(' and ')}`,
  )
  const moe = new Set(weights.filter((weight) => weight.routed).map((weight) => weight.group))
  const dense = [...counts].filter(([group]) => moe.size > 0 && !moe.has(group))
  if (moe.size > 0)
    found.denseLayers = sure(
      dense.reduce((sum, [, count]) => sum + count, 0),
      'layers without experts',
    )
}

function numberAfter({ path, group }: Weight): string | undefined {
  const next = path[path.indexOf(group) + 1]
  return next !== undefined && /^\d+$/.test(next) ? next : undefined
}

function readMlp(weights: readonly Weight[], embed: number, found: ModelPart): void {
  const gates = weights.filter((weight) => weight.role === 'gate')
  const gate = gates.find((weight) => weight.routed) ?? gates[0]
  if (!gate) return
  const axes = axesOf(gate, embed)
  if (axes?.mlp != null) found.mlp = sure(gate.dims[axes.mlp]!, gate.name)
  if (axes?.experts != null) found.experts = sure(gate.dims[axes.experts]!, gate.name)
  const up = weights.some((weight) => weight.role === 'up' && weight.group === gate.group)
  found.gated = sure(up, up ? 'the MLP has two inner weights' : 'the MLP has one inner weight')
}

/**
 * Which axis of a layer's weight is which. Weights that are scanned over have one axis of layers, the first (our reference) or
 * the second (MaxText's param_scan_axis=1); the rest follow their order: embed, heads, head_dim; heads, head_dim, embed; experts,
 * embed, mlp.
 */
export function axesOf(weight: Weight, embed: number): WeightAxes | null {
  const rest = weight.dims.map((_, i) => i)
  const expected = { query: 3, key: 3, value: 3, attention_out: 3, gate: 2, up: 2, down: 2 }[weight.role as string]
  if (expected === undefined) return null
  const inner = expected + (weight.routed ? 1 : 0)
  let layers: number | null = null
  if (rest.length === inner + 1) {
    layers = layerAxis(weight, embed)
    rest.splice(layers, 1)
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
