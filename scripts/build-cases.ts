/**
 * Builds knowledge/cases.json from ../shared/data/measured.tsv (public measurements of sharded runs, each with its source).
 * Run: bin/node scripts/build-cases.ts [FILE]. The output is committed; running it again changes nothing unless the table or this
 * script did.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { type Case, caseSchema } from '../src/contract/case.ts'
import type { ChipName } from '../src/contract/chip.ts'
import type { Run } from '../src/contract/experiment.ts'
import { compactMesh, type Mesh, meshSize, sameMesh } from '../src/contract/mesh.ts'
import { findModel } from '../src/knowledge/data/models.ts'
import { findSlice } from '../src/knowledge/data/topologies.ts'
import { sourcesOf } from './case-sources.ts'
import { readTsv } from './read-tsv.ts'
import { rowLeftOut, rowSettings } from './row-settings.ts'

type Row = Record<string, string>

/** When the table was compiled. */
const compiledAt = '2026-11-23T00:00:00Z'

/**
 * Rows whose `pdb` is per batch shard, so that only `gbs` says how large the batch was (13 of them, named in the table's README).
 */
const batchPerShard = new Set(
  ['156', '157', '159', '161', '162', '163', '164', '165', '166', '167', '169', '176', '177'].map((n) => `gt${n}`),
)

/** Meshes that the table has otherwise than the row's own source. */
const statedMesh: Record<string, Mesh> = {
  // exp32: weights under P('tp', 'dp'), the rest sharded over dp as FSDP does, optimizer state four ways
  gt176: { data: 2, model: 2 },
}

/** What the table's note says otherwise than the row's own source. */
const statedNote: Record<string, string> = {
  gt171: 'used 31.96 of 31.25 GiB; the stack of v015, which fits with FSDP 4 and tensor 2',
  gt125: 'data parallel "should get" 156 TFLOP/s: an expectation in a commit message',
  gt126: 'tensor parallel "more like" 60 TFLOP/s: an expectation in a commit message',
}

/** Meshes of a group that differ in nothing else are told in pairs, except these: a kernel differs too. */
const notOfAPair = new Set(['gt166'])

interface Slices {
  topology: string
  slices: number
}

/** `4x4x4`, `2x(16x16)`, or the slice's name where the table has only that (in its note). */
function slicesOf(row: Row): Slices {
  const several = /^(\d+)x\(([\dx]+)\)$/.exec(row.topology!)
  if (several) return { topology: several[2]!, slices: Number(several[1]) }
  if (row.topology !== '') return { topology: row.topology!, slices: 1 }
  const named = /^(v4|v5e|v5p|v6e|tpu7x)-(\d+)(?: x(\d+))?/.exec(row.note!)
  if (!named) throw new Error(`${row.id}: neither a topology nor a slice name`)
  return { topology: `${named[1]}-${named[2]}`, slices: Number(named[3] ?? 1) }
}

/** Why a row cannot be told as a case, or null. */
function whyLeftOut(row: Row): string | null {
  if (!['train', 'prefill', 'decode'].includes(row.phase!)) return `its phase (${row.phase}) is neither training, prefill nor decode`
  if (row.ici_fsdp === '') return row.chip === 'v4' ? 'its layout is not a mesh of these axes' : 'its mesh is not stated'
  if (row.dcn !== '' && !/^data\d+$/.test(row.dcn!)) return `which axis ran across slices is not known (${row.dcn})`
  return rowLeftOut(row.id!)
}

/** MaxText's axes by this project's names; fsdp_transpose splits the batch and shards parameters as fsdp does. */
function meshOf(row: Row): Mesh {
  const otherwise = statedMesh[row.id!]
  if (otherwise) return otherwise
  const n = (column: string) => Number(row[column])
  return compactMesh({
    replica: n('ici_data'),
    data: n('ici_fsdp') * n('ici_fsdp_transpose'),
    seq: n('ici_seq_context'),
    model: n('ici_tensor'),
    expert: n('ici_expert'),
  })
}

function runOf(row: Row): Partial<Run> {
  const run: Partial<Run> = {}
  if (row.gbs !== '') run.global_batch = Number(row.gbs)
  else if (row.pdb !== '' && !batchPerShard.has(row.id!)) run.global_batch = Math.round(Number(row.pdb) * Number(row.devices))
  if (row.seq !== '') run.seq_len = Number(row.seq)
  const accumulation = /-ga(\d+)$/.exec(row.group_id!)
  if (accumulation) run.microbatches = Number(accumulation[1])
  if (row.dtype === 'bf16') run.activation_dtype = 'bf16'
  else if (row.dtype === 'int8' || row.dtype === 'fp8') run.matmul_dtype = row.dtype
  if (row.remat !== '') run.remat = row.remat!
  return { ...run, ...rowSettings(row, { assumed: false }).run }
}

