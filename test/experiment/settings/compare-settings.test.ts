import { describe, expect, it } from 'vitest'
import type { Experiment } from '../../../src/contract/experiment.ts'
import { compareSettings } from '../../../src/experiment/settings/compare-settings.ts'
import { differingSettings, diffSettings } from '../../../src/experiment/settings/diff-settings.ts'

const map = (settings: Record<string, string>) => new Map(Object.entries(settings))
const experiment: Experiment = {
  ...{ id: 'a', hardware: { chip: 'v5e', topology: '4x4' }, phase: 'train', model: 'llama2-7b' },
  ...{ run: { global_batch: 64, seq_len: 2048, remat: 'full' }, mesh: { data: 16 }, measured: { step_time_ms: 1000 } },
}

describe('settings of two runs', () => {
  it('differ key by key, each flag by itself, and not by how a value is written', () => {
    const before = map({ a: '1e-05', b: 'True', c: 'x', d: 'None', libtpu_init_args: '--xla_a=true --xla_b=2 --xla_c' })
    const after = map({ a: '0.00001', b: 'true', c: 'y', e: '', libtpu_init_args: '--xla_a=true --xla_b=4' })
    expect(diffSettings(before, after)).toEqual([
      { name: '--xla_b', before: '2', after: '4' },
      { name: '--xla_c', before: 'true', after: null },
      { name: 'c', before: 'x', after: 'y' },
    ])
    expect(diffSettings(before, before)).toEqual([])
  })

  it('are told in the trainer’s words where both runs left them, without what a step does not depend on', () => {
    const settings = (more: Record<string, string>) => map({ remat_policy: 'full', run_name: 'a', hf_access_token: 'x', ...more })
    const notes = compareSettings(
      { experiment, settings: settings({}) },
      { experiment: null, settings: settings({ remat_policy: 'minimal', run_name: 'b', hf_access_token: 'y', checkpoint_period: '9' }) },
    )
    expect(notes).toEqual([
      'Setting hf_access_token: (not shown) → (not shown)',
      'Setting remat_policy: full → minimal',
      "A step's work does not depend on what else differs: checkpoint_period, run_name.",
    ])
  })

  it('are told by an experiment’s keys where one was written or read from a program', () => {
    const other: Experiment = { ...experiment, id: 'b', mesh: { data: 8, model: 2 }, run: { ...experiment.run, remat: 'minimal' } }
    expect(compareSettings({ experiment, settings: map({ remat_policy: 'full' }) }, { experiment: other })).toEqual([
      'Setting mesh.data: 16 → 8',
      'Setting mesh.model: 1 → 2',
      'Setting run.remat: full → minimal',
    ])
    expect(compareSettings({ experiment }, { experiment })).toEqual(['The settings are the same.'])
    expect(compareSettings({ experiment }, { experiment: null })).toEqual(['Settings are not compared: the run after does not tell them.'])
    expect(compareSettings({ experiment: null }, { experiment: null })).toEqual([])
  })

  it('tell namesakes apart by those that are not the same in all', () => {
    const runs = ['1', '2', '1'].map((lr) => map({ epochs: '3', lr, out_dir: `/x/${lr}` }))
    expect(differingSettings(runs)).toEqual(['lr'])
    expect(differingSettings([])).toEqual([])
  })
})
