import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createRunAnswers } from '../../../src/experiment/find/run-answers.ts'
import { gcsBlobs } from '../../../src/runs/memory/gcs-blobs.ts'
import { createObjectMemory } from '../../../src/runs/memory/object-memory.ts'
import { openRunStore } from '../../../src/runs/memory/open-memory.ts'
import { s3Blobs } from '../../../src/runs/memory/s3-blobs.ts'
import { createObjectSpendLog } from '../../../src/runs/memory/spend-log.ts'
import { startGcsServer } from '../../support/gcs-server.ts'
import { lacks, needing } from '../../support/needs.ts'
import { type S3Server, startS3Server } from '../../support/s3-server.ts'
import type { RunningServer } from '../../support/start-server.ts'
import { memorySuite } from './memory-suite.ts'

describe.skipIf(lacks('moto'))(needing('runs in S3, against moto', 'moto'), () => {
  let server: S3Server
  const blobs = (store: string) => s3Blobs({ bucket: 'runs', prefix: `bot/${store}/`, endpoint: server.endpoint })
  beforeAll(async () => {
    server = await startS3Server('runs')
  }, 90_000)
  afterAll(() => server?.stop())

  memorySuite('object memory in S3', { open: (store) => createObjectMemory({ blobs: blobs(store) }) })

  it('adds what each tenant spent today', async () => {
    const spend = createObjectSpendLog({ blobs: blobs('spend'), now: () => new Date('2026-01-02T03:00:00Z') })
    await Promise.all([spend.add('T1', 0.25), spend.add('T1', 1e-6), spend.add('T2', 9), spend.add('T1', 0)])
    expect(await spend.today('T1')).toBeCloseTo(0.250001, 9)
  })

  it('keeps what people said of a run where every host finds it', async () => {
    const host = () => createRunAnswers({ store: blobs('answers'), now: () => new Date(0) })
    expect(await host().recall('run 1/a')).toEqual({})
    await host().remember('run 1/a', { slice: 'v6e-16', seq_len: '2048' }, 'U1')
    await Promise.all([host().remember('run 1/a', { slice: 'v6e-32' }, 'U2'), host().remember('run 1/a', { mesh: 'data=32' }, 'U3')])
    expect(await host().recall('run 1/a')).toEqual({ slice: 'v6e-32', seq_len: '2048', mesh: 'data=32' })
    expect(await host().recall('run 1')).toEqual({})
    await blobs('answers').put('answers/runs/broken/slice.json', 'not JSON')
    expect(await host().recall('broken')).toEqual({})
    await blobs('answers').put('answers/slices/early.json', JSON.stringify({ slice: 'v5e-16', by: null, at: '' }))
    expect(await host().recall('early')).toEqual({ slice: 'v5e-16' })
  })

  it('says which bucket it is that does not exist', async () => {
    const missing = s3Blobs({ bucket: 'no-such-bucket', prefix: '', endpoint: server.endpoint })
    await expect(missing.put('a', '')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('s3://no-such-bucket/'),
    })
  })
})

describe.skipIf(lacks('fake-gcs-server'))(needing('runs in Cloud Storage, against fake-gcs-server', 'fake-gcs-server'), () => {
  let server: RunningServer
  let root = ''
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'prompts-gcs-'))
    mkdirSync(join(root, 'data/runs'), { recursive: true })
    server = await startGcsServer(root)
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  memorySuite('object memory in Cloud Storage', {
    open: (store) =>
      createObjectMemory({ blobs: gcsBlobs({ bucket: 'runs', prefix: `bot/${store}/`, endpoint: `http://127.0.0.1:${server.port}` }) }),
  })
})

describe('the store of runs by configuration', () => {
  it('is a folder unless a bucket is named, and no other address', () => {
    expect(openRunStore(readConfig({ PROMPTS_HOME: '/somewhere' })).where).toContain('/somewhere')
    expect(openRunStore(readConfig({ PROMPTS_RUNS: 's3://bucket/bot/' })).where).toBe('s3://bucket/bot/')
    expect(openRunStore(readConfig({ PROMPTS_RUNS: 'gs://bucket' })).where).toBe('gs://bucket/')
    expect(() => openRunStore(readConfig({ PROMPTS_RUNS: '/a/folder' }))).toThrow(/PROMPTS_RUNS/)
  })
})
