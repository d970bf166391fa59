import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import { median } from '../numbers/statistics.ts'
import type { Span } from './windows.ts'

const { main_share: mainShare } = thresholds.programs
const { slow_when_over: slowOver } = thresholds.steps

/** One execution of a program on a core, picoseconds on the host-aligned clock. */
export interface Execution extends Span {
  program: string
}

/** A program as a core ran it. */
export interface ProgramRuns {
  name: string
  count: number
  totalPs: number
  longestPs: number
  /** Median time of one execution. */
  typicalPs: number
  /** Median time from one execution to the start of whatever main program comes next; null for one that ran once. */
  periodPs: number | null
  /** It takes a telling part of the time in programs, and repeats where any does. */
  main: boolean
}

/** What a core's executions say, and the spans that stand for steps where nothing marks them: from an execution to the next. */
export function programsOf(executions: readonly Execution[]): { programs: ProgramRuns[]; spans: Span[] } {
  const runs = Map.groupBy(executions, (each) => each.program)
  const total = executions.reduce((sum, { from, to }) => sum + (to - from), 0)
  const large = [...runs].filter(([, list]) => list.reduce((sum, { from, to }) => sum + (to - from), 0) >= total * mainShare)
  const repeated = large.filter(([, list]) => list.length > 1)
  const mainNames = new Set((repeated.length > 0 ? repeated : large).map(([name]) => name))
  const main = executions.filter((each) => mainNames.has(each.program)).sort((a, b) => a.from - b.from)
  const periods = new Map<string, number[]>()
  const timed = main.map((each, index) => {
    const next = main[index + 1]
    const period = next === undefined ? each.to - each.from : Math.max(next.from - each.from, each.to - each.from)
    if (next !== undefined) {
      const known = periods.get(each.program)
      if (known) known.push(period)
      else periods.set(each.program, [period])
    }
    return { ...each, period }
  })
  const usual = new Map([...periods].map(([name, list]) => [name, median(list) ?? 0]))
  const spans = timed
    .filter((each) => each.period <= (usual.get(each.program) ?? each.period) * slowOver)
    .map(({ from, period }) => ({ from, to: from + period }))
  return {
    programs: [...runs]
      .map(([name, list]) => {
        const times = list.map(({ from, to }) => to - from)
        return {
          name: name.replace(/\(\d+\)$/, ''),
          count: list.length,
          totalPs: times.reduce((sum, ps) => sum + ps, 0),
          longestPs: times.reduce((longest, ps) => Math.max(longest, ps), 0),
          typicalPs: median(times) ?? 0,
          periodPs: list.length > 1 ? (usual.get(name) ?? null) : null,
          main: mainNames.has(name),
        }
      })
      .sort((a, b) => b.totalPs - a.totalPs),
    spans,
  }
}
