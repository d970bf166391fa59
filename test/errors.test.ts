import { expect, it } from 'vitest'
import { asPromptsError, PromptsError } from '../src/errors.ts'

it('tells a machine that is out of something from a fault of ours', () => {
  const full = asPromptsError(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))
  expect(full).toMatchObject({ code: 'unavailable', message: 'There is no room left on the disk of the bot', retryable: true })
  expect(asPromptsError(Object.assign(new Error('x'), { code: 'constructor' }))).toMatchObject({ code: 'internal' })
  for (const odd of [null, undefined, 'text', 5]) expect(asPromptsError(odd).code).toBe('internal')
  const own = new PromptsError('timeout', 'late')
  expect(asPromptsError(own)).toBe(own)
})
