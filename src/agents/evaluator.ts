import type { Compiler } from '../compiler/compiler.ts'
import type { Card } from '../contract/diagnosis.ts'
import { formatMesh } from '../contract/mesh.ts'
import { samePlaced } from '../contract/placed.ts'
import type { CompilerVerdict, Verdict } from '../contract/verdict.ts'
import { withCompiler } from '../planner/with-compiler.ts'
import { formatGibNumber } from '../text/units.ts'
import { makeCard, maxtextFlagsOf } from './cards.ts'
import type { AgentDeps } from './deps.ts'
import { isBaseline } from './proposer.ts'
import { writeRationale } from './rationale.ts'
import { evidenceFor, type Retrieved } from './retrieval.ts'
import type { Analysis, Situation } from './situation.ts'
import { objectionsTo } from './verifier.ts'

/** Replacements that are compiled for one run at most: each takes minutes. */
const replacementLimit = 6
/** What one run may have compiled: its three cards and their replacements. */
export const compilationsPerRun = 3 + replacementLimit

/** A card that was shown and had to be taken back. */
export interface WithdrawnCard {
  card: Card
  /** In words for the engineer: what the compiler said. */
  reason: string
}

export interface EvaluateInput {
  situation: Situation
  analysis: Analysis
  cards: Card[]
  /** Where replacements come from. */
  ranked: readonly Verdict[]
  retrieved: Retrieved
  run: string
  tenant: string
}

/**
 * The Evaluator: asks the TPU compiler about the cards, one after the other. A card that does not compile is withdrawn, and the
 * next of the ranking that is not shown yet takes its place and is compiled in turn. `onChange` hears every step with all cards
 * as they stand.
 */
export async function evaluateCards(
  deps: Pick<AgentDeps, 'memory' | 'library' | 'embedder'> & { compiler: Compiler },
  input: EvaluateInput,
  onChange: (cards: Card[], withdrawn: WithdrawnCard[]) => Promise<void>,
  signal: AbortSignal,
): Promise<{ cards: Card[]; notes: string[] }> {
  const { situation, analysis, run, tenant } = input
  const cards = [...input.cards]
  const notes: string[] = []
  const tried: Pick<Verdict, 'mesh' | 'dcn' | 'changes'>[] = [...cards]
  let replacements = 0

  const compile = async (card: Card): Promise<CompilerVerdict> => {
    const candidate = { ...card, ...maxtextFlagsOf(situation, card) }
    const { verdict, memory, study } = await deps.compiler.compile(situation.workload, candidate, { full: false, signal })
    await deps.memory.append(run, { kind: 'compiler', name: formatMesh(card.mesh), data: { ...verdict, memory, study } })
    return verdict
  }

  const replacement = async (rank: Card['rank']): Promise<Card | null> => {
    if (replacements >= replacementLimit) return null
    const next = input.ranked.find(
      (verdict) =>
        objectionsTo(verdict).length === 0 && !isBaseline(situation, verdict) && !tried.some((other) => sameProposal(other, verdict)),
    )
    if (!next) return null
    replacements++
    tried.push(next)
    const evidence = await evidenceFor(
      next,
      { situation, analysis, retrieved: input.retrieved },
      {
        library: deps.library,
        embedder: deps.embedder,
        tenant,
        signal,
      },
    )
    return makeCard(situation, next, rank, { rationale: writeRationale(situation, analysis, next), evidence })
  }

  for (const original of input.cards) {
    if (original.compiler !== null && original.compiler.status !== 'unknown') continue
    const withdrawn: WithdrawnCard[] = []
    let card: Card | null = original
    while (card) {
      signal.throwIfAborted()
      const compiler = await compile(card)
      const compiled = withCompiler(card, compiler)
      if (compiler.status !== 'oom' && compiler.status !== 'error') {
        replace(cards, original.rank, compiled)
        break
      }
      withdrawn.push({ card: compiled, reason: reasonOf(compiler) })
      notes.push(`${formatMesh(card.mesh)} was withdrawn: ${reasonOf(compiler)}.`)
      card = await replacement(original.rank)
      replace(cards, original.rank, card)
    }
    await onChange([...cards], withdrawn)
  }
  return { cards, notes }
}

function replace(cards: Card[], rank: Card['rank'], card: Card | null): void {
  const at = cards.findIndex((one) => one.rank === rank)
  if (card === null) cards.splice(at, 1)
  else cards[at] = card
}

function reasonOf(compiler: CompilerVerdict): string {
  if (compiler.status === 'oom') {
    const need =
      compiler.required_gib === null
        ? ''
        : `: it needs ${formatGibNumber(compiler.required_gib)} of ${formatGibNumber(compiler.available_gib)} GiB`
    return `the TPU compiler runs out of memory${need}`
  }
  return `the TPU compiler refuses it: ${(compiler.message ?? 'no reason given').split('\n')[0]!.slice(0, 300)}`
}

function sameProposal(a: Pick<Verdict, 'mesh' | 'dcn' | 'changes'>, b: Pick<Verdict, 'mesh' | 'dcn' | 'changes'>): boolean {
  return samePlaced(a, b) && JSON.stringify(a.changes) === JSON.stringify(b.changes)
}
