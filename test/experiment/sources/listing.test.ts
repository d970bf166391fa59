import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createRunFinder } from '../../../src/experiment/find/run-finder.ts'
import { createRunIndex } from '../../../src/experiment/sources/run-index.ts'
import { storeSource } from '../../../src/experiment/sources/store-source.ts'
import { folderStore } from '../../../src/experiment/sources/stores/folder-store.ts'
import { sliceTable } from '../../../src/knowledge/data/slice-table.ts'
import { maxTextEvents } from '../../support/event-file.ts'
import { soon } from '../../support/soon.ts'
import { syntheticProfile } from '../../support/synthetic-profile.ts'

const signal = new AbortController().signal
const settings = { emb_dim: '4096', model_name: 'llama2-7b', ici_fsdp_parallelism: '16', compile_topology: '' }
const count = 300
let root = ''

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'prompts-listing-'))
  const bytes = maxTextEvents(settings, [60, 30, 2, 2, 2, 2])
  for (let i = 0; i < count; i++) {
    mkdirSync(join(root, 'runs', `run-${i}`, 'tensorboard/x'), { recursive: true })
    writeFileSync(join(root, 'runs', `run-${i}`, 'tensorboard/x/events.out.tfevents.100.host'), bytes)
  }
  const session = join(root, 'runs/run-7/tensorboard/plugins/profile/2026_11_25_12_00_00')
  mkdirSync(session, { recursive: true })
  const op = { name: 'fusion', category: 'loop fusion', us: 100, flops: 1e6, bytes: 1e6 }
  const chip = { type: 'TPU v5 Lite', tflops: 197, hbmGbps: 819 }
  writeFileSync(join(session, 'host.xplane.pb'), syntheticProfile({ hostname: 'host', chip, cores: 1, steps: 3, step: [{ op }] }))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a list of runs', () => {
  it('has chip, model, step time and profile of each, and opens none a second time', async () => {
    const store = folderStore(join(root, 'runs'))
    const read = vi.fn(store.read)
    const index = createRunIndex(':memory:')
    const source = storeSource({ store: { ...store, read }, cacheRoot: '', index })
    // a list looks at as many runs as its time allows, the next one at the others
    await vi.waitFor(async () => expect((await source.list(count, signal)).every(({ model }) => model === 'llama2-7b')).toBe(true), soon)
    read.mockClear()
    const listed = await source.list(count, signal)
    expect(listed).toHaveLength(count)
    expect(read).not.toHaveBeenCalled()
    expect(listed.find(({ id }) => id === 'run-7')).toMatchObject({ chip: 'v5e', step_time_ms: 2000, has_profile: true })
    expect(listed.find(({ id }) => id === 'run-8')).toMatchObject({ chip: null, step_time_ms: 2000, has_profile: false })
    index.close()
  })

  it('has the slice that someone said, where the run does not', async () => {
    const finder = createRunFinder(readConfig({ PROMPTS_HOME: join(root, 'home'), PROMPTS_EXPERIMENTS: join(root, 'runs') }), sliceTable)
    await finder.forWorkspace('T1').answers.remember('run-8', { slice: 'v6e-16' }, 'U1')
    const { runs } = await finder.forWorkspace('T1').list({ words: ['run-8'], limit: 20, audience: null, signal })
    expect(runs.find(({ id }) => id === 'run-8')).toMatchObject({ chip: 'v6e', topology: 'v6e-16' })
    expect(runs.find(({ id }) => id === 'run-81')).toMatchObject({ topology: null })
  })
})
