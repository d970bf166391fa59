import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { profileReportSchema } from '../../src/contract/profile-report.ts'
import { PromptsError } from '../../src/errors.ts'
import { readProfile } from '../../src/profile/read-profile.ts'
import { lacks, needing, projectRoot, sharedData } from '../support/needs.ts'
import { profileKinds } from '../support/profile-kinds.ts'
import type { ProfileSpec } from '../support/synthetic-profile.ts'
import { syntheticProfile } from '../support/synthetic-profile.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-profile-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kinds = profileKinds()
const specOf = (name: string): ProfileSpec => kinds.find((kind) => kind.name === name)?.hosts[0] as ProfileSpec
let next = 0
function save(bytes: Uint8Array, name = 'host.xplane.pb', run = `run${next++}`): string {
  const path = join(folder, run)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, name), bytes)
  return join(path, name)
}
async function failure(promise: Promise<unknown>): Promise<PromptsError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof PromptsError)) throw new Error(`expected a PromptsError, got ${String(error)}`)
  return error
}

describe('readProfile on generated profiles', () => {
  it.each(kinds)('$name is judged $class', async (kind) => {
    const run = `kind-${kind.name}`
    for (const host of kind.hosts) save(syntheticProfile(host), `${host.hostname}.xplane.pb`, run)
    const report = await readProfile(join(folder, run))
    expect(profileReportSchema.parse(report)).toEqual(report)
    expect(report.bottleneck.class).toBe(kind.class)
    expect(report.bottleneck.confidence).toBeGreaterThan(0.6)
    expect(report.device).toMatchObject({ hosts: kind.hosts.length })
  })

  it('measures communication in flight apart from communication exposed', async () => {
    const { kpis, collectives } = await readProfile(save(syntheticProfile(specOf('communication-in-flight'))))
    expect(kpis.communication_share).toBeGreaterThan(0.6)
    expect(kpis.exposed_communication_share).toBeLessThan(0.25)
    const gather = collectives.find((each) => each.kind === 'all-gather')
    expect(gather).toMatchObject({ name: 'all-gather.9', bytes: 1 << 25, group_size: 4 })
    expect(gather?.occupied_share).toBeGreaterThan(4 * (gather?.exposed_share ?? 1))
  })

  it('takes the median of full steps and says which were partial', async () => {
    const report = await readProfile(save(syntheticProfile(specOf('partial-steps'))))
    expect(report.kpis.step_time_ms).toBeCloseTo(1.8, 1)
    expect(report.notes.join(' ')).toMatch(/2 of 6 steps are partial/)
  })

  it('names a straggler', async () => {
    const report = await readProfile(save(syntheticProfile(specOf('straggler'))))
    expect(report.skew[0]?.device).toBe('/device:TPU:2')
    expect(report.skew[0]?.slowdown).toBeCloseTo(1.15, 1)
    expect(report.notes.join(' ')).toMatch(/[Dd]evice \/device:TPU:2 computes 1\.1\d times as long/)
  })

  it('counts the two cores of a megacore chip as one device', async () => {
    expect((await readProfile(save(syntheticProfile(specOf('megacore'))))).device.devices).toBe(2)
  })

  it('takes the period of the main program for a step where nothing is marked, and says so', async () => {
    const report = await readProfile(save(syntheticProfile(specOf('inference'))))
    expect(report.steps).toBeNull()
    expect(report.kpis.step_time_ms).toBeCloseTo(0.505, 2)
    expect(report.notes.join(' ')).toMatch(/no step markers.*jit_generate ran 9 times/)
  })

  it('says that nothing of the devices was recorded where the host has some', async () => {
    const report = await readProfile(save(syntheticProfile({ ...specOf('compute-dense'), cores: 0 })))
    expect(report.device).toMatchObject({ type: 'TPU', devices: 0 })
    expect(report.kpis.mxu_utilization).toBeNull()
    expect(report.notes.join(' ')).toContain('No device trace')
  })

  it('keeps a set-up before the steps, and an evaluation between two of them, out of every share', async () => {
    const spec = specOf('compute-dense')
    const plain = await readProfile(save(syntheticProfile(spec)))
    const before = { items: [{ idleUs: 10 }], idleUs: 200_000 }
    const report = await readProfile(save(syntheticProfile({ ...spec, before, slowStep: { step: 2, idleUs: 90_000 } })))
    expect(report.bottleneck.class).toBe('compute')
    expect(report.kpis.step_time_ms).toBeCloseTo(plain.kpis.step_time_ms ?? 0, 0)
    expect(report.kpis.mfu).toBeCloseTo(plain.kpis.mfu ?? 0, 2)
    expect(report.steps).toMatchObject({ count: 6, slow: 1 })
    expect(report.notes.join(' ')).toMatch(/1 of 6 steps took more than 1\.5 times .* step 2 .*the devices idle 9\d% of it/)
  })

  it('leaves recomputed work out of the MFU', async () => {
    const spec = specOf('compute-dense')
    const plain = await readProfile(save(syntheticProfile(spec)))
    const remat = JSON.parse(
      JSON.stringify(spec).replaceAll('jit(step)/fusion.mlp', 'jit(step)/rematted_computation/fusion.mlp'),
    ) as ProfileSpec
    const recomputed = await readProfile(save(syntheticProfile(remat)))
    expect(recomputed.kpis.mfu).toBeLessThan((plain.kpis.mfu ?? 0) * 0.5)
    expect(recomputed.kpis.roofline_efficiency).toBeCloseTo(plain.kpis.roofline_efficiency ?? 0, 6)
  })
})

