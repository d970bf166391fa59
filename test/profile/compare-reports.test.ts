import { describe, expect, it } from 'vitest'
import { comparisonSchema } from '../../src/contract/diagnosis.ts'
import type { ProfileReport } from '../../src/contract/profile-report.ts'
import { compareReports } from '../../src/profile/compare-reports.ts'

function report(overrides: { step: number | null; ops: [string, string, number][]; exposed: number; devices?: number }): ProfileReport {
  return {
    source: 'profile',
    device: { type: 'TPU v5p', devices: overrides.devices ?? 64, hosts: 16 },
    kpis: {
      step_time_ms: overrides.step,
      duty_cycle: 0.95,
      mxu_utilization: null,
      hbm_bandwidth_utilization: null,
      communication_share: null,
      exposed_communication_share: overrides.exposed,
      roofline_efficiency: null,
      peak_hbm_gib: 40,
      mfu: null,
    },
    bottleneck: { class: 'communication', confidence: 0.9, evidence: [], also: [] },
    top_ops: overrides.ops.map(([name, category, share]) => ({
      name,
      category,
      self_ms: share * 1000,
      share,
      bound_by: 'compute',
      flops: null,
      bytes: null,
      source: null,
    })),
    roofline: { peak_tflops: null, peak_hbm_gbps: null, ridge_flop_per_byte: null, points: [] },
    collectives: [
      { kind: 'all-reduce', name: 'all-reduce.1', bytes: null, group_size: 4, occupied_share: 0.4, exposed_share: overrides.exposed },
    ],
    steps: null,
    outside_steps_ms: null,
    categories: categoriesOf(overrides.ops),
    hosts: [],
    anti_patterns: [],
    skew: [],
    notes: [],
  }
}

function categoriesOf(ops: [string, string, number][]): ProfileReport['categories'] {
  const names = { 'convolution fusion': 'matmul', 'all-reduce': 'collective_ici', copy: 'copy' } as const
  const parts = ops.map(([, category, share]) => ({ name: names[category as keyof typeof names] ?? 'other', self_ms: share * 1000, share }))
  return [...parts, { name: 'idle', self_ms: 0, share: 1 - ops.reduce((sum, [, , share]) => sum + share, 0) }]
}

const before = report({
  step: 1000,
  exposed: 0.3,
  ops: [
    ['fusion.1', 'convolution fusion', 0.5],
    ['all-reduce.1', 'all-reduce', 0.3],
  ],
})
const after = report({
  step: 800,
  exposed: 0.1,
  ops: [
    ['fusion.1', 'convolution fusion', 0.625],
    ['copy.7', 'copy', 0.1],
  ],
})

describe('compareReports', () => {
  const comparison = compareReports(before, after)
  const part = (name: string) => comparison.parts.find((one) => one.name === name)

  it('is what the contract says', () => {
    comparisonSchema.parse(comparison)
    expect(comparison.step_time_ratio).toBeCloseTo(0.8)
  })

  it('tells milliseconds of a step, the greatest change first', () => {
    expect(part('matmul')).toEqual({ name: 'matmul', before_ms: 500, after_ms: 500 })
    expect(part('collective exposed: all-reduce over 4')).toMatchObject({ before_ms: 300, after_ms: 80 })
    expect(part('idle')?.before_ms).toBeCloseTo(200)
    expect(comparison.ops[0]?.name).toBe('all-reduce.1')
  })

  it('names ops that appeared and vanished', () => {
    expect(comparison.notes.join('\n')).toMatch(/1 op appeared: copy.7/)
    expect(comparison.notes.join('\n')).toMatch(/1 op vanished: all-reduce.1/)
  })

  it('says where the hardware or the steps do not compare', () => {
    const other = compareReports(before, report({ step: null, exposed: 0.1, devices: 32, ops: [['fusion.1', 'convolution fusion', 0.5]] }))
    expect(other.step_time_ratio).toBeNull()
    expect(other.notes.join('\n')).toMatch(/Not the same hardware/)
    expect(other.notes.join('\n')).toMatch(/no full step/)
  })

  it('says first what makes the two hardly comparable', () => {
    const other = report({ step: 900, exposed: 0.1, devices: 8, ops: [['dot.9', 'convolution fusion', 0.9]] })
    const { notes } = compareReports(before, { ...other, device: { ...other.device, type: 'TPU v6 Lite' } })
    expect(notes[0]).toMatch(/Not the same hardware: 64 × TPU v5p before, 8 × TPU v6 Lite after/)
    expect(notes.join(' ')).toMatch(/look like different models or programs: 0% of the longest ops/)
    const serving = compareReports(
      { ...before, notes: ['Main program: jit_train_step.'] },
      { ...after, notes: ['Main program: jit_generate.'] },
    )
    expect(serving.notes[0]).toBe('Not the same phase: training before, serving after.')
  })

  it('joins an op that was renamed by its category and source line', () => {
    const at = (name: string, source: string) => {
      const one = report({ step: 1000, exposed: 0, ops: [[name, 'convolution fusion', 0.6]] })
      return { ...one, top_ops: one.top_ops.map((op) => ({ ...op, source })) }
    }
    expect(compareReports(at('fusion.1', 'model.py:12'), at('fusion.77', 'model.py:12')).ops).toEqual([
      { name: 'fusion.1 → fusion.77', before_ms: 600, after_ms: 600 },
    ])
    expect(compareReports(at('fusion.1', 'model.py:12'), at('fusion.77', 'model.py:90')).ops).toHaveLength(2)
  })
})
