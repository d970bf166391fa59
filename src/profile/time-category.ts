import opKinds from '../../knowledge/op-kinds.json' with { type: 'json' }
import type { ProfileReport } from '../contract/profile-report.ts'
import type { OpKind } from './op-kind.ts'
import type { OpTable } from './op-table.ts'

export type TimeCategory = ProfileReport['categories'][number]['name']

const attention = new RegExp(opKinds.attention, 'i')
const attentionInside = new RegExp(opKinds.attention_inside, 'i')
const customCalls = new Set(opKinds.custom_calls)
const copies = new Set(opKinds.copy_categories)

interface Categorized {
  kind: OpKind
  facts: { name: string; category: string; frameworkOp: string | null; flops: number | null; bytes: number | null }
}

/** What an op's own time is spent on. A kernel of which neither FLOPs nor bytes are known is opaque, whatever its name says. */
export function timeCategory({ kind, facts }: Categorized): TimeCategory {
  switch (kind.role) {
    case 'container':
      return 'other'
    case 'infeed':
      return 'infeed'
    case 'host-transfer':
      return 'host_copy'
    case 'collective':
      return kind.dcn ? 'collective_dcn' : 'collective_ici'
    default:
  }
  if (customCalls.has(facts.category)) {
    const opaque = !facts.flops && !facts.bytes
    return !opaque && attention.test(`${facts.name} ${facts.frameworkOp ?? ''}`) ? 'attention' : 'kernel'
  }
  if (attentionInside.test(facts.frameworkOp ?? '')) return 'attention'
  if (kind.matmul) return 'matmul'
  if (copies.has(facts.category) || /^copy/.test(facts.category)) return 'copy'
  return facts.category === '' || facts.category === 'unknown' ? 'other' : 'elementwise'
}

/** Where the steps' time goes, the largest first: what ops, waits and idle time take adds up to the whole. */
export function timeCategories(table: OpTable, idlePs: number): ProfileReport['categories'] {
  const times = new Map<TimeCategory, number>()
  const add = (name: TimeCategory, ps: number): void => {
    if (ps > 0) times.set(name, (times.get(name) ?? 0) + ps)
  }
  for (const row of table.rows) add(timeCategory(row), row.selfPs)
  add('barrier', table.barrierPs)
  add('idle', idlePs)
  const total = [...times.values()].reduce((sum, ps) => sum + ps, 0)
  return [...times].map(([name, ps]) => ({ name, self_ms: ps / 1e9, share: ps / total })).sort((a, b) => b.share - a.share)
}
