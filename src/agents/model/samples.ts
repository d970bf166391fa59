import { z } from 'zod'
import { runSchema } from '../../contract/experiment.ts'
import { compactMesh, formatMesh, meshSchema } from '../../contract/mesh.ts'
import type { Verdict } from '../../contract/verdict.ts'
import { rankWithMeasurements } from '../case-match.ts'
import { collectFacts, ground, sentencesOf } from '../grounding.ts'
import { chooseCards } from '../proposer.ts'
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
/**
 * A vote of most samples weighs as much as this share of the predicted time: it decides only where the numbers cannot. A hundredth was tried, and
 * with answers that vary only 43 % of repeated runs gave the same cards, because many meshes are predicted within one per cent of each other.
 */
const voteWeight = 0.0005
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
  removed: number
  rejected: number
}

/**
 * The cards from the samples' proposals and the planner's ranking together: scored by the numbers, a majority of samples deciding between equals,
 * then diverse ones chosen as the rules choose. The words are those of the sample that stand up best to grounding.
 */
export function pickCards(input: ProposeInput, samples: readonly Sample[], asked: number): Picked {
  const { situation, plan, measurements } = input
  const votes = new Map<string, number>()
  const pool = new Map(plan.ranked.map((verdict) => [keyOf(verdict), verdict]))
  for (const sample of samples) {
    for (const key of new Set(sample.proposals.map(({ verdict }) => keyOf(verdict)))) votes.set(key, (votes.get(key) ?? 0) + 1)
    for (const { verdict } of sample.proposals) if (!pool.has(keyOf(verdict))) pool.set(keyOf(verdict), verdict)
  }
  const factor = (verdict: Verdict) => ((votes.get(keyOf(verdict)) ?? 0) * 2 > asked ? 1 - voteWeight : 1)
  const ranked = rankWithMeasurements(situation.workload, [...pool.values()], measurements, factor)
  const chosen = chooseCards(situation, ranked, measurements)
  let removed = 0
  const rationales = chosen.map((verdict) => {
    const words = wordsFor(verdict, samples)
    removed += words.removed
    return words.text
  })
  return { chosen, rationales, removed, rejected: samples.reduce((sum, sample) => sum + sample.rejected, 0) }
}

function wordsFor(verdict: Verdict, samples: readonly Sample[]): { text: string | null; removed: number } {
  let removed = 0
  let best: { text: string; removed: number } | null = null
  for (const sample of samples) {
    const mine = sample.proposals.find((one) => keyOf(one.verdict) === keyOf(verdict))
    if (!mine) continue
    const grounded = ground(mine.rationale, collectFacts(sample.results))
    removed += grounded.removed.length
    const standing = sentencesOf(grounded.text)
    // two sentences with figures, or the rules' own words are better
    if (standing.length < 2 || !/\d/.test(grounded.text) || grounded.text.length > longestRationale) continue
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
