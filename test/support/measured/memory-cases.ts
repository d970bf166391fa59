import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Mesh } from '../../../src/contract/mesh.ts'
import { findModel } from '../../../src/knowledge/data/models.ts'
import type { Workload } from '../../../src/planner/workload.ts'
import { type Program, programCase, programCases } from './program-cases.ts'
import { recordedPrograms, recordedVerdicts } from './recorded-verdicts.ts'

/** A training program that MaxText compiled, and what the compiler said. */
export interface MemoryCase {
  id: string
  /** Why it was chosen: small, tiled, mla …; `earlier` and `given` for programs recorded before the campaign. */
  kind: string
  /** The model that the program is of: what is held back together. */
  model: string
  jax: string
  workload: Workload
  mesh: Mesh
  dcn: Mesh
  status: 'fits' | 'oom'
  /**
   * The peak of a program that fits. Of one that does not, what was left when the compiler gave up saving: not the peak that it
   * would have had.
   */
  requiredGib: number
  /** The compiler told only that the peak is not larger: the host's heap hides the device's. */
  atMost: boolean
}

const sharedPaths = ['../shared/data/maxtext/aot_verdicts.json', '../shared/data/maxtext/aot_verdicts2.json']

/** Every recorded MaxText verdict on memory: the campaign's, those beside it, and the shared ones where they are there. */
export function memoryCases(): MemoryCase[] {
  return [...campaignCases(), ...earlierCases(), ...sharedCases()]
}

function campaignCases(): MemoryCase[] {
  return recordedVerdicts().flatMap(({ id, kind, program, versions, status, required_gib, space, exact }) => {
    if ((status !== 'fits' && status !== 'oom') || required_gib == null || space === 'host') return []
    const judged = caseOf({ ...program, id }, status, required_gib)
    return [{ kind, jax: versions.jax ?? '', ...judged, atMost: exact === false }]
  })
}

function earlierCases(): MemoryCase[] {
  const byId = new Map(programCases().map((one) => [one.id, one]))
  return recordedPrograms().flatMap(({ id, verdict }) => {
    const one = byId.get(id)
    if (one === undefined || verdict.program !== 'user' || verdict.required_gib === null) return []
    if (verdict.status !== 'fits' && verdict.status !== 'oom') return []
    const model = one.workload.model.name ?? 'unnamed'
    const { status, required_gib: requiredGib, message, versions } = verdict
    const atMost = message?.startsWith('at most') ?? false
    return [{ ...one, kind: 'earlier', model, jax: versions.jax ?? '', status, requiredGib, atMost }]
  })
}

/** The shared verdicts; none where the folder is not there. */
function sharedCases(): MemoryCase[] {
  const rows = sharedPaths.filter((path) => existsSync(path)).map((path) => JSON.parse(readFileSync(path, 'utf8')) as unknown)
  return rows.flatMap((list) => z.array(sharedRowSchema).parse(list).map(sharedCase))
}

const count = z.coerce.number()
const sharedRowSchema = z.looseObject({
  id: z.string(),
  compile_topology: z.string(),
  compile_topology_num_slices: count.default(1),
  model_name: z.string(),
  global_batch_size_to_train_on: count,
  max_target_length: count,
  remat_policy: z.string(),
  base_emb_dim: count,
  base_num_decoder_layers: count,
  base_mlp_dim: count,
  base_num_query_heads: count,
  base_num_kv_heads: count,
  head_dim: count,
  vocab_size: count,
  logits_via_embedding: z.unknown(),
  ici_data_parallelism: count,
  ici_fsdp_parallelism: count,
  ici_tensor_parallelism: count,
  ici_context_parallelism: count,
  ici_expert_parallelism: count,
  dcn_data_parallelism: count.default(1),
  dcn_fsdp_parallelism: count.default(1),
  verdict: z.enum(['fits', 'oom']),
  required_gib: z.number(),
})

function sharedCase(row: z.infer<typeof sharedRowSchema>): MemoryCase {
  const program: Program = {
    id: row.id,
    model: findModel(row.model_name)
      ? row.model_name
      : {
          embed: row.base_emb_dim,
          layers: row.base_num_decoder_layers,
          mlp: row.base_mlp_dim,
          heads: row.base_num_query_heads,
          kv_heads: row.base_num_kv_heads,
          head_dim: row.head_dim,
          vocab: row.vocab_size,
          tied_embeddings: /^(?:true|1)$/i.test(String(row.logits_via_embedding)),
        },
    topology: row.compile_topology,
    slices: row.compile_topology_num_slices,
    run: { global_batch: row.global_batch_size_to_train_on, seq_len: row.max_target_length, remat: row.remat_policy },
    mesh: {
      replica: row.ici_data_parallelism,
      data: row.ici_fsdp_parallelism,
      model: row.ici_tensor_parallelism,
      seq: row.ici_context_parallelism,
      expert: row.ici_expert_parallelism,
    },
    dcn: { replica: row.dcn_data_parallelism, data: row.dcn_fsdp_parallelism },
  }
  // the first file's programs were compiled by the same versions, which it does not repeat
  return { kind: 'given', jax: '0.12.0.1', ...caseOf(program, row.verdict, row.required_gib) }
}

function caseOf(program: Program, status: 'fits' | 'oom', requiredGib: number): Omit<MemoryCase, 'kind' | 'jax'> {
  const model = typeof program.model === 'string' ? program.model : `${program.model.embed}x${program.model.layers}`
  return { model, status, requiredGib, atMost: false, ...programCase(program) }
}
