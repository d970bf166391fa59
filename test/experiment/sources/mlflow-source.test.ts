import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import { mlflowSource } from '../../../src/experiment/sources/mlflow/mlflow-source.ts'
import { createRunIndex } from '../../../src/experiment/sources/run-index.ts'
import { parseServerAddress } from '../../../src/experiment/sources/server-address.ts'
import { findOptions } from '../../support/finding.ts'
import { findPython, lacks, needing } from '../../support/needs.ts'
import { answers, freePort, type RunningServer, startServer } from '../../support/start-server.ts'

const signal = new AbortController().signal

/**
 * Logs runs the way teams do: params alone, a file with a profile, MaxText's settings, foreign keys, two of one name, nested,
 * deleted.
 */
const logging = `
import mlflow, sys
url, files = sys.argv[1], sys.argv[2]
mlflow.set_tracking_uri(url); mlflow.set_experiment("tpu")
with mlflow.start_run(run_name="exp-params"):
    mlflow.log_params({"model": "llama2-7b", "phase": "train", "hardware.chip": "v5e", "hardware.topology": "4x4", "run.global_batch": 64, "run.seq_len": 2048, "run.flags.xla_a": "true", "mesh.data": 16, "learning_rate": 3e-4, "run.name": "mine", "model.class": "Llama"})
    for step in range(8): mlflow.log_metric("step_time_ms", 5000 if step < 2 else 1200 + step, step=step)
    mlflow.log_artifact(files + "/host0.xplane.pb", "profile/plugins/profile/2026_02_01_00_00_00")
    mlflow.log_artifact(files + "/old/host0.xplane.pb", "profile/plugins/profile/2026_01_01_00_00_00")
with mlflow.start_run(run_name="exp-file"):
    mlflow.log_artifact(files + "/experiment.yaml")
with mlflow.start_run(run_name="copy-of-file"):
    mlflow.log_artifact(files + "/experiment.yaml")
with mlflow.start_run(run_name="maxtext"):
    settings = dict(line.split(": ", 1) for line in open(files + "/settings.txt").read().splitlines())
    mlflow.log_params(settings)
    mlflow.set_tag("accelerator_type", "v5litepod-16")
    for step in range(12): mlflow.log_metric("perf/step_time_seconds", 40.0 if step < 2 else 2.0, step=step)
with mlflow.start_run(run_name="hydra"):
    mlflow.log_params({"run.name": "x", "model.name": "y", "hardware": "tpu", "id": "7", "phase": "warm", "mesh": "2x2", "tune": "lr"})
with mlflow.start_run(run_name="sweep lr=3e-4,bs:32") as run:
    mlflow.log_param("epochs", 3)
for status in ("FAILED", "FINISHED"):
    with mlflow.start_run(run_name="again"): mlflow.log_param("epochs", 3)
    mlflow.tracking.MlflowClient().set_terminated(mlflow.last_active_run().info.run_id, status)
for rate in (1e-4, 3e-4):
    with mlflow.start_run(run_name="twice"): mlflow.log_params({"epochs": 3, "lr": rate, "out_dir": f"/runs/{rate}"})
with mlflow.start_run(run_name="parent"):
    with mlflow.start_run(run_name="child", nested=True): mlflow.log_param("epochs", 3)
with mlflow.start_run(run_name="deleted"): pass
mlflow.delete_run(mlflow.last_active_run().info.run_id)
`

const settings = `emb_dim: 4096
base_emb_dim: 4096
mlp_dim: 11008
num_query_heads: 32
num_kv_heads: 32
head_dim: 128
num_decoder_layers: 32
vocab_size: 32000
model_name: llama2-7b
run_name: maxtext
hardware: tpu
num_target_devices: 16
num_slices: 1
global_batch_size_to_train_on: 64
max_target_length: 2048
ici_fsdp_parallelism: -1
ici_tensor_parallelism: 1
dtype: bfloat16
weight_dtype: float32
remat_policy: full
opt_type: adamw
attention: flash
`

