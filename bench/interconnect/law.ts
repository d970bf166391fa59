/**
 * `npm run bench:interconnect`: the one law for the seconds of a collective beside the formula that the planner used before, and
 * the cards of mixtures of experts by either, all else the same. Prints the tables and writes them to
 * bench/interconnect/results.md.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { collectiveSeconds } from '../../src/interconnect/collective-seconds.ts'
import type { MeshTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import * as before from './law-before.ts'

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
  const rows: string[] = []
  for (const [chip, shape, sizes] of placements) {
    const slice = findSlice(chip, shape)
    const facts = findChip(chip)
    const link = facts.ici_one_way_gbps_per_link * 1e9
    const rates = { link, onChip: (facts.intra_chip_gbps ?? 0) * 1e9 || link, dcn: 1, hop: 0, dcnStart: 0 }
    for (const size of sizes) {
      const tuple: MeshTuple = [1, 1, slice.devices / size, 1, 1, size]
      const group = physicalPlacement(tuple, slice).axes[5]
      if (!group) continue
      const then = before.collectiveSeconds('all-to-all', bytes, group, rates).wire
      const now = collectiveSeconds('all-to-all', bytes, group, rates).wire
      const gather = collectiveSeconds('all-gather', bytes, group, rates).wire
      const ms = (seconds: number) => (seconds * 1e3).toFixed(3)
      rows.push(
        `| ${chip} ${shape} | ${size} | ${group.links.toFixed(2)} | ${ms(then)} | ${ms(now)} | ${(then / now).toFixed(2)} | ${ms(gather)} |`,
      )
    }
  }
  return [
    '## The law beside the formula before it',
    '',
    `${rows.length} placements; ${bytes / 1e6} MB a device in an all-to-all, ${bytes / 1e6} MB gathered in an all-gather; milliseconds without latency. Before: a quarter of an all-gather of everybody's bytes over the sum of all links (law-before.ts).`,
    '',
    '| Slice | expert= | links | all-to-all before | now | ratio | all-gather |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ]
}

const cardsSchema = z.array(z.object({ job: z.string(), cards: z.array(z.object({ mesh: z.string(), stepMs: z.number() })) }))
type Cards = z.infer<typeof cardsSchema>[number]['cards']

/** The cards of each job, by the law that these imports leave in place. */
function cardsOf(...imports: string[]): Map<string, Cards> {
  const hooks = imports.flatMap((path) => ['--import', new URL(path, import.meta.url).href])
  const printed = execFileSync(process.execPath, [...hooks, `${import.meta.dirname}/cards.ts`], { encoding: 'utf8', maxBuffer: 1 << 26 })
  return new Map(cardsSchema.parse(JSON.parse(printed)).map(({ job, cards }) => [job, cards]))
}

function cardLines(): string[] {
  const [then, now] = [cardsOf('./use-law-before.ts'), cardsOf()]
  const rows: string[] = []
  let firsts = 0
  let sets = 0
  const show = (cards: Cards) => cards.map(({ mesh, stepMs }) => `${mesh} ${stepMs.toPrecision(3)} ms`).join('; ') || 'none'
  for (const [job, cards] of now) {
    const old = then.get(job) ?? []
    const [meshes, oldMeshes] = [cards, old].map((some) => some.map(({ mesh }) => mesh)) as [string[], string[]]
    if (meshes.join() === oldMeshes.join()) continue
    rows.push(`| ${job} | ${show(old)} | ${show(cards)} |`)
    if (meshes[0] !== oldMeshes[0]) firsts++
    if (meshes.sort().join() !== oldMeshes.sort().join()) sets++
  }
  return [
    '## Cards of mixtures of experts by either law',
    '',
    `${now.size} jobs, everything but the law the same: ${rows.length} have other cards or another order, ${sets} of them other cards, ${firsts} another first card. The others are not listed.`,
    '',
    '| Job | by the law before | now |',
    '|---|---|---|',
    ...rows,
  ]
}

const lines = ['# One law for collectives: `npm run bench:interconnect`', '', ...lawLines(), '', ...cardLines(), '']
for (const line of lines) console.log(line)
writeFileSync(new URL('./results.md', import.meta.url), lines.join('\n'))
