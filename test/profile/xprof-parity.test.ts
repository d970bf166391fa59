import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProfileReport } from '../../src/contract/profile-report.ts'
import { readProfile } from '../../src/profile/read-profile.ts'
import { findPython, has, lacks, needing, projectRoot, sharedData } from '../support/needs.ts'
import { profileKinds } from '../support/profile-kinds.ts'
import { syntheticProfile } from '../support/synthetic-profile.ts'
import { figuresOverTrace } from '../support/trace-figures.ts'

interface XprofFigures {
  error?: string
  kpis: Record<string, string | number>
  top: { top_by_time: { name: string; category: string; total_self_time_ms: number }[] }
  roofline: { program: Record<string, string | number>; device_info: Record<string, number> }
}

const kinds = profileKinds()
const samples = has('shared') ? ['tpu-v6e-inference', 'gpu-multi-worker'] : []
const folder = mkdtempSync(join(tmpdir(), 'prompts-parity-'))
const runOf = (name: string): string => join(folder, name, 'plugins', 'profile', 'run')
let xprof: Record<string, XprofFigures> = {}

describe.skipIf(lacks('xprof'))(needing('the same figures as XProf', 'xprof'), () => {
  beforeAll(() => {
    for (const kind of kinds) {
      mkdirSync(runOf(kind.name), { recursive: true })
      for (const host of kind.hosts) writeFileSync(join(runOf(kind.name), `${host.hostname}.xplane.pb`), syntheticProfile(host))
    }
    for (const name of samples) cpSync(join(sharedData, 'profiles', name), runOf(name), { recursive: true })
    const python = findPython('xprof') ?? 'python3'
    const runs = [...kinds.map((kind) => kind.name), ...samples].map(runOf)
    const answer = spawnSync(python, [join(projectRoot, 'test/support/xprof-figures.py'), ...runs], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 240_000,
    })
    xprof = JSON.parse(answer.stdout.split('==figures==')[1] ?? '{}') as Record<string, XprofFigures>
  }, 250_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(kinds)('$name', async (kind) => {
    const theirs = figuresOf(kind.name)
    const ours = await readProfile(runOf(kind.name))
    const trace = await figuresOverTrace(runOf(kind.name))
    compare(ours, trace, theirs)
    // Where the steps are all that was traced, the report's own figures are XProf's too.
    if (
      (ours.outside_steps_ms ?? 0) < 1e-3 &&
      ours.steps?.partial === 0 &&
      ours.steps.slow === 0 &&
      kind.hosts.every((host) => (host.gapUs ?? 0) < 10 && !host.sparseCores)
    ) {
      near('roofline in the steps', ours.kpis.roofline_efficiency ?? 0, trace.roofline, 0)
      near('HBM in the steps', ours.kpis.hbm_bandwidth_utilization ?? 0, trace.hbm, 0)
      near('duty in the steps', ours.kpis.duty_cycle ?? 0, trace.duty_cycle ?? 0, 0)
    }
  })

  it("the server's replies make the same report as the file, but for the timeline", async () => {
    const names = ['compute-dense', 'communication-in-flight', 'host-infeed', 'megacore']
    const out = (name: string): string => join(folder, 'replies', name)
    const args = names.flatMap((name) => [runOf(name), out(name)])
    const saved = spawnSync(findPython('xprof') ?? 'python3', [join(projectRoot, 'test/support/xprof-replies.py'), ...args], {
      timeout: 120_000,
    })
    expect(saved.status).toBe(0)
    for (const name of names) {
      const [file, replies] = [await readProfile(runOf(name)), await readProfile(out(name))]
      expect(replies.device).toEqual(file.device)
      expect(replies.bottleneck.class).toBe(file.bottleneck.class)
      for (const key of [
        'step_time_ms',
        'mxu_utilization',
        'hbm_bandwidth_utilization',
        'exposed_communication_share',
        'roofline_efficiency',
        'peak_hbm_gib',
        'mfu',
      ] as const) {
        near(`${name} ${key}`, replies.kpis[key] ?? 0, file.kpis[key] ?? 0, 0)
      }
      near(`${name} duty cycle`, replies.kpis.duty_cycle ?? 0, file.kpis.duty_cycle ?? 0, 0.0005)
      expect(replies.top_ops.slice(0, 4).map((op) => op.name)).toEqual(file.top_ops.slice(0, 4).map((op) => op.name))
    }
  }, 130_000)

  it.skipIf(lacks('shared'))(needing('a real v6e profile', 'shared'), async () => {
    const run = runOf('tpu-v6e-inference')
    const ours = await readProfile(run)
    compare(ours, await figuresOverTrace(run), figuresOf('tpu-v6e-inference'))
    near('duty cycle', ours.kpis.duty_cycle ?? 0, 0.865, 0.0005)
  })

  it.skipIf(lacks('shared'))(needing('says that a GPU profile is not a TPU one, where XProf shows zeros', 'shared'), async () => {
    const ours = await readProfile(runOf('gpu-multi-worker'))
    expect(ours.device.type).toBe('GPU')
    expect(figuresOf('gpu-multi-worker').kpis['roofline_utilization']).toBe('0.00%')
    expect(ours.kpis.roofline_efficiency).toBeNull()
    expect(ours.notes.join(' ')).toContain('not from a TPU')
  })
})

