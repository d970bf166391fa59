import { type ConfigReader, hfArchitectures } from './config-reader.ts'
import { refuse } from './refuse-architecture.ts'

/** What mixes tokens in one layer: attention of a kind, a recurrence, or nothing. */
export type MixerKind = 'full' | 'window' | 'chunked' | 'gated_delta' | 'mamba2' | 'mamba1' | 'none'

/** What a layer of a written-out pattern holds beside or instead of its mixer; absent where every layer has an MLP. */
export interface LayerPlan {
  mixer: MixerKind
  mlp: 'usual' | 'dense' | 'moe' | 'none'
}

/** The layers of a config in order. Throws `bad_log` for a kind of layer that no layer group describes. */
export function layerPlans(config: ConfigReader, layers: number): LayerPlan[] {
  const pattern = config.text('hybrid_override_pattern')
  if (pattern !== null) return [...pattern].filter((letter) => letter !== '|').map((letter) => ofLetter(config, letter))
  const plans = namedLayers(config, layers) ?? periodicLayers(config, layers)
  return plans ?? windowLayers(config, layers).map((mixer) => ({ mixer, mlp: 'usual' }))
}

/** Nemotron-H: M Mamba-2, * attention, - MLP, E experts; every letter a layer of its own. */
function ofLetter(config: ConfigReader, letter: string): LayerPlan {
  if (letter === 'M') return { mixer: 'mamba2', mlp: 'none' }
  if (letter === '*') return { mixer: 'full', mlp: 'none' }
  if (letter === '-') return { mixer: 'none', mlp: 'dense' }
  if (letter === 'E') return { mixer: 'none', mlp: 'moe' }
  return refuse(config.what, config.family, `hybrid_override_pattern has a layer "${letter}"`)
}

function namedLayers(config: ConfigReader, layers: number): LayerPlan[] | null {
  if (config.list('attn_type_list')?.some((kind) => kind !== 1))
    refuse(config.what, config.family, 'lightning attention (attn_type_list), which is not described')
  const names = config.list('layer_types') ?? config.list('layers_block_type')
  if (names === null) return null
  // a config that was cut shorter keeps a longer list
  return Array.from({ length: layers }, (_, i) => ofName(config, String(names[i % names.length])))
}

function ofName(config: ConfigReader, name: string): LayerPlan {
  const usual = (mixer: MixerKind): LayerPlan => ({ mixer, mlp: 'usual' })
  switch (name) {
    case 'full_attention':
    case 'attention':
    case 'global_attention':
    case 'global':
    case 'indexed_attention':
      return single(config, 'full')
    case 'sliding_attention':
    case 'local_attention':
    case 'sliding':
    case 'local':
      return usual(windowOf(config) === null ? 'full' : 'window')
    case 'chunked_attention':
      return usual('chunked')
    case 'linear_attention':
    case 'gated_delta':
      if (config.number('linear_num_value_heads') !== null) return single(config, 'gated_delta')
      if (!hasMamba(config)) return refuse(config.what, config.family, 'linear attention of a kind that is not described')
      return single(config, mambaKind(config))
    case 'mamba':
    case 'mamba2':
      return single(config, mambaKind(config))
    case 'moe':
    case 'mlp':
      return { mixer: 'none', mlp: name === 'moe' ? 'moe' : 'dense' }
    default:
      return refuse(config.what, config.family, `it has layers of the kind "${name}", which are not described`)
  }
}

/** In Nemotron-H every block is either a mixer or an MLP. */
function single(config: ConfigReader, mixer: MixerKind): LayerPlan {
  return { mixer, mlp: config.family === 'nemotron_h' ? 'none' : 'usual' }
}

function hasMamba(config: ConfigReader): boolean {
  return config.number('mamba_d_state') !== null || config.number('ssm_state_size') !== null
}

function mambaKind(config: ConfigReader): MixerKind {
  const heads = config.number('mamba_num_heads') ?? config.number('mamba_n_heads')
  return heads === null ? 'mamba1' : 'mamba2'
}

/** Hybrids that say every how many layers attention comes. */
function periodicLayers(config: ConfigReader, layers: number): LayerPlan[] | null {
  const period = config.number('attn_layer_period')
  const offset = config.number('attn_layer_offset') ?? 0
  if (period !== null) return plansOf(layers, (i) => (i % period === offset ? 'full' : mambaKind(config)))
  const indices = config.list('attn_layer_indices')
  if (indices !== null) return plansOf(layers, (i) => (indices.includes(i) ? 'full' : mambaKind(config)))
  const interval = config.number('full_attention_interval')
  if (interval !== null && config.number('linear_num_value_heads') !== null)
    return plansOf(layers, (i) => ((i + 1) % interval === 0 ? 'full' : 'gated_delta'))
  if (config.number('attention_chunk_size')) {
    const rope = config.list('no_rope_layers')
    const every = config.number('no_rope_layer_interval') ?? 4
    return plansOf(layers, (i) => ((rope ? rope[i] !== 0 : (i + 1) % every !== 0) ? 'chunked' : 'full'))
  }
  return null
}

function plansOf(layers: number, mixer: (layer: number) => MixerKind): LayerPlan[] {
  return Array.from({ length: layers }, (_, i) => ({ mixer: mixer(i), mlp: 'usual' }))
}

/** The window where one is in use: one as long as the longest context hides nothing. */
export function windowOf(config: ConfigReader): number | null {
  const window = config.number('sliding_window') ?? config.number('sliding_window_size') ?? config.number('window_size')
  if (window === null || window === 0 || config.flag('use_sliding_window') === false) return null
  return window >= (config.count('positions') ?? Number.POSITIVE_INFINITY) ? null : window
}

/** Plain decoders: which layers have the window, by a pattern of the config, the family's own, or all. */
function windowLayers(config: ConfigReader, layers: number): MixerKind[] {
  if (windowOf(config) === null) return Array.from({ length: layers }, () => 'full')
  const letters = config.text('sliding_window_pattern')
  const period = config.number('sliding_window_pattern') ?? config.number('_sliding_window_pattern')
  const every = period ?? hfArchitectures.alternating_windows[config.family] ?? null
  const fromLayer = config.flag('use_sliding_window') === true ? config.number('max_window_layers') : null
  const types = config.list('attention_types')
  return Array.from({ length: layers }, (_, i) => {
    if (letters !== null) return letters[i % letters.length] === 'G' ? 'full' : 'window'
    if (types !== null) return i % 2 === 1 ? 'window' : 'full'
    if (every !== null) return (i + 1) % every === 0 ? 'full' : 'window'
    return fromLayer === null || i >= fromLayer ? 'window' : 'full'
  })
}
