import { describe, expect, it } from 'vitest'
import type { Card } from '../../../src/contract/diagnosis.ts'
import { createMetrics } from '../../../src/health/metrics.ts'
import { createCompileFailureHandler, createCompileHandler } from '../../../src/slack/runs/compile-handler.ts'
import { noTraces } from '../../../src/traces/traces.ts'
import { sampleDiagnosis } from '../../support/slack/diagnoses.ts'

const verdict = { status: 'fits', required_gib: 77.9 } as unknown as Card['compiler']

/** A handler whose cards are in Slack already, with so many edits waiting; what it had delivered. */
function handling(edits: number, compile: (cards: Card[]) => Card[]) {
  const diagnosis = sampleDiagnosis()
  const done: string[] = []
  const watcher = { channel: 'C1', threadTs: '1.1', askTs: null, user: 'U1' }
  const record = { run: 'run-1', team: 'T1' }
  const options = {
    deps: {
      metrics: createMetrics(),
      traces: noTraces,
      memory: { diagnosis: async () => diagnosis },
      diagnose: {
        compileCards: async (_run: string, { onCard }: { onCard: (cards: Card[], gone: never[]) => Promise<void> }) => {
          const after = compile(diagnosis.cards)
          // one verdict at a time, as the compiler gives them
          for (const count of [1, 2, 3]) await onCard([...after.slice(0, count), ...diagnosis.cards.slice(count)], [])
        },
      },
    },
    // the watchers are read anew each time, as from the store
    records: { get: async () => record, watchers: async () => [{ ...watcher }] },
    outbox: { sent: async () => ({ channel: 'C1', ts: '1.2', version: 1 }), pressure: () => ({ answers: 0, edits }) },
    delivery: {
      card: async (_r: unknown, _w: unknown, { card }: { card: Card }, how: { priority: number }) =>
        void done.push(`card${card.rank} p${how.priority}`),
      verdicts: async (_r: unknown, _w: unknown, cards: Card[]) =>
        void done.push(`verdicts ${cards.filter((card) => card.compiler !== null).length}`),
      compilingEnded: async () => void done.push('ended'),
    },
    onWithdrawn: async () => {},
  }
  return { done, options, job: { id: 'j', data: { run: 'run-1', team: 'T1' }, signal: new AbortController().signal } }
}

describe('compiler verdicts', () => {
  const all = (cards: Card[]) => cards.map((card) => ({ ...card, compiler: verdict }))

  it('edit each card where there is room', async () => {
    const { done, options, job } = handling(0, all)
    await createCompileHandler(options as never)(job as never)
    expect(done).toEqual(['card1 p1', 'card2 p1', 'card3 p1', 'ended'])
  })

  it('come as one message a run under load; the cards are tidied when it is quiet', async () => {
    const { done, options, job } = handling(50, all)
    await createCompileHandler(options as never)(job as never)
    expect(done).toEqual(['ended', 'verdicts 3', 'card1 p3', 'card2 p3', 'card3 p3'])
  })

  it('end for the cards too where the compiler could not be asked', async () => {
    const { done, options, job } = handling(0, all)
    await createCompileFailureHandler(options as never)(job.data)
    expect(done).toEqual(['ended'])
  })
})
