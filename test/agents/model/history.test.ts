import { expect, it } from 'vitest'
import { historyOf } from '../../../src/agents/model/history.ts'
import type { RunEvent } from '../../../src/contract/run.ts'

const event = (kind: RunEvent['kind'], name: string, text: string): RunEvent => ({ kind, name, at: '2026-01-01T00:00:00Z', data: { text } })
const asked = (text: string) => event('user_input', 'follow-up', text)
const said = (text: string) => event('model_output', 'question', text)

it('is what was asked and shown in the thread, oldest first, and not the model’s own raw turns', () => {
  const events = [
    asked('first?'),
    event('model_output', 'question gemini-3.5-flash', 'raw'),
    said('one'),
    asked('second?'),
    said('two'),
    asked('now?'),
  ]
  expect(historyOf(events).map(({ role, parts }) => [role, parts![0]!.text])).toEqual([
    ['user', 'first?'],
    ['model', 'one'],
    ['user', 'second?'],
    ['model', 'two'],
  ])
})

it('keeps the last six turns, each of bounded length, and none without an answer', () => {
  const events = Array.from({ length: 10 }, (_, i) => [asked(`q${i}`), said('x'.repeat(5000))]).flat()
  const history = historyOf([...events, asked('unanswered'), asked('again'), said('yes')])
  expect(history).toHaveLength(12)
  expect(history.at(-2)!.parts![0]!.text).toBe('again')
  expect(Math.max(...history.map(({ parts }) => parts![0]!.text!.length))).toBe(1500)
})
