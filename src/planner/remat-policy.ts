import { z } from 'zod'
import json from '../../knowledge/remat-policies.json' with { type: 'json' }

const tensors = ['input', 'qkv', 'context', 'out', 'wi', 'act', 'all'] as const
const tensorList = z.array(z.enum(tensors))

const file = z
  .object({
    policies: z.record(z.string(), z.strictObject({ device: tensorList, host: tensorList })),
    aliases: z.record(z.string(), z.string()),
    settings: z.record(z.string(), z.enum(tensors).nullable()),
    unknown: z.string(),
    tuned: z.array(z.string()),
  })
  .parse(json)

/** What a policy keeps of each layer. 0: computed again in the backward pass; 1: kept in HBM; 2: kept on the host. */
export interface RematPolicy {
  name: string
  /** How well the name says what is kept: `assumed` for a custom list that the run does not give, `unknown` for a name not listed. */
  certainty: 'named' | 'listed' | 'assumed' | 'unknown'
  input: 1 | 2
  qkv: Kept
  context: Kept
  out: Kept
  wi: Kept
  act: Kept
  /** Nothing is computed again. */
  saveAll: boolean
}
type Kept = 0 | 1 | 2

/** The policies that `tune: [remat]` tries. */
export const tunedPolicies: readonly string[] = file.tuned

/**
 * The policy of a MaxText `remat_policy` name, or of another stack's name for the same thing. MaxText's `custom` is spelled out by its
 * settings of single tensors (`query_proj: offload`) where `flags` hold them.
 */
export function rematPolicy(name: string, flags: Readonly<Record<string, string>> = {}): RematPolicy {
  const listed = name === 'custom' ? customLists(flags) : null
  if (listed) return policyOf(name, 'listed', listed.device, listed.host)
  const resolved = file.aliases[name] ?? name
  const entry = file.policies[resolved]
  if (entry) return policyOf(name, name === 'custom' ? 'assumed' : 'named', entry.device, entry.host)
  const standIn = file.policies[file.unknown]!
  return policyOf(name, 'unknown', standIn.device, standIn.host)
}

function policyOf(name: string, certainty: RematPolicy['certainty'], device: readonly string[], host: readonly string[]): RematPolicy {
  const saveAll = device.includes('all')
  const kept = (tensor: string): Kept => (saveAll || device.includes(tensor) ? 1 : host.includes(tensor) ? 2 : 0)
  return {
    name,
    certainty,
    input: host.includes('input') ? 2 : 1,
    qkv: kept('qkv'),
    context: kept('context'),
    out: kept('out'),
    wi: kept('wi'),
    act: kept('act'),
    saveAll,
  }
}

/** MaxText's settings of single tensors, which a `custom` policy reads. */
export const rematTensorSettings: readonly string[] = Object.keys(file.settings)

/** The tensors that MaxText's single settings keep; null when there are none. */
function customLists(flags: Readonly<Record<string, string>>): { device: string[]; host: string[] } | null {
  const lists = { device: [] as string[], host: [] as string[] }
  let found = false
  for (const [setting, tensor] of Object.entries(file.settings)) {
    const value = flags[setting]
    if (value === undefined) continue
    found = true
    if (tensor === null) continue
    if (value === 'offload') lists.host.push(tensor)
    else if (value === 'device') lists.device.push(tensor)
  }
  return found ? lists : null
}
