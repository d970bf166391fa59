import { type Facts, takeStepCounts } from './facts.ts'
import { outcomeRule } from './outcome-rule.ts'
import type { Found, ReadContext, Value } from './reading.ts'
import { isSign, means, named } from './token.ts'

export type Rule = (facts: Facts, context: ReadContext) => Found | null

const talk = ['subject', 'thanks', 'nevermind']
const answer = [...talk, 'thisanswer', 'ask', 'laugh', 'card', 'step', 'approx', 'relation']
const wide = [
  'how',
  'what',
  'why',
  'better',
  'compare',
  'sure',
  'slow',
  'cost',
  'howrun',
  'days',
  'fit',
  'term',
  'axis',
  'axiswords',
  'chip',
]
const subjects = [
  'batch',
  'micro',
  'seqlen',
  'remat',
  'slices',
  'hardware',
  'full',
  'minimal',
  'off',
  'num',
  'oom',
  'evidence',
  'times',
  'per',
]

/** How many words may be unknown: addressed, a message may say more than we understand. */
function limit({ mentioned }: ReadContext, unaddressed = 0): number {
  return mentioned ? 4 : unaddressed + 0.7
}

const cancel: Rule = (facts, context) => {
  const { key, has, strangers, question, length } = facts
  if (!key('cancel') || key('undo') || facts.times.length > 0 || facts.cards.length > 0 || facts.changesNamed > 0) return null
  if (question && !context.mentioned && has('what', 'why', 'how')) return null
  if (strangers([...talk, 'cancel', 'thisanswer', 'recent']) > limit(context) || length > (context.mentioned ? 14 : 7)) return null
  return { intent: 'cancel', value: {}, reason: 'a word for stopping, and nothing else' }
}

const undo: Rule = (facts, context) => {
  const { key, has, strangers, question, times } = facts
  const asks =
    (key('undo') || (key('cancel', 'nevermind') && key('record', 'adopt') && !key('thisanswer'))) &&
    (context.mentioned || facts.length <= 2 || has('record', 'adopt', 'subject', 'card', 'fill', 'mistake'))
  const disregards = key('disregard') && (has('record') || saysFigure(facts))
  const regrets = key('mistake') && (has('record', 'adopt') || (context.mentioned && !key('cancel'))) && times.length === 0
  if (!(asks || regrets || disregards) || facts.changesNamed > 0) return null
  if (question && has('what', 'why', 'how', 'whatif')) return null
  if (
    strangers(
      [
        ...talk,
        'undo',
        'disregard',
        'cancel',
        'mistake',
        'record',
        'recent',
        'adopt',
        'card',
        'not',
        'step',
        'better',
        'thisanswer',
        'relation',
        'mine',
        'whatif',
        'pick',
      ],
      clauseEnd(facts),
    ) > limit(context, asks && saysFigure(facts) ? 2 : 0)
  )
    return null
  return { intent: 'undo', value: {}, reason: 'a word for taking back' }
}

/** Where the clause ends that says what to take back: what follows (`…, it was from the eval job`) only gives the reason. */
function clauseEnd({ tokens }: Facts): number {
  const said = tokens.findIndex((one) => means(one, 'undo', 'disregard'))
  const what = tokens.findIndex((one, at) => at > said && means(one, 'record', 'adopt') && !means(one, 'undo'))
  const end = tokens.findIndex((one, at) => at > what && isSign(one, ',;.(\u2014\u2013'))
  return said < 0 || what < 0 || end < 0 ? tokens.length : end
}

/** `scratch that, the 22.9 was …`: a figure that was recorded, so the words around it may be any. */
function saysFigure({ tokens, times }: Facts): boolean {
  return times.length > 0 || tokens.some((one) => one.kind === 'number' && /[.,]/.test(one.text))
}