/** What a run holds for beside its workload: the program, where it is not MaxText. */
function conditionsOf(row: Row): Pick<Case, 'conditions'> {
  const { framework } = rowSettings(row, { assumed: false })
  return { conditions: framework ? { framework } : {} }
}

/** A measured step, ms; null for bounds, for other things than steps, and where only a FLOP rate was published. */
function stepMsOf(row: Row): number | null {
  if (row.step_kind!.includes('UPPER BOUND')) return null
  if (row.step_s !== '') return round(Number(row.step_s) * 1000)
  const tokens = Number(row.gbs) * Number(row.seq)
  return row.tok_s_chip !== '' && tokens > 0 ? round((1000 * tokens) / (Number(row.tok_s_chip) * Number(row.chips))) : null
}

const round = (ms: number) => Math.round(ms * 10) / 10

function caseOf(row: Row): Case {
  const { topology, slices } = slicesOf(row)
  const slice = findSlice(row.chip as ChipName, topology)
  const to = meshOf(row)
  const dcn: Mesh = row.dcn === '' ? {} : { replica: Number(row.dcn!.slice('data'.length)) }
  if (meshSize(to) !== slice.devices || meshSize(dcn) !== slices)
    throw new Error(`${row.id}: mesh ${JSON.stringify(to)} does not multiply to its devices`)
  return {
    id: `public-${row.id}`,
    tenant: 'public',
    experiment: row.group_id!,
    workload: {
      chip: row.chip as ChipName,
      topology,
      slices,
      model: findModel(row.model!)?.name ?? 'unrecorded small LM',
      phase: row.phase as Case['workload']['phase'],
      run: runOf(row),
    },
    lesson: null,
    ...conditionsOf(row),
    from: null,
    to,
    dcn,
    bottleneck: row.status === 'OOM' ? 'capacity' : 'unknown',
    result: row.status === 'OOM' ? 'oom' : 'ok',
    predicted_step_ms: null,
    measured_before_ms: null,
    measured_after_ms: row.status === 'OOM' ? null : stepMsOf(row),
    status: 'published',
    by: null,
    at: compiledAt,
    sources: sourcesOf(row),
  }
}

/** From the slower to the faster mesh of each pair within a group in which only the mesh differs. */
function pairsOf(rows: Row[]): Case[] {
  const pairs: Case[] = []
  const groups = Map.groupBy(
    rows.filter((row) => ['clean', 'sharding_pair'].includes(row.comparability!) && !notOfAPair.has(row.id!)),
    (row) => row.group_id!,
  )
  for (const group of groups.values()) {
    for (const [i, a] of group.entries()) {
      for (const b of group.slice(i + 1)) {
        if (sameMesh(meshOf(a), meshOf(b))) continue
        const [slow, fast] = speedOf(a) <= speedOf(b) ? [a, b] : [b, a]
        const after = caseOf(fast)
        const before = caseOf(slow)
        pairs.push({
          ...after,
          id: `public-${slow.id}-to-${fast.id}`,
          from: before.to,
          workload: { ...after.workload, run: shared(before.workload.run, after.workload.run) },
          measured_before_ms: before.measured_after_ms,
          sources: [...before.sources, ...after.sources],
        })
      }
    }
  }
  return pairs
}

/** Higher is faster, within a group. */
function speedOf(row: Row): number {
  const ms = stepMsOf(row)
  return ms === null ? Number(row.tflops) : 1e9 / ms
}

function shared(a: Partial<Run>, b: Partial<Run>): Partial<Run> {
  return Object.fromEntries(Object.entries(a).filter(([key, value]) => isDeepStrictEqual(b[key as keyof Run], value)))
}

const rows = readTsv(readFileSync(new URL('../../shared/data/measured.tsv', import.meta.url), 'utf8')).map(
  (row): Row => ({
    ...row,
    note: statedNote[row.id!] ?? row.note!,
  }),
)
const leftOut = rows.flatMap((row) => {
  const reason = whyLeftOut(row)
  return reason === null ? [] : [{ id: row.id!, group: row.group_id!, reason }]
})
const told = rows.filter((row) => whyLeftOut(row) === null)
const cases = [...told.map(caseOf), ...pairsOf(told)].map((entry) => caseSchema.parse(entry))
const head = {
  about:
    'Public measurements of sharded runs, one case a row of the table they come from, and one more for each pair of meshes that differ in nothing else. ' +
    'What a source does not record is absent. measured_after_ms is null where a source gives a FLOP rate or an upper bound only; the title of the source then says which.',
  left_out: leftOut,
}
const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cases": [\n${cases.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')}\n  ]\n}\n`
writeFileSync(process.argv[2] ?? new URL('../knowledge/cases.json', import.meta.url), text)
console.log(
  `knowledge/cases.json: ${told.length} of ${rows.length} rows, ${cases.length - told.length} pairs, ${leftOut.length} rows left out`,
)
