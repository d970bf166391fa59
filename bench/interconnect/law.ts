/**
 * `npm run bench:interconnect`: the one law for the seconds of a collective beside the formula that the planner used before, and
 * the cards of mixtures of experts then and now. Prints the tables and writes them to bench/interconnect/results.md.
 */
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { formatMesh, type Mesh, sameMesh } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { collectiveSeconds } from '../../src/interconnect/collective-seconds.ts'
import type { MeshTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { chooseCards } from '../../src/planner/choose-cards.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import before from './cards-before.json' with { type: 'json' }
import { moeJobs } from './moe-jobs.ts'

const placements = [
  ['v5p', '2x2x4', [2, 4, 8, 16]],
  ['v5p', '4x4x4', [2, 4, 8, 16, 32, 64]],
  ['v5p', '4x4x8', [4, 8, 16, 32, 64, 128]],
  ['v5p', '8x8x8', [8, 64, 128, 256, 512]],
  ['v6e', '2x4', [2, 4, 8]],
  ['v6e', '8x8', [2, 4, 8, 16, 64]],
  ['v6e', '16x16', [4, 16, 32, 64, 256]],
  ['v5e', '4x4', [4, 16]],
  ['v5e', '16x16', [16, 256]],
  ['tpu7x', '4x4x4', [2, 4, 8, 64, 128]],
] as const
const bytes = 64e6

function lawLines(): string[] {
  const lines = [
    '## The law beside the formula before it',
    '',
    `${bytes / 1e6} MB a device in an all-to-all, ${bytes / 1e6} MB gathered in an all-gather; milliseconds without latency. Before: an all-to-all as a quarter of an all-gather of the whole array over the sum of all links. A group inside one chip moves over the link between its devices.`,
    '',
    '| Slice | expert= | links | all-to-all before | now | ratio | all-gather |',
    '|---|---|---|---|---|---|---|',
  ]
  for (const [chip, shape, sizes] of placements) {
    const slice = findSlice(chip, shape)
    const facts = findChip(chip)
    const link = facts.ici_one_way_gbps_per_link * 1e9
    const rates = { link, onChip: (facts.intra_chip_gbps ?? 0) * 1e9 || link, dcn: 1, hop: 0, dcnStart: 0 }
    for (const size of sizes) {
      const tuple: MeshTuple = [1, 1, slice.devices / size, 1, 1, size]
      const group = physicalPlacement(tuple, slice).axes[5]
      if (!group) continue
      const then = (size * bytes) / (4 * (group.links > 0 ? group.links * link : rates.onChip))
      const now = collectiveSeconds('all-to-all', bytes, group, rates).wire
      const gather = collectiveSeconds('all-gather', bytes, group, rates).wire
      const ms = (seconds: number) => (seconds * 1e3).toFixed(3)
      lines.push(
        `| ${chip} ${shape} | ${size} | ${group.links.toFixed(2)} | ${ms(then)} | ${ms(now)} | ${(then / now).toFixed(2)} | ${ms(gather)} |`,
      )
    }
  }
  return lines
}

const cardsBefore = z
  .record(z.string(), z.array(z.object({ mesh: z.record(z.string(), z.number()), step_ms: z.number() })))
  .parse(before.cards)

function cardLines(): string[] {
  const rows: string[] = []
  let jobs = 0
  let others = 0
  let firsts = 0
  for (const job of moeJobs()) {
    const workload = resolveWorkload(job, { findChip, findSlice, resolveModel })
    const { ranked } = planExperiment({ workload, clock: () => 0, top: 400 })
    const now = chooseCards(ranked, { workload, calibration: calibrateWorkload({ workload }) })
    const then = cardsBefore[job.id] ?? []
    jobs++
    const has = (mesh: Mesh) => then.some((card) => sameMesh(card.mesh, mesh))
    const first = then[0]
    const otherFirst = first && now[0] ? !sameMesh(first.mesh, now[0].mesh) : Boolean(first) !== Boolean(now[0])
    if (now.length !== then.length || !now.every(({ mesh }) => has(mesh))) others++
    if (otherFirst) firsts++
    const show = (mesh: Mesh, ms: number) => `${formatMesh(mesh)} ${ms.toPrecision(3)} ms`
    rows.push(
      `| ${job.id} | ${then.map(({ mesh, step_ms }) => show(mesh, step_ms)).join('; ') || 'none'} | ${now.map(({ mesh, estimate }) => show(mesh, estimate?.step_time_ms ?? 0)).join('; ') || 'none'} |`,
    )
  }
  return [
    '## Cards of mixtures of experts, then and now',
    '',
    `${jobs} jobs: ${others} have other cards, ${firsts} another first card. Beside the law the constants were fitted anew, ties go to the simpler mesh, and near meshes may be cards.`,
    '',
    '| Job | before | now |',
    '|---|---|---|',
    ...rows,
  ]
}

const lines = ['# One law for collectives: `npm run bench:interconnect`', '', ...lawLines(), '', ...cardLines(), '']
for (const line of lines) console.log(line)
writeFileSync(new URL('./results.md', import.meta.url), lines.join('\n'))
