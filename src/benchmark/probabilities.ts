import { samePlaced } from '../contract/placed.ts'
import { adviseOn } from './advice.ts'
import type { JudgedRegime } from './judge-regime.ts'
import { isSearchable } from './truth-table.ts'

/** Statements of about one probability: how many there were, what they said on average, and how many came true. */
export interface Stated {
  band: string
  count: number
  said: number
  came: number
}

interface Statement {
  probability: number
  came: boolean
}

const bands = [
  { band: 'below 5%', from: 0, to: 0.05 },
  { band: '5–50%', from: 0.05, to: 0.5 },
  { band: '50–95%', from: 0.5, to: 0.95 },
  { band: '95% and more', from: 0.95, to: 1.01 },
] as const

/** That a mesh fits, held against the compiler: every recorded mesh that the planner judged. */
export function fitStatements(judged: readonly JudgedRegime[]): Stated[] {
  return banded(
    judged.flatMap(({ table, advice }) =>
      table.rows.flatMap((row) => {
        const memory = advice.ranked.find((verdict) => samePlaced(verdict, row))?.memory
        if (memory == null || row.kind === 'measured' || row.why === 'error' || row.why === 'vmem') return []
        return { probability: memory.probability, came: row.why === null }
      }),
    ),
  )
}

/**
 * That a mesh is faster than another, held against the recorded times: every mesh of a table against the slowest of it that ran.
 */
export function gainStatements(judged: readonly JudgedRegime[], clock: () => number): Stated[] {
  return banded(
    judged.flatMap(({ table, workload }) => {
      const slowest = table.rows.findLast(({ stepMs }) => stepMs !== null)
      if (!isSearchable(table) || slowest?.stepMs == null) return []
      const { ranked } = adviseOn({ ...workload, mesh: slowest.mesh, dcn: slowest.dcn }, clock)
      return table.rows.flatMap((row) => {
        const gain = ranked.find((verdict) => samePlaced(verdict, row))?.estimate?.gain
        if (gain == null || row.stepMs === null || row === slowest) return []
        return { probability: gain.probability, came: row.stepMs < (slowest.stepMs ?? 0) }
      })
    }),
  )
}

function banded(statements: readonly Statement[]): Stated[] {
  return bands.map(({ band, from, to }) => {
    const within = statements.filter(({ probability }) => probability >= from && probability < to)
    return {
      band,
      count: within.length,
      said: within.reduce((sum, { probability }) => sum + probability, 0) / Math.max(1, within.length),
      came: within.filter(({ came }) => came).length,
    }
  })
}