const compare: Rule = (facts, context) => {
  const { key, has, strangers, question } = facts
  const asksWhich = question && (has('better') || facts.cards.length > 1 || (context.mentioned && facts.length <= 4))
  if (key('why') || !(key('compare') || asksWhich)) return null
  if (facts.changesNamed > 0) return null
  const whole = has('card') || facts.cards.length > 0
  const cards = [...new Set([...facts.cards, ...facts.looseCards()])].sort((a, b) => a - b)
  const allowed = [
    ...answer,
    'compare',
    'better',
    'how',
    'what',
    'why',
    'whatif',
    'pick',
    'adopt',
    'term',
    'cost',
    'slow',
    'sure',
    'not',
    'days',
    'fit',
  ]
  const strange = strangers(allowed)
  if (cards.length >= 2 && strange <= limit(context, whole && key('compare') ? 1 : 0)) {
    return { intent: 'compare', value: { cards }, reason: `cards ${cards.join(' and ')} are set beside each other` }
  }
  const all =
    key('compare') &&
    has('card') &&
    facts.tokens.some(({ text }) => /^(?:cards|options|proposals|all|karten|tarjetas|opciones)$/.test(text))
  if (cards.length === 0 && all && context.cards >= 2 && strange <= limit(context)) {
    return { intent: 'compare', value: { cards: Array.from({ length: context.cards }, (_, index) => index + 1) }, reason: 'all cards' }
  }
  if (cards.length === 1 && key('compare') && facts.cards.length === 1 && has('thisanswer', 'subject') && strange <= limit(context))
    return { intent: 'compare', value: { cards }, reason: `card ${cards[0]} beside what runs` }
  return null
}

const adopt: Rule = (facts, context) => {
  const { key, has, strangers, question, cards } = facts
  if (question || (has('why', 'whatif') && !key('adopt'))) return null
  if (has('not') || key('what', 'how', 'why') || !has('adopt') || facts.changesNamed > 0) return null
  const chosen = cards.length > 0 ? cards : (has('adoptword') || context.mentioned) && facts.length <= 6 ? facts.looseCards() : []
  if (chosen.length !== 1) return null
  const allowed = [...talk, 'adopt', 'card', 'pick', 'record', 'howrun', 'whatif', 'ran', 'when']
  if (strangers(allowed) > limit(context)) return null
  return { intent: 'adopt', value: { cards: [...chosen] }, reason: `card ${chosen[0]} is chosen` }
}

const evidence: Rule = (facts, context) => {
  const { key, has, strangers, question, cards, length } = facts
  if (!(key('evidence') || (has('whoran') && cards.length > 0)) || facts.changesNamed > 0 || facts.times.length > 0) return null
  if (!(context.mentioned || question || has('card') || cards.length > 0 || length <= 4)) return null
  const loose = cards.length === 0 && length <= 8 ? facts.looseCards() : []
  const named = cards.length > 0 ? [...cards] : loose
  const allowed = [...answer, 'evidence', 'whoran', 'how', 'what', 'why', 'pick', 'better', 'whatif', 'howrun', 'sure', 'ran']
  if (strangers(allowed) > limit(context, named.length > 0 && has('card') ? 1 : 0)) return null
  return { intent: 'evidence', value: named.length > 0 ? { cards: named } : {}, reason: 'sources are asked for' }
}

const whyNot: Rule = (facts, context) => {
  const { has, key, strangers, mesh, changes } = facts
  const asks = key('wrongwith') || (has('why') && has('not', 'pick')) || (key('why') && Object.keys(mesh).length > 0)
  if (!asks) return null
  const loose = facts.cards.length === 0 && facts.changesNamed === 0 && facts.length <= 6 ? facts.looseCards() : []
  const cards = [...facts.cards, ...loose]
  if (facts.changesNamed === 0 && cards.length === 0) return null
  if (cards.length > 1) return null
  const allowed = [...answer, ...wide, 'why', 'not', 'pick', 'wrongwith', 'whatif', 'adopt', 'per']
  if (strangers(allowed) > limit(context, facts.explicit ? 1 : 0)) return null
  return {
    intent: 'why_not',
    value: { ...meshValue(facts), ...changes, ...(cards.length > 0 ? { cards } : {}) },
    reason: 'why something was not chosen',
  }
}

