import {
  cpSync,
  createReadStream,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PbfWriter } from 'pbf'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answers } from '../../../src/contract/answers.ts'
import { readEventFile } from '../../../src/experiment/events/read-event-file.ts'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import { createRunAnswers } from '../../../src/experiment/find/run-answers.ts'
import { importMaxText } from '../../../src/experiment/import/import-maxtext.ts'
import { readMaxTextInput } from '../../../src/experiment/import/maxtext/read-input.ts'
import { loadSubject } from '../../../src/experiment/load-experiment.ts'
import { diffSettings } from '../../../src/experiment/settings/diff-settings.ts'
import { folderTexts } from '../../../src/files/folder-texts.ts'
import { readProfile } from '../../../src/profile/read-profile.ts'
import { maxTextEvents } from '../../support/event-file.ts'
import { findOptions, folderOfRuns } from '../../support/finding.ts'
import { lacks, needing, projectRoot, sharedData } from '../../support/needs.ts'
import { type ProfileSpec, syntheticProfile } from '../../support/synthetic-profile.ts'
import { unnamedTokens } from '../../support/unnamed-tokens.ts'

const signal = new AbortController().signal
const real = 'llama-tiny-fsdp4-tp2'
let root = ''

const profileSpec: ProfileSpec = {
  hostname: 'host',
  chip: { type: 'TPU v5 Lite', tflops: 197, hbmGbps: 819 },
  cores: 1,
  steps: 3,
  step: [{ op: { name: 'fusion', category: 'loop fusion', us: 100, flops: 1e6, bytes: 1e6 } }],
}
const profile = Buffer.from(syntheticProfile(profileSpec))

const settings: Record<string, string> = {
  ...{ emb_dim: '4096', mlp_dim: '11008', num_query_heads: '32', num_kv_heads: '32', head_dim: '128', num_decoder_layers: '32' },
  ...{ vocab_size: '32000', model_name: 'llama2-7b', run_name: 'x', hardware: 'tpu', num_target_devices: '16', num_slices: '1' },
  ...{ global_batch_size_to_train_on: '64', max_target_length: '2048', ici_fsdp_parallelism: '-1', remat_policy: 'full' },
  ...{ compile_topology: '', attention: 'flash', libtpu_init_args: '--xla_tpu_a=true --xla_b=2' },
}

function put(path: string, bytes: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), bytes)
}
const options = (slice: string | null = null) =>
  findOptions({ context: { ...findOptions().context, said: slice === null ? {} : { slice } } })
