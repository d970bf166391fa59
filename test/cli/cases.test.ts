import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Case } from '../../src/contract/case.ts'
import { assertSchema, runCli } from '../support/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-cases-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('prompts cases', () => {
  it('lists and shows the shipped cases', async () => {
    const { code, json } = await runCli(['cases', 'list', '--limit', '5', '--json'])
    expect(code).toBe(0)
    expect(json).toHaveLength(5)
    for (const item of json as Case[]) assertSchema('case', item)
    const [first] = json as Case[]
    expect((await runCli(['cases', 'show', first!.id])).stdout).toContain(first!.sources[0]!.uri)
  })

  it('adds, merges, edits, exports and removes cases of one’s own', async () => {
    const shown = (await runCli(['cases', 'show', 'public-gt001', '--json'])).json as Case
    const path = join(folder, 'own.json')
    writeFileSync(path, JSON.stringify([{ ...shown, id: 'mine', tenant: 'someone', status: 'confirmed', measured_after_ms: 3000 }]))
    expect((await runCli(['cases', 'add', path, '--json'])).json).toMatchObject({ id: 'mine', tenant: 'local' })
    await runCli(['cases', 'import', path])
    expect(((await runCli(['cases', 'list', '--own', '--json'])).json as Case[]).map((item) => item.id)).toEqual(['mine'])
    expect((await runCli(['cases', 'edit', 'mine', 'status=refuted', 'measured_after_ms=4000', '--json'])).json).toMatchObject({
      status: 'refuted',
      measured_after_ms: 4000,
    })
    expect(JSON.parse((await runCli(['cases', 'export', '--own'])).stdout)).toHaveLength(1)
    expect((await runCli(['cases', 'remove', 'mine'])).code).toBe(0)
    expect((await runCli(['cases', 'list', '--own', '--json'])).json).toEqual([])
  })

  it('refuses to change a shipped case, and names the nearest of an unknown one', async () => {
    expect(await runCli(['cases', 'edit', 'public-gt001', 'status=refuted', '--json'])).toMatchObject({
      code: 2,
      json: { error: { code: 'not_allowed' } },
    })
    expect(await runCli(['cases', 'show', 'public-gt0001', '--json'])).toMatchObject({
      code: 2,
      json: { error: { code: 'unknown_case', hint: expect.stringContaining('public-gt00') } },
    })
    expect((await runCli(['cases', 'show'])).code).toBe(2)
    expect((await runCli(['cases', 'llama2-70b'])).stdout).toContain('llama2-70b')
  })
})
