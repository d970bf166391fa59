import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import type { ExperimentSource } from '../../../src/experiment/sources/experiment-source.ts'
import { storeSource } from '../../../src/experiment/sources/store-source.ts'
import { gcsStore } from '../../../src/experiment/sources/stores/gcs-store.ts'
import { findOptions } from '../../support/finding.ts'
import { startGcsServer } from '../../support/gcs-server.ts'
import { has, lacks, needing, sharedData } from '../../support/needs.ts'
import { freePort, type RunningServer } from '../../support/start-server.ts'

const signal = new AbortController().signal
const yaml = (id: string, profile?: string) =>
  `id: ${id}\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 256, seq_len: 4096}\n${profile ? `profile: ${profile}\n` : ''}`

const maxText = 'llama-tiny-fsdp4-tp2'
const runOfMaxText = join(sharedData, 'maxtext-runs', maxText)
const idsThere = ['bad', 'cold', 'exp-1', 'older', 'up', ...(has('shared') ? [maxText] : [])].toSorted()

describe.skipIf(lacks('fake-gcs-server'))(needing('gcsSource against fake-gcs-server', 'fake-gcs-server'), () => {
  let root = ''
  let server: RunningServer & { endpoint: string }
  let source: ExperimentSource

  const at = (port: number, address = 'gs://team-runs/tpu') =>
    storeSource({ store: gcsStore({ address, endpoint: `http://127.0.0.1:${port}` }), cacheRoot: join(root, 'cache'), index: null })

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'prompts-gcs-'))
    const put = (path: string, text: string) => {
      mkdirSync(join(root, 'data', 'team-runs', path, '..'), { recursive: true })
      writeFileSync(join(root, 'data', 'team-runs', path), text)
    }
    put('tpu/exp-1/experiment.yaml', yaml('exp-1', 'profile'))
    put('tpu/exp-1/profile/plugins/profile/run/host0.xplane.pb', 'one')
    put('tpu/exp-1/profile/plugins/profile/run/host1.xplane.pb', 'other')
    put('tpu/exp-1/profile-of-another/host.xplane.pb', 'no')
    put('tpu/cold/experiment.yaml', yaml('cold', 'profile'))
    put('tpu/up/experiment.yaml', yaml('up', '../exp-1/profile'))
    put('tpu/cold/empty.log', '')
    put('tpu/bad/experiment.yaml', 'id: [')
    if (has('shared')) cpSync(runOfMaxText, join(root, 'data/team-runs/tpu', maxText), { recursive: true })
    put('tpu/older/experiment.yaml', yaml('older'))
    put('tpu/older/tensorboard/plugins/profile/2026_11_25_10_00_00/host.xplane.pb', 'newer')
    put('tpu/older/tensorboard/step_100/plugins/profile/2026_11_20_10_00_00/host.xplane.pb', 'older')
    put('elsewhere/exp-9/experiment.yaml', yaml('exp-9'))
    server = await startGcsServer(root)
    source = at(server.port)
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  it('finds an experiment and brings its profile, and nothing beside it', async () => {
    const found = await source.find('exp-1', signal)
    expect(found?.experiment?.id).toBe('exp-1')
    const folder = await found!.profile!.open(signal)
    expect(readFileSync(join(folder, 'host0.xplane.pb'), 'utf8')).toBe('one')
    expect(readFileSync(join(folder, 'host1.xplane.pb'), 'utf8')).toBe('other')
    expect(readdirSync(folder).filter((name) => name.endsWith('.pb'))).toHaveLength(2)
  })

  it('has no profile where none lies, and lists the ids', async () => {
    expect((await source.find('cold', signal))?.profile).toBeNull()
    expect((await source.list(10, signal)).map((run) => run.id).toSorted()).toEqual(idsThere)
    expect(await source.find('exp-9', signal)).toBeNull()
  })

  it('refuses a profile outside the folder and a broken file', async () => {
    await expect(source.find('up', signal)).rejects.toMatchObject({ code: 'outside_folder' })
    await expect(source.find('bad', signal)).rejects.toMatchObject({
      code: 'bad_experiment',
      message: expect.stringContaining('bad/experiment.yaml'),
    })
  })

  it.skipIf(lacks('shared'))(needing('finds a run by what MaxText wrote', 'shared'), async () => {
    const options = findOptions({
      context: { ...findOptions().context, answers: null, deviceType: async () => null, said: { slice: 'v5e' } },
    })
    const { experiment, notes } = await findExperiment(maxText, [source], signal, options)
    expect(experiment).toMatchObject({ id: maxText, hardware: { chip: 'v5e', topology: 'v5e-8' }, mesh: { data: 4, model: 2 } })
    expect(experiment?.measured?.step_time_ms).toBeCloseTo(2487, 0)
    expect(notes?.join()).toContain('median of 10 steps')
  })

  it('reads the start of a file, an empty one, and stops when it is told to', async () => {
    const store = gcsStore({ address: 'gs://team-runs/tpu', endpoint: server.endpoint })
    const text = async (path: string, head?: number) => textOf(await store.read(path, signal, head))
    expect(await text('exp-1/experiment.yaml', 9)).toBe('id: exp-1')
    expect(await text('cold/empty.log', 9)).toBe('')
    await expect(store.read('cold/no-such-file', signal)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(store.read('exp-1/experiment.yaml', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })

  it('reads the newest session by its name, and says so', async () => {
    const found = await source.find('older', signal)
    expect(found?.notes.join()).toContain('2026_11_25_10_00_00, was read')
    expect(readFileSync(join(await found!.profile!.open(signal), 'host.xplane.pb'), 'utf8')).toBe('newer')
  })

  it('tells a bucket that is not there from a run that is not', async () => {
    await expect(at(server.port, 'gs://no-such-bucket/tpu').find('exp-1', signal)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('does not exist'),
    })
  })

  it('says that it cannot be reached', async () => {
    const gone = at(await freePort())
    await expect(gone.find('exp-1', signal)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
