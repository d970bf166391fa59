import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import maxtext from '../../knowledge/maxtext.json' with { type: 'json' }
import { maxtextFlagsOf, snippetInput } from '../../src/agents/cards.ts'
import { writeSnippet } from '../../src/agents/snippets/snippets.ts'
import { experimentSchema } from '../../src/contract/experiment.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { remedyData } from '../../src/knowledge/data/remedies.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { findPython, lacks, needing, projectRoot } from '../support/needs.ts'

const settings = new Set(readFileSync(join(projectRoot, 'test/fixtures/maxtext-settings.txt'), 'utf8').split('\n').slice(1))
const docs = readdirSync(join(projectRoot, 'knowledge/docs')).map((name) => ({
  name,
  text: readFileSync(join(projectRoot, 'knowledge/docs', name), 'utf8'),
}))

/** Names in documents that are no MaxText setting, by what they are. */
const otherNames = new Set(
  [
    // JAX
    'create_device_mesh donate_argnums in_shardings make_mesh out_shardings pinned_host shard_map with_sharding_constraint chip_config_name',
    // values of MaxText's settings: policies, quantizations, strategies, the program
    'fp8_full minimal_offloaded minimal_with_context qkv_proj_offloaded save_dot_except_mlp save_dot_except_mlpwi',
    'save_dot_with_context_except_mlp save_out_proj save_qkv_proj train_compile',
    // HLO
    'all_gather async_execution_thread estimated_cycles windowed_dot_general_body',
    // older MaxText, named as such, and parts of names
    'expert_shard_attention_option fsdp_shard_on_exp fuse_all_gather multiple_steps wo_ ici_data ici_fsdp ici_tensor',
  ].flatMap((line) => line.split(' ')),
)

/** Names in code of a document that look like a setting: `name=value`, or words joined by underscores. */
function settingsIn(text: string): string[] {
  return [...text.matchAll(/`([a-z][a-z0-9_]*)(?:=[^`]*)?`/g)].flatMap(([whole, name]) => (/[_=]/.test(whole) ? [name!] : []))
}

function flagsIn(text: string): string[] {
  return [...text.matchAll(/\bxla_[a-z0-9_]+[a-z0-9]\b(?!…|\*|\.py)/g)].map(([flag]) => flag)
}

describe('what documents and snippets name exists in MaxText 0.2.5', () => {
  it.each(docs)('$name', ({ text }) => {
    const unknown = settingsIn(text).filter((name) => !name.startsWith('xla_') && !settings.has(name) && !otherNames.has(name))
    expect(unknown).toEqual([])
  })

  it('every setting of a snippet and of a compile command', () => {
    const words: string[] = []
    const runs = [{}, { moe: 'dropping', capacity_factor: 1.25 }, { remat: 'custom', flags: { query_proj: 'device', context: 'offload' } }]
    const more = [{ matmul_dtype: 'fp8' }, { optimizer: 'sgd', microbatches: 2 }, { flags: { optimizer_memory_host_offload: 'true' } }]
    for (const model of ['llama3.1-8b', 'mixtral-8x7b', 'deepseek2-16b', 'gemma3-4b'])
      for (const run of [...runs, ...more]) {
        const hardware = { chip: 'v6e', topology: 'v6e-16', slices: 2 }
        const given = { id: 'x', framework: 'maxtext', phase: 'train', hardware, model, run: { global_batch: 64, seq_len: 4096, ...run } }
        const workload = resolveWorkload(experimentSchema.parse(given), openCatalog(undefined))
        const verdict = verdictOfMesh(workload, { data: 8, model: 2 }, { replica: 2 })
        words.push(...(maxtextFlagsOf({ workload }, verdict).maxtextFlags ?? []))
        const { maxtext: snippet } = writeSnippet('maxtext', snippetInput({ workload }, verdict))
        words.push(...(snippet ?? '').split(/\s+/).filter((word) => word.includes('=')))
      }
    words.push(...Object.values(maxtext.needs as Record<string, string[]>).flat())
    const { about: _, offload_together: __, collective_matmul: ___, ...rest } = remedyData()
    expect(Object.keys(rest).length).toBeGreaterThan(0)
    words.push(
      ...[
        'shard_exp_on_fsdp',
        'ici_fsdp_transpose_parallelism',
        'wi_tile_fwd_mlp_dim',
        'wo_tile_fwd_mlp_dim',
        'gradient_accumulation_steps',
      ],
    )
    expect(words.length).toBeGreaterThan(500)
    expect([...new Set(words.map((word) => word.split('=')[0]!))].filter((name) => !settings.has(name))).toEqual([])
  })
})

describe.skipIf(lacks('jax'))(needing('compiler flags that documents name exist in libtpu', 'jax'), () => {
  it('finds each in the library itself', () => {
    const { offload_together: offload, collective_matmul: matmul } = remedyData()
    const said = [...Object.values(offload.flags), ...Object.values(matmul.flags)].flatMap((flags) => Object.keys(flags))
    const flags = [...new Set([...docs.flatMap(({ text }) => flagsIn(text)), ...said])]
    expect(flags.length).toBeGreaterThan(10)
    const code = `
import sys, libtpu, os, json
data = open(os.path.join(os.path.dirname(libtpu.__file__), "libtpu.so"), "rb").read()
print(json.dumps([name for name in json.load(sys.stdin) if name.encode() not in data]))`
    const { stdout } = spawnSync(findPython('jax')!, ['-c', code], { input: JSON.stringify(flags), encoding: 'utf8', maxBuffer: 2 ** 24 })
    expect(JSON.parse(stdout)).toEqual([])
  })
})
