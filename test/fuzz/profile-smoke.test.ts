import { describe, expect, it } from 'vitest'
import { mutate } from './mutate.ts'
import { fuzzInputs, tryInput } from './profile-inputs.ts'

describe('damaged profiles', () => {
  it('are read in part or refused with an error that says why; ten thousand of them: npm run fuzz:profile', async () => {
    const inputs = fuzzInputs().filter((input) => input.bytes.length < 100_000)
    const outcomes = { report: 0, error: 0 }
    for (let index = 0; index < 300; index++) {
      const input = inputs[index % inputs.length]
      if (!input) break
      const { outcome, ms } = await tryInput(input, mutate(input.bytes, 77_000 + index))
      outcomes[outcome]++
      expect(ms).toBeLessThan(2000)
    }
    expect(outcomes.report).toBeGreaterThan(20)
    expect(outcomes.error).toBeGreaterThan(100)
  })
})
