import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openTraces } from '../../src/traces/open-traces.ts'
import { noTraces } from '../../src/traces/traces.ts'
import { fastClock } from '../support/fast-clock.ts'
import { startBot } from '../support/slack/bot.ts'
import { Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
}

/** A collector that keeps what it is sent. */
const bodies: string[] = []
const collector = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString()
  })
  request.on('end', () => {
    bodies.push(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
let slack: Workspace
beforeAll(async () => {
  slack = await Workspace.start({ channels: 1, clock: fastClock(10) })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  collector.close()
  await slack.stop()
})

it('follows a run from the question through the queue to its stages, and says nothing that people wrote', async () => {
  const traces = await openTraces(`http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`, 'serve')
  const bot = await startBot(slack, { deps: { traces } })
  const channel = slack.channels[0]!
  const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123 Aardvark' })
  await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
  await bot.stop()
  await traces.close()
  const spans = bodies.flatMap((body) => {
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  })
  const named = (name: string) => spans.find((span) => span.name === name)
  const [ask, diagnose, stage] = [named('ask'), named('diagnose'), named('propose')]
  expect(diagnose?.parentSpanId).toBe(ask?.spanId)
  expect(stage?.parentSpanId).toBe(diagnose?.spanId)
  expect(new Set([ask, diagnose, stage].map((span) => span?.traceId)).size).toBe(1)
  expect(bodies.join()).not.toMatch(/Aardvark|exp-123/)
})

it('is not there without an address, and what is asked for is done', async () => {
  expect(await openTraces(undefined, 'worker')).toBe(noTraces)
  expect(await noTraces.span('x', {}, async () => noTraces.here() ?? 5)).toBe(5)
})
