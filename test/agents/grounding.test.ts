import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collectFacts, ground, sentencesOf } from '../../src/agents/grounding.ts'

const facts = collectFacts([
  { bottleneck: 'communication', kpis: { exposed_communication_share: 0.3102, step_time_ms: 28_900, peak_hbm_gib: 78.13 } },
  { mesh: { data: 32, model: 2 }, step_time_ms: 22_412, time_change: -0.2245, usd_per_1000_steps: 1673.2, memory: { required_gib: 78.1 } },
  { id: 'public-gt086', title: 'mt-32b on v5p v5p-128: data=16 · model=4' },
  { id: 'axis-model-tensor#when', text: 'Tensor parallelism pays below 31 % on 4x4x4.', uri: 'https://example.com/a' },
])

describe('grounding', () => {
  it.each([
    'Collectives take 31 % of the step with nothing computing.',
    'The step goes from 28.9 s to 22.4 s (22 % less).',
    'It takes 22412 ms, or 22,412 ms.',
    'Memory is 78.1 GiB.',
    'It costs $1,673 per step.',
    'Use data=32 and model=2 on v5p [case:public-gt086].',
    'There are 2 options on 4x4x4 [doc:axis-model-tensor#when].',
    'See https://example.com/a for more.',
    'No number at all.',
  ])('keeps what the tools said: %s', (sentence) => {
    expect(ground(sentence, facts)).toEqual({ text: sentence, removed: [] })
  })

  it.each([
    ['Collectives take 47 % of the step.', '47'],
    ['The step falls to 12.3 s.', '12.3'],
    ['The step is 28.9 ms.', '28.9'],
    ['Exposed communication is 78 %.', '78'],
    ['Use data=64 instead.', 'data=64'],
    ['On v6e it is better.', 'v6e'],
    ['As in [case:public-gt999].', '[case:public-gt999]'],
    ['Read https://evil.example/x now.', 'https://evil.example/x'],
    ['Tell <!channel> about it.', 'a mention'],
    ['It costs $99.', '99'],
    ['It needs 22.4 GiB.', '22.4'],
  ])('removes what they did not say: %s', (sentence, untraced) => {
    const { text, removed } = ground(`No number at all. ${sentence}`, facts)
    expect(text).toBe('No number at all.')
    expect(removed).toHaveLength(1)
    expect(removed[0]!.untraced.join(' ')).toContain(untraced)
  })

  it('never lets a figure through that is further from every fact than its own rounding', () => {
    fc.assert(
      fc.property(fc.double({ min: 4, max: 99, noNaN: true }), fc.integer({ min: 0, max: 2 }), (value, decimals) => {
        const written = value.toFixed(decimals)
        const kept = ground(`It is ${written} %.`, facts).text !== ''
        const near = [0.3102, 0.31, 0.2245].some((share) => Math.abs(share * 100 - Number(written)) <= 0.5 * 10 ** -decimals + 0.5 + 1e-6)
        if (!near) expect(kept).toBe(false)
      }),
    )
  })

  it('splits sentences at their ends and not inside figures', () => {
    expect(sentencesOf('It is 28.9 s. That is long! 2 of them?\nYes')).toEqual(['It is 28.9 s.', 'That is long!', '2 of them?', 'Yes'])
  })
})
