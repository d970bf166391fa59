import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { measureByCommand } from '../../src/tuners/trial-command.ts'
import { appendTrial, readTrials } from '../../src/tuners/trial-log.ts'

const signal = new AbortController().signal
const limits = { timeoutMs: 60_000, memoryGib: 8 }
const say = (script: string, timeoutMs = limits.timeoutMs) =>
  measureByCommand([process.execPath, '-e', script], { mesh: { data: 8 } }, { ...limits, timeoutMs }, signal)

describe("the operator's command", () => {
  it('gets the trial on its input and answers with its last line', async () => {
    const script = `let s='';process.stdin.on('data',d=>s+=d).on('end',()=>{console.log('warming up');console.log(JSON.stringify({step_time_ms:JSON.parse(s).mesh.data*10,seconds:5}))})`
    expect(await say(script)).toEqual({ outcome: { result: 'ok', step_time_ms: 80 }, seconds: 5 })
  })

  it('says out of memory, or why it failed', async () => {
    expect((await say(`console.log('{"oom":true}')`)).outcome).toEqual({ result: 'oom' })
    expect((await say(`console.log('{"failed":"no quota"}')`)).outcome).toEqual({ result: 'failed', why: 'no quota' })
  })

  it('is a failed trial when it ends badly, says nothing that is understood, or takes too long', async () => {
    const why = async (script: string, timeoutMs?: number) => {
      const { outcome } = await say(script, timeoutMs)
      return outcome.result === 'failed' ? outcome.why : outcome.result
    }
    expect(await why(`console.error('no TPU here');process.exit(7)`)).toBe('the command ended with exit code 7: no TPU here')
    expect(await why(`console.log('{"step_time_ms":-3}')`)).toBe('the command printed no answer that is understood')
    expect(await why('setInterval(()=>{},1000)', 500)).toMatch(/was stopped/)
  })
})

describe('the log of trials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trials-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const trial = {
    mesh: { data: 8 },
    dcn: {},
    from: 'card' as const,
    predicted_ms: 100,
    outcome: { result: 'oom' as const },
    seconds: 3,
    at: '2026-11-26T00:00:00.000Z',
  }

  it('gives back what was written, without a line that a crash cut off', () => {
    const path = join(folder, 'a.jsonl')
    appendTrial(path, trial)
    appendFileSync(path, '{"mesh": {"da')
    appendTrial(path, { ...trial, mesh: { data: 4, model: 2 } })
    expect(readTrials(path).map(({ mesh }) => mesh)).toEqual([{ data: 8 }, { data: 4, model: 2 }])
  })

  it('refuses a line that is JSON but no trial, by its number', () => {
    const path = join(folder, 'b.jsonl')
    appendTrial(path, trial)
    appendFileSync(path, '{"mesh": 3}\n')
    expect(() => readTrials(path)).toThrow(/line 2 is no trial/)
  })
})
