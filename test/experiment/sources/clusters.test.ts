import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import { createSource } from '../../../src/experiment/sources/create-sources.ts'
import { maxTextEvents } from '../../support/event-file.ts'
import { findOptions, folderOfRuns } from '../../support/finding.ts'

const signal = new AbortController().signal
let server: Server | null = null
const folders: string[] = []
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function listen(answer: (url: URL, request: IncomingMessage) => unknown): Promise<string> {
  server = createServer((request, response) => {
    const data = answer(new URL(request.url ?? '', 'http://x'), request)
    response.writeHead(data === null ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(data))
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const open = (address: string, env: Record<string, string> = {}) => createSource(address, readConfig({ PROMPTS_HOME: tmpdir(), ...env }))

const settings: Record<string, string> = {
  ...{ emb_dim: '4096', mlp_dim: '11008', num_query_heads: '32', num_kv_heads: '32', head_dim: '128', num_decoder_layers: '32' },
  ...{ vocab_size: '32000', model_name: 'llama2-7b', run_name: 'run-1', num_target_devices: '32', num_slices: '2', hardware: 'tpu' },
  ...{ global_batch_size_to_train_on: '64', max_target_length: '2048', ici_fsdp_parallelism: '-1', dcn_data_parallelism: '2' },
}

/** As xpk makes one (kubectl get jobset -o yaml). */
const jobSet = (name: string, chip: string, topology: string, replicas: number) => ({
  apiVersion: 'jobset.x-k8s.io/v1alpha2',
  kind: 'JobSet',
  metadata: { name, namespace: 'team', creationTimestamp: '2026-11-25T10:00:00Z', labels: { 'xpk.google.com/workload': name } },
  spec: {
    replicatedJobs: [
      {
        name: 'slice-job',
        replicas,
        template: {
          spec: {
            template: {
              spec: {
                nodeSelector: { 'cloud.google.com/gke-tpu-accelerator': chip, 'cloud.google.com/gke-tpu-topology': topology },
                containers: [{ name: 'jax-tpu', command: ['bash', '-c', 'python3 -m maxtext.train base.yml run_name=run-1 steps=10'] }],
              },
            },
          },
        },
      },
    ],
  },
})

function runFolder(files: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'prompts-cluster-'))
  folders.push(root)
  mkdirSync(join(root, 'run-1/tensorboard/run-1'), { recursive: true })
  writeFileSync(join(root, 'run-1/tensorboard/run-1/events.out.tfevents.1.h'), maxTextEvents(settings, [60, 30, 2, 2, 2, 2]))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'run-1', name), text)
  return root
}

describe('JobSets', () => {
  it('of a cluster give the slice of a run whose folder is in another source, by its run_name', async () => {
    const asked: string[] = []
    const host = await listen((url, request) => {
      asked.push(`${url.pathname} ${request.headers.authorization}`)
      return url.searchParams.get('continue') === null
        ? { items: [jobSet('other', 'tpu-v6e-slice', '4x4', 1)], metadata: { continue: 'more' } }
        : { items: [jobSet('team-job-7', 'tpu-v5-lite-podslice', '4x4', 2), { kind: 'Job' }], metadata: {} }
    })
    const cluster = open(`jobset+${host}/k8s?namespace=team`, { PROMPTS_JOBSET_TOKEN: 'tok' })
    const found = await findExperiment('run-1', [folderOfRuns(runFolder()), cluster], signal, findOptions())
    expect(found.experiment).toMatchObject({
      hardware: { chip: 'v5e', topology: '4x4', slices: 2 },
      mesh: { data: 16 },
      dcn: { replica: 2 },
    })
    expect(found.notes?.join()).toContain('the JobSet team-job-7')
    expect(asked[0]).toBe('/k8s/apis/jobset.x-k8s.io/v1alpha2/namespaces/team/jobsets Bearer tok')
    expect((await cluster.list(10, signal)).map(({ id, chip, topology }) => ({ id, chip, topology }))).toContainEqual({
      id: 'run-1',
      chip: 'v5e',
      topology: '4x4',
    })
  })

  it('beside a run give its slice by their manifest', async () => {
    const root = runFolder({ 'jobset.yaml': JSON.stringify(jobSet('job', 'tpu-v5-lite-podslice', '4x4', 2)) })
    expect((await findExperiment('run-1', [folderOfRuns(root)], signal, findOptions())).experiment?.hardware).toEqual({
      chip: 'v5e',
      topology: '4x4',
      slices: 2,
    })
    const broken = runFolder({ 'jobset.yaml': 'a: [&x 1, *x' })
    await expect(findExperiment('run-1', [folderOfRuns(broken)], signal, findOptions())).rejects.toMatchObject({ code: 'slice_unknown' })
  })
})

describe('ML Diagnostics', () => {
  const name = 'projects/my-project/locations/us-east5/machineLearningRuns/run-1-20261125100000'
  const run = {
    name,
    displayName: 'run-1',
    createTime: '2026-11-25T10:00:00Z',
    runPhase: 'ACTIVE',
    configs: {
      userConfigs: settings,
      softwareConfigs: { framework: 'JAX', framework_version: '0.10.2', xla_flags: '--xla_tpu_a=true' },
      hardwareConfigs: { device_type: 'TPU v5 lite', num_slices: '2', devices_per_slice: '16' },
    },
    artifacts: { gcsPath: 'gs://somebody/else' },
  }

  it('has settings, flags and the slice of a run, by its id or its display name', async () => {
    const host = await listen((url) => {
      if (url.pathname === `/v1alpha/${name}`) return run
      return url.pathname.endsWith('/machineLearningRuns')
        ? { machineLearningRuns: [run, { name: `${name}-x`, displayName: 'other' }] }
        : null
    })
    const source = open('mldiagnostics://my-project/us-east5', { PROMPTS_MLDIAGNOSTICS_ENDPOINT: host })
    for (const id of ['run-1', 'run-1-20261125100000']) {
      const { experiment } = await findExperiment(id, [source], signal, findOptions())
      expect(experiment).toMatchObject({
        hardware: { chip: 'v5e', topology: 'v5e-16', slices: 2 },
        mesh: { data: 16 },
        run: { flags: { LIBTPU_INIT_ARGS: '--xla_tpu_a=true' } },
      })
    }
    await expect(findExperiment('nope', [source], signal, findOptions())).rejects.toMatchObject({ code: 'unknown_experiment' })
    expect((await source.list(10, signal))[0]).toMatchObject({
      id: 'run-1',
      model: 'llama2-7b',
      phase: 'train',
      at: '2026-11-25T10:00:00Z',
    })
  })

  it('says what is wrong with its address', () => {
    expect(() => open('mldiagnostics://my-project')).toThrow(/mldiagnostics:\/\/my-project/)
  })
})
