import type { Experiment } from '../../contract/experiment.ts'
import { axes } from '../../contract/mesh.ts'

/** What is not a setting of what ran: who it is, how it went, what is wanted of it. */
const left = new Set(['id', 'profile', 'measured', 'objective', 'slo', 'tune'])

/** What an axis is that a mesh does not name. */
const ones = Object.fromEntries(axes.map((axis) => [axis, 1]))

/**
 * An experiment's keys with their values as text, `run.remat` and the like: what is compared where no trainer's own settings are
 * there.
 */
export function settingsOfExperiment(experiment: Experiment): Map<string, string> {
  const settings = new Map<string, string>()
  const add = (path: string, value: unknown): void => {
    if (value === undefined) return
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      settings.set(path, typeof value === 'object' ? JSON.stringify(value) : String(value))
      return
    }
    for (const [key, inner] of Object.entries(value)) add(path === '' ? key : `${path}.${key}`, inner)
  }
  const { hardware, run, mesh, dcn } = experiment
  const whole = {
    ...experiment,
    ...{ hardware: { slices: 1, ...hardware }, run: { microbatches: 1, ...run } },
    ...(mesh === undefined ? {} : { mesh: { ...ones, ...mesh }, dcn: { ...ones, ...dcn } }),
  }
  for (const [key, value] of Object.entries(whole)) if (!left.has(key)) add(key, value)
  return settings
}
