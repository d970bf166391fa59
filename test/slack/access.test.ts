import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { checkQuota, isPrivate } from '../../src/slack/requests/access.ts'
import { SqliteStateStore } from '../../src/state/sqlite-state-store.ts'

const deps = (env: Record<string, string> = {}) => ({ config: readConfig(env), state: new SqliteStateStore(':memory:') }) as never
const asker = { team: 'T1', channel: 'C1', user: 'U1', isSharedChannel: undefined }

describe('who may ask', () => {
  it('counts a message that Slack delivers twice once against the day', async () => {
    const one = deps({ PROMPTS_QUOTA_PER_PERSON: '1' })
    await checkQuota(one, asker, 'run-1')
    await checkQuota(one, asker, 'run-1')
    await expect(checkQuota(one, asker, 'run-2')).rejects.toMatchObject({ code: 'not_allowed' })
  })

  it('takes a channel that Slack does not describe for private', async () => {
    const failing = { conversations: { info: () => Promise.reject(new Error('missing_scope')) } }
    expect(await isPrivate(deps(), failing as never, 'T1', 'C1')).toBe(true)
    const open = { conversations: { info: async () => ({ channel: { is_private: false } }) } }
    expect(await isPrivate(deps(), open as never, 'T1', 'C1')).toBe(false)
  })
})
