import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../support/needs.ts'

const tree = mkdtempSync(join(tmpdir(), 'prompts-chip-'))
afterAll(() => rmSync(tree, { recursive: true }))

/** A copy of the sources and data, with one more chip in `chips.json` and nothing else changed. */
beforeAll(() => {
  for (const folder of ['src', 'knowledge', 'bin']) cpSync(join(projectRoot, folder), join(tree, folder), { recursive: true })
  cpSync(join(projectRoot, 'package.json'), join(tree, 'package.json'))
  symlinkSync(join(projectRoot, 'node_modules'), join(tree, 'node_modules'))
  mkdirSync(join(tree, 'home'))
  const path = join(tree, 'knowledge/chips.json')
  const file = JSON.parse(readFileSync(path, 'utf8'))
  const own = {
    bf16_tflops: 1836,
    hbm_available_gib_per_device: 62.5,
    names: ['granite', 'v9 zircon'],
    gke_accelerators: ['tpu-v9z-slice'],
    machines: { 'ct9z-standard-4t': '2x2' },
    xprof_device_types: ['TPU v9 Zircon'],
  }
  file.chips.v9z = { ...file.chips.v6e, ...own }
  writeFileSync(path, JSON.stringify(file))
})

/** What `prompts ARGS --json` prints in the copy. */
const prompts = (args: string[], input = '') => {
  const env = { ...process.env, PROMPTS_HOME: join(tree, 'home') }
  return execFileSync(process.execPath, [join(tree, 'src/main.ts'), ...args, '--json'], { env, input, encoding: 'utf8' })
}

test.each(['v9z:2x2', 'granite:2x2', 'tpu-v9z-slice:2x2', 'ct9z-standard-4t'])('a new chip is a change of data: plans for %s', (slice) => {
  const { ranked } = JSON.parse(prompts(['plan', `train llama2-7b on ${slice}, seq 2048, batch 4`]))
  expect(ranked[0].memory.available_gib).toBe(62.5)
  expect(ranked[0].estimate.step_time_ms).toBeGreaterThan(0)
})

test('and it is read where people write', () => {
  const messages = ['what if we used granite?', 'what if on granite:8x8?', 'what if we used basalt?']
  const lines = messages.map((text) => JSON.stringify({ text, mentioned: true })).join('\n')
  const [changed, asked, unknown] = prompts(['intent'], lines)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(changed).toMatchObject({ intent: 'what_if', value: { chip: 'v9z' } })
  expect(asked).toMatchObject({ intent: 'what_if', value: { chip: 'v9z' } })
  expect(unknown.value?.chip).toBeUndefined()
})
