import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../clock.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { Message } from '../blocks/message.ts'
import type { Log } from '../log.ts'
import type { MessageSubject, Priority, SentRecord } from './entry.ts'

export interface OutboxOptions {
  state: StateStore
  clock: Clock
  clientFor: (team: string) => Promise<WebClient>
  log: Log
  /** How long it is known where a message of ours is. */
  keepDays: number
  /** No other process uses this store: what is left of earlier ones is taken over at once. */
  alone: boolean
  /** A message is in Slack and recorded. */
  onSent?: (team: string, record: SentRecord, subject: MessageSubject | null) => Promise<void>
  /** Slack asked for a pause (429) in lanes of this kind. */
  onPause?: (kind: string) => void
  /** Slack does not take the token (revoked, replaced, app removed). @returns Whether messages wait for another. */
  onTokenRefused?: (team: string, error: string) => Promise<boolean>
}

export interface Put {
  team: string
  key: string
  channel: string
  threadTs: string | null
  message: Message
  priority?: Priority
  subject?: MessageSubject | null
  /** The key of a message of the same thread that must be there first. */
  after?: string
}
