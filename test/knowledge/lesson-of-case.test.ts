import { describe, expect, it } from 'vitest'
import { lessonOfCase, withLesson } from '../../src/knowledge/lesson-of-case.ts'
import { aCase } from './entries.ts'

describe('lessonOfCase', () => {
  it('says what was tried, what it did and what moved', () => {
    expect(lessonOfCase(aCase('a'))).toMatch(
      /^data=32 · model=2 instead of data=16 · model=4 took 22(\.\d)?% less time per step \(28\.9 s → 22\.4 s\): data 16 to 32, model 4 to 2\.$/,
    )
    expect(lessonOfCase(aCase('a', { measured_after_ms: 30_000 }))).toMatch(/took 3\.81% more time/)
    expect(lessonOfCase(aCase('a', { result: 'oom', measured_after_ms: null }))).toBe(
      'data=32 · model=2 ran out of memory where data=16 · model=4 ran.',
    )
  })

  it('says nothing of a case that compares nothing', () => {
    expect(lessonOfCase(aCase('a', { from: null }))).toBeNull()
    expect(lessonOfCase(aCase('a', { measured_before_ms: null }))).toBeNull()
    expect(lessonOfCase(aCase('a', { to: null }))).toBeNull()
  })

  it('keeps what a person wrote, and says what the case holds for', () => {
    const item = withLesson(aCase('a', { lesson: 'Ours.', conditions: { framework: 'jax' } }))
    expect(item.lesson).toBe('Ours.')
    expect(item.conditions).toEqual({ chip: 'v5p', phase: 'train', kind: 'dense', framework: 'jax' })
    const mixture = aCase('b', { workload: { ...aCase('b').workload, model: 'mixtral-8x7b', run: { flags: { xla_a: 'true' } } } })
    expect(withLesson(mixture).conditions).toEqual({ chip: 'v5p', phase: 'train', kind: 'moe', flags: 'xla_a' })
    expect(withLesson(aCase('c', { workload: { ...aCase('c').workload, model: 'unknown thing' } })).conditions).not.toHaveProperty('kind')
  })
})
