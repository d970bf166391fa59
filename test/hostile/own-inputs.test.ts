import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asPromptsError } from '../../src/errors.ts'
import { readInlineExperiment } from '../../src/experiment/read-inline-experiment.ts'
import { read } from '../../src/thread/intent.ts'
import { readAsk } from '../../src/thread/read-ask.ts'
import { cpuMsSince } from '../support/cpu-ms.ts'
import { hostileExperiments } from '../support/hostile/experiments.ts'
import { hostileMessages, notMeshes, notOutcomes } from '../support/hostile/messages.ts'
import { runCli } from '../support/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-own-hostile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come out
const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
const leaks = /native code|\[object Object\]|Maximum call stack|\bundefined\b|(?<!received )\bNaN\b|Something went wrong inside prompts/

it('are a hundred and more', () => {
  const ids = [...hostileExperiments, ...hostileMessages].map(({ id }) => id)
  expect(hostileExperiments.length + hostileMessages.length).toBeGreaterThan(100)
  expect(new Set(hostileExperiments.map(({ id }) => id)).size).toBe(hostileExperiments.length)
  expect(new Set(hostileMessages.map(({ id }) => id)).size).toBe(hostileMessages.length)
  expect(ids.length).toBeGreaterThan(100)
})

describe('hostile experiments, on the command line', () => {
  beforeAll(() => runCli(['plan', '--help']))
  it.each(hostileExperiments.map((one) => [one.id, one] as const))('%s', async (id, { text, expect: wanted }) => {
    mkdirSync(join(folder, id))
    writeFileSync(join(folder, id, 'experiment.yaml'), text)
    const before = process.cpuUsage()
    const { code, stdout, stderr } = await runCli(['diagnose', join(folder, id)])
    expect(cpuMsSince(before)).toBeLessThan(10_000)
    expect([0, 2, 3]).toContain(code)
    if (wanted === 'refused') expect(`${code} ${stderr}`).toMatch(/^2 /)
    expect(stdout + stderr).not.toMatch(acting)
    expect(stdout + stderr).not.toMatch(leaks)
    expect(
      stdout
        .split('\n')
        .concat(stderr.split('\n'))
        .filter((line) => line.startsWith('FAKE')),
    ).toEqual([])
    expect(stderr.length).toBeLessThan(4000)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('hostile experiments, pasted into Slack', () => {
  it.each(hostileExperiments.map((one) => [one.id, one] as const))('%s', (_id, { text }) => {
    const before = process.cpuUsage()
    let refusal = ''
    try {
      readInlineExperiment(text, 'The experiment in your message')
    } catch (thrown) {
      const error = asPromptsError(thrown)
      expect(error.code).not.toBe('internal')
      refusal = `${error.message} ${error.hint}`
    }
    expect(cpuMsSince(before)).toBeLessThan(2000)
    expect(refusal).not.toMatch(leaks)
  })
})

describe('hostile messages', () => {
  // what compiles the reader is not a message's doing
  beforeAll(() => {
    for (let round = 0; round < 30; round += 1)
      for (const text of ['why not model=8?', 'it ran at 22.9 s', 'compare 1 and 2']) read(text, { mentioned: true, cards: 3 })
  })
  it.each(hostileMessages.map((one) => [one.id, one] as const))('%s', (id, { text }) => {
    const times = Array.from({ length: 3 }, () => {
      const before = process.cpuUsage()
      readAsk(text)
      read(text, { mentioned: true, cards: 3 })
      read(text, { mentioned: false, cards: 3 })
      return cpuMsSince(before)
    })
    expect(Math.min(...times)).toBeLessThan(50)
    const reading = read(text, { mentioned: true, cards: 3 })
    expect(JSON.stringify(reading)).not.toMatch(leaks)
    if (notOutcomes.includes(id)) expect([reading.intent, reading.value.step_time_ms ?? null]).not.toContain('outcome')
    if (notMeshes.includes(id)) expect(reading.value.mesh ?? {}).toEqual({})
    for (const size of Object.values(reading.value.mesh ?? {})) expect(Number.isSafeInteger(size) && size > 0).toBe(true)
    if (reading.value.step_time_ms !== undefined) {
      expect(reading.value.step_time_ms).toBeGreaterThan(0)
      expect(Number.isFinite(reading.value.step_time_ms)).toBe(true)
    }
  })
})
