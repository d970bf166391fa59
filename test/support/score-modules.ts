import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import models from '../../knowledge/models.json' with { type: 'json' }
import { axes } from '../../src/contract/mesh.ts'
import type { Model } from '../../src/contract/model.ts'
import { inferJob } from '../../src/hlo/infer/infer-job.ts'
import type { Found, InferredJob } from '../../src/hlo/infer/inferred.ts'
import { readHloModule } from '../../src/hlo/read-module.ts'
import { resolveLayers } from '../../src/planner/model/resolved-model.ts'

/** How often a value that a module's request names was read right, was left open, and was wrong though it was called sure. */
export interface Score {
  name: string
  modules: number
  right: number
  open: number
  wrongButSure: number
}

interface Request {
  phase: string
  model: Record<string, number | boolean | undefined>
  run: Record<string, number | string | undefined>
  mesh: Record<string, number>
  dcn: Record<string, number>
}

/** A module with what was asked of the compiler for it. */
interface Recorded {
  id: string
  path: string
  request: Request
}

/** Infers every module that is recorded in a folder, and compares with what its request asked the compiler for. */
export function scoreModules(folder: string): { scores: Score[]; wrong: string[] } {
  const latest = new Map<string, { request: Request; response: { hlo_path?: string | null } }>()
  for (const line of readFileSync(join(folder, 'reference-program.jsonl'), 'utf8').split('\n'))
    if (line !== '') latest.set(JSON.parse(line).id, JSON.parse(line))
  return scored(
    [...latest].flatMap(([id, { request, response }]) =>
      response.hlo_path ? [{ id, path: join(folder, 'modules', response.hlo_path), request }] : [],
    ),
  )
}

/**
 * The same of the programs that MaxText compiled for `npm run bench:maxtext`, whose modules lie in a folder of the operator's.
 */
export function scoreMaxTextModules(recorded: string, modules: string): { scores: Score[]; wrong: string[] } {
  const rows = readFileSync(join(recorded, 'maxtext-memory.jsonl'), 'utf8').trim().split('\n')
  return scored(
    rows.map((line) => {
      const { id, program } = JSON.parse(line) as { id: string; program: Omit<Request, 'phase' | 'model'> & { model: string } }
      const entry = (models.models as unknown as Record<string, { dims: Model }>)[program.model]
      const dims = entry === undefined ? {} : dimsOf(entry.dims)
      // MaxText's own policy where a program names none
      const run = { remat: 'full', ...program.run }
      return {
        id,
        path: join(modules, `${id}.hlo.pb.gz`),
        request: { ...program, run, dcn: program.dcn ?? {}, phase: 'train', model: dims },
      }
    }),
  )
}

/** A model's dims as far as all of its layers have the same; those of its experts where it has any. */
function dimsOf(model: Model): Request['model'] {
  const { kinds, layers, embed, vocab, tied_embeddings, moeLayers } = resolveLayers(model)
  const attention = kinds.map((kind) => kind.attention)
  const plain = attention.flatMap((one) => (one !== null && one.kind !== 'mla' && one.kind !== 'linear' ? [one] : []))
  const mlps = kinds.flatMap(({ mlp }) => (mlp !== null && (moeLayers === 0 || mlp.kind === 'moe') ? [mlp] : []))
  const same = <T>(values: T[]): T | undefined => (new Set(values).size === 1 ? values[0] : undefined)
  const heads = plain.length === attention.length ? plain : []
  return {
    ...{ layers, embed, vocab, tied_embeddings, dense_layers: moeLayers > 0 ? layers - moeLayers : undefined },
    ...{ heads: same(heads.map((one) => one.heads)), kv_heads: same(heads.map((one) => one.kv_heads)) },
    ...{ head_dim: same(heads.map((one) => one.head_dim)), mlp: same(mlps.map(({ width }) => width)) },
    gated_mlp: same(mlps.map(({ gated }) => gated ?? true)),
    experts: same(mlps.map((mlp) => (mlp.kind === 'moe' ? mlp.experts : 1))),
    experts_per_token: same(mlps.map((mlp) => (mlp.kind === 'moe' ? mlp.experts_per_token : 1))),
  }
}

function scored(recorded: readonly Recorded[]): { scores: Score[]; wrong: string[] } {
  const scores = new Map<string, Score>()
  const wrong: string[] = []
  for (const { id, path, request } of recorded) {
    if (!existsSync(path)) continue
    const job = inferJob(readHloModule(gunzipSync(readFileSync(path))))
    for (const [name, truth, found] of compared(request, job)) {
      if (truth === undefined || typeof truth === 'object') continue
      const score = scores.get(name) ?? { name, modules: 0, right: 0, open: 0, wrongButSure: 0 }
      scores.set(name, score)
      score.modules++
      if (found === null) score.open++
      else if (String(found.value) === String(truth)) score.right++
      else {
        if (found.certainty === 'sure') score.wrongButSure++
        wrong.push(`${id}: ${name} is ${String(truth)}, read as ${String(found.value)} (${found.certainty})`)
      }
    }
  }
  return { scores: [...scores.values()], wrong }
}

function compared({ phase, model, run, mesh, dcn }: Request, job: InferredJob): [string, unknown, Found<unknown> | null][] {
  const train = phase === 'train'
  const moe = Number(model['experts'] ?? 1) > 1
  return [
    ['mesh', axes.map((axis) => (mesh[axis] ?? 1) * (dcn[axis] ?? 1)).join('x'), meshFound(job)],
    ['phase', phase, job.phase],
    ['layers', model['layers'], job.layers],
    ['embed', model['embed'], job.embed],
    ['mlp', model['mlp'], job.mlp],
    ['heads', model['heads'], job.heads],
    ['kv_heads', model['kv_heads'], job.kvHeads],
    ['head_dim', model['head_dim'], job.headDim],
    ['vocab', model['vocab'], job.vocab],
    ['gated_mlp', model['gated_mlp'] ?? true, job.gated],
    ['tied_embeddings', model['tied_embeddings'] ?? false, job.tied],
    ['global_batch', run['global_batch'], job.globalBatch],
    ['seq_len', run['seq_len'], job.seqLen],
    ...(train
      ? ([
          ['microbatches', run['microbatches'] ?? 1, job.microbatches],
          ['pipeline_microbatches', run['pipeline_microbatches'], job.pipelineMicrobatches],
          ['optimizer', run['optimizer'], job.optimizer],
          ['remat', run['remat'], job.remat],
        ] as [string, unknown, Found<unknown> | null][])
      : []),
    ...(moe
      ? ([
          ['experts', model['experts'], job.experts],
          ['dense_layers', model['dense_layers'], job.denseLayers],
          ['experts_per_token', model['experts_per_token'], job.expertsPerToken],
        ] as [string, unknown, Found<unknown> | null][])
      : []),
  ]
}

function meshFound({ mesh }: InferredJob): Found<string> | null {
  if (mesh === null) return null
  const parts = axes.map((axis) => mesh[axis])
  return {
    value: parts.map((part) => part.value).join('x'),
    certainty: parts.every((part) => part.certainty === 'sure') ? 'sure' : 'likely',
    how: '',
  }
}
