import type { LoadedExperiment } from '../sources/experiment-source.ts'
import { changeText, diffSettings, isAside } from './diff-settings.ts'
import { settingsOfExperiment } from './settings-of-experiment.ts'

const mostChanges = 40

type Compared = Pick<LoadedExperiment, 'experiment' | 'settings'>

/**
 * What is set otherwise in the second of two runs, a note for each key: in the trainer's own words where both left them, else in
 * those of an experiment file. Says so where one of them does not tell its settings; empty where neither does. Pure.
 */
export function compareSettings(before: Compared, after: Compared): string[] {
  const own = before.settings && after.settings
  const [a = null, b = null] = [before, after].map(({ experiment, settings }) =>
    own ? (settings ?? null) : experiment === null ? null : settingsOfExperiment(experiment),
  )
  if (a === null && b === null) return []
  if (a === null || b === null) return [`Settings are not compared: the run ${a === null ? 'before' : 'after'} does not tell them.`]
  const changes = diffSettings(a, b)
  const telling = changes.filter((change) => !isAside(change))
  const asides = changes.filter(isAside).map(({ name }) => name)
  if (telling.length === 0) return [`The settings are the same${asides.length > 0 ? `, but for ${asides.slice(0, 5).join(', ')}` : ''}.`]
  return [
    ...telling.slice(0, mostChanges).map((change) => `Setting ${changeText(change)}`),
    ...(telling.length > mostChanges ? [`${telling.length - mostChanges} more settings differ.`] : []),
    ...(asides.length > 0
      ? [`A step's work does not depend on what else differs: ${asides.slice(0, 5).join(', ')}${asides.length > 5 ? ', …' : ''}.`]
      : []),
  ]
}
