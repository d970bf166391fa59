import { z } from 'zod'
import type { Card } from '../../contract/diagnosis.ts'
import { runSchema } from '../../contract/experiment.ts'
import { compactMesh, formatMesh, meshSchema } from '../../contract/mesh.ts'
import type { Verdict } from '../../contract/verdict.ts'
import { measurementOf } from '../case-match.ts'
import { collectFacts, ground, sentencesOf } from '../grounding.ts'
import { isBaseline } from '../proposer.ts'
import type { ProposeInput } from '../reasoning.ts'
import type { Situation } from '../situation.ts'
import { type Checked, verify } from '../verifier.ts'
import type { Agent } from './agent-loop.ts'

export const proposalsSchema = z.strictObject({
  proposals: z
    .array(
      z.strictObject({
        mesh: meshSchema,
        dcn: meshSchema.optional(),
        changes: runSchema.partial().optional(),
        rationale: z.string().max(1500),
      }),
    )
    .min(1)
    .max(5),
})
type Proposals = z.infer<typeof proposalsSchema>

/** What one sample proposed that passed the verifier, with what its tools said. */
export interface Sample {
  proposals: { verdict: Verdict; rationale: string }[]
  rejected: number
  results: readonly unknown[]
}

/** Objections go back to the model this often. */
const rounds = 2
/** Cards that stay the planner's, as evidence has moved it; the place after them may be an idea of the model's own. */
const plannersCards = 2
const longestRationale = 700

/** One sample: its proposals checked, objections returned, at most two rounds; what still fails is counted and dropped. */
export async function sampleProposals(
  situation: Situation,
  start: (output: typeof proposalsSchema) => { agent: Agent<Proposals>; results: unknown[] },
): Promise<Sample> {
  const { agent, results } = start(proposalsSchema)
  let said = await agent.answer()
  let checked = check(situation, said)
  for (let round = 0; round < rounds && checked.some((one) => one.objections.length > 0); round++) {
    said = await agent.object(objectionText(checked))
    checked = check(situation, said)
  }
  const proposals = checked.flatMap((one, i) =>
    one.objections.length === 0 ? [{ verdict: one.verdict, rationale: said.proposals[i]!.rationale }] : [],
  )
  return { proposals, rejected: checked.length - proposals.length, results }
}

function check(situation: Situation, { proposals }: Proposals): Checked[] {
  return proposals.map(({ mesh, dcn, changes }) => verify(situation, { mesh, dcn: dcn ?? situation.workload.dcn, changes: changes ?? {} }))
}

function objectionText(checked: readonly Checked[]): string {
  const lines = checked
    .filter((one) => one.objections.length > 0)
    .map((one) => `${formatMesh(one.verdict.mesh)}: ${one.objections.join('; ')}`)
  return `The verifier rejects:\n${lines.join('\n')}\nKeep the proposals it did not name, replace the others, and answer with the whole list again.`
}

export interface Picked {
  chosen: Verdict[]
  /** The model's words for a card; null where it wrote none that stand. */
  rationales: (string | null)[]
  chosenBy: Card['chosen_by'][]
  removed: number
  rejected: number
}

/**
 * The cards: the rules' first two, and in the place after them the model's own idea where it has one, else the rules' third. An
 * idea of its own is feasible, is not what ran or was measured to fail, and is no card of the rules; samples vote by the first
 * such mesh of each, the planner's time decides between equals. What the planner expects of it is said on the card, and a
 * compilation can still withdraw it. The words are those of the sample that stand up best to grounding.
 */
export function pickCards(input: ProposeInput, samples: readonly Sample[]): Picked {
  const idea = ownIdea(input, samples)
  const kept = idea === null ? input.chosen : input.chosen.slice(0, plannersCards)
  const chosen = idea === null ? [...kept] : [...kept, idea]
  let removed = 0
  const rationales = chosen.map((verdict) => {
    const words = wordsFor(verdict, samples)
    removed += words.removed
    return words.text
  })
  return {
    chosen,
    rationales,
    chosenBy: chosen.map((verdict) => (verdict === idea ? 'agent' : (input.chosenBy[input.chosen.indexOf(verdict)] ?? 'planner'))),
    removed,
    rejected: samples.reduce((sum, sample) => sum + sample.rejected, 0),
  }
}

/** The mesh that most samples name first among those that are no card of the rules; null where none is. */
function ownIdea({ situation, chosen, measurements }: ProposeInput, samples: readonly Sample[]): Verdict | null {
  const cards = new Set(chosen.map(keyOf))
  const ideas = new Map<string, { verdict: Verdict; votes: number }>()
  for (const sample of samples) {
    const first = sample.proposals.find(
      ({ verdict }) => !cards.has(keyOf(verdict)) && !isBaseline(situation, verdict) && !measurementOf(verdict, measurements)?.failed,
    )
    if (!first) continue
    const known = ideas.get(keyOf(first.verdict))
    if (known) known.votes++
    else ideas.set(keyOf(first.verdict), { verdict: first.verdict, votes: 1 })
  }
  const time = ({ verdict }: { verdict: Verdict }) => verdict.estimate?.step_time_ms ?? Number.POSITIVE_INFINITY
  return [...ideas.values()].sort((a, b) => b.votes - a.votes || time(a) - time(b))[0]?.verdict ?? null
}

function wordsFor(verdict: Verdict, samples: readonly Sample[]): { text: string | null; removed: number } {
  let removed = 0
  let best: { text: string; removed: number } | null = null
  for (const sample of samples) {
    const mine = sample.proposals.find((one) => keyOf(one.verdict) === keyOf(verdict))
    if (!mine) continue
    const grounded = ground(mine.rationale, collectFacts(sample.results))
    removed += grounded.removed.length
    const kept = sentencesOf(grounded.text)
    // two sentences with figures, or the rules' own words are better
    if (kept.length < 2 || !/\d/.test(grounded.text) || grounded.text.length > longestRationale) continue
    const better =
      best === null || grounded.removed.length < best.removed || (grounded.removed.length === best.removed && grounded.text < best.text)
    if (better) best = { text: grounded.text, removed: grounded.removed.length }
  }
  return { text: best?.text ?? null, removed }
}

function keyOf({ mesh, dcn, changes }: Pick<Verdict, 'mesh' | 'dcn' | 'changes'>): string {
  const settings = Object.entries(changes).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([compactMesh(mesh), compactMesh(dcn), settings])
}
