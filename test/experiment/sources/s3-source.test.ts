import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import type { ExperimentSource } from '../../../src/experiment/sources/experiment-source.ts'
import { storeSource } from '../../../src/experiment/sources/store-source.ts'
import { s3Store } from '../../../src/experiment/sources/stores/s3-store.ts'
import { maxTextEvents } from '../../support/event-file.ts'
import { findOptions } from '../../support/finding.ts'
import { lacks, needing } from '../../support/needs.ts'
import { type S3Server, startS3Server } from '../../support/s3-server.ts'
import { freePort } from '../../support/start-server.ts'

const signal = new AbortController().signal
const settings: Record<string, string> = {
  ...{ emb_dim: '4096', mlp_dim: '11008', num_query_heads: '32', num_kv_heads: '32', head_dim: '128', num_decoder_layers: '32' },
  ...{ vocab_size: '32000', model_name: 'llama2-7b', num_target_devices: '16', num_slices: '1', ici_fsdp_parallelism: '-1' },
  ...{ global_batch_size_to_train_on: '64', max_target_length: '2048', compile_topology: 'v5e-16' },
}

describe.skipIf(lacks('moto'))(needing('s3Store against moto', 'moto'), () => {
  let root = ''
  let server: S3Server
  let source: ExperimentSource
  const put = (key: string, body: string | Buffer) =>
    server.client.send(new PutObjectCommand({ Bucket: 'team-runs', Key: key, Body: body }))
  const at = (address: string, port = server.port) =>
    storeSource({ store: s3Store({ address, endpoint: `http://127.0.0.1:${port}` }), cacheRoot: join(root, 'cache'), index: null })

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'prompts-s3-'))
    server = await startS3Server('team-runs')
    await put('tpu/run-1/tensorboard/run-1/events.out.tfevents.1.host', maxTextEvents(settings, [60, 30, 2, 2, 2, 2]))
    await put('tpu/run-1/tensorboard/plugins/profile/2026_11_20_00_00_00/host.xplane.pb', 'older')
    await put('tpu/run-1/tensorboard/plugins/profile/2026_11_25_00_00_00/host.xplane.pb', 'newer')
    await put('tpu/run-1/checkpoints/0/params/a', 'x')
    await put('tpu/data-only/train/part-0', 'x')
    source = at('s3://team-runs/tpu')
  }, 90_000)
  afterAll(async () => {
    await server?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  it('finds a run of MaxText with its newest profile', async () => {
    const found = await findExperiment('run-1', [source], signal, findOptions())
    expect(found.experiment).toMatchObject({ hardware: { chip: 'v5e' }, measured: { step_time_ms: 2000 } })
    expect(readFileSync(join(await found.profile!.open(signal), 'host.xplane.pb'), 'utf8')).toBe('newer')
  })

  it('reads again what changed, keeps what did not, and forgets what is gone', async () => {
    const session = 'tpu/run-2/tensorboard/plugins/profile/2026_11_20_00_00_00'
    await put(`${session}/a.xplane.pb`, 'one')
    await put(`${session}/b.xplane.pb`, 'two')
    const open = async () => (await source.find('run-2', signal))!.profile!.open(signal)
    const folder = await open()
    expect(readdirSync(folder).filter((name) => name.endsWith('.pb'))).toHaveLength(2)
    await put(`${session}/a.xplane.pb`, 'new')
    await server.client.send(new DeleteObjectCommand({ Bucket: 'team-runs', Key: `${session}/b.xplane.pb` }))
    expect(await open()).toBe(folder)
    expect(readFileSync(join(folder, 'a.xplane.pb'), 'utf8')).toBe('new')
    expect(readdirSync(folder).filter((name) => name.endsWith('.pb'))).toEqual(['a.xplane.pb'])
  })

  it('lists runs, and nothing else that lies there', async () => {
    const listed = await source.list(10, signal)
    expect(listed.map((run) => run.id)).toEqual(expect.arrayContaining(['run-1']))
    expect(listed.map((run) => run.id)).not.toContain('data-only')
    expect(listed.find((run) => run.id === 'run-1')).toMatchObject({
      chip: 'v5e',
      model: 'llama2-7b',
      step_time_ms: 2000,
      has_profile: true,
    })
  })

  it('says that a bucket or a server is not there', async () => {
    await expect(at('s3://no-such-bucket').find('run-1', signal)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('does not exist'),
    })
    await expect(at('s3://team-runs/tpu', await freePort()).find('run-1', signal)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
