import { describe, expect, it } from 'vitest'
import { adviseOn } from '../../src/benchmark/advice.ts'
import { afterTrials, curveOf, trialCost, trialsToWithin } from '../../src/benchmark/curve.ts'
import { judgeRegime } from '../../src/benchmark/judge-regime.ts'
import { race } from '../../src/benchmark/race.ts'
import { orderOf, plainRivals } from '../../src/benchmark/rivals/orders.ts'
import { rooflineSeconds } from '../../src/benchmark/rivals/roofline.ts'
import { templateMeshes } from '../../src/benchmark/rivals/templates.ts'
import { tableOf } from '../../src/benchmark/truth-table.ts'
import { smallRegime, smallWorkload, truthRow } from './table-fixture.ts'

const table = tableOf(smallRegime, [
  truthRow({ data: 4, model: 2 }, 100),
  truthRow({ data: 8 }, 110),
  truthRow({ data: 2, model: 4 }, 150),
  truthRow({ replica: 8 }, null),
])
const advice = adviseOn(smallWorkload, () => 0)
const judged = judgeRegime(table, smallWorkload, advice)

describe('a search curve', () => {
  it('counts failed trials and their cost, and before anything ran is no better than the worst', () => {
    const [best, fsdp, slow, failed] = table.rows
    const curve = curveOf(table, [failed!, slow!, fsdp!, best!], smallWorkload)
    expect(curve.map(({ regret }) => Math.round(regret * 100))).toEqual([50, 50, 10, 0])
    expect(curve[0]!.chipHours).toBeCloseTo((8 * trialCost.startSeconds) / 3600)
    expect(curve[1]!.chipHours - curve[0]!.chipHours).toBeCloseTo((8 * (trialCost.startSeconds + (trialCost.steps * 150) / 1000)) / 3600)
    expect(curve[3]!.usd).toBeCloseTo(curve[3]!.chipHours * smallWorkload.chip.usd_per_chip_hour)
    expect(trialsToWithin(curve, 0.02)).toBe(4)
    expect(afterTrials(curve, 10)).toBe(curve[3])
  })
})

describe('the rivals', () => {
  it('each try every row once', () => {
    for (const rival of plainRivals) {
      const order = orderOf(rival, judged, 3)
      expect(new Set(order).size, rival).toBe(table.rows.length)
    }
  })

  it('pure FSDP tries pure FSDP first, ours its first card that is recorded', () => {
    expect(orderOf('fsdp', judged, 1)[0]!.mesh).toEqual({ data: 8 })
    const recorded = advice.cards.find((card) => table.rows.some((row) => JSON.stringify(row.mesh) === JSON.stringify(card.mesh)))
    expect(orderOf('prompts', judged, 1)[0]!.mesh).toEqual(recorded?.mesh)
  })

  it('random ones differ by seed and are the same for one', () => {
    const orders = Array.from({ length: 10 }, (_, seed) =>
      orderOf('random', judged, seed)
        .map(({ stepMs }) => stepMs)
        .join(),
    )
    expect(new Set(orders).size).toBeGreaterThan(3)
    expect(orderOf('random', judged, 4)).toEqual(orderOf('random', judged, 4))
  })

  it('the roofline refuses what cannot hold the weights and charges for links', () => {
    expect(rooflineSeconds(smallWorkload, { mesh: { replica: 8 }, dcn: {} })).toBe(Number.POSITIVE_INFINITY)
    const seconds = rooflineSeconds(smallWorkload, { mesh: { data: 8 }, dcn: {} })
    expect(seconds).toBeGreaterThan(0.05)
    expect(rooflineSeconds(smallWorkload, { mesh: { model: 8 }, dcn: {} })).toBeGreaterThan(seconds)
  })

  it("the paper's templates make its own moves", () => {
    const meshes = (mesh: object, binding: 'compute' | 'hbm' | 'communication') => templateMeshes({ mesh, dcn: {} }, binding)[0]?.mesh
    expect(meshes({ data: 8, seq: 8 }, 'compute')).toEqual({ data: 16, seq: 4 })
    expect(meshes({ data: 4, model: 4 }, 'communication')).toEqual({ data: 8, model: 2 })
    expect(meshes({ data: 2, seq: 4 }, 'hbm')).toEqual({ data: 2, model: 4 })
    expect(templateMeshes({ mesh: { data: 8 }, dcn: {} }, 'communication')).toEqual([])
  })
})

describe('a race', () => {
  it('runs every plain rival on the same tables, and tuned ones only where their proposals are of the table as it is', () => {
    const proposal = {
      regime: smallRegime.id,
      tuner: 'vizier' as const,
      start: 'nothing' as const,
      seed: 0,
      order: [{ mesh: { data: 8 }, dcn: {} }],
      versions: {},
    }
    const stale = race([judged], [{ ...proposal, table: 'another' }])
    expect(stale.map(({ rival }) => rival)).toEqual([...plainRivals])
    const fresh = race([judged], [{ ...proposal, table: table.digest }])
    const vizier = fresh.find(({ rival }) => rival === 'vizier')
    expect(vizier?.after[0]?.regret).toBeCloseTo(0.1)
    expect(vizier?.curve).toHaveLength(table.rows.length)
  })

  it('takes a study from our cards only while it began with those we give', () => {
    const cards = judged.cards.flatMap(({ row }) => row ?? []).map(({ mesh, dcn }) => ({ mesh, dcn }))
    expect(cards.length).toBeGreaterThan(0)
    const study = { regime: smallRegime.id, table: table.digest, tuner: 'optuna' as const, start: 'cards' as const, seed: 0, versions: {} }
    const names = (order: typeof cards) => race([judged], [{ ...study, order }]).map(({ rival }) => rival)
    expect(names(cards)).toContain('prompts + optuna')
    expect(names([{ mesh: { replica: 8 }, dcn: {} }, ...cards])).toEqual([...plainRivals])
  })
})
