import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunRequest } from '../../contract/run.ts'
import { asPromptsError } from '../../errors.ts'
import type { InlineExperiment } from '../../experiment/read-inline-experiment.ts'
import type { Turn } from '../../jobs/turns.ts'
import { errorMessage, joinedMessage } from '../blocks/notice-messages.ts'
import { jobSchema, type SlackDeps, traceOf } from '../deps.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Delivery } from '../runs/delivery.ts'
import { messageKey, type RunRecord, type RunRecords, type Watcher } from '../runs/run-records.ts'
import { threadLink } from '../thread-link.ts'
import { type Asker, checkExperiment, checkQuota } from './access.ts'

export type Subject = { kind: 'experiment'; id: string } | ({ kind: 'inline' } & InlineExperiment)

export interface StartOptions {
  deps: SlackDeps
  outbox: Outbox
  records: RunRecords
  delivery: Delivery
}

export interface StartInput {
  asker: Asker
  threadTs: string
  /** Names the question: the same message always leads to the same runs. */
  askTs: string
  /** The message to put 👀 on, if there is one. */
  eyesTs: string | null
  subjects: Subject[]
}

/**
 * Starts a run for each subject, or joins the one that is under way, for someone who may ask. Each failure is said in the thread.
 * Idempotent a message.
 */
export async function startRuns(options: StartOptions, input: StartInput): Promise<void> {
  const { deps } = options
  for (const [at, subject] of input.subjects.entries()) {
    try {
      checkExperiment(deps, input.asker.channel, subject.id)
      await deps.traces.span('ask', { kind: subject.kind }, () => startOne(options, input, subject))
    } catch (thrown) {
      await postFailure(options, input, thrown, { part: String(at), about: subject.id })
    }
  }
}

async function startOne(options: StartOptions, input: StartInput, subject: Subject): Promise<void> {
  const { deps, records, delivery } = options
  const { asker, threadTs } = input
  const name = subject.kind === 'experiment' ? subject.id : `inline-${hash(subject.yaml, 16)}`
  const own = runId(asker, input.askTs, name)
  const openMs = (deps.config.PROMPTS_RUN_DEADLINE_SECONDS * 4 + 3600) * 1000
  const watcher: Watcher = { channel: asker.channel, threadTs, askTs: input.eyesTs, user: asker.user }
  let existing = await records.openFor(asker.team, name, own, openMs)
  if (existing !== own && (await records.ended(existing)) !== null) {
    const ended = await records.get(existing)
    if (ended !== null) await records.close(ended)
    existing = await records.openFor(asker.team, name, own, openMs)
  }
  if (existing !== own) {
    if (await joinRun(options, existing, watcher)) return
    // whoever opened it died before it was written down: it is ours now
    await records.reopen(asker.team, name)
    existing = await records.openFor(asker.team, name, own, openMs)
    if (existing !== own && (await joinRun(options, existing, watcher))) return
  }
  if ((await records.ended(own)) !== null) return

  const at = new Date().toISOString()
  const { channel } = asker
  const record: RunRecord = {
    ...{ run: own, team: asker.team, title: subject.id, subject: name, by: asker.user, at, channel, threadTs },
    bottleneck: null,
  }
  try {
    await checkQuota(deps, asker, own)
    const request: RunRequest = {
      run: own,
      tenant: asker.team,
      subject: subject.kind === 'experiment' ? { kind: 'experiment', id: subject.id } : { kind: 'inline', yaml: subject.yaml },
      compile: false,
      by: asker.user,
      at,
      thread: { team: asker.team, channel: asker.channel, threadTs, rootTs: null },
    }
    await deps.memory.begin(request)
    await records.begin(record, watcher, openMs)
    await delivery.begin(record, watcher)
    await deps.runs.add(own, { schema: jobSchema, request, title: subject.id, ...traceOf(deps) }, turnOf(asker))
    await delivery.tellWait(record, watcher)
  } catch (thrown) {
    await records.close(record)
    await records.end(own, 'failed')
    await deps.memory.settle(own)
    throw thrown
  }
}

/** Bots and workflows ask in numbers and nobody sits before them: their runs come a quarter as often as a person's. */
function turnOf({ team, user, bot }: Asker): Turn {
  return bot === undefined ? { tenant: team, person: user, cost: 1 } : { tenant: team, person: bot, cost: 4 }
}

/** False when no such run is written down, even after a while. */
async function joinRun(options: StartOptions, run: string, watcher: Watcher): Promise<boolean> {
  const { deps, outbox, records, delivery } = options
  let record = await records.get(run)
  for (let tries = 0; record === null && tries < 50; tries += 1) {
    await sleep(100)
    record = await records.get(run)
  }
  if (record === null) return false
  const already = (await records.watchers(run)).some((other) => other.channel === watcher.channel && other.threadTs === watcher.threadTs)
  if (already) return true
  await records.watch(run, watcher)
  await records.addToThread(record.team, watcher.channel, watcher.threadTs, run)
  await deps.memory.append(run, { kind: 'user_input', name: 'join', data: watcher })
  if (!(await records.delivered(run))) {
    await outbox.put({
      team: record.team,
      key: messageKey(run, watcher, 'root'),
      channel: watcher.channel,
      threadTs: watcher.threadTs,
      message: joinedMessage({ title: record.title, run, by: record.by, link: linkTo(record, watcher) }),
      priority: 2,
      subject: { run, rank: null },
    })
    return true
  }
  // it ended in this moment: the answer comes from its record
  const diagnosis = await deps.memory.diagnosis(run)
  if (diagnosis !== null) await delivery.answer(record, watcher, diagnosis)
  return true
}

/** The thread that the run was asked in, for whoever joins it; only where they surely may read it: in the same channel. */
function linkTo(record: RunRecord, watcher: Watcher): string | null {
  return record.channel === watcher.channel ? threadLink(record.team, record.channel, record.threadTs) : null
}

async function postFailure(
  options: StartOptions,
  input: StartInput,
  thrown: unknown,
  what: { part: string; about?: string },
): Promise<void> {
  const error = asPromptsError(thrown)
  options.deps.log.warn('a question was not taken', {
    id: error.id,
    code: error.code,
    message: error.message,
    cause: String(error.cause ?? ''),
  })
  await options.outbox.put({
    team: input.asker.team,
    key: `refused/${input.asker.channel}/${input.askTs}/${what.part}`,
    channel: input.asker.channel,
    threadTs: input.threadTs,
    message: errorMessage(error, what.about === undefined ? {} : { about: what.about }),
  })
}

/** The same message and subject always have the same run, however often Slack delivers the message. */
export function runId(asker: Pick<Asker, 'team' | 'channel'>, askTs: string, name: string): string {
  const day = new Date(Number.parseFloat(askTs) * 1000 || Date.now()).toISOString().slice(0, 10).replaceAll('-', '')
  return `run-${day}-${hash([asker.team, asker.channel, askTs, name].join(' '), 12)}`
}

function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
