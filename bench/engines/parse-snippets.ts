/**
 * Whether the serving engines' own argument parsers take our snippets and mean by them what we do: `npm run bench:engines`, after
 * `npm run setup:engines` (some gigabytes; no device is needed). Tests hold snippets against
 * `bench/recorded/engine-arguments.json` instead.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { engineSnippets } from '../../test/support/engine-snippets.ts'
import { projectRoot } from '../../test/support/needs.ts'

const answersSchema = z.array(z.object({ error: z.string().optional(), values: z.record(z.string(), z.unknown()).optional() }))
const recordedSchema = z.looseObject({ documented: z.record(z.string(), z.unknown()) })
const recorded = z
  .looseObject({ vllm: recordedSchema, sglang: recordedSchema })
  .parse(JSON.parse(readFileSync(join(projectRoot, 'bench/recorded/engine-arguments.json'), 'utf8')))

for (const name of ['vllm', 'sglang'] as const) {
  const python = join(projectRoot, '.prompts', 'engines', name, 'bin', 'python')
  if (!existsSync(python)) {
    console.error(`${name} is not installed: npm run setup:engines`)
    process.exitCode = 2
    continue
  }
  // what only newer versions have is not in this one's parser
  const newer = Object.keys(recorded[name].documented)
  const all = engineSnippets(name)
    .filter((words) => !words.some((word) => newer.includes(word)))
    .map((words) => [...(name === 'sglang' ? ['--model-path', 'model'] : []), ...words])
  const { stdout } = spawnSync(python, [join(projectRoot, 'scripts/engine-arguments.py'), name, '--parse'], {
    ...{ input: JSON.stringify(all), timeout: 300_000, maxBuffer: 1 << 26 },
  })
  const answers = answersSchema.parse(JSON.parse(String(stdout)))
  let taken = 0
  for (const [at, { error, values }] of answers.entries()) {
    const words = all[at] ?? []
    const tensor = Number(words[words.indexOf(name === 'vllm' ? '--tensor-parallel-size' : '--tp-size') + 1])
    if (error === undefined && values?.tensor_parallel_size === tensor) taken++
    else console.error(`${words.join(' ')}: ${error ?? 'parsed to something else'}`)
  }
  console.log(`${name}: ${taken} of ${all.length} snippets are taken as they are meant`)
  if (taken < all.length) process.exitCode = 1
}
