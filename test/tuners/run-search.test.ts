import { describe, expect, it } from 'vitest'
import { adviseOn } from '../../src/benchmark/advice.ts'
import { runSearch, type SearchOptions } from '../../src/tuners/run-search.ts'
import { listedSpace, searchSpace } from '../../src/tuners/search-space.ts'
import type { Trial, TrialOutcome } from '../../src/tuners/trial.ts'
import type { Study, Told, TunerProcess } from '../../src/tuners/tuner-process.ts'
import { smallWorkload } from '../benchmark/table-fixture.ts'

const { ranked, cards } = adviseOn(smallWorkload, () => 0)
const space = searchSpace(ranked, cards)

/** Asks for the largest data axis, over and over. */
function stubbornTuner(): TunerProcess & { studies: Study[]; told: Told[] } {
  const studies: Study[] = []
  const told: Told[] = []
  return {
    studies,
    told,
    begin: async (study) => {
      studies.push(study)
      return {}
    },
    ask: async () => ({ data: 8, model: 1, seq: 1, replica: 1 }),
    tell: async (trial) => {
      told.push(trial)
    },
    export: async () => '',
    close: () => {},
  }
}

function options(change: Partial<SearchOptions> = {}): SearchOptions {
  return {
    space,
    before: [],
    tuner: null,
    fromCards: true,
    budget: {},
    chips: 8,
    usdPerChipHour: 2.7,
    measure: async ({ verdict }) => ({ outcome: { result: 'ok', step_time_ms: verdict.estimate?.step_time_ms ?? 1 }, seconds: 360 }),
    onTrial: async () => {},
    now: () => '2026-11-26T00:00:00.000Z',
    signal: new AbortController().signal,
    ...change,
  }
}

describe('the space of a search', () => {
  it('holds what may fit and is within reach of the best, the cards among it', () => {
    expect(space.length).toBeGreaterThan(3)
    for (const { verdict } of space) expect(verdict.memory?.certainty).not.toBe('no')
    const best = Math.min(...space.map(({ verdict }) => verdict.estimate?.step_time_ms ?? 0))
    for (const { verdict, card } of space) if (!card) expect(verdict.estimate?.step_time_ms).toBeLessThanOrEqual(2 * best)
    expect(space.filter(({ card }) => card)).toHaveLength(cards.length)
  })

  it("is the operator's list where one is given, and names the mesh that is not legal", () => {
    expect(listedSpace('[{"mesh": {"data": 8}}]', 'mine.json', ranked, cards)).toHaveLength(1)
    expect(() => listedSpace('[{"mesh": {"data": 3}}]', 'mine.json', ranked, cards)).toThrow(/mine\.json: \{"data":3\} is not legal/)
    expect(() => listedSpace('{', 'mine.json', ranked, cards)).toThrow(/no list of meshes/)
  })
})

describe('a search', () => {
  it('tries the cards first, then every other mesh once', async () => {
    const { trials, ended, best } = await runSearch(options())
    expect(trials.slice(0, cards.length).every(({ from }) => from === 'card')).toBe(true)
    expect(new Set(trials.map((trial) => JSON.stringify([trial.mesh, trial.dcn]))).size).toBe(space.length)
    expect(ended).toBe('space')
    expect(best?.outcome).toMatchObject({ result: 'ok' })
  })

  it('stops at each kind of budget, counting what failed and what earlier processes spent', async () => {
    const failing = { measure: async () => ({ outcome: { result: 'oom' } satisfies TrialOutcome, seconds: 360 }) }
    expect((await runSearch(options({ ...failing, budget: { trials: 2 } }))).trials).toHaveLength(2)
    expect((await runSearch(options({ ...failing, budget: { hours: 0.25 } }))).trials).toHaveLength(3)
    const dollars = await runSearch(options({ ...failing, budget: { dollars: 4 } }))
    expect(dollars.trials).toHaveLength(2)
    expect(dollars.spent.dollars).toBeCloseTo(2 * 0.1 * 8 * 2.7)
    expect(dollars.best).toBeNull()
    const again = await runSearch(options({ before: dollars.trials, budget: { trials: 2 } }))
    expect(again.trials).toEqual(dollars.trials)
  })

  it('goes on where it was, and tells the tuner of what was measured before', async () => {
    const first = await runSearch(options({ budget: { trials: 2 } }))
    const tuner = stubbornTuner()
    const rest = await runSearch(
      options({ before: first.trials, tuner: { name: 'optuna', process: tuner, seed: 0 }, budget: { trials: 4 } }),
    )
    expect(rest.trials.slice(0, 2)).toEqual(first.trials)
    expect(tuner.studies[0]?.trials).toHaveLength(2)
    expect(tuner.told).toHaveLength(2)
  })

  it('takes what a tuner proposes again and again for the nearest that is left, and gives priors only with the cards', async () => {
    const tuner = stubbornTuner()
    const alone = await runSearch(options({ tuner: { name: 'vizier', process: tuner, seed: 0 }, fromCards: false }))
    expect(alone.trials).toHaveLength(space.length)
    expect(alone.trials[0]?.mesh).toEqual({ data: 8 })
    expect(tuner.studies[0]?.priors).toEqual([])
    const seeded = stubbornTuner()
    await runSearch(options({ tuner: { name: 'vizier', process: seeded, seed: 0 }, budget: { trials: 1 } }))
    expect(seeded.studies[0]?.priors).toHaveLength(space.length)
  })

  it('ends without a trial when it is stopped while one is measured', async () => {
    const controller = new AbortController()
    const heard: Trial[] = []
    const measure = async () => {
      controller.abort()
      throw new Error('stopped')
    }
    const { ended, trials } = await runSearch(
      options({ measure, signal: controller.signal, onTrial: async (trial) => void heard.push(trial) }),
    )
    expect([ended, trials, heard]).toEqual(['stopped', [], []])
  })
})
