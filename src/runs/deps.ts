import type { AgentDeps, AnswerQuestion, ClassifyMessage } from '../agents/deps.ts'
import type { EvaluateInput, WithdrawnCard } from '../agents/evaluator.ts'
import type { Reasoning } from '../agents/reasoning.ts'
import type { Card } from '../contract/diagnosis.ts'
import type { ShardingMemory } from './memory/sharding-memory.ts'

/** What runs are worked with: all that the agents have, the store of runs, and the agents that may be exchanged. */
export interface RunDeps extends AgentDeps {
  memory: ShardingMemory
  evaluateCards: (
    input: EvaluateInput,
    onChange: (cards: Card[], withdrawn: WithdrawnCard[]) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<{ cards: Card[]; notes: string[] }>
  reasoning: (run: { run: string; tenant: string }) => Reasoning
  /** Absent: no model is configured. */
  answerQuestion?: AnswerQuestion
  /** Absent: no model is configured. */
  classifyMessage?: ClassifyMessage
}
