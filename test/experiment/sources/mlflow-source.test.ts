import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { experimentFromParams, mlflowSource } from '../../../src/experiment/sources/mlflow-source.ts'
import { findPython, lacks, needing } from '../../support/needs.ts'
import { answers, freePort, type RunningServer, startServer } from '../../support/start-server.ts'

const signal = new AbortController().signal

/** Logs three runs the way a team would: params alone, a file with a profile, and one that has nothing to do with us. */
const logging = `
import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_experiment("tpu")
with mlflow.start_run(run_name="exp-params"):
    mlflow.log_params({"model": "llama2-7b", "phase": "train", "hardware.chip": "v5e", "hardware.topology": "4x4", "run.global_batch": 64, "run.seq_len": 2048, "mesh.data": 16, "learning_rate": 3e-4})
    mlflow.log_artifact(sys.argv[2] + "/host0.xplane.pb", "profile/plugins/profile/run")
with mlflow.start_run(run_name="exp-file"):
    mlflow.log_artifact(sys.argv[2] + "/experiment.yaml")
with mlflow.start_run(run_name="other"):
    mlflow.log_param("epochs", 3)
`

describe.skipIf(lacks('mlflow'))(needing('mlflowSource against a real MLflow server', 'mlflow'), () => {
  let root = ''
  let server: RunningServer
  let address = ''

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'prompts-mlflow-'))
    mkdirSync(join(root, 'files'))
    writeFileSync(join(root, 'files/host0.xplane.pb'), 'a profile')
    writeFileSync(
      join(root, 'files/experiment.yaml'),
      'id: exp-file\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 256, seq_len: 4096}\n',
    )
    const python = findPython('mlflow')!
    const port = await freePort()
    server = await startServer({
      command: [
        python,
        '-m',
        'mlflow',
        'server',
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--workers',
        '1',
        '--backend-store-uri',
        `sqlite:///${join(root, 'mlflow.db')}`,
        '--artifacts-destination',
        join(root, 'artifacts'),
      ],
      port,
      ready: (p) => answers(`http://127.0.0.1:${p}/health`),
      deadlineMs: 100_000,
    })
    const url = `http://127.0.0.1:${port}`
    const logged = spawnSync(python, ['-c', logging, url, join(root, 'files')], { encoding: 'utf8', timeout: 100_000 })
    if (logged.status !== 0) throw new Error(logged.stderr)
    address = `mlflow+${url}`
  }, 240_000)
  afterAll(async () => {
    await server?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  const source = () => mlflowSource({ address, cacheRoot: join(root, 'cache'), token: null })

  it('makes an experiment of params and brings the profile', async () => {
    const found = await source().find('exp-params', signal)
    expect(found?.experiment).toMatchObject({
      id: 'exp-params',
      model: 'llama2-7b',
      hardware: { chip: 'v5e' },
      mesh: { data: 16 },
      run: { global_batch: 64 },
    })
    const folder = await found!.profile!.open(signal)
    expect(readFileSync(join(folder, 'host0.xplane.pb'), 'utf8')).toBe('a profile')
  })

  it('reads experiment.yaml, takes a run without either as none, and lists the names', async () => {
    const found = await source().find('exp-file', signal)
    expect(found).toMatchObject({ experiment: { id: 'exp-file' }, profile: null })
    expect(found?.links[0]?.uri).toMatch(/#\/experiments\/\d+\/runs\/[0-9a-f]{32}$/)
    expect((await source().find('other', signal))?.experiment).toBeNull()
    expect(await source().find('nothing', signal)).toBeNull()
    expect((await source().list(10, signal)).toSorted()).toEqual(['exp-file', 'exp-params', 'other'])
  })
})

describe('experimentFromParams', () => {
  it('takes the experiment file’s own words and passes over the rest', () => {
    expect(
      experimentFromParams([
        { key: 'hardware.chip', value: 'v5e' },
        { key: 'mesh.data', value: '16' },
        { key: 'lr', value: '0.1' },
        { key: 'profile', value: '/etc' },
      ]),
    ).toEqual({ hardware: { chip: 'v5e' }, mesh: { data: 16 } })
    expect(experimentFromParams([{ key: 'lr', value: '1' }])).toBeNull()
    expect(
      experimentFromParams([
        { key: 'hardware.__proto__', value: 'x' },
        { key: 'hardware.chip', value: 'v5e' },
      ]),
    ).toMatchObject({ hardware: { chip: 'v5e' } })
  })
})