describe('where a profile lies', () => {
  const bytes = syntheticProfile(specOf('compute-dense'))

  it('reads the newest run of a logdir by its name, whatever the files were copied in', async () => {
    for (const [index, run] of ['2024_06_01_00_00_00', '2023_06_01_00_00_00'].entries()) {
      const file = save(bytes, 'h.xplane.pb', join('logdir', 'plugins', 'profile', run))
      utimesSync(file, 1000 + index, 1000 + index)
    }
    const report = await readProfile(join(folder, 'logdir'))
    expect(report.notes.join(' ')).toMatch(/the newest by name, 2024_06_01_00_00_00, was read\. Also there: .*2023_06_01/)
  })

  it('joins the folders of ranks, and neighbours in time with other hosts, and tells their hosts apart', async () => {
    for (const rank of ['rank_0', 'rank_1']) save(bytes, 'h0.xplane.pb', join('ranks', rank, 'plugins', 'profile', '2026_01_01_00_00_00'))
    const ranks = await readProfile(join(folder, 'ranks'))
    expect(ranks.hosts.map((host) => host.host)).toEqual(['rank_0/h0', 'rank_1/h0'])
    for (const [time, host] of [
      ['00_00_01', 'a'],
      ['00_00_09', 'b'],
      ['00_05_00', 'c'],
    ] as const)
      save(bytes, `${host}.xplane.pb`, join('near', 'plugins', 'profile', `2026_01_01_${time}`))
    const near = await readProfile(join(folder, 'near'))
    expect(near.hosts.map((host) => host.host)).toEqual(['c'])
    expect(near.notes.join(' ')).toContain('Also there: plugins/profile/2026_01_01_00_00_09')
    rmSync(join(folder, 'near', 'plugins', 'profile', '2026_01_01_00_05_00'), { recursive: true })
    const joined = await readProfile(join(folder, 'near'))
    expect(joined.hosts.map((host) => host.host)).toEqual(['a', 'b'])
    expect(joined.notes.join(' ')).toContain('were joined')
  })

  it('unpacks gzip, in memory or through a file', async () => {
    const file = save(gzipSync(bytes), 'host.xplane.pb.gz')
    const small = await readProfile(file)
    const spilled = await readProfile(file, { limits: { memoryBytes: 1000 } })
    expect(spilled).toEqual(small)
    expect(small.kpis).toEqual((await readProfile(save(bytes))).kpis)
  })

  it('leaves out a host that is damaged, and lowers the confidence', async () => {
    save(bytes, 'a.xplane.pb', 'torn')
    save(bytes.subarray(0, bytes.length / 2), 'b.xplane.pb', 'torn')
    const report = await readProfile(join(folder, 'torn'))
    expect(report.device.hosts).toBe(1)
    expect(report.notes.join(' ')).toMatch(/A host is left out: .*b\.xplane\.pb/)
    expect(report.bottleneck.confidence).toBeLessThan((await readProfile(save(bytes))).bottleneck.confidence)
  })

  it('says what is wrong and where', async () => {
    const cut = await failure(readProfile(save(bytes.subarray(0, 5000))))
    expect(cut.code).toBe('bad_profile')
    expect(cut.message).toMatch(/host\.xplane\.pb is not a whole XSpace: at byte \d+ of 5000/)
    expect((await failure(readProfile(save(Buffer.from('this is no profile'))))).message).toMatch(/at byte \d/)
    expect((await failure(readProfile(save(new Uint8Array())))).message).toContain('empty')
    expect((await failure(readProfile(join(folder, 'nothing-here')))).message).toContain('nothing-here')
    expect((await failure(readProfile(save(bytes), { limits: { fileBytes: 1000 } }))).code).toBe('too_large')
    const torn = gzipSync(bytes)
    expect((await failure(readProfile(save(torn.subarray(0, torn.length / 2), 'x.xplane.pb.gz')))).message).toContain('gzip')
  })

  it('stops when it is told to', async () => {
    await expect(readProfile(save(bytes), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })
})

describe.skipIf(lacks('shared'))(needing('real samples', 'shared'), () => {
  const sample = (name: string): string => join(sharedData, 'profiles', name)

  it('reads a v6e inference profile: bound by its host, with HBM near', async () => {
    const report = await readProfile(sample('tpu-v6e-inference'))
    expect(report.device).toEqual({ type: 'TPU v6 Lite', devices: 4, hosts: 1 })
    // XProf's, of all that was traced; 13.5 % of it lies before the first execution of the program, and waits for nobody.
    expect(report.kpis.duty_cycle).toBeCloseTo(0.865, 2)
    expect(report.kpis.roofline_efficiency).toBeCloseTo(0.0435, 4)
    expect(report.outside_steps_ms).toBeGreaterThan(11_000)
    expect(report.kpis.peak_hbm_gib).toBeCloseTo(20.02, 1)
    expect(report.kpis.step_time_ms).toBeCloseTo(784.1, 0)
    expect(report.bottleneck.class).toBe('host')
    expect(report.bottleneck.evidence.join(' ')).toMatch(/0% idle.*9\d% transfers to or from host memory/)
    // From the compiled graph that the profile carries.
    expect(report.anti_patterns[0]).toMatchObject({ kind: 'host_transfer_waits' })
    expect(report.anti_patterns[0]?.share).toBeGreaterThan(0.83)
  })

  it('says that a GPU profile is none of a TPU', async () => {
    const report = await readProfile(sample('gpu-multi-worker'))
    expect(report.device.type).toBe('GPU')
    expect(report.bottleneck.class).toBe('unknown')
    expect(Object.values(report.kpis).every((value) => value === null)).toBe(true)
  })

  it("reads a server's replies for a v5p training profile", async () => {
    const report = await readProfile(sample('tpu-v5p-training-xprof-json'))
    expect(profileReportSchema.parse(report)).toEqual(report)
    expect(report.device).toEqual({ type: 'TPU v5', devices: 4, hosts: 1 })
    expect(report.kpis.step_time_ms).toBeCloseTo(120.1, 1)
    expect(report.kpis.roofline_efficiency).toBeCloseTo(0.597, 3)
    expect(report.kpis.mxu_utilization).toBe(0.157)
    expect(report.kpis.duty_cycle).toBeNull()
    expect(report.kpis.peak_hbm_gib).toBeCloseTo(5.3075e9 / 2 ** 30, 3)
    // Collectives by category alone would be 12.0 %.
    expect(report.kpis.communication_share).toBeCloseTo(0.265, 3)
    expect(report.top_ops[0]).toMatchObject({ name: 'dynamic-update-slice.33', bound_by: 'hbm', source: 'axes_scan.py:166' })
  })

  it('reads old replies', async () => {
    const report = await readProfile(sample('tpu-v2-json'))
    expect(report.device).toEqual({ type: 'TPU v2', devices: 8, hosts: 1 })
    expect(report.kpis).toMatchObject({ mxu_utilization: 0.488, roofline_efficiency: 0.703, step_time_ms: 313.537 })
    expect(report.bottleneck.class).toBe('hbm')
    expect(report.collectives[0]).toMatchObject({ kind: 'all-reduce', name: 'all-reduce.201', group_size: 8 })
    const demo = await readProfile(join(sample('tpu-v2-json'), 'profile_demo.overview_page.json'))
    expect(demo.bottleneck.class).toBe('host')
    expect((await readProfile(join(sample('tpu-v2-json'), 'profile_demo.op_profile.json'))).top_ops.map((op) => op.name)).toContain(
      'infeed',
    )
  })
})

describe('the examples', () => {
  it.each([
    ['llama2-70b-v5p', 'communication'],
    ['mixtral-v6e', 'compute'],
    ['decode-v6e', 'hbm'],
    ['llama3-8b-v5e-input', 'host'],
  ])('%s is bound by %s, small, and says that it is synthetic', async (name, bottleneck) => {
    const profile = join(projectRoot, 'examples', name, 'profile')
    const report = await readProfile(profile)
    expect(report.bottleneck.class).toBe(bottleneck)
    expect(report.kpis.mfu).toBeLessThan(0.7)
    const file = join(profile, 'plugins/profile/synthetic/synthetic-profile.xplane.pb.gz')
    expect(readFileSync(file).length).toBeLessThan(100_000)
  })
})
