import type { Answers } from '../contract/answers.ts'
import { slicePattern } from '../contract/chip.ts'
import { experimentIdSchema } from '../contract/experiment.ts'
import { readAnswers } from '../text/read-answers.ts'

/** What a message that is addressed to the bot names: runs to start, a list to show. What it says of a run is read by `read`. */
export interface Ask {
  verb: 'diagnose' | 'plan' | 'cases' | 'experiments' | 'forget' | null
  /** Experiment ids, in order, each once. */
  ids: string[]
  /** Experiment files written into the message. */
  inline: string[]
  /** What a list of runs is narrowed by; empty for other verbs. */
  words: string[]
  /** What is said of the run that nothing else may say (`diagnose RUN on v5e-8 seq_len=4096`). */
  answers: Answers
  /** What is left of the words without mentions and markup. */
  text: string
}

export const maxIds = 5
const maxText = 20_000
/** Longer words are neither ids nor links that name one. */
const maxToken = 2000
const verbs: Readonly<Record<string, Ask['verb']>> = {
  ...{ diagnose: 'diagnose', diagnosis: 'diagnose', analyze: 'diagnose', analyse: 'diagnose', check: 'diagnose', profile: 'diagnose' },
  ...{
    debug: 'diagnose',
    plan: 'plan',
    cases: 'cases',
    case: 'cases',
    forget: 'forget',
  },
}
const fillers = new Set(
  'a an and again also can could for from it me my of on our please run runs the these this to us with you experiment experiments id job'.split(
    ' ',
  ),
)

/** Reads a message's text as Slack sends it: mentions, links, code spans and all. */
export function readAsk(raw: string): Ask {
  const bounded = raw.slice(0, maxText)
  const inline: string[] = []
  const withoutFences = bounded.replaceAll(/```([\s\S]*?)```/g, (_all, body: string) => {
    const text = unescapeText(body).replace(/^[ \t\n]{0,9}ya?ml\b/, '')
    if (/^[ \t]*id[ \t]*:/m.test(text) && /^[ \t]*hardware[ \t]*:/m.test(text)) {
      inline.push(text)
      return ' '
    }
    return ` ${body} `
  })
  const ids: string[] = []
  const words = withoutFences
    .replaceAll(/<[@#!][^<>]*>/g, ' ')
    .replaceAll(
      /<([^|<>]+)(?:\|([^<>]*))?>/g,
      (_all, address: string, label: string | undefined) => ` ${fromLink(unescapeText(address), label)} `,
    )
  const text = unescapeText(words)
    .replaceAll(/[`"'“”‘’*~]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const listed = listedWords(text)
  if (listed !== null && inline.length === 0) return { verb: 'experiments', ids: [], inline, words: listed, answers: {}, text }
  const slice = saidSlice.exec(text)?.[1]
  let verb: Ask['verb'] = null
  let after = 0
  const tokens: string[] = []
  for (const piece of text.split(/[\s,;]+/)) {
    if (piece.length > maxToken) continue
    const token = bare(piece)
    if (token === '') continue
    const named = verbs[token.toLowerCase()]
    if (named !== undefined && verb === null && tokens.length === after) {
      verb = named
      after = tokens.length
      continue
    }
    if (!fillers.has(token.toLowerCase())) tokens.push(token)
  }
  const { answers, others } = readAnswers(tokens)
  if (slice !== undefined) answers.slice = slice
  for (const token of others) {
    const candidate = token.startsWith('http') ? fromLink(token, undefined) : token
    if (looksLikeId(candidate) && candidate !== slice && !ids.includes(candidate)) ids.push(candidate)
  }
  const only = others[0]
  if (ids.length === 0 && verb === 'diagnose' && others.length === 1 && only !== undefined && experimentIdSchema.safeParse(only).success)
    ids.push(only)
  return { verb, ids: ids.slice(0, maxIds + 1), inline: inline.slice(0, maxIds), words: [], answers, text }
}

/** A slice that is said after the run: "diagnose my-run on v5e-8". */
const saidSlice = new RegExp(`\\b(?:on|slice|topology)[ :=]+(${slicePattern})(?=$|[\\s,.;!?])`, 'i')
/** Asked for a list: "which runs are there?", "list runs", "show me the experiments with llama". */
const listAsked =
  /^(?:(?:which|what) (?:runs|experiments) (?:are there|are available|exist|do (?:you|we) (?:have|know|see)|have (?:you|we)(?: got)?|can (?:i|you|we) (?:ask for|diagnose))|(?:please )?(?:list|show)(?: me)?(?: all)?(?: the| my| our)? (?:runs|experiments)|(?:runs|experiments)$|experiments (?=\S))/i
const listFillers = new Set('on for with of the in from by a all please there that have has i you we can ask me'.split(' '))

/** The words that a list of runs is to be narrowed by; null where no list is asked for. */
function listedWords(text: string): string[] | null {
  const asked = listAsked.exec(text)
  if (asked === null) return null
  const rest = text.slice(asked[0].length, asked[0].length + 300).split(/[\s,;]+/)
  return rest
    .map(bare)
    .filter((word) => word !== '' && !listFillers.has(word.toLowerCase()))
    .slice(0, 10)
}

/** A word without the brackets and marks around it. */
function bare(word: string): string {
  let start = 0
  let end = word.length
  while (start < end && '([{'.includes(word.charAt(start))) start++
  while (end > start && ')]}:!?.'.includes(word.charAt(end - 1))) end--
  return word.slice(start, end)
}

/** An id has a digit, or parts joined by - _ or a dot; plain words are not taken for ids. */
function looksLikeId(token: string): boolean {
  if (!experimentIdSchema.safeParse(token).success) return false
  if (/^[\d.]+$/.test(token) || /^\d+(?:\.\d+)?(?:s|ms|x|k|m|gb|gib|%)$/i.test(token)) return false
  return /\d/.test(token) || /[A-Za-z0-9][-_.][A-Za-z0-9]/.test(token)
}

/**
 * The id that a link speaks of: the run of an XProf or TensorBoard page, a label that is an id, or the last part of the path. The
 * link itself is never followed.
 */
function fromLink(address: string, label: string | undefined): string {
  const run = /[?&#](?:run|session_path|session|logdir)=([^&#]+)/.exec(address)?.[1]
  if (run !== undefined) {
    const parts = safeDecode(run)
      .split('/')
      .filter((part) => part !== '' && part !== 'plugins' && part !== 'profile')
    // a run in a folder is known by the folder; one that stands alone, by its date
    const id = parts.findLast((part) => !/^\d{4}[_-]\d{2}[_-]\d{2}/.test(part)) ?? parts.at(-1)
    if (id !== undefined) return id
  }
  if (label !== undefined && experimentIdSchema.safeParse(label).success) return label
  const path = safeDecode(address.replace(/^\w+:\/\/[^/]*/, '').replace(/[?#].*$/, ''))
  const last =
    path
      .split('/')
      .filter((part) => part !== '')
      .at(-1) ?? ''
  return looksLikeId(last) ? last : ''
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
