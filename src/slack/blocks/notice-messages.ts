import type { Case } from '../../contract/case.ts'
import type { Card } from '../../contract/diagnosis.ts'
import { formatMesh } from '../../contract/mesh.ts'
import type { PromptsError } from '../../errors.ts'
import type { Rank } from '../../runs/adoption.ts'
import { formatChange, formatGibNumber, formatMs } from '../../text/units.ts'
import type { RunEnd, RunFailure } from '../runs/run-records.ts'
import { rankEmoji } from './card-message.ts'
import { hidePlaces } from './hide-places.ts'
import { actions, button, context, type Message, message, section } from './message.ts'
import { answerButtons } from './question-blocks.ts'
import { escapeCode, escapeText, plain } from './text.ts'

/** Every failure: the reason, what to do next, and the id that ties it to the log. */
export function errorMessage(error: PromptsError, options: { about?: string; run?: string } = {}): Message {
  const about = options.about === undefined ? '' : `*${escapeText(options.about, 200)}*: `
  const reason = `:x: ${about}${escapeText(hidePlaces(error.message), 1500)}`
  const next = error.hint === '' ? '' : `\n${withChannels(escapeText(hidePlaces(error.hint), 1000))}`
  const ids = [options.run === undefined ? null : `run \`${escapeCode(options.run, 150)}\``, `error \`${error.id}\` (${error.code})`]
  const blocks = [section(reason + next), ...choicesOf(error, options.run), context(ids.filter((id) => id !== null).join(' · '))]
  return message(plain(reason), blocks)
}

const mostRuns = 5
const placeIs = 'place='

/** The slices that a run can have run on, or the runs that may be meant, to choose from with one click. */
function choicesOf(error: PromptsError, run: string | undefined): ReturnType<typeof actions>[] {
  if (run === undefined || error.choices.length === 0) return []
  if (error.code === 'slice_unknown') return [answerButtons(run, 'slice', error.choices, 0)]
  if (error.code !== 'ambiguous_experiment' && error.code !== 'unknown_experiment') return []
  const places = error.choices.flatMap(({ label, value }) =>
    value.startsWith(placeIs) ? [{ label, value: value.slice(placeIs.length) }] : [],
  )
  if (places.length > 0) return [answerButtons(run, 'place', places, 0)]
  return [actions(...error.choices.slice(0, mostRuns).map(({ label, value }, at) => button(label, `diagnose_${at}`, { run, id: value })))]
}

/** Channels' ids as links to them: nobody knows a channel by its id. */
function withChannels(escaped: string): string {
  return escaped.replaceAll(/\bC[A-Z0-9]{8,12}\b/g, (id) => `<#${id}>`)
}

/** Asked about a run that has no answer: what became of it, and what to do. */
export function noAnswerMessage(input: { run: string; title: string; end: RunEnd | null; failure: RunFailure | null }): Message {
  const about = `The diagnosis of ${escapeText(input.title, 200)}`
  const again = `Mention me with \`diagnose ${escapeCode(input.title, 150)}\` to try again.`
  const text = () => {
    if (input.end === 'cancelled') return `:no_entry_sign: ${about} was cancelled. ${again}`
    if (input.end !== 'failed')
      return `:hourglass_flowing_sand: ${about} is under way; ask again when its cards are here. _cancel_ stops it.`
    const why = input.failure === null ? ' failed' : ` failed: ${escapeText(hidePlaces(input.failure.message), 1000)}`
    const hint = input.failure === null || input.failure.hint === '' ? '' : `\n${escapeText(hidePlaces(input.failure.hint), 800)}`
    return `:x: ${about}${/[.!?]$/.test(why) ? why : `${why}.`}${hint}\n${again}`
  }
  const ids = [`run \`${escapeCode(input.run, 150)}\``, input.failure === null ? null : `error \`${escapeCode(input.failure.id, 60)}\``]
  return message(plain(text()), [section(text()), context(ids.filter((id) => id !== null).join(' · '))])
}

