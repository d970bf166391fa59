import { sglangSnippet, vllmSnippet } from '../../src/agents/snippets/engines.ts'
import type { SnippetInput } from '../../src/agents/snippets/snippet-input.ts'
import type { Dtype } from '../../src/contract/experiment.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'

const engines = { vllm: vllmSnippet, sglang: sglangSnippet } as const
const meshes: Mesh[] = [{}, { model: 8 }, { replica: 2, model: 4 }, { expert: 8 }, { model: 2, expert: 4 }, { replica: 2, expert: 4 }]
const types: Dtype[] = ['bf16', 'fp8', 'int8', 'int4']

/** Snippets of one engine over meshes and number types. */
export function engineSnippets(framework: 'vllm' | 'sglang'): string[][] {
  return meshes.flatMap((mesh) => types.map((type) => engines[framework](input(framework, mesh, type)).split(' ')))
}

function input(framework: 'vllm' | 'sglang', mesh: Mesh, type: Dtype): SnippetInput {
  const { run, model } = resolveWorkload(
    {
      ...{ id: 'served', framework, hardware: { chip: 'v6e', topology: 'v6e-8' }, phase: 'decode', model: 'qwen3-30b-a3b' },
      run: {
        global_batch: 64,
        seq_len: 2048,
        input_len: 1024,
        output_len: 1024,
        weight_dtype: type,
        kv_dtype: type === 'fp8' ? 'fp8' : 'bf16',
      },
    },
    openCatalog(),
  )
  return { run, model, mesh, dcn: {}, changes: {}, physical: 'contiguous', devices: 8 }
}
