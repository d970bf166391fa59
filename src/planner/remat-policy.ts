import { z } from 'zod'
import json from '../../knowledge/remat-policies.json' with { type: 'json' }

const tensors = ['input', 'qkv', 'context', 'out', 'wi', 'act', 'all'] as const
const tensorList = z.array(z.enum(tensors))

const file = z
  .object({
    policies: z.record(z.string(), z.strictObject({ device: tensorList, host: tensorList })),
    aliases: z.record(z.string(), z.string()),
    unknown: z.string(),
    tuned: z.array(z.string()),
  })
  .parse(json)

/** What a policy keeps of each layer. 0: computed again in the backward pass; 1: kept in HBM; 2: kept on the host. */
export interface RematPolicy {
  name: string
  /** False when the run's name is not in `knowledge/remat-policies.json`, which then stands in for it. */
  known: boolean
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

/** The policy of a MaxText `remat_policy` name, or of another stack's name for the same thing. */
export function rematPolicy(name: string): RematPolicy {
  const resolved = file.aliases[name] ?? name
  const entry = file.policies[resolved] ?? file.policies[file.unknown]!
  const saveAll = entry.device.includes('all')
  const kept = (tensor: (typeof tensors)[number]): Kept =>
    saveAll || entry.device.includes(tensor) ? 1 : entry.host.includes(tensor) ? 2 : 0
  return {
    name,
    known: resolved in file.policies,
    input: entry.host.includes('input') ? 2 : 1,
    qkv: kept('qkv'),
    context: kept('context'),
    out: kept('out'),
    wi: kept('wi'),
    act: kept('act'),
    saveAll,
  }
}