describe.skipIf(lacks('mlflow'))(needing('mlflowSource against a real MLflow server', 'mlflow'), () => {
  let root = ''
  let server: RunningServer
  let address = ''
  const index = createRunIndex(':memory:')

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'prompts-mlflow-'))
    mkdirSync(join(root, 'files/old'), { recursive: true })
    writeFileSync(join(root, 'files/host0.xplane.pb'), 'a profile')
    writeFileSync(join(root, 'files/old/host0.xplane.pb'), 'an older one')
    writeFileSync(join(root, 'files/settings.txt'), settings)
    writeFileSync(
      join(root, 'files/experiment.yaml'),
      'id: exp-file\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 256, seq_len: 4096}\n',
    )
    const python = findPython('mlflow')!
    const port = await freePort()
    server = await startServer({
      command: [
        ...[python, '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
        ...['--backend-store-uri', `sqlite:///${join(root, 'mlflow.db')}`, '--artifacts-destination', join(root, 'artifacts')],
      ],
      port,
      ready: (p) => answers(`http://127.0.0.1:${p}/health`),
      deadlineMs: 100_000,
    })
    const url = `http://127.0.0.1:${port}`
    const logged = spawnSync(python, ['-c', logging, url, join(root, 'files')], { encoding: 'utf8', timeout: 200_000 })
    if (logged.status !== 0) throw new Error(logged.stderr)
    address = `mlflow+${url}`
  }, 300_000)
  afterAll(async () => {
    await server?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  const source = (where = address, env: Record<string, string> = {}) =>
    mlflowSource({ server: parseServerAddress(where, 'mlflow', readConfig(env)), cacheRoot: join(root, 'cache'), index })

  it('makes an experiment of params, with the step time that was logged, and brings the newest profile', async () => {
    const found = await source().find('exp-params', signal)
    expect(found?.experiment).toMatchObject({
      id: 'exp-params',
      model: 'llama2-7b',
      hardware: { chip: 'v5e' },
      mesh: { data: 16 },
      run: { global_batch: 64, flags: { xla_a: 'true' } },
      measured: { step_time_ms: 1204.5 },
    })
    const folder = await found!.profile!.open(signal)
    expect(readFileSync(join(folder, 'host0.xplane.pb'), 'utf8')).toBe('a profile')
  })

  it('reads experiment.yaml under the name that was asked for', async () => {
    const found = await source().find('copy-of-file', signal)
    expect(found).toMatchObject({ experiment: { id: 'copy-of-file' }, profile: null })
    expect(found?.notes.join()).toContain('calls itself exp-file')
    expect(found?.links[0]?.uri).toMatch(/#\/experiments\/\d+\/runs\/[0-9a-f]{32}$/)
  })

  it("reads MaxText's settings from params, its steps from metrics and the slice from a tag", async () => {
    const { experiment } = await findExperiment('maxtext', [source()], signal, findOptions())
    expect(experiment).toMatchObject({
      hardware: { chip: 'v5e', topology: 'v5e-16' },
      mesh: { data: 16 },
      run: { global_batch: 64 },
      measured: { step_time_ms: 2000 },
    })
  })

  it('passes over foreign keys, whatever they are called', async () => {
    const found = await source().find('hydra', signal)
    expect(found).toMatchObject({ experiment: null, profile: null })
    await expect(findExperiment('hydra', [source()], signal, findOptions())).rejects.toMatchObject({
      code: 'bad_experiment',
      message: expect.stringContaining('neither a profile nor an experiment'),
    })
  })

  it('takes the one that finished of several, and else asks which', async () => {
    expect((await source().find('again', signal))?.notes.join()).toContain('1 other runs of this name failed')
    const refused = source().find('twice', signal)
    await expect(refused).rejects.toMatchObject({ code: 'ambiguous_experiment', choices: [{}, {}] })
    await expect(refused).rejects.toThrow(/[0-9a-f]{32}, \d{4}-\d\d-\d\d \d\d:\d\d, finished.*, lr=0.0003; .*, lr=0.0001/)
    await expect(refused).rejects.not.toThrow(/epochs|out_dir/)
  })

  it('finds nested runs and not deleted ones, and lists what it can be asked for', async () => {
    expect(await source().find('child', signal)).not.toBeNull()
    expect(await source().find('deleted', signal)).toBeNull()
    expect(await source().find('nothing', signal)).toBeNull()
    const listed = await source().list(100, signal)
    const ids = listed.map((run) => run.id)
    expect(ids).toEqual(expect.arrayContaining(['exp-file', 'exp-params', 'maxtext', 'child']))
    const sweep = ids.find((id) => /^[0-9a-f]{32}$/.test(id))
    expect((await source().find(sweep!, signal))?.origin).toContain(sweep)
    expect(listed.find((run) => run.id === 'maxtext')).toMatchObject({
      chip: 'v5e',
      model: 'llama2-7b',
      phase: 'train',
      step_time_ms: 2000,
    })
  })

  it('keeps to the experiment that the address names', async () => {
    expect(await source(`${address}?experiment=Default`).find('exp-file', signal)).toBeNull()
    expect(await source(`${address}?experiment=tpu`).find('exp-file', signal)).not.toBeNull()
  })

  it('says that the base path is not right', async () => {
    await expect(source(`${address}/mlflow`).find('exp-file', signal)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
