import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { llamaExperiment, requestFor, signal } from '../runs/service-fixture.ts'
import { startRecordedGemini } from '../support/recorded-gemini.ts'
import { goodModel, openGeminiService, startGemini } from './gemini-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-recorded-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a recorded run is the same again without the model, and the record holds no key', async () => {
  const file = join(folder, 'gemini.jsonl')
  const diagnose = async (url: string) => {
    const test = await openGeminiService(url)
    const { cards, notes } = await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
    await test.close()
    return { cards, notes }
  }
  const gemini = await startGemini(goodModel)
  const recorder = await startRecordedGemini({ file, upstream: gemini.url })
  const recorded = await diagnose(recorder.url)
  await recorder.stop()
  await gemini.stop()
  const text = readFileSync(file, 'utf8')
  expect(text.trim().split('\n').length).toBeGreaterThan(3)
  expect(text).not.toContain('test-key')

  const player = await startRecordedGemini({ file, upstream: null })
  expect(await diagnose(player.url)).toEqual(recorded)
  expect(recorded.notes.join()).not.toContain('the rules did')
  await player.stop()
})

it('what was not recorded ends in the rules’ answer', async () => {
  const player = await startRecordedGemini({ file: join(folder, 'none.jsonl'), upstream: null })
  const test = await openGeminiService(player.url)
  const { notes } = await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
  expect(notes.join()).toMatch(/not recorded|the rules did/)
  await test.close()
  await player.stop()
})
