import type { Case } from '../../contract/case.ts'
import { formatMesh } from '../../contract/mesh.ts'
import { explainMesh } from '../../planner/explain.ts'
import type { RunDeps } from '../../runs/deps.ts'
import type { FinishedRun, FollowUpAnswer } from '../../runs/results.ts'
import { formatChange, formatMs } from '../../text/units.ts'
import type { QuestionOptions } from '../deps.ts'
import { describeErrors, outcomesOf } from '../learning.ts'
import { verify } from '../verifier.ts'
import { compareCards } from './compare.ts'
import { completeMesh } from './complete-mesh.ts'
import { figuresOf } from './figures.ts'
import { type Intent, parseFollowUp } from './parse.ts'
import { whatIf } from './what-if.ts'

export interface FollowUpInput {
  text: string
  by: string
  finished: () => Promise<FinishedRun>
  deps: RunDeps
  adopted: () => Promise<{ rank: number; caseId: string } | null>
  outcome: (stepTimeMs: number) => Promise<Case>
  options: QuestionOptions
}

export const followUpHelp = [
  'You can ask, for example:',
  '  why not model=8?',
  '  what if batch doubles? what if remat=minimal? what if on v6e-256?',
  '  compare 1 and 2',
  '  show the evidence',
  '  it ran at 22.9 s (after a card was adopted)',
  '  cancel',
].join('\n')

/** Answers a follow-up: what can be computed is computed by the planner; only a free question goes to a model, where one is configured. */
export async function answerFollowUp(input: FollowUpInput): Promise<FollowUpAnswer> {
  const intent = parseFollowUp(input.text)
  const answer = (kind: FollowUpAnswer['kind'], text: string, item: Case | null = null): FollowUpAnswer => ({ kind, text, case: item })
  switch (intent.kind) {
    case 'cancel':
      return answer('cancel', 'Stopped.')
    case 'help':
      return answer('help', followUpHelp)
    case 'outcome':
      return recordOutcome(input, intent.stepTimeMs, answer)
    case 'evidence':
      return answer('evidence', showEvidence(await input.finished(), intent.card))
    case 'compare':
      return answer('compare', compareCards(await input.finished(), intent.cards))
    case 'why_not':
      return answer('why_not', await whyNot(input, intent))
    case 'what_if':
      return answer('what_if', await whatIf(await input.finished(), intent, { deps: input.deps, signal: input.options.signal }))
    case 'question':
      return question(input, answer)
  }
}

async function recordOutcome(
  input: FollowUpInput,
  stepTimeMs: number,
  answer: (kind: 'outcome' | 'help', text: string, item?: Case) => FollowUpAnswer,
): Promise<FollowUpAnswer> {
  if ((await input.adopted()) === null) {
    return answer('help', `Which card ran at ${formatMs(stepTimeMs)}? Adopt it first (react with its number), then say it again.`)
  }
  const item = await input.outcome(stepTimeMs)
  const lines = [`Recorded: ${item.to ? formatMesh(item.to) : 'the adopted card'} ran at ${formatMs(stepTimeMs)}.`]
  if (item.predicted_step_ms !== null)
    lines.push(
      `Predicted ${formatMs(item.predicted_step_ms)}: the measurement is ${formatChange(stepTimeMs / item.predicted_step_ms)} against it.`,
    )
  if (item.measured_before_ms !== null)
    lines.push(
      `Before: ${formatMs(item.measured_before_ms)}, so the step changed by ${formatChange(stepTimeMs / item.measured_before_ms)}.`,
    )
  lines.push(
    item.status === 'refuted'
      ? 'It did not help: the case is kept as proved wrong, and the next diagnosis will say so.'
      : 'The case is confirmed; the next predictions are corrected by it.',
  )
  const own = await input.deps.library.list({ kind: 'case', tenant: item.tenant, limit: 2000, own: true })
  lines.push(...describeErrors(outcomesOf(own)))
  return answer('outcome', lines.join('\n'), item)
}

function showEvidence({ diagnosis }: FinishedRun, card: number | null): string {
  const cards = diagnosis.cards.filter((one) => card === null || one.rank === card)
  if (cards.length === 0) return card === null ? 'There are no cards.' : `There is no card ${card}.`
  const lines = [`Bottleneck: ${diagnosis.bottleneck.class}. ${diagnosis.bottleneck.evidence.slice(0, 3).join('; ')}.`]
  for (const one of cards) {
    lines.push(`Card ${one.rank}, ${formatMesh(one.mesh)}:`)
    if (one.evidence.length === 0) lines.push('  no case or document was close enough; the figures are the planner’s')
    for (const item of one.evidence) lines.push(`  ${item.kind} ${item.title} (${item.uri})`)
  }
  return lines.join('\n')
}

async function whyNot(input: FollowUpInput, intent: Extract<Intent, { kind: 'why_not' }>): Promise<string> {
  const { situation, proposed, diagnosis } = await input.finished()
  const shown = diagnosis.cards.find((card) => card.rank === intent.card)
  if (shown) {
    const first = diagnosis.cards[0]!
    return shown.rank === first.rank
      ? `Card ${shown.rank} is the first: ${shown.rationale}`
      : explainMesh({ workload: situation.workload, verdict: shown, ranked: proposed.plan.ranked, top: 1 })
  }
  const wanted = completeMesh(situation, proposed.plan.ranked, intent.mesh)
  const { verdict } = verify(situation, { mesh: wanted.mesh, dcn: wanted.dcn, changes: {} })
  const lines = [explainMesh({ workload: situation.workload, verdict, ranked: proposed.plan.ranked })]
  if (wanted.completed) lines.push(`(${formatMesh(intent.mesh)} was completed to ${formatMesh(wanted.mesh)}.)`)
  if (verdict.legal && verdict.estimate) lines.push(figuresOf(verdict, situation.baseline))
  return lines.join('\n')
}

async function question(
  input: FollowUpInput,
  answer: (kind: 'question' | 'unknown', text: string) => FollowUpAnswer,
): Promise<FollowUpAnswer> {
  const asked = await input.deps.answerQuestion?.({ text: input.text, finished: input.finished, options: input.options })
  return asked ? answer('question', asked) : answer('unknown', `That cannot be computed here.\n${followUpHelp}`)
}
