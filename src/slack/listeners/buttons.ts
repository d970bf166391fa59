import type { App } from '@slack/bolt'
import { sayAnswers } from '../../contract/answers.ts'
import { PromptsError } from '../../errors.ts'
import { keys } from '../../state/keys.ts'
import { readAnswers } from '../../text/read-answers.ts'
import { allSettingsMessage } from '../blocks/card-message.ts'
import { feedbackMessage } from '../blocks/feedback-message.ts'
import { message, section } from '../blocks/message.ts'
import { link } from '../blocks/text.ts'
import { whyNotModal } from '../blocks/why-not-modal.ts'
import { handleFollowUp } from '../follow-ups/handle-follow-up.ts'
import { offerValueSchema } from '../offers/offer.ts'
import { replayFlag } from '../receivers/inbox.ts'
import { type Asker, checkAsker } from '../requests/access.ts'
import { answerRun } from '../requests/answer-run.ts'
import { startRuns } from '../requests/start-runs.ts'
import { cancelRun } from '../runs/cancel-run.ts'
import type { RunRecord } from '../runs/run-records.ts'
import { sharePage } from '../runs/share-page.ts'
import type { SlackServices } from '../services.ts'
import { guarded } from './guard.ts'
import {
  actionBodySchema,
  answerValueSchema,
  cardValueSchema,
  diagnoseValueSchema,
  feedbackValueSchema,
  parseValue,
  runValueSchema,
  whichRunValueSchema,
  whyNotContextSchema,
} from './payloads.ts'

const clickMs = 3600_000

interface Click {
  team: string
  user: string
  channel: string
  threadTs: string
  messageTs: string
  value: string | undefined
  triggerId: string | undefined
}

/** Buttons of cards, plans and questions, and the modal behind "Why not …?". */
export function listenToButtons(app: App, services: SlackServices): void {
  const on = (pattern: string | RegExp, handle: (click: Click) => Promise<void>) =>
    app.action(pattern, async ({ ack, body, context }) => {
      await ack()
      const click = readClick(body, context.teamId)
      if (click === null) return
      const where = { team: click.team, channel: click.channel, threadTs: click.threadTs, user: click.user }
      await guarded(services, 'a button', where, async () => {
        if (context[replayFlag] !== true && !(await isFirstClick(services, click))) return
        await mayAsk(services, askerOf(click))
        await handle(click)
      })
    })

  on(/^adopt(_choice_[123])?$/, (click) => change(services, click, true))
  on('unadopt', (click) => change(services, click, false))
  on('cancel', async (click) => {
    const value = parseValue(runValueSchema, click.value)
    if (value === null) return
    await ownRecord(services, value.run, click.team)
    await cancelRun(services, { run: value.run, by: click.user, team: click.team, channel: click.channel, threadTs: click.threadTs })
  })
  on(/^offer_(?:record_[123]|no)$/, async (click) => {
    const value = parseValue(offerValueSchema, click.value)
    if (value === null) return
    const said = { user: click.user, team: click.team, yes: value.rank !== null, rank: value.rank }
    if ((await services.offers.answer(value.offer, said)) === 'gone') await services.offers.tellGone(click, click.user, value.offer)
  })
  on('outcome_undo', async (click) => {
    const value = parseValue(runValueSchema, click.value)
    if (value === null) return
    const record = await ownRecord(services, value.run, click.team)
    const { team, channel, threadTs } = click
    const told = await services.offers.takeBack(record, { channel, threadTs }, click.user)
    if (told !== null)
      await services.outbox.put({ team, key: `undo/${value.run}/${click.triggerId ?? Date.now()}`, channel, threadTs, message: told })
  })
  // which of several runs is meant; a question that can be answered, in the place of one that cannot
  on(/^(?:which_run|ask)_\d$/, async (click) => {
    const value = parseValue(whichRunValueSchema, click.value)
    if (value === null) return
    await ownRecord(services, value.run, click.team)
    const askTs = `which-${click.messageTs}-${value.run}-${value.text.slice(0, 60)}`
    await handleFollowUp(services, {
      asker: askerOf(click),
      threadTs: click.threadTs,
      askTs,
      runs: [value.run],
      text: value.text,
      addressed: true,
    })
  })
  on(/^answer_(?:all|\d_\d)$/, async (click) => {
    const value = parseValue(answerValueSchema, click.value)
    // read again as words are: a button's value is data from outside
    const { answers } = readAnswers(value === null ? [] : sayAnswers(value.answers).split(' '))
    if (value === null || Object.keys(answers).length === 0) return
    const record = await ownRecord(services, value.run, click.team)
    const askTs = `answer-${click.messageTs}-${sayAnswers(answers)}`
    await answerRun(services, askerOf(click), { id: record.title, answers, threadTs: click.threadTs, askTs, eyesTs: null })
  })
  // which of several runs of a name is meant, or one that is called nearly so
  on(/^diagnose_\d$/, async (click) => {
    const value = parseValue(diagnoseValueSchema, click.value)
    if (value === null) return
    await ownRecord(services, value.run, click.team)
    const askTs = `diagnose-${click.messageTs}-${value.id}`
    const subject = { kind: 'experiment', id: value.id } as const
    await startRuns(services, { asker: askerOf(click), threadTs: click.threadTs, askTs, eyesTs: null, subjects: [subject] })
  })
  on('details', async (click) => {
    const value = parseValue(runValueSchema, click.value)
    if (value !== null) await services.delivery.details(await ownRecord(services, value.run, click.team), click)
  })
  on('profile_page', async (click) => {
    const value = parseValue(runValueSchema, click.value)
    if (value === null) return
    const { team, channel, threadTs, user } = click
    const shared = await sharePage(services.deps, services.clients, await ownRecord(services, value.run, team), click)
    if (shared === null || shared.isNew) return
    const key = `page/${value.run}/${user}/${click.triggerId ?? ''}`
    const where = shared.permalink === '' ? 'It is in this thread.' : `It is in this thread: ${link(shared.permalink, 'the page', 700)}`
    await services.outbox.whisper({ team, key, channel, threadTs, user, message: message(where, [section(where)]) })
  })
  on('all_settings', async (click) => {
    const value = parseValue(cardValueSchema, click.value)
    if (value === null) return
    await ownRecord(services, value.run, click.team)
    const diagnosis = await services.deps.memory.diagnosis(value.run)
    const card = diagnosis?.cards.find((one) => one.rank === value.rank)
    if (!diagnosis || card === undefined) return
    const { team, channel, threadTs, user } = click
    const key = `settings/${value.run}/${value.rank}/${user}/${click.triggerId ?? ''}`
    await services.outbox.whisper({ team, key, channel, threadTs, user, message: allSettingsMessage(diagnosis, card) })
  })
  on(/^feedback(?:_why_\d)?$/, async (click) => {
    const value = parseValue(feedbackValueSchema, click.value)
    if (value === null) return
    await ownRecord(services, value.run, click.team)
    const { feedback, about } = value
    await services.deps.memory.append(value.run, { kind: 'user_input', name: 'feedback', data: { by: click.user, feedback, about } })
    services.deps.metrics.feedbackGiven(feedback, about ?? 'none')
    const key = `feedback/${value.run}/${click.user}/${feedback}/${about ?? ''}`
    const { team, channel, threadTs, user } = click
    await services.outbox.whisper({ team, key, channel, threadTs, user, message: feedbackMessage(value) })
  })
  on('why_not', async (click) => {
    const value = parseValue(cardValueSchema, click.value)
    if (value === null || click.triggerId === undefined) return
    await ownRecord(services, value.run, click.team)
    const client = await services.clients.forTeam(click.team)
    const view = whyNotModal({ run: value.run, channel: click.channel, threadTs: click.threadTs })
    await client.views.open({ trigger_id: click.triggerId, view })
  })
  app.view('why_not', async ({ ack, body, view, context }) => {
    await ack()
    const place = parseValue(whyNotContextSchema, view.private_metadata)
    const text = view.state.values.mesh?.text?.value?.trim()
    const team = body.team?.id ?? context.teamId
    if (place === null || team === undefined || text === undefined || text === '') return
    const asker = { team, channel: place.channel, user: body.user.id, isSharedChannel: undefined }
    await guarded(services, 'a question', { team, ...place, user: body.user.id }, async () => {
      await ownRecord(services, place.run, team)
      await mayAsk(services, asker)
      await handleFollowUp(services, {
        asker,
        threadTs: place.threadTs,
        askTs: `modal-${view.id}`,
        runs: [place.run],
        text: `why not ${text}?`,
        addressed: true,
      })
    })
  })
}

