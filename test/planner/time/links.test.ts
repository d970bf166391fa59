import { describe, expect, it } from 'vitest'
import { type AxisLink, exchange, gather, type Traffic } from '../../../src/planner/time/links.ts'
import type { Rates } from '../../../src/planner/time/rates.ts'

const rates = { dcn: 5e9, link: 90e9 } as Rates
const axis = (size: number, links: number, slices = 1): AxisLink => ({ size, slices, bandwidth: links * 90e9, latency: 4e-6 })

function seconds(run: (traffic: Traffic) => void): Traffic {
  const traffic = { ici: 0, dcn: 0 }
  run(traffic)
  return traffic
}

describe('collectives', () => {
  it('gather V bytes in V·(n−1)/n over the bandwidth of all axes used, and a hop each', () => {
    const one = seconds((t) => gather(t, rates, { bytes: 1e9, times: 1, over: [axis(4, 2)] }))
    expect(one.ici).toBeCloseTo((1e9 * 3) / 4 / 180e9 + 4e-6, 9)
    const two = seconds((t) => gather(t, rates, { bytes: 1e9, times: 1, over: [axis(4, 2), axis(4, 2)] }))
    expect(two.ici).toBeCloseTo((1e9 * 15) / 16 / 360e9 + 8e-6, 9)
    expect(seconds((t) => gather(t, rates, { bytes: 1e9, times: 1, over: [axis(1, 1), axis(4, 2)] })).ici).toBe(one.ici)
  })

  it('cost nothing on an axis of one, and only latency for no bytes', () => {
    expect(seconds((t) => gather(t, rates, { bytes: 1e9, times: 3, over: [axis(1, 0)] }))).toEqual({ ici: 0, dcn: 0 })
    expect(seconds((t) => gather(t, rates, { bytes: 0, times: 3, over: [axis(8, 2)] })).ici).toBeCloseTo(12e-6, 12)
  })

  it('across slices carry each device’s share over the data-center network', () => {
    const { dcn } = seconds((t) => gather(t, rates, { bytes: 8e9, times: 1, over: [axis(4, 2, 2)] }))
    expect(dcn).toBeCloseTo(((8e9 / 4) * (1 / 2)) / 5e9, 9)
  })

  it('exchange in a quarter of the all-gather of the whole array', () => {
    const { ici } = seconds((t) => exchange(t, rates, { bytes: 1e8, times: 1, over: [axis(4, 2)] }))
    expect(ici).toBeCloseTo((4 * 1e8) / (4 * 180e9) + 4e-6, 9)
  })
})
