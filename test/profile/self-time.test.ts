import { describe, expect, it } from 'vitest'
import { DutyTimeline } from '../../src/profile/duty-timeline.ts'
import { Intervals } from '../../src/profile/intervals.ts'
import { SelfTime } from '../../src/profile/self-time.ts'

describe('SelfTime', () => {
  it('takes from a span only what lies directly inside it', () => {
    const self = new Map<number, number>()
    const nest = new SelfTime((key, _duration, own) => self.set(key, (self.get(key) ?? 0) + own))
    nest.push(1, { deviceStart: 0, deviceEnd: 100 })
    nest.push(2, { deviceStart: 10, deviceEnd: 50 })
    nest.push(3, { deviceStart: 20, deviceEnd: 30 })
    nest.push(4, { deviceStart: 60, deviceEnd: 70 })
    nest.push(5, { deviceStart: 100, deviceEnd: 120 })
    nest.flush()
    expect([...self].sort()).toEqual([
      [1, 50],
      [2, 30],
      [3, 10],
      [4, 10],
      [5, 20],
    ])
  })
})

describe('DutyTimeline', () => {
  const duty = (ops: [number, number, boolean][]): number => {
    const active = new Intervals()
    const timeline = new DutyTimeline(active)
    for (const [start, end, on] of ops) timeline.push({ start, end }, on)
    timeline.flush()
    return active.total()
  }

  it('takes an infeed inside a loop off duty, and keeps the gaps of the loop on', () => {
    expect(
      duty([
        [0, 100, true],
        [10, 30, false],
        [50, 60, true],
      ]),
    ).toBe(80)
  })

  it('keeps what runs inside a megacore fusion on duty', () => {
    expect(
      duty([
        [0, 100, false],
        [20, 50, true],
        [200, 210, true],
      ]),
    ).toBe(40)
  })
})