async function change(services: SlackServices, click: Click, added: boolean): Promise<void> {
  const value = parseValue(cardValueSchema, click.value)
  if (value === null) return
  const record = await ownRecord(services, value.run, click.team)
  const place = { channel: click.channel, threadTs: click.threadTs }
  if (added) {
    await services.reactions.say(record, place, { user: click.user, rank: value.rank, source: 'button', added: true })
    return
  }
  const adopted = await services.adoption.current(click.team, value.run)
  if (adopted !== null && adopted.by !== click.user) {
    const text = `<@${adopted.by}> adopted this card; only they can take it back. Adopt another card to put it in its place.`
    const base = { team: click.team, key: `take-back/${value.run}/${click.user}/${Date.now()}`, ...place, user: click.user }
    await services.outbox.whisper({ ...base, message: message(text, [section(text)]) })
    return
  }
  await services.adoption.unmark(record, place, { user: click.user, rank: value.rank, source: null })
}

/** @throws PromptsError `not_allowed` for guests and in shared channels, unless the operator lets them. */
async function mayAsk(services: SlackServices, asker: Asker): Promise<void> {
  await checkAsker(services.deps, await services.clients.forTeam(asker.team), asker)
}

/** A click is one trigger: delivered again (by Slack, or by whoever caught it on its way) it does nothing. */
async function isFirstClick({ deps }: SlackServices, { triggerId }: Click): Promise<boolean> {
  return triggerId === undefined || deps.state.claim(keys.click(triggerId), clickMs)
}

function askerOf({ team, channel, user }: Click): Asker {
  return { team, channel, user, isSharedChannel: undefined }
}

/** The run, if it is this workspace's: a button's value is data from outside. @throws PromptsError `unknown_run`. */
async function ownRecord(services: SlackServices, run: string, team: string): Promise<RunRecord> {
  const record = await services.records.get(run)
  if (record !== null && record.team === team) return record
  throw new PromptsError('unknown_run', 'This run has been deleted', { hint: 'Mention me with the experiment to diagnose it again.' })
}

function readClick(body: unknown, contextTeam: string | undefined): Click | null {
  const parsed = actionBodySchema.safeParse(body)
  if (!parsed.success) return null
  const { team, user, channel, message, container, trigger_id, actions } = parsed.data
  const teamId = team?.id ?? contextTeam
  const channelId = channel?.id ?? container?.channel_id
  const messageTs = message?.ts ?? container?.message_ts
  if (teamId === undefined || channelId === undefined || messageTs === undefined) return null
  const threadTs = message?.thread_ts ?? container?.thread_ts ?? messageTs
  return { team: teamId, user: user.id, channel: channelId, threadTs, messageTs, value: actions[0]?.value, triggerId: trigger_id }
}
