import { describe, expect, it } from 'vitest'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { search, searchSteps } from '../../src/planner/search.ts'
import { choicesOf } from '../../src/planner/tune.ts'
import { firstThreeEqual, smallSpaces } from '../support/exhaustive.ts'
import { workloadOf } from './workloads.ts'

const optionsOf = (workload: ReturnType<typeof workloadOf>, more = {}) => ({
  workload,
  choices: choicesOf(workload, costModel),
  calibration: calibrateWorkload({ workload }),
  keepIllegal: false,
  ...more,
})

describe('the search', () => {
  // all sixty: npm run bench:planner
  it('with bounds puts the same three first as one that judges every choice on every mesh', () => {
    for (const workload of smallSpaces().filter((_, i) => i % 12 === 0)) expect(firstThreeEqual(workload), workload.id).toBe(true)
  })

  it('counts what a bound ruled out, and judges far fewer than all', () => {
    const workload = { ...workloadOf({ topology: '8x8x8', run: { global_batch: 2048 } }), tune: ['mesh', 'remat', 'microbatches'] as const }
    const found = search(optionsOf(workload))
    expect(found.cut).toBeGreaterThan(0.5 * found.legal)
    expect(found.cut).toBeLessThan(found.legal)
    expect(found.leftOut).toBe(0)
  })

  it('says how far it is between meshes, and stops when told with what it has', () => {
    const workload = workloadOf({ topology: '8x8x8', run: { global_batch: 2048 } })
    const steps = searchSteps(optionsOf(workload))
    const first = steps.next()
    expect(first).toMatchObject({ done: false, value: { meshes: 0 } })
    let told = 0
    const found = search(optionsOf(workload, { stop: () => told++ > 2 }))
    expect(found.leftOut).toBeGreaterThan(0)
    expect(found.ranked.length).toBeGreaterThan(0)
    expect(found.ranked.length).toBeLessThan(search(optionsOf(workload)).ranked.length)
  })
})
