import { type Experiment, experimentSchema } from '../../contract/experiment.ts'
import { experimentOfSettings } from '../import/import-maxtext.ts'
import type { Imported } from '../import/imported.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import { changeText, diffSettings } from '../settings/diff-settings.ts'
import { settingsOfExperiment } from '../settings/settings-of-experiment.ts'
import { maxTextSchedule } from './maxtext-schedule.ts'
import { overlay, type RunDraft, type SliceAnswer } from './run-draft.ts'
import type { RunRecord } from './run-record.ts'
import { describeSteady, steadySteps } from './steady-steps.ts'

/**
 * A draft from what MaxText wrote: everything but the slice where `compile_topology` is empty, as it is in runs that were not
 * compiled ahead of time. `written` is what stands in an experiment file beside the run: it goes over what the run says.
 */
export function maxTextDraft(record: RunRecord, id: string, written: Record<string, unknown> | null): RunDraft {
  const what = `run ${id}`
  const { settings } = record
  const named = meant(settings.get('compile_topology'))
  const slices = Math.max(1, whole(settings, 'num_slices') ?? 1, named === null ? 1 : (whole(settings, 'compile_topology_num_slices') ?? 1))
  const devices = whole(settings, 'num_target_devices')
  return {
    what,
    slice: sliceOfWritten(written) ?? (named === null ? null : { slice: named, slices: null, from: 'compile_topology' }),
    devices: devices === null ? null : devices / slices,
    slices,
    settings,
    otherHardware: otherHardware(settings),
    toExperiment: (slice) => toExperiment(record, { id, what, written, slice, slices }),
  }
}

function toExperiment(
  record: RunRecord,
  {
    id,
    what,
    written,
    slice,
    slices,
  }: { id: string; what: string; written: Record<string, unknown> | null; slice: SliceAnswer; slices: number },
): Imported {
  const imported = experimentOfSettings(record.settings, what, {
    id,
    topology: slice.slice,
    slices: slice.slices ?? slices,
    compilerFlags: meant(record.settings.get('libtpu_init_args')),
  })
  const notes = [...record.notes, ...imported.notes]
  const experiment: Experiment = { ...imported.experiment }
  if (record.segments.length > 0) {
    const steady = steadySteps(record.segments, maxTextSchedule(record.settings))
    if (steady.medianMs !== null) experiment.measured = { step_time_ms: steady.medianMs }
    notes.push(describeSteady(steady))
    const hardware = otherHardware(record.settings)
    if (hardware !== null) notes.push(`its settings say hardware=${hardware}: the measured step time is not one of a TPU`)
  }
  if (written === null) return { experiment, notes }
  const { hardware: _, ...rest } = written
  const overlaid = parseWithSchema(experimentSchema, overlay(experiment, { ...rest, id }), what)
  const changes = diffSettings(settingsOfExperiment(experiment), settingsOfExperiment(overlaid)).map(changeText)
  const told = changes.length === 0 ? '' : ` (${changes.slice(0, 12).join(', ')})`
  notes.push(`experiment.yaml stands over what the run wrote: ${Object.keys(written).join(', ')}${told}`)
  return { experiment: overlaid, notes }
}

function sliceOfWritten(written: Record<string, unknown> | null): SliceAnswer | null {
  const hardware = written?.['hardware']
  if (typeof hardware !== 'object' || hardware === null) return null
  const { chip, topology, slices } = hardware as Record<string, unknown>
  if (typeof topology !== 'string') return null
  const slice = /^\d+x/.test(topology) && typeof chip === 'string' ? `${chip}:${topology}` : topology
  return { slice, slices: typeof slices === 'number' && Number.isInteger(slices) ? slices : null, from: 'experiment.yaml' }
}

/** The kind of machine where it is no TPU. */
function otherHardware(settings: ReadonlyMap<string, string>): string | null {
  const hardware = meant(settings.get('hardware'))
  return hardware === null || hardware.startsWith('tpu') ? null : hardware
}

function meant(value: string | undefined): string | null {
  return value === undefined || value === '' || value === 'None' ? null : value
}

function whole(settings: ReadonlyMap<string, string>, name: string): number | null {
  const value = Number(settings.get(name) ?? Number.NaN)
  return Number.isInteger(value) && value > 0 ? value : null
}
