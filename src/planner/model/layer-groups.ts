import type { Attention, Layer, LayerGroup, Mlp, Model } from '../../contract/model.ts'

/** One layer of a model and how many of it there are, wherever they stand. */
export interface LayerKind extends Layer {
  count: number
}

/** The layers of a model as groups; the flat form becomes one, or two where a MoE starts with dense layers. */
export function layerGroups(model: Model): readonly LayerGroup[] {
  if (typeof model.layers !== 'number') return model.layers
  const {
    layers,
    mlp: width = 1,
    experts = 1,
    experts_per_token: perToken = 1,
    shared_experts: shared = 0,
    dense_layers: dense = 0,
  } = model
  const attention = flatAttention(model)
  const gated = model.gated_mlp ?? true
  const group = (repeat: number, mlp: Mlp): LayerGroup[] => (repeat > 0 ? [{ repeat, layers: [{ attention, mlp }] }] : [])
  if (experts === 1) return group(layers, { kind: 'dense', width, gated })
  const sharedWidth = shared > 0 ? { shared_width: width * shared } : {}
  return [
    // the leading dense layers of the flat form are as wide as what one token uses of the others
    ...group(Math.min(dense, layers), { kind: 'dense', width: width * (perToken + shared), gated }),
    ...group(layers - dense, { kind: 'moe', experts, experts_per_token: perToken, width, ...sharedWidth, gated }),
  ]
}

function flatAttention({ heads = 1, kv_heads: kvHeads = 1, head_dim: headDim = 1, attention_window: window }: Model): Attention {
  const plain = { heads, kv_heads: kvHeads, head_dim: headDim }
  return window === undefined ? { kind: 'full', ...plain } : { kind: 'window', ...plain, window }
}

/** The distinct layers of some groups, in the order in which they first come, each with its count. */
export function layerKinds(groups: readonly LayerGroup[]): readonly LayerKind[] {
  const kinds = new Map<string, LayerKind>()
  for (const { repeat, layers } of groups) {
    for (const { attention, mlp } of layers) {
      const key = canonical({ attention, mlp })
      const known = kinds.get(key)
      if (known) known.count += repeat
      else kinds.set(key, { attention, mlp, count: repeat })
    }
  }
  return [...kinds.values()]
}

/** Every layer in order. */
export function everyLayer(groups: readonly LayerGroup[]): Layer[] {
  return groups.flatMap(({ repeat, layers }) => Array.from({ length: repeat }, () => layers).flat())
}

/** The shortest list of groups with these layers in this order: the first period that pays, then the rest in the same way. */
export function groupLayers(layers: readonly Layer[]): LayerGroup[] {
  const keys = layers.map(canonical)
  const groups: LayerGroup[] = []
  let start = 0
  while (start < layers.length) {
    const { period, repeat } = bestRun(keys, start)
    groups.push({ repeat, layers: layers.slice(start, start + period) })
    start += period * repeat
  }
  return groups
}

/** The period from `start` that covers most layers for the number that it writes out. */
function bestRun(keys: readonly string[], start: number): { period: number; repeat: number } {
  let best = { period: 1, repeat: 1 }
  let bestScore = 0
  const longest = Math.min(64, Math.floor((keys.length - start) / 2))
  for (let period = 1; period <= Math.max(1, longest); period++) {
    let end = start + period
    while (end < keys.length && keys[end] === keys[end - period]) end++
    const repeat = Math.floor((end - start) / period)
    const score = repeat * period - period
    if (score > bestScore) {
      best = { period, repeat }
      bestScore = score
    }
  }
  return best
}

/** Text that two layers share exactly when they are the same: keys in order, defaults filled in. */
function canonical({ attention, mlp }: Layer): string {
  const filled = mlp === null ? null : { ...mlp, gated: mlp.gated ?? true }
  return JSON.stringify([attention, filled].map((part) => (part === null ? null : sorted(part))))
}

function sorted(part: object): [string, unknown][] {
  return Object.entries(part)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([key, value]): [string, unknown] => [key, typeof value === 'object' && value !== null ? sorted(value) : value])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
