import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { experimentSchema } from '../../src/contract/experiment.ts'
import { compactMesh, formatMesh, type Mesh, meshSchema, sameMesh } from '../../src/contract/mesh.ts'
import type { Verdict } from '../../src/contract/verdict.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { chooseCards } from '../../src/planner/choose-cards.ts'
import { planExperiment } from '../../src/planner/plan.ts'

const path = '../shared/data/regimes.json'
const caseSchema = z
  .object({ id: z.string(), experiment: z.record(z.string(), z.unknown()), expert: meshSchema, dcn: meshSchema.nullish() })
  .loose()

/** One configuration that MaxText's authors ship, and where our advice puts their mesh. */
interface Regime {
  id: string
  expert: Mesh
  dcn: Mesh
  pure: boolean
  /** Place in the ranking and among the cards, from 1; null when it is not there. */
  place: number | null
  card: number | null
  cards: Verdict[]
  found: Verdict | null
}

export function regimes(): Regime[] {
  const { cases } = z.object({ cases: z.array(caseSchema) }).parse(JSON.parse(readFileSync(path, 'utf8')))
  return cases.map(({ id, experiment, expert, dcn: across }) => {
    const { mesh: _mesh, dcn: _dcn, ...job } = experiment
    const parsed = experimentSchema.parse({ id, ...job })
    const workload = resolveWorkload(parsed, { findChip, findSlice, resolveModel })
    const { ranked } = planExperiment({ workload, clock: () => 0 })
    const dcn = across ?? {}
    const is = (verdict: Verdict) => sameMesh(verdict.mesh, expert) && sameMesh(verdict.dcn, dcn)
    const cards = chooseCards(ranked, { workload, calibration: calibrateWorkload({ workload }) })
    const place = ranked.findIndex(is)
    const card = cards.findIndex(is)
    const pure = Object.keys(compactMesh(expert)).join() === 'data'
    return {
      id: parsed.id,
      expert,
      dcn,
      pure,
      place: place < 0 ? null : place + 1,
      card: card < 0 ? null : card + 1,
      cards,
      found: ranked[place] ?? null,
    }
  })
}

/** The table of experts' choices, as Markdown lines. */
export function regimeReport(): string[] {
  const all = regimes()
  const other = all.filter(({ pure }) => !pure)
  const among = (some: readonly Regime[]) => some.filter(({ card }) => card !== null).length
  const first = (some: readonly Regime[]) => some.filter(({ card }) => card === 1).length
  const lines = ['## Configurations that experts chose (regimes.json)', '']
  lines.push('| Configurations | N | among the three cards | first |', '|---|---|---|---|')
  lines.push(
    `| all | ${all.length} | ${among(all)} | ${first(all)} |`,
    `| not pure FSDP | ${other.length} | ${among(other)} | ${first(other)} |`,
  )
  lines.push('', '| Configuration | expert | place | card | cards |', '|---|---|---|---|---|')
  const name = ({ mesh, dcn, estimate, memory }: Pick<Verdict, 'mesh' | 'dcn' | 'estimate' | 'memory'>) =>
    `${formatMesh(mesh)}${Object.keys(dcn).length > 0 ? ` (dcn ${formatMesh(dcn)})` : ''}: ${((estimate?.step_time_ms ?? 0) / 1000).toFixed(2)} s, ${memory?.required_gib.toFixed(1)} GiB ${memory?.certainty}`
  for (const { id, expert, dcn, place, card, cards, found } of all)
    lines.push(
      `| ${id} | ${found ? name(found) : `${formatMesh(expert)} ${formatMesh(dcn)}`} | ${place ?? 'not legal'} | ${card ?? '–'} | ${cards.map(name).join('; ')} |`,
    )
  return lines
}
