import { describe, expect, it } from 'vitest'
import { healthRoutes } from '../../src/health/health-routes.ts'
import { startHealthServer } from '../../src/health/health-server.ts'
import { createMetrics } from '../../src/health/metrics.ts'
import { createReadiness } from '../../src/health/readiness.ts'

describe('readiness', () => {
  it('is as each part answers: what throws or hangs does not work, what is optional only says so', async () => {
    const broken = createReadiness({
      state: { ask: () => Promise.reject(new Error('OOM command not allowed')) },
      disk: { ask: () => new Promise(() => {}) },
      library: { optional: true, ask: () => Promise.reject(new Error('away')) },
    })
    expect(await broken()).toEqual({
      ok: false,
      parts: {
        state: { ok: false, detail: 'OOM command not allowed' },
        disk: { ok: false, detail: 'no answer in 2 s' },
        library: { ok: false, detail: 'away' },
      },
    })
    const degraded = createReadiness({
      state: { ask: async () => 'fine' },
      library: { optional: true, ask: () => Promise.reject(new Error('x')) },
    })
    expect((await degraded()).ok).toBe(true)
  })

  it('asks its parts once however often it is asked at a time', async () => {
    let asked = 0
    const readiness = createReadiness({
      state: {
        async ask() {
          asked += 1
          return ''
        },
      },
    })
    await Promise.all(Array.from({ length: 20 }, readiness))
    expect(asked).toBe(1)
  })
})

it('serves liveness, readiness and metrics apart: what is not ready still lives', async () => {
  const metrics = createMetrics()
  metrics.runEnded('done', 3)
  metrics.stageEnded('propose', 0.2)
  metrics.watch('queue_waiting', async () => 7)
  metrics.watch('ready', () => Promise.reject(new Error('no')))
  const readiness = async () => ({ ok: false, parts: { state: { ok: false, detail: 'Redis is away' } } })
  const server = await startHealthServer(healthRoutes({ readiness, metrics }), 0)
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  expect(await get('/live')).toMatchObject({ status: 200 })
  expect(await get('/ready')).toMatchObject({ status: 503, text: expect.stringContaining('Redis is away') })
  expect((await get('/health')).status).toBe(503)
  const { text } = await get('/metrics')
  expect(text).toContain('prompts_runs_total{end="done"} 1')
  expect(text).toContain('prompts_queue_waiting 7')
  expect(text).toContain('prompts_run_seconds_bucket{le="5"} 1')
  expect((await get('/nothing')).status).toBe(404)
  await server.stop()
})
