import { beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { listenToButtons } from '../../../src/slack/listeners/buttons.ts'
import { silentLog } from '../../../src/slack/log.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'

type Handler = (input: object) => Promise<void>

/** The listeners over stand-ins that note what was done. */
function listening(options: { isGuest?: boolean; recordTeam?: string } = {}) {
  const done: string[] = []
  const said: string[] = []
  const actions: { pattern: string | RegExp; handle: Handler }[] = []
  const views: Handler[] = []
  const note = (name: string) => async () => void done.push(name)
  const record = { run: 'run-1', team: options.recordTeam ?? 'T1', title: 'exp-1', by: 'U1', channel: 'C1', threadTs: '1.0' }
  const client = {
    users: { info: async () => ({ user: { is_ultra_restricted: options.isGuest === true } }) },
    conversations: { info: async () => ({ channel: {} }) },
    views: { open: note('modal') },
  }
  const state = new SqliteStateStore(':memory:')
  const services = {
    deps: {
      ...{ config: readConfig({}), state, log: silentLog, memory: { append: note('recorded'), diagnosis: note('asked') } },
      ...{ diagnose: { followUp: note('asked') }, runs: { cancel: note('cancelled') }, compiles: { cancel: note('cancelled') } },
    },
    clients: { forTeam: async () => client },
    records: {
      get: async () => record,
      watchers: async () => [],
      ended: async () => null,
      end: note('cancelled'),
      threadRuns: async () => [],
    },
    reactions: { say: note('adopted') },
    adoption: { current: async () => null, unmark: note('taken back') },
    delivery: { cancelled: note('cancelled') },
    outbox: {
      whisper: async ({ message }: { message: { text: string } }) => void said.push(message.text),
      put: note('said'),
      react: note('eyes'),
    },
  }
  const app = {
    action: (pattern: string | RegExp, handle: Handler) => void actions.push({ pattern, handle }),
    view: (_name: string, handle: Handler) => void views.push(handle),
  }
  listenToButtons(app as never, services as never)
  let trigger = 0
  return {
    done,
    said,
    async press(action: string, value: object) {
      const found = actions.find(({ pattern }) => (typeof pattern === 'string' ? pattern === action : pattern.test(action)))
      const body = {
        ...{ team: { id: 'T1' }, user: { id: 'U2' }, channel: { id: 'C1' }, message: { ts: '1.1', thread_ts: '1.0' } },
        ...{ trigger_id: `t${trigger++}`, actions: [{ action_id: action, value: JSON.stringify(value) }] },
      }
      await found?.handle({ ack: async () => {}, body, context: {} })
    },
    async submit(value: object) {
      const view = { id: 'V1', private_metadata: JSON.stringify(value), state: { values: { mesh: { text: { value: 'model=8' } } } } }
      await views[0]?.({ ack: async () => {}, body: { team: { id: 'T1' }, user: { id: 'U2' } }, view, context: {} })
    },
  }
}

const buttons: [string, object, string][] = [
  ['adopt', { run: 'run-1', rank: 1 }, 'adopted'],
  ['unadopt', { run: 'run-1', rank: 1 }, 'taken back'],
  ['cancel', { run: 'run-1' }, 'cancelled'],
  ['feedback', { run: 'run-1', feedback: 'good' }, 'recorded'],
  ['why_not', { run: 'run-1', rank: 1 }, 'modal'],
]

describe('buttons', () => {
  let at: ReturnType<typeof listening>
  beforeEach(() => {
    at = listening()
  })

  it.each(buttons)('%s does what it says for a member', async (action, value, what) => {
    await at.press(action, value)
    expect(at.done).toContain(what)
  })

  it.each(buttons)('%s does nothing for a guest, who is told', async (action, value) => {
    at = listening({ isGuest: true })
    await at.press(action, value)
    expect(at.done).toEqual([])
    expect(at.said.join()).toContain('I do not answer guests')
  })

  it.each(buttons)('%s with the run of another workspace does nothing', async (action, value) => {
    at = listening({ recordTeam: 'T2' })
    await at.press(action, value)
    expect(at.done).toEqual([])
    expect(at.said).toHaveLength(1)
  })

  it('the dialog of "Why not" asks nothing for a guest or about another workspace’s run', async () => {
    const context = { run: 'run-1', channel: 'C1', threadTs: '1.0' }
    for (const options of [{ isGuest: true }, { recordTeam: 'T2' }]) {
      at = listening(options)
      await at.submit(context)
      expect(at.done).toEqual([])
    }
  })
})
