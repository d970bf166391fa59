import { sglangSnippet, vllmSnippet } from '../../src/agents/snippets/engines.ts'
import type { SnippetInput } from '../../src/agents/snippets/snippet-input.ts'
import type { Dtype } from '../../src/contract/experiment.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'

const engines = { vllm: vllmSnippet, sglang: sglangSnippet } as const
const meshes: Mesh[] = [{}, { model: 8 }, { replica: 2, model: 4 }, { expert: 8 }, { model: 2, expert: 4 }, { replica: 2, expert: 4 }]
const types: Dtype[] = ['bf16', 'fp8', 'int8', 'int4']

/** What a run may set of its engine besides. */
const settings = {
  vllm: { max_num_batched_tokens: 2048, max_num_seqs: 128, gpu_memory_utilization: 0.95, enable_expert_parallel: true },
  sglang: { chunked_prefill_size: 1024, max_running_requests: 128, mem_fraction_static: 0.8, ep_size: 8 },
} as const

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
        flags: type === 'int8' ? settings[framework] : {},
      },
    },
    openCatalog(),
  )
  return { run, model, mesh, dcn: {}, changes: {}, physical: 'contiguous', devices: 8 }
}
