import type { GoogleGenAI } from '@google/genai'
import type { AgentDeps } from '../deps.ts'
import { ruleReasoning } from '../reasoning.ts'

export function createGeminiReasoning(_options: { client: GoogleGenAI; deps: AgentDeps }): Pick<AgentDeps, 'reasoning' | 'answerQuestion'> {
  return { reasoning: () => ruleReasoning }
}