/** Said in the thread when someone adopts a card. */
export function adoptedMessage(input: { by: string; rank: Rank; case: Case; instead: { by: string; rank: Rank } | null }): Message {
  const mesh = input.case.to === null ? '' : ` *${formatMesh(input.case.to)}*`
  const step = input.case.predicted_step_ms === null ? '' : `, predicted step ${formatMs(input.case.predicted_step_ms)}`
  const instead = input.instead === null ? '' : ` instead of card ${input.instead.rank}`
  const text = `:white_check_mark: <@${input.by}> adopted card ${input.rank}${instead}:${mesh}${step}.`
  return message(plain(text), [
    section(text),
    context(
      `Recorded as case \`${escapeCode(input.case.id, 200)}\`. When it ran, tell me here: _it ran at 22.9 s_ or _it ran as exp-124_.`,
    ),
  ])
}

export function takenBackMessage(input: { by: string; rank: Rank; now: { by: string; rank: Rank } | null }): Message {
  const now =
    input.now === null ? ' No card of this run is adopted now.' : ` Card ${input.now.rank}, adopted by <@${input.now.by}>, stands.`
  const text = `:leftwards_arrow_with_hook: <@${input.by}> took card ${input.rank} back.${now}`
  return message(plain(text), [section(text)])
}

/** Private: another number than the card's own was used on it. */
export function whichCardMessage(input: { run: string; on: Rank; meant: Rank }): Message {
  const text = `You reacted ${rankEmoji[input.meant]} on card ${input.on}. Which one do you adopt?`
  const choose = (rank: Rank) => button(`Card ${rank}`, `adopt_choice_${rank}`, { run: input.run, rank })
  return message(text, [section(text), actions(choose(input.on), choose(input.meant))])
}

/** Private: a yes on the summary, which has several cards. */
export function whichOfCardsMessage(input: { run: string; cards: readonly Card[] }): Message {
  const text = 'Which card do you adopt?'
  const choices = input.cards.map(({ rank, mesh }) =>
    button(`Card ${rank} (${formatMesh(mesh)})`, `adopt_choice_${rank}`, { run: input.run, rank }),
  )
  return message(text, [section(text), actions(...choices)])
}

/** Private: this person may not adopt here. */
export function mayNotAdoptMessage(who: string): Message {
  const text = `Nothing was recorded: in this workspace ${who} may adopt a card.`
  return message(text, [section(text), context('An admin sets this with PROMPTS_ADOPTERS.')])
}

/** To whoever adopted a card that the compiler then refused. */
export function withdrawnNotice(input: { adopters: string[]; rank: Rank; card: Card; reason: string; replacement: Card | null }): Message {
  const who = input.adopters
    .slice(0, 20)
    .map((user) => `<@${user}>`)
    .join(' ')
  const instead =
    input.replacement === null
      ? ' Nothing takes its place.'
      : ` *${formatMesh(input.replacement.mesh)}* takes its place; nobody has adopted it yet.`
  const text = `:rotating_light: ${who} card ${input.rank} (*${formatMesh(input.card.mesh)}*), which you adopted, is withdrawn: ${escapeText(input.reason, 1000)}.${instead}`
  return message(plain(text), [section(text), context('The adoption is taken back and its case marked as withdrawn.')])
}

/** Under load: all compiler verdicts of a run in one message instead of an edit of each card. */
export function verdictsMessage(cards: Card[], withdrawn: { card: Card; reason: string }[]): Message {
  const words = { fits: 'compiled', oom: 'out of memory', error: 'did not compile', unknown: 'no verdict' }
  const lines = cards
    .filter((card) => card.compiler !== null)
    .map((card) => {
      const gib = card.compiler!.required_gib
      return `${rankEmoji[card.rank]}  ${formatMesh(card.mesh)}: ${words[card.compiler!.status]}${gib === null ? '' : `, ${formatGibNumber(gib)} GiB`}`
    })
  const gone = withdrawn.slice(0, 3).map((entry) => `:x:  withdrawn: ${formatMesh(entry.card.mesh)}: ${escapeText(entry.reason, 500)}`)
  const text = ['*Compiler*', ...lines, ...gone].join('\n')
  return message(plain(text), [section(text)])
}