const find = (id: string, topology: string | null = null) => findExperiment(id, [folderOfRuns(root)], signal, options(topology))

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'prompts-runs-'))
  put('plain/tensorboard/plain/events.out.tfevents.100.host', maxTextEvents(settings, [60, 30, 2, 2, 2, 2]))
  put(
    'restarted/tensorboard/r/events.out.tfevents.100.host',
    maxTextEvents({ ...settings, ici_tensor_parallelism: '2' }, [90, 9, 9, 9, 9, 9]),
  )
  put('restarted/tensorboard/r/events.out.tfevents.200.host', maxTextEvents(settings, [70, 3, 3, 3, 3, 3], 4))
  put(
    'restarted/tensorboard/r/events.out.tfevents.1000.host',
    maxTextEvents({ ...settings, steps: '99' }, [70, 30, 2, 2, 2, 2, 2, 2, 2], 8).subarray(0, -3),
  )
  put('overlaid/tensorboard/o/events.out.tfevents.100.host', maxTextEvents(settings, [60, 30, 2, 2, 2, 2]))
  put('overlaid/experiment.yaml', 'hardware: {chip: v5e, topology: 4x4}\nobjective: cost\nrun: {remat: minimal}\n')
  put('foreign/events.out.tfevents.100.host', maxTextEvents({ lr: '1' }, []))
  put('logs/tensorboard/l/events.out.tfevents.100.host', maxTextEvents({ ...settings, compile_topology: 'v5e-16' }, []))
  put(
    'logs/metrics/metrics_step_000000_to_step_000005.txt',
    [9, 8, 4, 4, 4, 4].map((s, step) => JSON.stringify({ step, 'perf/step_time_seconds': s })).join('\n'),
  )
  for (const [session, changed] of [
    ['sessions/tensorboard/plugins/profile/2026_11_25_12_00_00', 1_000],
    ['sessions/tensorboard/step_5/plugins/profile/2026_11_25_10_00_00', 2_000_000_000],
    ['sessions/managed-mldiagnostics/sessions-1/plugins/profile/20261125_110000_000001', 2_000_000_001],
  ] as const) {
    put(`${session}/host.xplane.pb`, profile)
    utimesSync(join(root, session, 'host.xplane.pb'), changed, changed)
  }
  cpSync(join(root, 'plain'), join(root, 'profiled'), { recursive: true })
  put('profiled/tensorboard/plugins/profile/2026_11_25_12_00_00/host.xplane.pb', profile)
  put('linked/tensorboard/plugins/profile/2026_11_25_12_00_00/a.xplane.pb', profile)
  put('secret.xplane.pb', profile)
  symlinkSync(join(root, 'secret.xplane.pb'), join(root, 'linked/tensorboard/plugins/profile/2026_11_25_12_00_00/b.xplane.pb'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a run folder of MaxText', () => {
  it('is an experiment once the slice is known: flags, mesh and the median step of what it wrote', async () => {
    const { experiment } = await find('plain', 'v5e')
    expect(experiment).toMatchObject({
      id: 'plain',
      hardware: { chip: 'v5e', topology: 'v5e-16' },
      mesh: { data: 16 },
      run: { flags: { LIBTPU_INIT_ARGS: '--xla_tpu_a=true --xla_b=2' } },
      measured: { step_time_ms: 2000 },
    })
  })

  it('asks for the slice with those that it can be, and remembers an answer', async () => {
    const asked = find('plain')
    await expect(asked).rejects.toMatchObject({ code: 'slice_unknown' })
    await expect(asked).rejects.toHaveProperty('choices', expect.arrayContaining([{ label: 'v5e-16 (4x4)', value: 'v5e-16' }]))
    const answers = createRunAnswers({ store: folderTexts(join(root, '.answers')), now: () => new Date(0) })
    await answers.remember('plain', { slice: 'v6e-16' }, 'U1')
    const found = await findExperiment(
      'plain',
      [folderOfRuns(root)],
      signal,
      findOptions({ context: { ...findOptions().context, answers, deviceType: async () => null } }),
    )
    expect(found.experiment?.hardware).toEqual({ chip: 'v6e', topology: 'v6e-16' })
    expect(found.notes?.join()).toContain('an earlier answer')
  })

  it('refuses a slice of another size', async () => {
    await expect(find('plain', 'v5e-64')).rejects.toMatchObject({ code: 'bad_arguments', message: expect.stringContaining('ran on 16') })
    await expect(find('plain', 'h100')).rejects.toMatchObject({ code: 'unknown_topology' })
  })

  it("knows the slice by the profile's device and the number of devices", async () => {
    const found = await find('profiled')
    expect(found.experiment?.hardware.chip).toBe('v5e')
    expect(found.notes?.join()).toContain("the profile's device")
  })

  it('counts the steps of the last settings only, over all starts, and a file that is still being written', async () => {
    const { experiment, notes } = await find('restarted', 'v5e')
    expect(experiment?.mesh).toEqual({ data: 16 })
    expect(experiment?.measured?.step_time_ms).toBe(2000)
    expect(notes?.join()).toContain(
      '6 steps were taken with other settings, before the last start: not counted (ici_tensor_parallelism: 2 → not set)',
    )
    expect(notes?.join()).toContain('started 2 times')
  })

  it('lets an experiment file stand over it, whole or not', async () => {
    const { experiment, notes } = await find('overlaid')
    expect(notes?.join()).toContain('stands over what the run wrote: hardware, objective, run (')
    expect(notes?.join()).toContain('run.remat: full → minimal')
    expect(experiment).toMatchObject({
      hardware: { chip: 'v5e', topology: '4x4' },
      objective: 'cost',
      run: { remat: 'minimal', global_batch: 64 },
    })
  })

  it('takes step times from metric files where the events have none', async () => {
    expect((await find('logs')).experiment?.measured?.step_time_ms).toBe(4000)
  })

  it('says what other events hold', async () => {
    await expect(find('foreign')).rejects.toMatchObject({ code: 'bad_experiment', message: expect.stringContaining('lr') })
  })

  it('reads the newest session by its name in every layout, whatever the times of its files', async () => {
    const found = await find('sessions')
    expect(found.experiment).toBeNull()
    expect(found.notes?.join()).toContain('3 profile sessions are there; the newest, 2026_11_25_12_00_00')
    const report = await readProfile(join(root, 'sessions'))
    expect(report.notes.join()).toMatch(/the newest[a-z ]*, 2026_11_25_12_00_00/)
  })

  it('follows no link out of the folder', async () => {
    const found = await find('linked')
    expect(await found.profile?.open(signal)).toContain('a.xplane.pb')
  })

  it.skipIf(lacks('shared'))(needing('is what its log is, from a real run', 'shared'), async () => {
    cpSync(join(sharedData, 'maxtext-runs', real), join(root, real), { recursive: true })
    const byName = await find(real, 'v5e-8')
    const byPath = await loadSubject(join(root, real), [], signal, options('v5e-8'))
    expect(byPath.experiment).toEqual(byName.experiment)
    expect(byName.experiment).toMatchObject({ mesh: { data: 4, model: 2 }, run: { global_batch: 16 } })
    expect(byName.experiment?.measured?.step_time_ms).toBeCloseTo(2486.8, 0)
    // the log prints the same settings: none is lost on the way through the events, key by key
    const [file] = globSync(join(root, real, 'tensorboard/**/events.out.tfevents.*'))
    const { texts } = await readEventFile(createReadStream(file!))
    const log = [...texts].map(([name, value]) => `Config param ${name}: ${value}`).join('\n')
    expect(texts.size).toBeGreaterThan(800)
    expect(diffSettings(readMaxTextInput(log, 'log').settings, byName.settings!)).toEqual([])
    // what a log does not have: the compiler's flags; its steps are another test's
    // what a log does not have: the compiler's flags; its steps are another test's
    const { measured: _, run, ...rest } = byName.experiment!
    const { flags, ...settings } = run
    expect(Object.keys(flags ?? {})).toEqual(['LIBTPU_INIT_ARGS'])
    expect(importMaxText(log, 'log', { id: real, topology: 'v5e-8' }).experiment).toEqual({ ...rest, run: settings })
  })
})

