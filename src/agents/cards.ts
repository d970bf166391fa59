import type { Card, Evidence } from '../contract/diagnosis.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { ResolvedRun } from '../planner/workload.ts'
import type { Situation } from './situation.ts'
import { maxtextSnippet } from './snippets/maxtext.ts'
import type { SnippetInput } from './snippets/snippet-input.ts'
import { writeSnippet } from './snippets/snippets.ts'

/** A verdict as the card that is shown. */
export function makeCard(
  situation: Situation,
  verdict: Verdict,
  rank: Card['rank'],
  words: { rationale: string; evidence: Evidence[] },
): Card {
  return {
    ...verdict,
    rank,
    predicted_speedup: speedup(situation.baseline, verdict),
    rationale: words.rationale,
    evidence: words.evidence,
    snippets: writeSnippet(situation.workload.framework, snippetInput(situation, verdict)),
  }
}

/** Throughput relative to the baseline; null where there is none, or where it could not run. */
export function speedup(baseline: Verdict | null, verdict: Verdict): number | null {
  if (!baseline?.estimate || !verdict.estimate || baseline.memory?.fits === false) return null
  return Number((verdict.estimate.tokens_per_second_per_chip / baseline.estimate.tokens_per_second_per_chip).toFixed(4))
}

/** A card's settings word by word, for an operator's own MaxText program. */
export function maxtextFlags(situation: Situation, verdict: Verdict): string[] {
  return maxtextSnippet(snippetInput(situation, verdict)).split(/\s+/)
}

function snippetInput({ workload }: Situation, verdict: Verdict): SnippetInput {
  return {
    mesh: verdict.mesh,
    dcn: verdict.dcn,
    changes: verdict.changes,
    physical: verdict.physical,
    run: { ...workload.run, ...verdict.changes } as ResolvedRun,
    model: workload.model,
    devices: workload.slice.devices * workload.slices,
  }
}
