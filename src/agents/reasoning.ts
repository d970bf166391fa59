import type { Card, Diagnosis } from '../contract/diagnosis.ts'
import type { Plan, Verdict } from '../contract/verdict.ts'
import type { OwnMeasurement } from './case-match.ts'
import type { Retrieved } from './retrieval.ts'
import type { Analysis, Situation } from './situation.ts'

export interface ProposeInput {
  situation: Situation
  analysis: Analysis
  retrieved: Retrieved
  /** The space as the planner ranks it. */
  plan: Plan
  /** What the rules choose from it, and what put each there. */
  chosen: Verdict[]
  chosenBy: Card['chosen_by'][]
  measurements: readonly OwnMeasurement[]
  tenant: string
}

/** What the Proposer answers; the stored result of the stage `propose`. */
export interface ProposeStage {
  plan: Plan
  chosen: Verdict[]
  rationales: (string | null)[]
  chosenBy: Card['chosen_by'][]
  notes: string[]
  /** Gemini only where a card is its own. */
  reasoning: 'gemini' | 'rules'
  cost_usd: number | null
}

/** What the Analyzer answers; the stored result of the stage `analyze`. */
export interface AnalyzeStage {
  analysis: Analysis
  /** Another bottleneck that the model reads, with what it rests on; the measured rule's stands beside it. */
  secondReading: Diagnosis['second_reading']
  cost_usd: number | null
}

/** Who fills the roles of Analyzer and Proposer: the rules, or a model whose every failure ends in the rules' answer. */
export interface Reasoning {
  analyze(situation: Situation, byRules: Analysis, signal: AbortSignal): Promise<AnalyzeStage>
  propose(input: ProposeInput, signal: AbortSignal): Promise<ProposeStage>
}

/** The rules' answers as they are. */
export const ruleReasoning: Reasoning = {
  async analyze(_situation, byRules) {
    return { analysis: byRules, secondReading: null, cost_usd: null }
  },
  async propose({ plan, chosen, chosenBy }) {
    return { plan, chosen, chosenBy, rationales: chosen.map(() => null), notes: [], reasoning: 'rules', cost_usd: null }
  },
}
