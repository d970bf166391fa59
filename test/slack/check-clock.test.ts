import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkClock, createClockCheck } from '../../src/slack/check-clock.ts'

const server = createServer((_request, response) => response.end('{}'))
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`
})
afterAll(() => void server.close())

it('takes a clock that is nearly right, and one that cannot be compared', async () => {
  await checkClock(url)
  await checkClock(url, () => Date.now() - 200_000)
  await checkClock('http://127.0.0.1:1/api/')
})

it('refuses one that is off by more than deliveries may be old', async () => {
  await expect(checkClock(url, () => Date.now() + 7200_000)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('120 minutes ahead of'),
  })
  await expect(checkClock(url, () => Date.now() - 7200_000)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('120 minutes behind'),
  })
})

it('sees a step after the start, and asks Slack whether it was the right one', async () => {
  let wall = 0
  const check = createClockCheck(
    url,
    () => Date.now() + wall,
    () => Date.now(),
  )
  expect(await check.ask()).toBe("agrees with Slack's")
  wall = 7200_000
  await expect(check.ask()).rejects.toMatchObject({ message: expect.stringContaining('120 minutes ahead of') })
  await expect(check.ask()).rejects.toMatchObject({ code: 'unavailable' })
  wall = 60_000
  expect(await check.ask()).toBe("stepped, and agrees with Slack's")
  expect(await check.ask()).toBe("agrees with Slack's")
})
