import { type Experiment, experimentSchema } from '../../contract/experiment.ts'
import { compactMesh } from '../../contract/mesh.ts'
import { PromptsError } from '../../errors.ts'
import { type ResolvedModel, resolveLayers } from '../../planner/model/resolved-model.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import { devicesOfSlice } from '../words/devices-of-slice.ts'
import { sliceOfWords } from '../words/translate-hardware.ts'
import { cleanId } from './clean-id.ts'
import type { Imported } from './imported.ts'
import { libraryModel } from './maxtext/library-model.ts'
import { medianStepMs } from './maxtext/median-step.ts'
import { meshOfSettings, unmappedAxes } from './maxtext/mesh-of-settings.ts'
import { modelOfSettings } from './maxtext/model-of-settings.ts'
import { readMaxTextInput } from './maxtext/read-input.ts'
import { runOfSettings } from './maxtext/run-of-settings.ts'
import { type SettingReader, settingReader } from './maxtext/setting-reader.ts'
import { unmappedSettings } from './maxtext/setting-table.ts'

export interface MaxTextImportOptions {
  /** The experiment's id; by default the log's run name, then the model and slice. */
  id?: string
  /** Slice name or `chip:shape` where the text does not say it (`v5p-128`). */
  topology?: string
}

/**
 * Makes an experiment from what people have of a MaxText job (0.2.5 and its neighbours): a log, a YAML file of settings, or a
 * command line, also within a launcher's. Every setting arrives in the experiment or is named in a note; a log with completed
 * steps gives their median.
 * @throws PromptsError `bad_log` naming the setting that is missing or wrong.
 */
export function importMaxText(text: string, what: string, options: MaxTextImportOptions = {}): Imported {
  const input = readMaxTextInput(text, what)
  const topology = options.topology ?? input.topology ?? undefined
  const imported = experimentOfSettings(input.settings, what, {
    ...options,
    topology,
    ...(input.kind === 'log' ? {} : { written: input.written }),
    slices: input.slices,
    compilerFlags: input.compilerFlags,
  })
  const stepTimeMs = medianStepMs(input.stepSeconds, imported.notes)
  if (stepTimeMs !== null) imported.experiment.measured = { step_time_ms: stepTimeMs }
  return imported
}

export interface SettingsOptions extends MaxTextImportOptions {
  /** Slices that a launcher names; null where only the settings can say. */
  slices?: number | null
  /** The settings that somebody wrote, where the others are defaults; all of them otherwise. */
  written?: ReadonlySet<string>
  /** LIBTPU_INIT_ARGS of the job's environment. */
  compilerFlags?: string | null
}

/**
 * The experiment of a record of settings, wherever it was read. Pure.
 * @throws PromptsError `bad_log` naming the setting that is missing or wrong.
 */
export function experimentOfSettings(settings: ReadonlyMap<string, string>, what: string, options: SettingsOptions = {}): Imported {
  const notes: string[] = []
  const read = settingReader(settings, what)
  const hardware = hardwareOf(read, options)
  const { slices } = hardware
  const devices = read.optionalInt('num_target_devices') ?? (hardware.devices === null ? null : hardware.devices * slices)
  const mesh = meshOfSettings(settings, { kind: 'ici', total: devices === null ? null : devices / slices, what, notes })
  const dcn = meshOfSettings(settings, { kind: 'dcn', total: slices, what, notes })
  const model = modelOfSettings(read, options.written ?? new Set(settings.keys()), notes)
  const name = typeof model === 'string' ? model : (model.name ?? 'model')
  const run = runOfSettings(read, {
    settings,
    devices,
    stages: mesh.stage ?? 1,
    compilerFlags: options.compilerFlags ?? null,
    experts: resolved(model).moeLayers > 0,
    notes,
  })
  const data: Experiment = {
    id: options.id ?? cleanId(read.text('run_name', '') || `${name}-${hardware.label}`),
    framework: 'maxtext',
    hardware: { chip: hardware.chip as Experiment['hardware']['chip'], topology: hardware.topology, ...(slices > 1 ? { slices } : {}) },
    phase: 'train',
    model,
    run,
    mesh: compactMesh(mesh),
    ...(slices > 1 ? { dcn: compactMesh(dcn) } : {}),
  }
  notes.push(...unmappedAxes(settings), ...pipelineNotes(read, mesh.stage ?? 1, resolved(model).layers))
  const left = unmappedSettings(settings, Object.keys(run.flags ?? {}), options.written ?? new Set())
  if (left.length > 0) notes.push(`settings that are not modelled: ${left.join(', ')}`)
  return { experiment: parseWithSchema(experimentSchema, data, what, 'bad_log'), notes }
}

function resolved(model: Experiment['model']): ResolvedModel {
  return (typeof model === 'string' ? libraryModel(model) : resolveLayers(model))!
}

/** MaxText passes several times through the stages where one holds fewer layers than its share, by default one. */
function pipelineNotes(read: SettingReader, stages: number, layers: number): string[] {
  if (stages === 1) return []
  const said = read.optionalInt('num_pipeline_repeats') ?? -1
  const inPipeline = read.optionalInt('pipeline_parallel_layers') ?? -1
  const perStage = read.optionalInt('num_layers_per_pipeline_stage') ?? 1
  const repeats = said > 0 ? said : (inPipeline > 0 ? inPipeline : layers) / (stages * perStage)
  return repeats > 1 ? [`num_pipeline_repeats=${repeats}: the circular pipeline is counted as one pass through its stages`] : []
}

function hardwareOf(read: SettingReader, options: SettingsOptions) {
  const named = options.topology ?? read.text('compile_topology', '')
  const slice = sliceOfWords(null, named)
  if (!slice) {
    const hint = 'Name the slice: --topology v5p-128, or v6e:4x8.'
    throw new PromptsError(
      'bad_log',
      named
        ? `${read.what}: "${named}" is not a slice of a known chip`
        : `${read.what}: nothing says which slice it ran on (compile_topology is empty)`,
      { hint },
    )
  }
  const compiled = read.text('compile_topology', '') === '' ? 1 : (read.optionalInt('compile_topology_num_slices') ?? 1)
  const slices = Math.max(1, options.slices ?? 1, read.optionalInt('num_slices') ?? 1, compiled)
  return { ...slice, slices, devices: devicesOfSlice(slice.chip, slice.topology), label: named.replace(':', '-') }
}
