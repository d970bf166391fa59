import type { GoogleGenAI } from '@google/genai'
import type { AgentDeps, SpendLog } from '../deps.ts'

/** What the model's roles are made from. */
export interface GeminiOptions {
  client: GoogleGenAI
  deps: AgentDeps
  spend: SpendLog
  /** For tests: the first wait before a retry. */
  firstWaitMs?: number
}