function figuresOf(name: string): XprofFigures {
  const figures = xprof[runOf(name)]
  if (!figures || figures.error !== undefined) throw new Error(`XProf gave no figures for ${name}: ${figures?.error ?? 'no answer'}`)
  return figures
}

/** The report beside XProf's figures: what is of the trace there is compared with the reader's figures over the trace. */
function compare(ours: ProfileReport, trace: Awaited<ReturnType<typeof figuresOverTrace>>, theirs: XprofFigures): void {
  const { kpis } = theirs
  const { program, device_info: device } = theirs.roofline
  near('mean step time', trace.meanStepMs ?? 0, number(kpis['step_time_ms']), 0.005)
  near('duty cycle', (trace.duty_cycle ?? 0) * 100, number(kpis['duty_cycle_percent']), 0.05)
  if (ours.kpis.mxu_utilization !== null) near('MXU', ours.kpis.mxu_utilization * 100, number(kpis['mxu_utilization_percent']), 0.05)
  near('roofline', trace.roofline * 100, number(kpis['roofline_utilization']), 0.005)
  near('HBM bandwidth', trace.hbm * 100, number(program['hbm_bw_utilization_percent']), 0.005)
  near('peak HBM', ours.kpis.peak_hbm_gib ?? 0, number(kpis['peak_hbm_gib']), 0.005)
  near('ridge point', ours.roofline.ridge_flop_per_byte ?? 0, device['hbm_ridge_point'] ?? 0, 0.001)
  near('peak FLOP rate', (ours.roofline.peak_tflops ?? 0) * 1000, device['peak_flop_rate'] ?? 0, 0.5)
  const bare = (name: string): string => (name.split('/').at(-1) ?? '').replace(/ \[.*\]$/, '')
  const top = theirs.top.top_by_time.filter((op) => op.category !== 'IDLE').slice(0, 10)
  expect(trace.topOps.slice(0, 10).map((op) => op.name)).toEqual(top.map((op) => bare(op.name)))
  for (const [index, op] of top.entries()) near(op.name, trace.topOps[index]?.self_ms ?? 0, op.total_self_time_ms, 1e-9)
}

function number(text: string | number | undefined): number {
  const value = Number(String(text).replace('%', ''))
  if (!Number.isFinite(value)) throw new Error(`XProf gave ${text} where a figure was expected`)
  return value
}

/** Within 1 %, and half of the last digit XProf prints. */
function near(what: string, ours: number, theirs: number, printed: number): void {
  expect(Math.abs(ours - theirs), `${what}: ours ${ours}, XProf's ${theirs}`).toBeLessThanOrEqual(Math.abs(theirs) * 0.01 + printed)
}
