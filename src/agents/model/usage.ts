import type { GenerateContentResponseUsageMetadata } from '@google/genai'
import { priceOf } from '../../knowledge/gemini/models.ts'

/** Tokens of one run or a part of it; thinking is counted apart and billed as output. */
export interface Usage {
  calls: number
  input: number
  cached: number
  output: number
  thinking: number
}

export function noUsage(): Usage {
  return { calls: 0, input: 0, cached: 0, output: 0, thinking: 0 }
}

/** Adds what one answer says it used. */
export function addUsage(usage: Usage, metadata: GenerateContentResponseUsageMetadata | undefined): void {
  usage.calls++
  usage.input += metadata?.promptTokenCount ?? 0
  usage.cached += metadata?.cachedContentTokenCount ?? 0
  usage.output += metadata?.candidatesTokenCount ?? 0
  usage.thinking += metadata?.thoughtsTokenCount ?? 0
}

/** Dollars, by the prices of `knowledge/gemini.json`. */
export function costUsd(model: string, usage: Usage): number {
  const price = priceOf(model)
  const fresh = Math.max(0, usage.input - usage.cached)
  return (fresh * price.input + usage.cached * price.cached + (usage.output + usage.thinking) * price.output) / 1e6
}
