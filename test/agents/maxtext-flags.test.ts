import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxtextFlagsOf } from '../../src/agents/cards.ts'
import type { Run } from '../../src/contract/experiment.ts'
import type { Model } from '../../src/contract/model.ts'
import { findModel } from '../../src/knowledge/data/models.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { exampleWorkload, withDims } from '../support/workload.ts'

const flagsOf = (workload: Workload, mesh = { data: 8, model: 2 }, changes: Partial<Run> = {}) =>
  maxtextFlagsOf({ workload }, { ...verdictOfMesh(workload, mesh, {}), changes }).maxtextFlags
const withRun = (run: Partial<Workload['run']>) => exampleWorkload({ run: { ...exampleWorkload().run, ...run } })
const withModel = (dims: Partial<Model>) => exampleWorkload({ model: withDims(exampleWorkload().model, dims) })

describe('maxtextFlagsOf', () => {
  it('says the slice, the model, the run and the mesh of the experiment', () => {
    const flags = flagsOf(exampleWorkload({ slices: 1 }))!
    expect(flags).toEqual(
      expect.arrayContaining([
        'compile_topology=v5e-16',
        'compile_topology_num_slices=1',
        'model_name=llama2-7b',
        'per_device_batch_size=4',
        'max_target_length=2048',
        'remat_policy=full',
        'weight_dtype=float32',
        'quantization=',
        'opt_type=adamw',
        'ici_fsdp_parallelism=8',
        'ici_tensor_parallelism=2',
        'dcn_data_parallelism=1',
        'allow_split_physical_axes=true',
      ]),
    )
  })

  it("takes a card's changes over the run", () => {
    const flags = flagsOf(exampleWorkload(), { data: 16, model: 1 }, { remat: 'save_qkv_proj', microbatches: 2, global_batch: 128 })
    expect(flags).toEqual(
      expect.arrayContaining(['remat_policy=save_qkv_proj', 'gradient_accumulation_steps=2', 'per_device_batch_size=4']),
    )
  })

  it('gives each setting once, as one word, whatever stands in the experiment', () => {
    const anything = fc.oneof(
      fc.string(),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: OmegaConf would read an environment variable
      fc.constantFrom('full compiled_trainstep_file=/x', '${oc.env:HOME}', 'device', '--xla_dump_to=x'),
    )
    const flags = fc.dictionary(fc.constantFrom('query_proj', 'optimizer_memory_host_offload', 'base_output_directory', '--x'), anything)
    fc.assert(
      fc.property(anything, anything, flags, fc.constantFrom('custom', null), (name, remat, settings, custom) => {
        const said = flagsOf(
          exampleWorkload({
            model: { ...exampleWorkload().model, name },
            run: { ...exampleWorkload().run, remat: custom ?? remat, flags: settings },
          }),
        )
        for (const word of said ?? []) expect(word).toMatch(/^[a-z_]+=[\w.,[\]-]*$/)
        const names = (said ?? []).map((word) => word.split('=')[0])
        expect(new Set(names).size).toBe(names.length)
        expect(names).not.toContain('base_output_directory')
        expect(names).not.toContain('compiled_trainstep_file')
      }),
    )
  })

  it('names a model only where its dims are those of the name, and says them otherwise', () => {
    const other = flagsOf(withModel({ layers: 4 }))!
    expect(other).toContain('base_num_decoder_layers=4')
    expect(other.some((word) => word.startsWith('model_name='))).toBe(false)
    // MaxText has a file of this name and refuses the name
    const refused = findModel('llama3-405b')!.model
    expect(flagsOf(exampleWorkload({ model: refused }))).toContain('base_emb_dim=16384')
  })

  it('says what MaxText needs of a model beside its name', () => {
    expect(flagsOf(exampleWorkload({ model: findModel('gemma4-e2b')!.model }))).toContain('scan_layers=false')
  })

  it('says what experts do only where there are some', () => {
    expect(flagsOf(exampleWorkload())!.some((word) => word.startsWith('sparse_matmul'))).toBe(false)
    const moe = exampleWorkload({
      model: findModel('mixtral-8x7b')!.model,
      run: { ...exampleWorkload().run, moe: 'dropping', capacity_factor: 1.25 },
    })
    expect(flagsOf(moe)).toEqual(expect.arrayContaining(['sparse_matmul=false', 'capacity_factor=1.25']))
  })

  it('passes on the tensors of a custom policy', () => {
    const flags = flagsOf(
      withRun({ remat: 'custom', flags: { decoder_layer_input: 'offload', query_proj: 'elsewhere', xla_x: 'device' } }),
    )!
    expect(flags).toContain('decoder_layer_input=offload')
    expect(flags.some((word) => /query_proj|xla_x/.test(word))).toBe(false)
  })

  it.each<[string, Workload]>([
    ['another phase', exampleWorkload({ phase: 'decode' })],
    ['another framework', exampleWorkload({ framework: 'jax' })],
    ['a slice without a name', exampleWorkload({ slice: { ...exampleWorkload().slice, name: null } })],
    ['an optimizer that MaxText lacks', withRun({ optimizer: 'adafactor' })],
    ['int8 weights', withRun({ weight_dtype: 'int8' })],
    ['a model beyond its plain decoders', withModel({ name: undefined, shared_experts: 1, experts: 8, experts_per_token: 2 })],
  ])('is silent on %s', (_, workload) => {
    expect(flagsOf(workload)).toBeUndefined()
  })
})
