import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExperimentSource } from '../../../src/experiment/sources/experiment-source.ts'
import { gcsSource } from '../../../src/experiment/sources/gcs-source.ts'
import { findProgram, lacks, needing } from '../../support/needs.ts'
import { answers, freePort, type RunningServer, startServer } from '../../support/start-server.ts'

const signal = new AbortController().signal
const yaml = (id: string, profile?: string) =>
  `id: ${id}\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 256, seq_len: 4096}\n${profile ? `profile: ${profile}\n` : ''}`

describe.skipIf(lacks('fake-gcs-server'))(needing('gcsSource against fake-gcs-server', 'fake-gcs-server'), () => {
  let root = ''
  let server: RunningServer
  let source: ExperimentSource

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
    put('tpu/bad/experiment.yaml', 'id: [')
    put('elsewhere/exp-9/experiment.yaml', yaml('exp-9'))
    const port = await freePort()
    server = await startServer({
      command: [
        findProgram('fake-gcs-server')!,
        '-scheme',
        'http',
        '-host',
        '127.0.0.1',
        '-port',
        String(port),
        '-public-host',
        `127.0.0.1:${port}`,
        '-data',
        join(root, 'data'),
        '-filesystem-root',
        join(root, 'storage'),
      ],
      port,
      ready: (p) => answers(`http://127.0.0.1:${p}/storage/v1/b`),
    })
    source = gcsSource({ address: 'gs://team-runs/tpu', cacheRoot: join(root, 'cache'), endpoint: `http://127.0.0.1:${port}` })
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  it('finds an experiment and brings its profile, and nothing beside it', async () => {
    const found = await source.find('exp-1', signal)
    expect(found?.experiment?.id).toBe('exp-1')
    const folder = await found!.profile!.open(signal)
    expect(readFileSync(join(folder, 'plugins/profile/run/host0.xplane.pb'), 'utf8')).toBe('one')
    expect(readFileSync(join(folder, 'plugins/profile/run/host1.xplane.pb'), 'utf8')).toBe('other')
    expect(() => readFileSync(join(folder, '../profile-of-another/host.xplane.pb'))).toThrow()
  })

  it('has no profile where none lies, and lists the ids', async () => {
    expect((await source.find('cold', signal))?.profile).toBeNull()
    expect((await source.list(10, signal)).toSorted()).toEqual(['bad', 'cold', 'exp-1', 'up'])
    expect(await source.find('exp-9', signal)).toBeNull()
  })

  it('refuses a profile outside the folder and a broken file', async () => {
    await expect(source.find('up', signal)).rejects.toMatchObject({ code: 'outside_folder' })
    await expect(source.find('bad', signal)).rejects.toMatchObject({
      code: 'bad_experiment',
      message: expect.stringContaining('gs://team-runs/tpu/bad'),
    })
  })

  it('says that it cannot be reached', async () => {
    const gone = gcsSource({
      address: 'gs://team-runs/tpu',
      cacheRoot: join(root, 'cache'),
      endpoint: `http://127.0.0.1:${await freePort()}`,
    })
    await expect(gone.find('exp-1', signal)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
