import type { Experiment } from '../../contract/experiment.ts'
import type { Imported } from '../import/imported.ts'

/** Where a run ran, as an experiment's `hardware` has it. */
export interface SliceAnswer {
  /** `v5p-128`, `v6e:4x8` for a shape, or a chip or kind of device alone where the number of devices says the rest. */
  slice: string
  /** JAX devices of one slice, where whoever knows the kind of device knows them. */
  devices?: number
  slices: number | null
  /** What says so, for the note. */
  from: string
}

/** An experiment but for the slice, which a trainer does not always write down. */
export interface RunDraft {
  /** What messages call the run. */
  what: string
  /** What the run itself says; null where it must be found out. */
  slice: SliceAnswer | null
  /** JAX devices of one slice, where they are known. */
  devices: number | null
  slices: number
  /** The kind of machine that the run's own settings name, where it is no TPU (`cpu`, `gpu`). */
  otherHardware: string | null
  /** The trainer's own settings by its names, where it left them. */
  settings?: ReadonlyMap<string, string>
  /** @throws PromptsError `bad_log` naming the setting that is missing or wrong. */
  toExperiment(slice: SliceAnswer): Imported
}

/** Lays what a person wrote in an experiment file over what the trainer left; whole levels for the mesh, key by key elsewhere. */
export function overlay(experiment: Experiment, written: Record<string, unknown>): unknown {
  const merged: Record<string, unknown> = { ...experiment }
  for (const [key, value] of Object.entries(written)) {
    const below = merged[key]
    merged[key] = key !== 'mesh' && key !== 'dcn' && isLevel(value) && isLevel(below) ? { ...below, ...value } : value
  }
  return merged
}

function isLevel(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
