import { describe, expect, it } from 'vitest'
import { type Try, whereTimeWent } from '../../support/load/where-time-went.ts'

const post = (at: number, answer = 20, end: Try['end'] = 'posted'): Try => ({ at, answeredAt: end === 'posted' ? at + answer : null, end })

const pace = (arrivals: number[]) => ({ gapMs: 1000, arrivals, messagesEach: 4 })

describe('where the time between posts went', () => {
  it('leaves the pace out and adds up the rest by cause', () => {
    const tries = [post(0), post(1030), post(2000, 0, 'rate_limited'), post(3050), post(4100, 0, 'answer_lost'), post(6100), post(12_000)]
    expect(whereTimeWent(tries, pace([0, 0]), { from: 7000, to: 8000 })).toEqual({
      outage: 4900,
      rateLimited: 1020,
      answerLost: 1000,
      answers: 40,
      own: 40,
    })
  })

  it('has nothing to add where every second was used', () => {
    const nothing = { outage: 0, rateLimited: 0, answerLost: 0, answers: 0, own: 0 }
    expect(whereTimeWent([post(0), post(1000), post(2000)], pace([0]), null)).toEqual(nothing)
    expect(whereTimeWent([], pace([]), null)).toEqual(nothing)
    // nor where there was nothing to answer yet
    const late = [0, 1000, 2000, 3000, 60_000, 61_000].map((at) => post(at))
    expect(whereTimeWent(late, pace([0, 60_000]), null)).toEqual(nothing)
  })
})
