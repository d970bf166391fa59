import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { projectRoot } from '../../support/needs.ts'
import { Forwarder } from '../../support/slack/forwarder.ts'
import { botToken, printThread, signingSecret, Workspace } from '../../support/slack/workspace.ts'
import { patient } from '../../support/soon.ts'

describe('prompts serve, as it is, in an emulated workspace', () => {
  let slack: Workspace
  let child: ChildProcess
  let forwarder: Forwarder
  const home = mkdtempSync(join(tmpdir(), 'prompts-real-'))

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 6 })
    const { PROMPTS_HOME: _home, REDIS_URL: _redis, GEMINI_API_KEY: _key, ...env } = process.env
    child = spawn(process.execPath, [join(projectRoot, 'src', 'main.ts'), 'serve'], {
      cwd: projectRoot,
      env: {
        ...env,
        ...{ PROMPTS_HOME: home, SLACK_BOT_TOKEN: botToken, SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: slack.apiUrl, PORT: '0' },
        ...{ PROMPTS_COMPILER: 'off', PROMPTS_EXPERIMENTS: join(projectRoot, 'examples') },
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const lines = createInterface({ input: child.stderr! })
    let url = ''
    for await (const line of lines) {
      url = /listening on (\S+)/.exec(line)?.[1] ?? ''
      if (url !== '') break
    }
    child.stderr?.resume()
    forwarder = new Forwarder(slack, url)
  }, 90_000)
  afterAll(async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await slack?.stop()
    rmSync(home, { recursive: true, force: true })
  }, 60_000)

  const ask = async (channel: string, text: string, messages = 4) => {
    const ts = await forwarder.say({ person: 0, channel, text })
    await vi.waitFor(async () => {
      const found = await slack.answers(channel, ts)
      expect(found.length).toBeGreaterThanOrEqual(messages)
      expect(JSON.stringify(found[0]?.blocks)).not.toContain('"plan"')
    }, patient)
    return ts
  }
  const read = async (channel: string, ts: string) => (await slack.answers(channel, ts)).map((message) => printThread([message]))

  it('diagnoses an example, adopts by reaction, and cites the adoption in the next diagnosis until it is taken back', {
    timeout: 240_000,
  }, async () => {
    const channel = slack.channels[0]!
    const ts = await ask(channel, '@prompts diagnose llama2-70b-v5p')
    console.log(`${printThread(await slack.thread(channel, ts))}\n`)
    const [summary, card1] = await read(channel, ts)
    expect(summary).toContain('bound by communication')
    expect(summary).toContain('fsdp 64 instead of fsdp 8 · tensor 8: about ')
    expect(summary).toContain('Now: 32 s per step')
    expect(card1).toContain('*fsdp 64*  (data=64) of llama2-70b-v5p')
    const run = /run `([^`]+)`/.exec(summary ?? '')?.[1]
    const cards = await slack.answers(channel, ts)

    await forwarder.react({ person: 1, channel, ts: cards[1]!.ts, name: 'white_check_mark' })
    await vi.waitFor(async () => expect((await read(channel, ts)).at(-1)).toContain('adopted card 1'), patient)
    const caseId = /Recorded as case `([^`]+)`/.exec((await read(channel, ts)).at(-1) ?? '')?.[1] ?? ''
    expect(caseId).not.toBe('')
    const evidence = async (where: string, asked: string) =>
      (await read(where, asked))
        .join('\n')
        .split('\n')
        .filter((line) => line.startsWith('Evidence'))
        .join('\n')
    expect(await evidence(channel, ts)).not.toContain('(adopted)')
    const second = await ask(slack.channels[1]!, '@prompts diagnose llama2-70b-v5p')
    const cited = await evidence(slack.channels[1]!, second)
    console.log(`cited after the adoption (case ${caseId}, run ${run}):\n${cited}\n`)
    expect(cited).toContain('(adopted)')

    await forwarder.say({ person: 1, channel, text: 'why not model=16?', threadTs: ts })
    await vi.waitFor(async () => expect((await read(channel, ts)).at(-1)).toMatch(/model/), patient)
    console.log(`${(await read(channel, ts)).at(-1)}\n`)
    await forwarder.say({ person: 1, channel, text: 'it ran at 27.1 s', threadTs: ts })
    await vi.waitFor(async () => expect((await read(channel, ts)).at(-1)).toContain('Record 27.1 s per step for card 1'), patient)
    await forwarder.say({ person: 1, channel, text: 'yes', threadTs: ts })
    await vi.waitFor(async () => expect((await read(channel, ts)).at(-1)).toContain('ran at 27.1 s'), patient)
    console.log(`${(await read(channel, ts)).at(-1)}\n`)
    await forwarder.react({ person: 1, channel, ts: cards[1]!.ts, name: 'white_check_mark', remove: true })
    await vi.waitFor(async () => expect((await read(channel, ts)).at(-1)).toContain('took card 1 back'), patient)
    const third = await ask(slack.channels[3]!, '@prompts diagnose llama2-70b-v5p')
    expect(await evidence(slack.channels[3]!, third)).not.toMatch(/\((?:adopted|confirmed)\)/)
    expect(slack.gate.violations).toEqual([])
  })

  it('names the nearest ids of an unknown experiment', { timeout: 120_000 }, async () => {
    const channel = slack.channels[2]!
    const ts = await ask(channel, '@prompts diagnose llama2-70b-v6p', 1)
    const [said] = await read(channel, ts)
    console.log(said)
    expect(said).toContain('llama2-70b-v5p')
    expect(await slack.answers(channel, ts)).toHaveLength(1)
  })
})
