import { describe, expect, it } from 'vitest'
import { childEnvironment } from '../../src/compiler/child-environment.ts'

describe('childEnvironment', () => {
  it('passes on what a program needs to start', () => {
    const own = { PATH: '/bin', HOME: '/home/ann', LC_ALL: 'C', JAX_PLATFORMS: 'cpu', XLA_FLAGS: '--a', TPU_MIN_LOG_LEVEL: '3' }
    expect(childEnvironment(own)).toEqual(own)
  })

  it.each([
    ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'PROMPTS_INSTALLATION_KEY', 'GEMINI_API_KEY', 'REDIS_URL', 'QDRANT_API_KEY'],
    ['GOOGLE_APPLICATION_CREDENTIALS', 'AWS_SECRET_ACCESS_KEY', 'DATABASE_URL', 'NODE_OPTIONS', 'HTTPS_PROXY', 'LD_PRELOAD'],
  ])('keeps %s and the like here', (...names) => {
    expect(childEnvironment(Object.fromEntries(names.map((name) => [name, 'secret'])))).toEqual({})
  })
})
