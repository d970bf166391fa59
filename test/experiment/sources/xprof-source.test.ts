import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PbfWriter } from 'pbf'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import { parseServerAddress } from '../../../src/experiment/sources/server-address.ts'
import { sessionsOf, xprofSource } from '../../../src/experiment/sources/xprof-source.ts'
import { readProfile } from '../../../src/profile/read-profile.ts'
import { findOptions } from '../../support/finding.ts'
import { findPython, lacks, needing, projectRoot, sharedData } from '../../support/needs.ts'
import { answers, freePort, type RunningServer, startServer } from '../../support/start-server.ts'
import { syntheticProfile } from '../../support/synthetic-profile.ts'

const signal = new AbortController().signal

describe.skipIf(lacks('xprof', 'shared'))(needing('xprofSource against the real XProf server', 'xprof', 'shared'), () => {
  let root = ''
  let server: RunningServer
  let address = ''

  const at = (where: string, env: Record<string, string> = {}) =>
    xprofSource({ server: parseServerAddress(where, 'xprof', readConfig(env)), cacheRoot: join(root, 'cache') })

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'prompts-xprof-'))
    const run = join(root, 'logs/plugins/profile/exp-7')
    mkdirSync(run, { recursive: true })
    copyFileSync(join(sharedData, 'profiles/tpu-v6e-inference/host0.xplane.pb'), join(run, 'host0.xplane.pb'))
    for (const date of ['2026_01_01_00_00_00', '2026_02_01_00_00_00']) {
      const nested = join(root, 'logs/exp-9/plugins/profile', date)
      mkdirSync(nested, { recursive: true })
      copyFileSync(join(run, 'host0.xplane.pb'), join(nested, 'host0.xplane.pb'))
    }
    const alone = join(root, 'logs/exp-11/plugins/profile/2026_03_01_00_00_00')
    mkdirSync(alone, { recursive: true })
    const program = new PbfWriter()
    const module = readFileSync(join(projectRoot, 'bench/recorded/modules/llama2-7b-v5e-16-s2k.data4-model4.hlo.pb.gz'))
    program.writeBytesField(1, gunzipSync(module))
    writeFileSync(
      join(alone, 'host0.xplane.pb'),
      syntheticProfile({
        ...{ hostname: 'host0', chip: { type: 'TPU v5 Lite', tflops: 197, hbmGbps: 819 }, cores: 1, steps: 4 },
        step: [{ op: { name: 'fusion.1', category: 'convolution fusion', us: 2_500_000, flops: 2.5e14, bytes: 1e12 } }],
        hlo: [{ name: 'jit_train_step(1)', bytes: program.finish() }],
      }),
    )
    const port = await freePort()
    const xprof = join(dirname(findPython('xprof')!), 'xprof')
    server = await startServer({
      command: [xprof, '--logdir', join(root, 'logs'), '--port', String(port), '--grpc_port', String(await freePort())],
      port,
      ready: (p) => answers(`http://127.0.0.1:${p}/data/plugin/profile/version`),
    })
    address = `xprof+http://127.0.0.1:${port}`
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  it('finds a run by its name, reads it as its file is read, and links to its pages', async () => {
    const source = at(address)
    expect((await source.list(10, signal)).map((run) => run.id).sort()).toEqual(['exp-11', 'exp-7', 'exp-9'])
    const found = await source.find('exp-7', signal)
    expect(found?.experiment).toBeNull()
    expect(found?.links[0]?.uri).toMatch(/^http:\/\/[^/]+\/\?run=exp-7&tag=overview_page$/)
    const report = await readProfile(await found!.profile!.open(signal))
    const own = await readProfile(join(root, 'logs/plugins/profile/exp-7'))
    expect(report.kpis.duty_cycle).toBeCloseTo(own.kpis.duty_cycle!, 2)
    expect(report.kpis.peak_hbm_gib).toBeCloseTo(own.kpis.peak_hbm_gib!, 1)
    expect(report.top_ops[0]?.name).toBe(own.top_ops[0]?.name)
  })

  it('gives the compiled programs of a run, so that a profile alone is an experiment', async () => {
    const found = await findExperiment('exp-11', [at(address)], signal, findOptions())
    expect(found.experiment).toMatchObject({
      ...{ hardware: { chip: 'v5e', topology: 'v5e-16' }, mesh: { data: 4, model: 4 }, run: { global_batch: 64, seq_len: 2048 } },
    })
    // a run whose programs are another framework's is the profile that it is
    expect((await findExperiment('exp-9', [at(address)], signal, findOptions())).profile).not.toBeNull()
  })

  it('finds the newest run of a folder by the folder’s name', async () => {
    const found = await at(address).find('exp-9', signal)
    expect(found?.links[0]?.uri).toContain('run=exp-9%2F2026_02_01_00_00_00')
    expect((await readProfile(await found!.profile!.open(signal))).device.devices).toBeGreaterThan(0)
  })

  it('has no run of another name', async () => {
    expect(await at(address).find('exp-8', signal)).toBeNull()
  })
})

describe('sessionsOf', () => {
  it('orders by the session, not by the folders before it, and finds a run below other folders', () => {
    const runs = [
      'r/tensorboard/step_200/2026_11_25_10_30_00',
      'r/tensorboard/step_1000/2026_11_25_11_00_00',
      'r2/2027_01_01_00_00_00',
      'team/x/2026_01_01_00_00_00',
    ]
    expect(sessionsOf('r', runs).at(-1)).toBe('r/tensorboard/step_1000/2026_11_25_11_00_00')
    expect(sessionsOf('x', runs)).toEqual(['team/x/2026_01_01_00_00_00'])
    expect(sessionsOf('y', runs)).toEqual([])
  })
})

describe('xprofSource', () => {
  it('says that the server cannot be reached', async () => {
    const gone = xprofSource({
      server: parseServerAddress(`xprof+http://127.0.0.1:${await freePort()}`, 'xprof', readConfig({})),
      cacheRoot: tmpdir(),
    })
    await expect(gone.find('exp-7', signal)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
