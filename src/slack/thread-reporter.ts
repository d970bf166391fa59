import type { Config } from '../config.ts'
import { replyMessage } from './blocks/notice-messages.ts'
import { Clients } from './clients.ts'
import { createInfrastructure } from './infrastructure.ts'
import type { Log } from './log.ts'
import { Outbox } from './outbox/outbox.ts'
import { createInstallations } from './services.ts'

/** Keeps one message of a thread up to date, from a process that is not the bot. */
export interface ThreadReporter {
  /** Posts the message, or makes it say this. Returns once it is written down. */
  say(text: string): Promise<void>
  /** Waits until what was said is in Slack. */
  close(): Promise<void>
}

const closeMs = 20_000

/**
 * A reporter into a thread, by the bot's own token and its outbox: `key` names the message, so that a later process goes on with
 * the same one.
 */
export async function openThreadReporter(
  config: Config,
  log: Log,
  { team, channel, threadTs, key }: { team: string; channel: string; threadTs: string; key: string },
): Promise<ThreadReporter> {
  const { state, clock, close } = createInfrastructure(config, log)
  const clients = new Clients(config, log, createInstallations({ config, state }))
  // the bot may use the same state beside this process: what it left is its own to take over
  const outbox = new Outbox({
    state,
    clock,
    clientFor: (of) => clients.forTeam(of),
    log,
    keepDays: config.PROMPTS_KEEP_DAYS,
    alone: false,
  })
  await outbox.start()
  return {
    say: (text) => outbox.put({ team, key, channel, threadTs, message: replyMessage(text), priority: 1 }),
    close: async () => {
      await outbox.close(closeMs)
      await close()
    },
  }
}
