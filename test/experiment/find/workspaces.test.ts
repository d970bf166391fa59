import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createRunFinder } from '../../../src/experiment/find/run-finder.ts'
import { createSources } from '../../../src/experiment/sources/create-sources.ts'
import { sliceTable } from '../../../src/knowledge/data/slice-table.ts'

const home = mkdtempSync(join(tmpdir(), 'prompts-workspaces-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

function folderWith(name: string, id: string): string {
  mkdirSync(join(home, name, id), { recursive: true })
  const yaml = `id: ${id}\nhardware: { chip: v5p, topology: v5p-128 }\nmodel: llama2-70b\nphase: train\nrun: { global_batch: 64, seq_len: 4096 }\n`
  writeFileSync(join(home, name, id, 'experiment.yaml'), yaml)
  return join(home, name)
}

const ours = folderWith('ours', 'exp-ours')
const theirs = folderWith('theirs', 'exp-theirs')
const everyones = folderWith('all', 'exp-all')
const signal = AbortSignal.timeout(600_000)
const many = { SLACK_CLIENT_ID: '1.2', PROMPTS_HOME: join(home, 'prompts') }

describe('sources of several workspaces', () => {
  it('are each found and listed from their own alone, and those for all from any', async () => {
    const entries = `T0OURS=${ours},T0THEIRS+T0OTHER=${theirs},*=${everyones}`
    const finder = createRunFinder(readConfig({ ...many, PROMPTS_EXPERIMENTS: entries }), sliceTable)
    const listed = async (team: string) => {
      const { runs } = await finder.forWorkspace(team).list({ words: [], limit: 9, audience: null, signal })
      return runs.map(({ id }) => id).sort()
    }
    expect(await listed('T0OURS')).toEqual(['exp-all', 'exp-ours'])
    expect(await listed('T0OTHER')).toEqual(['exp-all', 'exp-theirs'])
    expect(await listed('T0NEW')).toEqual(['exp-all'])
    const asked = (team: string, id: string) => finder.forWorkspace(team).find(id, signal, () => true)
    expect((await asked('T0OURS', 'exp-ours')).experiment?.id).toBe('exp-ours')
    const refused = await asked('T0THEIRS', 'exp-ours').catch((error: Error) => error)
    expect(refused).toMatchObject({ code: 'unknown_experiment' })
    // not even the name of another workspace's run is told as the nearest
    expect(JSON.stringify([refused, (refused as Error).message])).not.toContain(ours)
    expect((await finder.find('exp-theirs', signal, null)).experiment?.id).toBe('exp-theirs')
  })

  it('must each name a workspace where any may install the app, and need not where one does', () => {
    const sources = (env: Record<string, string>) =>
      createSources(readConfig({ PROMPTS_HOME: many.PROMPTS_HOME, PROMPTS_EXPERIMENTS: ours, ...env }))
    expect(() => sources({ SLACK_CLIENT_ID: '1.2' })).toThrow(/names no workspace/)
    expect(() => sources({ SLACK_CLIENT_ID: '1.2', PROMPTS_WORKSPACES: 'T1,T2' })).toThrow(/names no workspace/)
    expect(sources({ SLACK_CLIENT_ID: '1.2', PROMPTS_WORKSPACES: 'T1' })).toHaveLength(1)
    expect(sources({})).toHaveLength(1)
  })
})
