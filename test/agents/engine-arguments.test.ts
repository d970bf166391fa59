import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { sglangSnippet, vllmSnippet } from '../../src/agents/snippets/engines.ts'
import type { SnippetInput } from '../../src/agents/snippets/snippet-input.ts'
import type { Dtype } from '../../src/contract/experiment.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { enginePython, lacks, needing, projectRoot } from '../support/needs.ts'

const argument = z.strictObject({ value: z.boolean(), choices: z.array(z.string()).nullable() })
const documented = argument.extend({ source: z.string() })
const engine = z.strictObject({
  ...{ package: z.string(), version: z.string() },
  documented: z.record(z.string(), documented),
  arguments: z.record(z.string(), argument),
})
const recorded = z
  .strictObject({ about: z.string(), vllm: engine, sglang: engine })
  .parse(JSON.parse(readFileSync(join(projectRoot, 'bench/recorded/engine-arguments.json'), 'utf8')))

const engines = { vllm: vllmSnippet, sglang: sglangSnippet } as const
const meshes: Mesh[] = [{}, { model: 8 }, { replica: 2, model: 4 }, { expert: 8 }, { model: 2, expert: 4 }, { replica: 2, expert: 4 }]
const types: Dtype[] = ['bf16', 'fp8', 'int8', 'int4']

/** Snippets of one engine over meshes and number types. */
function snippets(framework: 'vllm' | 'sglang'): string[][] {
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

describe.each(['vllm', 'sglang'] as const)('arguments of %s', (name) => {
  it('are all known to its recorded parser, with values that it takes', () => {
    const known = { ...recorded[name].arguments, ...recorded[name].documented }
    for (const words of snippets(name)) {
      for (const [at, word] of words.entries()) {
        if (!word.startsWith('--')) continue
        expect(known, word).toHaveProperty([word])
        const next = words[at + 1]
        const value = next === undefined || next.startsWith('--') ? null : next
        expect(value !== null, word).toBe(known[word]?.value)
        if (known[word]?.choices && value !== null) expect(known[word].choices).toContain(value)
      }
    }
  })

  it.skipIf(lacks(name))(
    needing('are parsed by the engine itself to what was meant', name),
    () => {
      // what only newer versions have is not in this one's parser
      const newer = Object.keys(recorded[name].documented)
      const all = snippets(name)
        .filter((words) => !words.some((word) => newer.includes(word)))
        .map((words) => [...(name === 'sglang' ? ['--model-path', 'model'] : []), ...words])
      const { stdout } = spawnSync(enginePython(name), [join(projectRoot, 'scripts/engine-arguments.py'), name, '--parse'], {
        input: JSON.stringify(all),
        timeout: 300_000,
        maxBuffer: 1 << 26,
      })
      const answers = z
        .array(z.object({ error: z.string().optional(), values: z.record(z.string(), z.unknown()).optional() }))
        .parse(JSON.parse(String(stdout)))
      expect(answers).toHaveLength(all.length)
      for (const [at, { error, values }] of answers.entries()) {
        expect(error, all[at]?.join(' ')).toBeUndefined()
        const words = all[at] ?? []
        const tensor = Number(words[words.indexOf(name === 'vllm' ? '--tensor-parallel-size' : '--tp-size') + 1])
        expect(values?.tensor_parallel_size).toBe(tensor)
      }
    },
    320_000,
  )
})
