import type { Card, Evidence } from '../contract/diagnosis.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { ResolvedRun } from '../planner/workload.ts'
import type { Situation } from './situation.ts'
import { maxtextFlags } from './snippets/maxtext-flags.ts'
import type { SnippetInput } from './snippets/snippet-input.ts'
import { writeSnippet } from './snippets/snippets.ts'

/** A verdict as the card that is shown. */
export function makeCard(
  situation: Situation,
  verdict: Verdict,
  rank: Card['rank'],
  words: { rationale: string; evidence: Evidence[]; chosenBy?: Card['chosen_by'] },
): Card {
  return {
    ...verdict,
    rank,
    predicted_speedup: verdict.estimate?.gain?.ratio ?? null,
    rationale: words.rationale,
    evidence: words.evidence,
    chosen_by: words.chosenBy ?? 'planner',
    snippets: writeSnippet(situation.workload.framework, snippetInput(situation, verdict)),
  }
}

/**
 * A verdict's settings word by word, for an operator's own MaxText program; undefined where MaxText cannot say it, or is not the
 * framework.
 */
export function maxtextFlagsOf({ workload }: Pick<Situation, 'workload'>, verdict: Verdict): { maxtextFlags?: string[] } {
  const flags = workload.framework === 'maxtext' ? maxtextFlags(workload, snippetInput({ workload }, verdict)) : null
  return flags === null ? {} : { maxtextFlags: flags }
}

/** What a snippet of this verdict is written from. */
export function snippetInput({ workload }: Pick<Situation, 'workload'>, verdict: Verdict): SnippetInput {
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
