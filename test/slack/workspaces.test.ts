import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Installation, ReceiverEvent } from '@slack/bolt'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/slack/log.ts'
import { appManifest, botScopes, scopeReasons } from '../../src/slack/manifest.ts'
import { EncryptedInstallationStore } from '../../src/slack/oauth/installation-store.ts'
import { Inbox, replayFlag } from '../../src/slack/receivers/inbox.ts'
import { SqliteStateStore } from '../../src/state/sqlite-state-store.ts'
import { projectRoot } from '../support/needs.ts'

describe('installations', () => {
  const installation = {
    team: { id: 'T1', name: 'one' },
    enterprise: undefined,
    user: { id: 'U1', token: undefined, scopes: undefined },
    bot: { id: 'B1', userId: 'U2', token: 'xoxb-secret', scopes: [] },
    isEnterpriseInstall: false,
  } as unknown as Installation<'v2', false>
  const query = { teamId: 'T1', enterpriseId: undefined, isEnterpriseInstall: false as const }

  it('are stored encrypted, found again, and deleted', async () => {
    const state = new SqliteStateStore(':memory:')
    const store = new EncryptedInstallationStore(state, randomBytes(32).toString('base64'))
    await store.storeInstallation(installation)
    const [stored] = await state.list('installation:', 10)
    expect(stored?.value).not.toContain('xoxb')
    expect(Buffer.from(stored?.value ?? '', 'base64').toString('latin1')).not.toContain('xoxb')
    expect((await store.fetchInstallation(query)).bot?.token).toBe('xoxb-secret')
    await store.deleteInstallation(query)
    await expect(store.fetchInstallation(query)).rejects.toMatchObject({ code: 'not_allowed' })
  })

  it('cannot be read with another key, put in another workspace’s place, or changed', async () => {
    const state = new SqliteStateStore(':memory:')
    const key = randomBytes(32).toString('base64')
    await new EncryptedInstallationStore(state, key).storeInstallation(installation)
    const [stored] = await state.list('installation:', 10)
    await expect(new EncryptedInstallationStore(state, randomBytes(32).toString('base64')).fetchInstallation(query)).rejects.toMatchObject({
      code: 'bad_config',
    })
    await state.set('installation:team T2', stored!.value, 1000)
    await expect(new EncryptedInstallationStore(state, key).fetchInstallation({ ...query, teamId: 'T2' })).rejects.toMatchObject({
      code: 'bad_config',
    })
    const bytes = Buffer.from(stored!.value, 'base64')
    bytes[40]! ^= 1
    await state.set(stored!.key, bytes.toString('base64'), 1000)
    await expect(new EncryptedInstallationStore(state, key).fetchInstallation(query)).rejects.toMatchObject({ code: 'bad_config' })
    expect(() => new EncryptedInstallationStore(state, 'c2hvcnQ=')).toThrow(/32 are needed/)
  })
})

describe('keys and workspaces of installations', () => {
  const installation = { team: { id: 'T1', name: 'one' }, bot: { token: 'xoxb-secret' }, isEnterpriseInstall: false } as never
  const query = { teamId: 'T1', enterpriseId: undefined, isEnterpriseInstall: false as const }
  const aKey = () => randomBytes(32).toString('base64')

  it('a new key in front reads what the old one sealed, seals it anew, and then stands alone', async () => {
    const state = new SqliteStateStore(':memory:')
    const [old, next] = [aKey(), aKey()]
    await new EncryptedInstallationStore(state, old).storeInstallation(installation)
    const both = new EncryptedInstallationStore(state, `${next}, ${old}`)
    expect((await both.fetchInstallation(query)).bot?.token).toBe('xoxb-secret')
    expect(await both.reseal()).toBe(1)
    expect(await both.reseal()).toBe(0)
    expect((await new EncryptedInstallationStore(state, next).fetchInstallation(query)).bot?.token).toBe('xoxb-secret')
    await expect(new EncryptedInstallationStore(state, old).fetchInstallation(query)).rejects.toMatchObject({ code: 'bad_config' })
  })

  it('stores and reads only the operator’s workspaces where they are named', async () => {
    const state = new SqliteStateStore(':memory:')
    const key = aKey()
    await expect(new EncryptedInstallationStore(state, key, ['T2']).storeInstallation(installation)).rejects.toMatchObject({
      code: 'not_allowed',
    })
    expect(await state.list('installation:', 10)).toEqual([])
    await new EncryptedInstallationStore(state, key, ['T1', 'T2']).storeInstallation(installation)
    // taken off the list later
    await expect(new EncryptedInstallationStore(state, key, ['T2']).fetchInstallation(query)).rejects.toMatchObject({ code: 'not_allowed' })
  })
})

describe('the manifest', () => {
  const file = parse(readFileSync(join(projectRoot, 'manifest.yml'), 'utf8')) as unknown

  it('in the repository is the one for Socket Mode that the program makes', () => {
    expect(file).toEqual(appManifest())
  })

  it('for HTTP differs only in its addresses and in Socket Mode', () => {
    const http = JSON.stringify(appManifest({ url: 'https://bot.example.com/' }))
    expect(http.match(/https:\/\/bot\.example\.com\/slack\/events/g)).toHaveLength(3)
    expect(http).toContain('"socket_mode_enabled":false')
    expect(JSON.stringify(appManifest({ url: 'https://bot.example.com', oauth: true }))).toContain('app_uninstalled')
  })

  it('asks for no scope that is not explained to the admin', () => {
    const docs = readFileSync(join(projectRoot, 'docs', 'admin.md'), 'utf8')
    for (const scope of botScopes) {
      expect(scopeReasons[scope].length).toBeGreaterThan(5)
      expect(docs).toContain(`\`${scope}\``)
    }
  })
})

describe('the inbox', () => {
  it('writes no verification token down', async () => {
    const state = new SqliteStateStore(':memory:')
    let kept = ''
    await new Inbox(state, silentLog, systemClock).process(
      { body: { event_id: 'Ev1', token: 'secret-token' }, ack: async () => {} },
      async () => {
        kept = JSON.stringify(await state.list('inbox:', 10))
      },
    )
    expect(kept).toContain('Ev1')
    expect(kept).not.toContain('secret-token')
  })

  it('handles again what a process that died had acked and not finished, and only that', async () => {
    const state = new SqliteStateStore(':memory:')
    const event = (id: string): ReceiverEvent => ({ body: { event_id: id }, ack: async () => {} })
    const first = new Inbox(state, silentLog, systemClock)
    await first.process(event('done'), async () => {})
    await new Promise<void>((begun) => {
      void first.process(event('died'), () => {
        begun()
        return new Promise(() => {})
      })
    })
    const seen: ReceiverEvent[] = []
    const next = async (replayed: ReceiverEvent) => void seen.push(replayed)
    const second = new Inbox(state, silentLog, systemClock)
    expect(await second.replay(next, { all: false })).toBe(0)
    expect(await second.replay(next, { all: true })).toBe(1)
    expect(seen[0]?.body.event_id).toBe('died')
    expect(seen[0]?.customProperties?.[replayFlag]).toBe(true)
    expect(await second.replay(next, { all: true })).toBe(0)
  })

  it('gives no ack for what it could not write down', async () => {
    const state = new SqliteStateStore(':memory:')
    await state.close()
    let passed = false
    await expect(
      new Inbox(state, silentLog, systemClock).process({ body: {}, ack: async () => {} }, async () => {
        passed = true
      }),
    ).rejects.toThrow()
    expect(passed).toBe(false)
  })
})