const whatIf: Rule = (facts, context) => {
  const { key, has, strangers, question, changes, mesh } = facts
  if (facts.changesNamed === 0 || facts.times.length > 0) return null
  if (!context.mentioned && !question && tellsOfHabit(facts)) return null
  const onlyChip = Object.keys(mesh).length === 0 && Object.keys(changes).every((name) => name === 'chip' || name === 'topology')
  const asks = question || has('whatif') || facts.explicit || (facts.request && Object.keys(mesh).length > 0)
  if (!context.mentioned && !asks && !key('double', 'half', 'triple', 'quadruple') && !('batch_factor' in changes)) return null
  const asksShape = question && 'topology' in changes
  if (onlyChip && !(facts.explicit || has('whatif') || asksShape || facts.length <= 3 || asksOfChip(facts))) return null
  if (onlyChip && has('term', 'what', 'slow') && !has('whatif')) return null
  if (key('evidence', 'oom') && !has('whatif')) return null
  const allowed = [
    ...answer,
    'whatif',
    'compare',
    'help',
    'better',
    'not',
    'adopt',
    'pick',
    'record',
    'ran',
    'axiswords',
    'hardware',
    'batch',
    'seqlen',
    'slices',
    'what',
    'how',
    'cost',
    'slow',
    'fit',
    'howrun',
    'sure',
    'oom',
    'days',
    'full',
    'times',
    'double',
    'half',
    'unit',
    'per',
    'term',
    'axis',
  ]
  // a setting in a sentence that asks nothing is told of somebody's run
  if (strangers(allowed) > limit(context, facts.explicit && (question || has('whatif')) ? 1 : 0)) return null
  if (onlyTerms(facts) && !has('whatif') && !facts.explicit && question && key('term') && Object.keys(mesh).length === 0) return null
  return { intent: 'what_if', value: { ...meshValue(facts), ...changes }, reason: 'another setting is asked about' }
}

/** `we use tp=4`, `they ran full remat`: told of what somebody does; `if we use tp=4` asks. */
function tellsOfHabit({ tokens }: Facts): boolean {
  return tokens.some(
    (one, at) =>
      /^(?:we|they|i|he|she|people)$/.test(one.text) &&
      /^(?:uses?|used|runs?|ran|ha[sd]|have|did|do|set|kept|keep)$/.test(tokens[at + 1]?.text ?? '') &&
      !tokens.slice(0, at).some((before) => /^(?:if|suppose|assuming|assume|imagine|say)$/.test(before.text)),
  )
}

/** `is v6e any faster`, `would trillium help`: the chip is what is asked about. */
function asksOfChip({ tokens }: Facts): boolean {
  return tokens.some(
    (one, at) => named(one, 'chip:') !== null && /^(?:is|are|would|will|could|can|does|do)$/.test(tokens[at - 1]?.text ?? ''),
  )
}

/** `is that MFU normal for v5p?` asks about the figure, not about another chip. */
function onlyTerms({ changes }: Facts): boolean {
  return Object.keys(changes).every((name) => name === 'chip')
}

function meshValue({ mesh }: Facts): Value {
  return Object.keys(mesh).length > 0 ? { mesh } : {}
}

const help: Rule = (facts, context) => {
  const { key, strangers, length } = facts
  if (!key('help') || facts.changesNamed > 0 || facts.times.length > 0 || facts.cards.length > 0) return null
  if (strangers([...talk, 'help', 'what', 'how', 'howrun', 'relation']) > (context.mentioned ? 2 : 0)) return null
  if (!context.mentioned && length > 3) return null
  return { intent: 'help', value: {}, reason: 'a word for help' }
}

const thanks: Rule = (facts, context) => {
  if (!context.mentioned || !facts.has('thanks') || facts.question || facts.changesNamed > 0) return null
  if (facts.strangers([...answer, 'thanks', 'better']) > 2 || facts.length > 8) return null
  return { intent: 'thanks', value: {}, reason: 'thanks' }
}

const question: Rule = (facts, context) => {
  const { has, key, strangers } = facts
  const steps = takeStepCounts(facts.tokens)
  if (context.mentioned) return { intent: 'question', value: {}, reason: 'a question about the answer', steps }
  if (!facts.question && !facts.request) return null
  if (has('people')) return null
  const about =
    key('term', 'slow', 'cost', 'sure', 'howrun', 'thisanswer', 'remat', 'batch', 'micro', 'oom', 'fit', 'axis', 'slices') ||
    has('card') ||
    (steps !== null && key('cost', 'days')) ||
    facts.changesNamed > 0 ||
    facts.cards.length > 0
  if (!about) return null
  if (
    strangers([...answer, ...wide, ...subjects, 'pick', 'whatif', 'not', 'adopt', 'record', 'ran', 'help', 'hedge', 'failed', 'ask']) >
    // a card, or how to run what was proposed, is ours alone: then one word may be unknown
    limit(context, has('card') || (has('howrun') && has('subject')) ? 1 : 0)
  )
    return null
  if (facts.length === 1 && !key('slow', 'cost', 'how')) return null
  return { intent: 'question', value: {}, reason: 'a question about the answer', steps }
}

/** In this order: what is said most plainly first; the first that reads it wins. */
export const rules: readonly Rule[] = [undo, cancel, help, outcomeRule, compare, adopt, evidence, whyNot, whatIf, thanks, question]
