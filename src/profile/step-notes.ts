import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import { percent } from './bottleneck.ts'
import type { CoreReading } from './core-reading.ts'
import { programStepMs } from './host-rows.ts'
import type { SpaceReading } from './read-space.ts'
import { time } from './report-notes.ts'
import type { StepSummary } from './steps.ts'

/**
 * What is to be said of the steps: which are partial or slow and what is in them, gaps between markers, programs where nothing is
 * marked.
 */
export function stepNotes(steps: StepSummary, spaces: readonly SpaceReading[]): string[] {
  const main = spaces.flatMap((space) => space.cores).filter((core) => !core.sparse)
  if (main.length === 0) return []
  if (steps.total === 0) return [programNote(main)]
  const program = main.flatMap((core) => core.programs)[0]?.name
  const notes: string[] = program === undefined ? [] : [`Main program: ${program}.`]
  if (steps.full < steps.total)
    notes.push(
      `${steps.total - steps.full} of ${steps.total} steps are partial and left out of the step time (XProf's average of all steps would be ${steps.meanMs?.toFixed(1)} ms).`,
    )
  if (steps.full < thresholds.steps.few) notes.push(`Only ${steps.full} full ${steps.full === 1 ? 'step was' : 'steps were'} recorded.`)
  const gapMs = (steps.medianMs ?? 0) - (steps.markerMs ?? 0)
  if (gapMs > (steps.medianMs ?? 0) * 0.02)
    notes.push(
      `Step markers cover ${time(steps.markerMs ?? 0)} of a step of ${time(steps.medianMs ?? 0)}: a step is counted from its marker to the next one, and the gap is in it.`,
    )
  if (steps.slow.length > 0) notes.push(slowNote(steps, spaces))
  if (steps.spread !== null && steps.spread >= thresholds.steps.noisy_spread)
    notes.push(`Steps vary by ${percent(steps.spread)} (standard deviation): a noisy profile.`)
  return notes
}

function slowNote(steps: StepSummary, spaces: readonly SpaceReading[]): string {
  const { slow, full, medianMs } = steps
  const worst = slow.reduce((most, step) => (step.ms > most.ms ? step : most))
  const named = slow
    .slice(0, 5)
    .map((step) => `step ${step.place} (${time(step.ms)})`)
    .join(', ')
  const what = inStep(worst.place, spaces)
  return `${slow.length} of ${full} steps took more than ${thresholds.steps.slow_when_over} times the median of ${time(medianMs ?? 0)}: ${named}${slow.length > 5 ? ', …' : ''}; ${what}. ${slow.length === 1 ? 'It is' : 'They are'} in no share.`
}

/** What the devices and their hosts did in the step at that place. */
function inStep(place: number, spaces: readonly SpaceReading[]): string {
  let idlePs = 0
  let allPs = 0
  const activities = new Map<string, number>()
  for (const space of spaces) {
    for (const core of space.cores) {
      const step = core.sparse ? undefined : core.steps[place]
      if (step === undefined) continue
      const to = step.startPs + step.timePs
      allPs += step.timePs
      idlePs += step.timePs - core.duty.total(step.startPs, to)
      for (const host of space.hosts)
        for (const [name, spans] of host.activities) activities.set(name, (activities.get(name) ?? 0) + spans.total(step.startPs, to))
    }
  }
  const [most] = [...activities].sort((a, b) => b[1] - a[1])
  const idle = allPs > 0 ? Math.max(0, idlePs) / allPs : 0
  if (most && most[1] > allPs * 0.2) return `the host spends ${percent(Math.min(1, most[1] / allPs))} of it in ${most[0]}`
  return idle > 0.3 ? `the devices idle ${percent(idle)} of it (a checkpoint, an evaluation or compilation?)` : 'the devices are busy in it'
}

/** The programs that ran where nothing marks steps: serving, or training without markers. */
function programNote(main: readonly CoreReading[]): string {
  const core = main.reduce((best, each) => (each.programs.length > best.programs.length ? each : best))
  const ran = core.programs
    .filter((program) => program.main)
    .slice(0, 4)
    .map(
      ({ name, count, typicalPs, periodPs }) =>
        `${name} ran ${count} ${count === 1 ? 'time' : 'times'} on a core, ${time(typicalPs / 1e9)} each${periodPs === null ? '' : `, one every ${time(periodPs / 1e9)}`}`,
    )
  const period = programStepMs(main)
  return `The profile has no step markers${period === null ? ', so there is no step time' : ": the step time is the main program's period, and shares are of its executions"}.${ran.length > 0 ? ` Programs: ${ran.join('; ')}.` : ''}`
}