/** What was recorded of how a card ran, with the way back. */
export function outcomeMessage(input: { by: string; case: Case; run: string; rank: Rank; title: string }): Message {
  const { result, measured_before_ms: before, measured_after_ms: after, predicted_step_ms: predicted } = input.case
  const mesh = input.case.to === null ? '' : ` (*${formatMesh(input.case.to)}*)`
  const card = `card ${input.rank}${mesh} of ${escapeText(input.title, 200)}`
  const gain =
    before === null || after === null || after === 0
      ? ''
      : `: ${formatMs(before)} → ${formatMs(after)}, ${formatChange(after / before)} per step`
  const against = predicted === null || after === null ? '' : ` Predicted: ${formatMs(predicted)} (${formatChange(after / predicted)}).`
  const ran =
    result === 'oom'
      ? `${card} ran out of memory.`
      : result === 'failed'
        ? `${card} failed.`
        : `${card} ran at ${formatMs(after)}${gain}.${against}`
  const verdict =
    input.case.status === 'refuted'
      ? 'Saved as a refuted case: the next diagnosis will say so.'
      : 'Saved as a confirmed case; the next diagnosis of a similar job can cite it.'
  const text = `:stopwatch: Recorded: ${ran}`
  return message(plain(text), [
    section(text),
    context(`By <@${input.by}>. ${verdict}`),
    actions(button('Take back', 'outcome_undo', { run: input.run })),
  ])
}

/** Asked once, a day after a card was adopted and nothing was heard. */
export function outcomeReminder(input: { by: string; mesh: string; predictedMs: number | null }): Message {
  const predicted = input.predictedMs === null ? '' : ` (predicted step ${formatMs(input.predictedMs)})`
  const text = `<@${input.by}> how did *${escapeText(input.mesh, 200)}*${predicted} run?`
  return message(plain(text), [section(text), context('Answer here: _it ran at 22.9 s_ or _it ran as exp-124_. I ask this once.')])
}

/** A follow-up's answer: plain text with short lines; questions that can be answered instead are buttons that ask them. */
export function replyMessage(text: string, next?: { run: string; instead: readonly string[] }): Message {
  const body = text.trim() === '' ? "I don't have an answer for that." : text.trim()
  const parts: string[] = []
  for (let at = 0; at < body.length && parts.length < 4; at += 2400) parts.push(body.slice(at, at + 2400))
  const questions = next?.instead ?? []
  const asks = questions.slice(0, 3).map((question, at) => button(question, `ask_${at}`, { run: next?.run, text: question }))
  const said = questions.length === 0 ? body : `${body} I can: ${questions.join(' · ')}`
  return message(escapeText(said, 3900), [
    ...parts.map((part) => section(withSettings(escapeText(part, 2950)), { folds: true })),
    ...(asks.length === 0 ? [] : [actions(...asks)]),
  ])
}

/** Lines that are settings alone (`ici_fsdp_parallelism=64 …`) copy as they are. */
function withSettings(escaped: string): string {
  return escaped.replaceAll(/^(?:[\w.-]{2,60}=[^\s=]{1,60}(?:[ \n]|$)){3,}/gm, (lines) => `\`\`\`\n${lines.trimEnd()}\n\`\`\`\n`)
}

/** Several runs of a thread have cards: which one is meant is for its writer to say. */
export function whichRunMessage(input: { runs: readonly { run: string; title: string }[]; text: string }): Message {
  const text = 'Which run do you mean?'
  const choices = input.runs
    .slice(0, 5)
    .map(({ run, title }, index) => button(title, `which_run_${index}`, { run, text: input.text.slice(0, 900) }))
  return message(text, [section(text), actions(...choices)])
}

/** For someone who asked for a run that is already under way. */
export function joinedMessage(input: { title: string; run: string; by: string | null; link: string | null }): Message {
  const who = input.by === null ? '' : ` (asked by <@${input.by}>)`
  const where = input.link === null ? '' : ` in <${input.link}|this thread>`
  const text = `:busts_in_silhouette: ${escapeText(input.title, 200)} is being diagnosed already${who}${where}; the answer comes here too.`
  return message(plain(text), [section(text), actions(button('Cancel', 'cancel', { run: input.run }, 'danger'))])
}
