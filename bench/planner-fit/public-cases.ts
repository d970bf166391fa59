import { z } from 'zod'
import cases from '../../knowledge/cases.json' with { type: 'json' }
import { experimentSchema } from '../../src/contract/experiment.ts'
import { formatMesh, meshSchema } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'

const caseSchema = z
  .object({
    id: z.string(),
    workload: z.object({
      chip: z.string(),
      topology: z.string(),
      slices: z.int(),
      model: z.unknown(),
      phase: z.string(),
      run: z.record(z.string(), z.unknown()),
    }),
    to: meshSchema.nullable(),
    dcn: meshSchema,
    result: z.string().nullable(),
  })
  .loose()

/** Every shipped public case with a mesh and settings: what ran must not be refused, and what ran out of memory not be called clear. */
export function publicCaseReport(): string[] {
  const all = z.array(caseSchema).parse(Array.isArray(cases) ? cases : (cases as { cases: unknown }).cases)
  const counts = { ran: 0, refused: 0, near: 0, oom: 0, clear: 0 }
  const named: string[] = []
  let unread = 0
  for (const { id, workload: w, to, dcn, result } of all) {
    if (to === null) continue
    const parsed = experimentSchema.safeParse({
      id,
      hardware: { chip: w.chip, topology: w.topology, slices: w.slices },
      phase: w.phase,
      model: w.model,
      run: w.run,
      mesh: to,
      dcn,
    })
    if (!parsed.success) {
      unread++
      continue
    }
    const workload = resolveWorkload(parsed.data, { findChip, findSlice, resolveModel })
    const { legal, memory, violations } = verdictOfMesh(workload, to, dcn, {}, { baseline: null })
    if (result === 'oom') {
      counts.oom++
      if (memory?.certainty === 'clear') {
        counts.clear++
        named.push(`- ${id} ran out of memory and is called clear: ${memory.required_gib.toFixed(1)} of ${memory.available_gib} GiB`)
      }
      continue
    }
    counts.ran++
    if (memory?.certainty === 'near') counts.near++
    if (legal && memory?.certainty !== 'no') continue
    counts.refused++
    const why = violations[0]?.message ?? `${memory?.required_gib.toFixed(1)} of ${memory?.available_gib} GiB`
    named.push(`- ${id} ran and is refused: ${formatMesh(to)}, ${why}`)
  }
  return [
    '## Public cases',
    '',
    `${counts.ran} cases that ran: ${counts.refused} refused, ${counts.near} near the limit. ${counts.oom} that ran out of memory: ${counts.clear} called clear. ${unread} state too little to be judged.`,
    '',
    ...named,
  ]
}
