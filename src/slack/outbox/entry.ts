import type { View } from '@slack/types'
import type { Rank } from '../../runs/adoption.ts'
import type { FallbackLevel } from '../blocks/fallback.ts'
import type { Message } from '../blocks/message.ts'

/**
 * 0: answers, and all that a person waits for; 1: what follows by itself (compiler verdicts); 2: 👀 and progress, which give way
 * and are dropped when late; 3: what only tidies up (a card whose verdict was told elsewhere), which waits for a quiet moment.
 */
export type Priority = 0 | 1 | 2 | 3

/** What a message stands for, so that a reaction on it can be understood. */
export interface MessageSubject {
  run: string
  rank: Rank | null
  /** The offer that the message makes: a reaction on it answers that. */
  offer?: string
  /** The thread it stands in; filled in by the outbox. */
  threadTs?: string | null
}

export type Op =
  /** Makes the message named by the entry's key show this: posted where it is not there yet, edited where it is. */
  | { kind: 'put'; channel: string; threadTs: string | null; message: Message; subject: MessageSubject | null }
  | { kind: 'react'; channel: string; ts: string; name: string; add: boolean }
  | { kind: 'whisper'; channel: string; user: string; threadTs: string | null; message: Message }
  | { kind: 'home'; user: string; view: View }

export interface Entry {
  /** Names the message within its workspace: what is sent under one key is sent once. */
  key: string
  team: string
  op: Op
  /** The key of a message that must be in Slack before this one is posted, so that a thread keeps its order over processes. */
  after: string | null
  priority: Priority
  /** Newer content of the same key has a higher version and replaces what has not been sent. */
  version: number
  createdAt: number
  /** How long it is wanted, and until when by the clock of the process that has it. */
  lifeMs: number
  deadlineAt: number
  attempts: number
  fallbackLevel: FallbackLevel
  /** A post was tried and nobody knows how it ended: Slack is asked before another. */
  uncertain: boolean
  /** When the last try asked Slack to post; absent where it found that it need not. */
  requestedAt?: number
  /** When Slack answered the last try; the pace counts from there. */
  answeredAt?: number
  /** Slack would not say before then whether it arrived; others may go meanwhile. */
  notBefore?: number
  /** Slack asked for a pause until then. */
  heldUntil?: number
  /** Whether it outlives the process. */
  durable: boolean
}

/** Where a message of ours is. */
export interface SentRecord {
  channel: string
  ts: string
  /** Of the content that it shows. */
  version: number
}
