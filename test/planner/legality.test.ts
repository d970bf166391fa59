import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Framework } from '../../src/contract/experiment.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import type { Rule } from '../../src/contract/verdict.ts'
import { type MeshTuple, toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { forEachFactoring } from '../../src/planner/enumerate.ts'
import { createMeshRules, legalityOf } from '../../src/planner/legality.ts'
import { flatForm } from '../../src/planner/model/flat-model.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { workloadOf } from './workloads.ts'

const violationsOf = (workload: Workload, mesh: Mesh, dcn: Mesh = {}) => legalityOf(workload, mesh, dcn).violations
const rulesOf = (workload: Workload, mesh: Mesh, dcn: Mesh = {}) => violationsOf(workload, mesh, dcn).map(({ rule }) => rule)
const warningsOf = (workload: Workload, mesh: Mesh, dcn: Mesh = {}) => legalityOf(workload, mesh, dcn).warnings.map(({ rule }) => rule)

describe('a legal mesh', () => {
  it('has no violations and says how it lies on the chips', () => {
    const verdict = legalityOf(workloadOf(), { data: 16, model: 4 }, {})
    expect(verdict).toMatchObject({ legal: true, violations: [], warnings: [], physical: 'contiguous' })
    expect(verdict.placement.axes[4]).toMatchObject({ size: 4 })
  })

  it('may need its physical axes split, and a warning says so', () => {
    const verdict = legalityOf(workloadOf(), { data: 32, model: 2 }, {})
    expect(verdict).toMatchObject({ legal: true, physical: 'split' })
    expect(verdict.warnings.map(({ rule }) => rule)).toEqual(['physical_split'])
  })
})

describe('each rule is broken alone, and its message carries both numbers', () => {
  const moe = { model: 'mixtral-8x7b' } as const
  const cases: [string, Rule, string | null, Workload, Mesh, Mesh, string][] = [
    [
      'too few devices',
      'device_count',
      null,
      workloadOf(),
      { data: 8, model: 4 },
      {},
      'data 8 × model 4 = 32, but the slice has 64 devices',
    ],
    ['too many devices', 'device_count', null, workloadOf(), { data: 32, model: 4 }, {}, '= 128, but the slice has 64'],
    ['no axis at all', 'device_count', null, workloadOf(), {}, {}, '1 = 1, but the slice has 64 devices'],
    ['two slices, no dcn', 'slices', null, workloadOf({ slices: 2 }), { data: 64 }, {}, 'dcn 1 = 1, but the job has 2 slices'],
    ['one slice, dcn 2', 'slices', null, workloadOf(), { data: 64 }, { data: 2 }, 'dcn data 2 = 2, but the job has 1 slice'],
    [
      'heads',
      'heads_divisible',
      'model',
      workloadOf({ dims: { heads: 40, kv_heads: 40 }, framework: 'jax' }),
      { data: 4, model: 16 },
      {},
      '40 heads do not divide by model=16',
    ],
    [
      'heads that the seq axis exchanges',
      'heads_divisible',
      'seq',
      workloadOf({ run: { flags: { context_parallel_strategy: 'ulysses' } } }),
      { data: 4, seq: 16 },
      {},
      '64 heads and 8 KV heads do not both divide by model × seq = 16',
    ],
    ['KV heads', 'kv_heads_divisible', 'model', workloadOf(), { data: 4, model: 16 }, {}, 'KV heads 8 do not divide by model=16'],
    [
      'mlp',
      'mlp_divisible',
      'model',
      workloadOf({ dims: { mlp: 1026 } }),
      { data: 16, model: 4 },
      {},
      'mlp 1026 does not divide by model=4',
    ],
    ['experts', 'experts_divisible', 'expert', workloadOf(moe), { data: 4, expert: 16 }, {}, '8 experts do not divide by expert=16'],
    ['a dense model', 'experts_divisible', 'expert', workloadOf(), { data: 16, expert: 4 }, {}, 'expert=4, but the model is dense'],
    [
      'layers',
      'layers_divisible',
      'stage',
      workloadOf({ dims: { layers: 78 } }),
      { stage: 4, data: 16 },
      {},
      '78 layers do not divide by stage=4',
    ],
    [
      'sequence',
      'sequence_divisible',
      'seq',
      workloadOf({ run: { seq_len: 1000 } }),
      { data: 4, seq: 16 },
      {},
      'seq_len 1000 does not divide by seq=16',
    ],
    [
      'two chunks a device',
      'sequence_divisible',
      'seq',
      workloadOf({ run: { seq_len: 4112 } }),
      { data: 4, seq: 16 },
      {},
      'seq_len 4112 does not divide by 32',
    ],
    [
      'batch',
      'batch_divisible',
      null,
      workloadOf({ run: { global_batch: 100 } }),
      { data: 16, model: 4 },
      {},
      'global_batch 100 does not divide by replica × data × expert = 16',
    ],
    [
      'batch of a microbatch',
      'batch_divisible',
      null,
      workloadOf({ run: { global_batch: 64, microbatches: 8 } }),
      { data: 16, model: 4 },
      {},
      'global_batch 64 ÷ microbatches 8 = 8 does not divide by replica × data × expert = 16',
    ],
    [
      'microbatches',
      'batch_divisible',
      null,
      workloadOf({ run: { global_batch: 64, microbatches: 7 } }),
      { data: 16, model: 4 },
      {},
      'global_batch 64 does not divide by microbatches 7',
    ],
    [
      'batch across slices',
      'batch_divisible',
      null,
      workloadOf({ slices: 2, run: { global_batch: 16 } }),
      { data: 16, model: 4 },
      { replica: 2 },
      'global_batch 16 does not divide by replica × data × expert = 32',
    ],
    [
      'pipeline microbatches',
      'batch_divisible',
      'stage',
      workloadOf({ run: { pipeline_microbatches: 6 }, framework: 'maxtext', dims: { layers: 80 } }),
      { stage: 4, data: 16 },
      {},
      'pipeline_microbatches 6 is not a multiple of stage=4',
    ],
    [
      'a batch for the pipeline',
      'batch_divisible',
      'stage',
      workloadOf({ run: { pipeline_microbatches: 24 } }),
      { stage: 4, data: 16 },
      {},
      'a batch of 256 does not divide by pipeline_microbatches 24',
    ],
    [
      'a pipeline in serving',
      'framework',
      'stage',
      workloadOf({ phase: 'decode' }),
      { stage: 4, data: 16 },
      {},
      'stage=4: a pipeline is for training',
    ],
    [
      'experts in Pax',
      'framework',
      'expert',
      workloadOf({ ...moe, framework: 'pax' }),
      { data: 16, expert: 4 },
      {},
      'expert=4: Pax has no expert axis',
    ],
    [
      'a mesh JAX cannot lay',
      'physical_mesh',
      null,
      workloadOf({ topology: '4x4x28', run: { global_batch: 448 } }),
      { data: 224, model: 2 },
      {},
      'cannot lay 224×2 on v5p 4x4x28',
    ],
  ]
  it.each(cases)('%s: %s', (_, rule, axis, workload, mesh, dcn, message) => {
    const verdict = legalityOf(workload, mesh, dcn)
    expect(verdict.legal).toBe(false)
    const [violation] = verdict.violations.filter((found) => found.rule === rule && found.axis === axis)
    expect(violation?.message).toContain(message)
  })

  it('every rule of the contract but none twice for one cause', () => {
    expect(rulesOf(workloadOf(), { data: 8, model: 4 })).toEqual(['device_count'])
    expect(rulesOf(workloadOf({ run: { seq_len: 1000 } }), { data: 4, seq: 16 })).toEqual(['sequence_divisible'])
    expect(rulesOf(workloadOf({ run: { global_batch: 64, microbatches: 7 } }), { stage: 2, data: 32 })).toEqual(['batch_divisible'])
  })
})

describe('KV heads that do not divide', () => {
  const mesh = { data: 4, model: 16 }
  it('are a violation where the framework refuses, a warning where it replicates', () => {
    const seen = (framework: Framework) => {
      const verdict = legalityOf(workloadOf({ framework }), mesh, {})
      return [verdict.violations.map(({ rule }) => rule), verdict.warnings.map(({ rule }) => rule)]
    }
    expect(seen('maxtext')[0]).toEqual(['kv_heads_divisible'])
    expect(seen('pax')).toEqual([[], ['kv_heads_replicated']])
    expect(seen('jax')).toEqual([[], ['kv_heads_replicated']])
  })
})

describe('what a framework or phase takes', () => {
  it('MaxText divides the sequence in pairs, in training only', () => {
    const parts = { topology: '4x4x12', run: { global_batch: 192, seq_len: 3072 } } as const
    expect(rulesOf(workloadOf(parts), { data: 64, seq: 3 })).toEqual(['sequence_divisible'])
    expect(violationsOf(workloadOf(parts), { data: 64, seq: 3 })[0]?.message).toContain('odd')
    expect(rulesOf(workloadOf({ ...parts, framework: 'jax' }), { data: 64, seq: 3 })).toEqual([])
    expect(rulesOf(workloadOf({ ...parts, phase: 'prefill' }), { data: 64, seq: 3 })).toEqual([])
  })

  it('MaxText pipelines only the MoE layers of a model that starts with dense ones', () => {
    const dims = { layers: 61, dense_layers: 3, experts: 64, experts_per_token: 8 }
    const mesh = { stage: 2, data: 32 }
    expect(rulesOf(workloadOf({ dims }), mesh)).toEqual([])
    expect(rulesOf(workloadOf({ dims, framework: 'jax' }), mesh)).toEqual(['layers_divisible'])
    expect(violationsOf(workloadOf({ dims: { ...dims, dense_layers: 2 } }), mesh)[0]?.message).toContain('59 MoE layers (of 61')
  })

  it('gradient accumulation counts in training and is ignored elsewhere', () => {
    const run = { global_batch: 64, microbatches: 8 }
    expect(rulesOf(workloadOf({ run }), { data: 16, model: 4 })).toEqual(['batch_divisible'])
    expect(rulesOf(workloadOf({ run, phase: 'decode' }), { data: 16, model: 4 })).toEqual([])
    expect(warningsOf(workloadOf({ run, phase: 'decode' }), { data: 16, model: 4 })).toContain('microbatches_ignored')
  })

  it('MaxText lays stages before replicas, and a warning says where JAX cannot', () => {
    const rules = createMeshRules(workloadOf({ topology: '4x4x28', dims: { layers: 56 } }))
    let warned = 0
    forEachFactoring(448, (mesh) => {
      const [replica = 1, stage = 1, ...rest] = mesh
      if (replica === 1 || stage === 1) return
      const { warnings, physical } = rules.legality(mesh, toTuple({}))
      const expected = physical !== 'impossible' && rules.placement([stage, replica, ...rest]).physical === 'impossible'
      expect(warnings.some(({ rule }) => rule === 'maxtext_stage_order')).toBe(expected)
      if (expected) warned++
    })
    expect(warned).toBeGreaterThan(0)
  })

  it('a pipeline has as many microbatches as stages unless told otherwise', () => {
    expect(rulesOf(workloadOf({ run: { global_batch: 32 } }), { stage: 4, data: 16 })).toEqual([])
    expect(warningsOf(workloadOf({ run: { global_batch: 32 } }), { stage: 4, data: 16 })).toContain('pipeline_padding')
    expect(warningsOf(workloadOf({ run: { global_batch: 64 } }), { stage: 4, data: 16 })).not.toContain('pipeline_padding')
  })
})

describe('what is legal but costly', () => {
  it.each([
    ['less than one sequence a device', 'fractional_batch', workloadOf({ run: { global_batch: 32 } }), { data: 16, model: 4 }, {}],
    ['a padded matmul', 'mlp_padding', workloadOf({ dims: { mlp: 11008 } }), { data: 16, model: 4 }, {}],
    ['a vocabulary that does not divide', 'vocab_padding', workloadOf({ dims: { vocab: 32001 } }), { data: 16, model: 4 }, {}],
    ['weights over fewer devices', 'weights_not_sharded', workloadOf({ dims: { embed: 8200 } }), { data: 16, model: 4 }, {}],
    ['a short piece of the sequence', 'short_sequence', workloadOf({ framework: 'jax', run: { seq_len: 1024 } }), { data: 4, seq: 16 }, {}],
    ['blocks that do not divide a shard', 'attention_block', workloadOf({ run: { seq_len: 9216 } }), { data: 8, seq: 8 }, {}],
    ['a cache that MaxText leaves whole', 'maxtext_cache_sequence', workloadOf({ phase: 'decode' }), { data: 16, seq: 4 }, {}],
    [
      'a dropless exchange',
      'dropless_exchange',
      workloadOf({ model: 'mixtral-8x7b', run: { moe: 'dropless' } }),
      { data: 16, expert: 4 },
      {},
    ],
    ['seq in Pax', 'pax_seq', workloadOf({ framework: 'pax' }), { data: 16, seq: 4 }, {}],
    ['tensor parallelism across slices', 'dcn_model', workloadOf({ slices: 2 }), { data: 16, model: 4 }, { model: 2 }],
    ['context parallelism across slices', 'dcn_seq', workloadOf({ slices: 2 }), { data: 16, model: 4 }, { seq: 2 }],
    ['experts across slices', 'dcn_expert', workloadOf({ slices: 2, model: 'mixtral-8x7b' }), { data: 16, model: 4 }, { expert: 2 }],
  ] satisfies [string, string, Workload, Mesh, Mesh][])('%s: %s', (_, rule, workload, mesh, dcn) => {
    const verdict = legalityOf(workload, mesh, dcn)
    expect(verdict.violations).toEqual([])
    expect(verdict.warnings.map((warning) => warning.rule)).toContain(rule)
    for (const warning of verdict.warnings) expect(warning.message).toMatch(/\d|allow_split/)
  })

  it('names the axes that absorb a fraction of a sequence', () => {
    const { warnings } = legalityOf(workloadOf({ run: { global_batch: 32 } }), { data: 16, model: 4 }, {})
    expect(warnings.find(({ rule }) => rule === 'fractional_batch')?.message).toBe(
      '32 sequences on 64 devices, 0.5 per device: model absorbs the rest',
    )
  })

  it('says nothing of data, replica and stage across slices', () => {
    for (const dcn of [{ data: 2 }, { replica: 2 }, { stage: 2 }]) {
      expect(warningsOf(workloadOf({ slices: 2 }), { data: 16, model: 4 }, dcn).filter((rule) => rule.startsWith('dcn'))).toEqual([])
    }
  })

  it('pads to the width of the chip: 128 on v5p, 256 on v6e', () => {
    const dims = { mlp: 128 * 5 * 16, heads: 64, kv_heads: 64 }
    expect(warningsOf(workloadOf({ dims }), { data: 4, model: 16 })).not.toContain('mlp_padding')
    expect(warningsOf(workloadOf({ dims, chip: 'v6e', topology: '8x8' }), { data: 4, model: 16 })).toContain('mlp_padding')
  })
})

describe('the rules of a whole space', () => {
  const anyWorkload = fc
    .record({
      where: fc.constantFrom(
        ['v5p', '4x4x4'] as const,
        ['v6e', '16x16'] as const,
        ['tpu7x', '2x4x4'] as const,
        ['v5p', '4x4x12'] as const,
        ['v5p', '4x4x28'] as const,
      ),
      framework: fc.constantFrom<Framework>('maxtext', 'pax', 'jax'),
      phase: fc.constantFrom('train', 'prefill', 'decode'),
      model: fc.constantFrom('llama2-70b', 'mixtral-8x7b', 'llama3.1-8b'),
      globalBatch: fc.constantFrom(48, 64, 256, 448, 1024),
      microbatches: fc.constantFrom(1, 2, 3),
      seqLen: fc.constantFrom(2048, 3072, 8192),
    })
    .map(({ where: [chip, topology], globalBatch, microbatches, seqLen, ...rest }) =>
      workloadOf({ chip, topology, ...rest, run: { global_batch: globalBatch, microbatches, seq_len: seqLen } }),
    )

  it('is of one mind whether it writes reasons or not, and legal means no violation', () => {
    fc.assert(
      fc.property(anyWorkload, (workload) => {
        const rules = createMeshRules(workload)
        const dcn = toTuple({})
        forEachFactoring(workload.slice.devices, (tuple) => {
          const verdict = rules.legality(tuple, dcn)
          if (verdict.legal !== rules.isLegal(tuple, dcn)) throw new Error(`${tuple}`)
          if (verdict.legal !== (verdict.violations.length === 0)) throw new Error(`${tuple}`)
        })
      }),
      { numRuns: 12 },
    )
  })

  it('lets through exactly the meshes that every requirement admits', () => {
    fc.assert(
      fc.property(anyWorkload, (workload) => {
        const rules = createMeshRules(workload)
        const dcn = toTuple({})
        forEachFactoring(workload.slice.devices, (tuple) => {
          const expected = admits(workload, tuple) && rules.placement(tuple).physical !== 'impossible'
          if (rules.isLegal(tuple, dcn) !== expected) throw new Error(`${tuple}: expected ${expected}`)
        })
      }),
      { numRuns: 12 },
    )
  })

  it('lets no mesh through that JAX cannot lay', () => {
    const workload = workloadOf({ topology: '4x4x28', run: { global_batch: 448 } })
    expect(createMeshRules(workload).isLegal(toTuple({ data: 224, model: 2 }), toTuple({}))).toBe(false)
    expect(createMeshRules(workload).isLegal(toTuple({ data: 112, model: 4 }), toTuple({}))).toBe(true)
  })

  it('judges with another run as if the workload had it', () => {
    const workload = workloadOf()
    const run = { ...workload.run, global_batch: 8 }
    const [ici, dcn] = [toTuple({ data: 16, model: 4 }), toTuple({})]
    const rules = createMeshRules(workload)
    expect(rules.isLegal(ici, dcn)).toBe(true)
    expect(rules.isLegal(ici, dcn, run)).toBe(false)
    expect(rules.legality(ici, dcn, run).violations.map(({ rule }) => rule)).toEqual(['batch_divisible'])
  })
})

/** The requirements once more, said in one breath, for a single slice. */
function admits({ model, run, phase, framework }: Workload, [replica, stage, data, seq, tensor, expert]: MeshTuple): boolean {
  const batch = phase === 'train' ? run.global_batch / run.microbatches : run.global_batch
  const divides = (part: number | undefined, whole: number) => whole % part! === 0
  const flat = flatForm(model)!
  const layers = framework === 'maxtext' ? flat.layers - flat.dense_layers : flat.layers
  return (
    divides(tensor, flat.heads) &&
    divides(tensor, flat.mlp) &&
    (framework !== 'maxtext' || divides(tensor, flat.kv_heads)) &&
    divides(expert, flat.experts) &&
    divides(stage, layers) &&
    divides(stage, batch) &&
    divides(seq, run.seq_len) &&
    (framework !== 'maxtext' || phase !== 'train' || seq === 1 || divides(2, seq!)) &&
    (framework !== 'maxtext' || phase !== 'train' || seq === 1 || divides(2 * seq!, run.seq_len)) &&
    divides(replica! * data! * expert!, batch) &&
    (phase === 'train' || stage === 1) &&
    (framework !== 'pax' || expert === 1)
  )
}
