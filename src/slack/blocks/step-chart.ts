import type { Diagnosis } from '../../contract/diagnosis.ts'
import type { Estimate } from '../../contract/verdict.ts'
import { type Part, partLabels, partsOf } from '../../pictures/step-parts.ts'
import { significant } from '../../text/units.ts'
import { barChart, type DataVisualizationBlock } from './native-blocks.ts'

/** Slack shows twenty characters of a name. */
const shortLabels: Partial<Record<Part['key'], string>> = { communication: 'exposed comms' }

/** Where the time of a step goes, now and with each card, as estimated: a bar for each part. Null without an estimate. */
export function stepChart({ baseline, cards }: Diagnosis): DataVisualizationBlock | null {
  const steps: { label: string; estimate: Estimate }[] = []
  if (baseline?.estimate) steps.push({ label: 'now', estimate: baseline.estimate })
  for (const { rank, estimate } of cards) if (estimate !== null) steps.push({ label: `card ${rank}`, estimate })
  const longest = Math.max(0, ...steps.map(({ estimate }) => estimate.step_time_ms))
  const [unit, per] = longest >= 1000 ? (['s', 1000] as const) : (['ms', 1] as const)
  const parts = steps.map(({ estimate }) => new Map(partsOf(estimate).map(({ key, ms }) => [key, ms])))
  const keys = Object.keys(partLabels) as Part['key'][]
  return barChart({
    title: 'Where the time of a step goes',
    categories: steps.map(({ label }) => label),
    series: keys.map((key) => ({
      name: shortLabels[key] ?? partLabels[key],
      values: parts.map((of) => Number(significant((of.get(key) ?? 0) / per).replaceAll(',', ''))),
    })),
    yLabel: `${unit} per step, estimated`,
  })
}
