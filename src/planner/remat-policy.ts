import { z } from 'zod'
import json from '../../knowledge/remat-policies.json' with { type: 'json' }
import { bare } from '../text/bare.ts'

const tensors = [
  'decoder_layer_input',
  'query_proj',
  'key_proj',
  'value_proj',
  'kv_proj',
  'qkv_proj',
  'query_wa_proj',
  'kv_wa_proj',
  'mla_q',
  'mla_kv',
  'context',
  'attention_out',
  'out_proj',
  'mlpwi',
  'mlpwi_0',
  'mlpwi_1',
  'mlpwo',
  'moe_mlpwi_0',
  'moe_mlpwi_1',
  'moe_mlpwo',
  'moe_x_sorted',
  'moe_routing_maps',
  'indexer_cutoff_threshold',
] as const
/** A tensor of a layer that MaxText names for its policies. */
export type RematTensor = (typeof tensors)[number]
const tensorList = z.array(z.enum([...tensors, 'all']))

const file = bare(
  z
    .object({
      policies: z.record(z.string(), z.strictObject({ device: tensorList, host: tensorList })),
      aliases: z.record(z.string(), z.string()),
      settings: z.array(z.enum(tensors)),
      unknown: z.string(),
      tuned: z.array(z.string()),
    })
    .parse(json),
)

/** 0: computed again in the backward pass; 1: kept in HBM; 2: kept on the host. */
export type Kept = 0 | 1 | 2

/** What a policy keeps of each layer. */
export interface RematPolicy {
  name: string
  /**
   * How well the name says what is kept: `assumed` for a custom list that the run does not give, `unknown` for a name not listed.
   */
  certainty: 'named' | 'listed' | 'assumed' | 'unknown'
  /** Every tensor by itself; the layer's input is always kept. */
  tensors: Readonly<Record<RematTensor, Kept>>
  /** Nothing is computed again. */
  saveAll: boolean
}

/** Every policy that is known by name. */
export const rematNames: readonly string[] = [...Object.keys(file.policies), ...Object.keys(file.aliases)]

/** The policies that `tune: [remat]` tries. */
export const tunedPolicies: readonly string[] = file.tuned

/** MaxText's settings of single tensors, which a `custom` policy reads. */
export const rematTensorSettings: readonly string[] = file.settings

/**
 * The policy of a MaxText `remat_policy` name, or of another stack's name for the same thing. MaxText's `custom` is spelled out
 * by its settings of single tensors (`query_proj: offload`) where `flags` hold them.
 */
export function rematPolicy(name: string, flags: Readonly<Record<string, string>> = {}): RematPolicy {
  const listed = name === 'custom' ? customLists(flags) : null
  if (listed) return policyOf(name, 'listed', listed)
  const entry = file.policies[file.aliases[name] ?? name]
  if (entry) return policyOf(name, name === 'custom' ? 'assumed' : 'named', entry)
  return policyOf(name, 'unknown', file.policies[file.unknown]!)
}

interface Lists {
  device: readonly string[]
  host: readonly string[]
}

function policyOf(name: string, certainty: RematPolicy['certainty'], { device, host }: Lists): RematPolicy {
  const saveAll = device.includes('all')
  const kept = (tensor: RematTensor): Kept => {
    if (host.includes(tensor)) return 2
    return saveAll || device.includes(tensor) || tensor === 'decoder_layer_input' ? 1 : 0
  }
  const each = Object.fromEntries(tensors.map((tensor) => [tensor, kept(tensor)])) as Record<RematTensor, Kept>
  return { name, certainty, tensors: each, saveAll }
}

/** The tensors that MaxText's single settings keep; null when there are none. */
function customLists(flags: Readonly<Record<string, string>>): Lists | null {
  const given = file.settings.filter((setting) => flags[setting] !== undefined)
  if (given.length === 0) return null
  return { device: given.filter((name) => flags[name] === 'device'), host: given.filter((name) => flags[name] === 'offload') }
}