describe('a profile alone', () => {
  it('is an experiment when its compiled program says what ran', async () => {
    const module = gunzipSync(readFileSync(join(projectRoot, 'bench/recorded/modules/llama2-7b-v5e-16-s2k.data4-model4.hlo.pb.gz')))
    const pbf = new PbfWriter()
    pbf.writeBytesField(1, module)
    put('bare/host.xplane.pb', Buffer.from(syntheticProfile({ ...profileSpec, hlo: [{ name: 'jit_train_step(1)', bytes: pbf.finish() }] })))
    const found = await loadSubject(join(root, 'bare/host.xplane.pb'), [], signal, findOptions())
    expect(found.experiment).toMatchObject({
      hardware: { chip: 'v5e', topology: 'v5e-16' },
      mesh: { data: 4, model: 4 },
      model: { layers: 32, embed: 4096, heads: 32, vocab: 32000 },
      run: { global_batch: 64, seq_len: 2048, optimizer: 'adamw', remat: 'full' },
    })
    expect(found.notes?.join()).toContain('likely, not sure: ')
    const byName = await find('bare')
    expect(byName.experiment?.mesh).toEqual({ data: 4, model: 4 })
  })

  it('asks for what its program leaves open, takes answers, remembers them, and says what was said in vain', async () => {
    const pbf = new PbfWriter()
    const recorded = readFileSync(join(projectRoot, 'bench/recorded/modules/llama2-7b-v5e-16-s2k.data4-model4.hlo.pb.gz'))
    pbf.writeBytesField(1, unnamedTokens(gunzipSync(recorded)))
    put('open/host.xplane.pb', Buffer.from(syntheticProfile({ ...profileSpec, hlo: [{ name: 'jit_train_step(1)', bytes: pbf.finish() }] })))
    const answers = createRunAnswers({ store: folderTexts(join(root, '.open')), now: () => new Date(0) })
    const ask = (said: Answers, id = 'open') =>
      findExperiment(id, [folderOfRuns(root)], signal, findOptions({ context: { ...findOptions().context, answers, said } }))
    const first = await ask({})
    expect(first.experiment).toBeNull()
    expect(first.questions).toMatchObject([
      { name: 'global_batch', needed: true, choices: expect.arrayContaining(['64']) },
      { name: 'seq_len', needed: true, choices: expect.arrayContaining(['2048']) },
    ])
    expect(first.notes?.join()).toContain('open: seq_len')
    expect((await ask({ seq_len: '2048' })).questions?.map(({ name }) => name)).toEqual(['global_batch'])
    await answers.remember('open', { global_batch: '64' }, 'U1')
    const last = await ask({})
    expect(last.questions).toEqual([])
    expect(last.experiment).toMatchObject({ mesh: { data: 4, model: 4 }, run: { global_batch: 64, seq_len: 2048 } })
    expect((await ask({ seq_len: '9' }, 'overlaid')).notes?.join()).toContain('seq_len is not used')
  })
})
