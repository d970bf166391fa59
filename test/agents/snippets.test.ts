import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SnippetInput } from '../../src/agents/snippets/snippet-input.ts'
import { writeSnippet } from '../../src/agents/snippets/snippets.ts'
import { axes, type Mesh, meshSize } from '../../src/contract/mesh.ts'
import { exampleWorkload, flatModel, withDims } from '../support/workload.ts'

const input = (overrides: Partial<SnippetInput> = {}): SnippetInput => ({
  mesh: { data: 32, model: 2 },
  dcn: {},
  changes: {},
  physical: 'contiguous',
  run: { ...exampleWorkload().run, global_batch: 256, seq_len: 4096, moe: 'dropping' },
  model: flatModel({
    name: 'llama2-70b',
    layers: 80,
    embed: 8192,
    mlp: 28_672,
    heads: 64,
    kv_heads: 8,
    head_dim: 128,
    vocab: 32_000,
  }),
  devices: 64,
  ...overrides,
})

const writeSnippets = (what: SnippetInput) => ({
  ...writeSnippet('maxtext', what),
  ...writeSnippet('pax', what),
  ...writeSnippet('jax', what),
})

const sizes = fc.constantFrom(1, 2, 4, 8)
const meshes = fc.record(Object.fromEntries(axes.map((axis) => [axis, sizes]))) as fc.Arbitrary<Mesh>

describe('snippets', () => {
  it('leaves the leading dense layers of a MoE out of the pipeline, as MaxText does', () => {
    const model = withDims(input().model, { layers: 61, experts: 384, dense_layers: 1 })
    const { maxtext } = writeSnippets(input({ mesh: { stage: 4, data: 16 }, model }))
    expect(maxtext).toContain('pipeline_parallel_layers=60 num_layers_per_pipeline_stage=15 ')
  })

  it('gives a batch a device that MaxText, which cuts the product down, makes the same batch of', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12_288 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 8 }),
        (devices, batch, microbatches) => {
          const changes = { global_batch: batch * microbatches, microbatches }
          const { maxtext } = writeSnippets(input({ devices, changes, run: { ...input().run, ...changes } }))
          const perDevice = Number(/per_device_batch_size=([\d.]+)/.exec(maxtext!)![1])
          expect(Math.trunc(devices * perDevice)).toBe(batch)
        },
      ),
    )
  })

  it('pastes whatever a policy is called as one word of a shell', () => {
    const remat = "full; touch it's"
    const { maxtext } = writeSnippets(input({ changes: { remat }, run: { ...input().run, remat } }))
    const said = execFileSync('sh', ['-c', `for word in ${maxtext!.replaceAll('\n', ' ')}; do echo "$word"; done`]).toString()
    expect(said.split('\n')).toContain(`remat_policy=${remat}`)
  })

  it('pins every MaxText axis inside a slice and across slices, whatever the mesh', () => {
    fc.assert(
      fc.property(meshes, meshes, (mesh, dcn) => {
        const text = writeSnippets(input({ mesh, dcn, devices: meshSize(mesh) * meshSize(dcn) })).maxtext!
        const product = (prefix: string) =>
          [...text.matchAll(new RegExp(`${prefix}_\\w+_parallelism=(\\d+)`, 'g'))]
            .map((match) => Number(match[1]))
            .reduce((a, b) => a * b, 1)
        expect(product('ici')).toBe(meshSize(mesh))
        expect(product('dcn')).toBe(meshSize(dcn))
        for (const name of ['data', 'pipeline', 'fsdp', 'context', 'tensor', 'expert']) {
          expect(text).toContain(`ici_${name}_parallelism=`)
          expect(text).toContain(`dcn_${name}_parallelism=`)
        }
      }),
    )
  })

  it('uses MaxText names: our data axis is fsdp, our replica axis is data', () => {
    const { maxtext } = writeSnippets(input({ mesh: { replica: 2, data: 16, model: 2 } }))
    expect(maxtext).toContain('ici_data_parallelism=2')
    expect(maxtext).toContain('ici_fsdp_parallelism=16')
    expect(maxtext).toContain('ici_tensor_parallelism=2')
    expect(maxtext).not.toContain('allow_split_physical_axes')
    expect(maxtext).not.toContain('remat_policy')
  })

  it('carries the flag without which a split mesh does not start', () => {
    const split = writeSnippets(input({ physical: 'split' }))
    expect(split.maxtext).toContain('allow_split_physical_axes=true')
    expect(split.jax).toContain('allow_split_physical_axes=True')
    expect(split.pax).toContain('allow_split_physical_axes=True')
  })

  it('states what changed besides the mesh, and the batch a device takes', () => {
    const base = input()
    const text = writeSnippets(
      input({ changes: { remat: 'minimal', microbatches: 4 }, run: { ...base.run, remat: 'minimal', microbatches: 4 } }),
    )
    expect(text.maxtext).toContain('remat_policy=minimal')
    expect(text.maxtext).toContain('per_device_batch_size=1 gradient_accumulation_steps=4')
    expect(text.pax).toContain('PERCORE_BATCH_SIZE = 1')
  })

  it('gives pipelines their layers and microbatches', () => {
    const { maxtext, pax } = writeSnippets(input({ mesh: { stage: 4, data: 16 } }))
    expect(maxtext).toContain('num_layers_per_pipeline_stage=20 num_pipeline_repeats=1 num_pipeline_microbatches=4')
    expect(pax).toContain('NUM_STAGES = 4')
    expect(pax).toContain("MESH_AXIS_NAMES = ['replica', 'stage', 'data', 'mdl']")
  })

  it('builds a hybrid mesh for several slices', () => {
    const { jax } = writeSnippets(input({ dcn: { replica: 2 } }))
    expect(jax).toContain('create_hybrid_device_mesh((1, 1, 32, 1, 2, 1), (2, 1, 1, 1, 1, 1))')
  })
})
