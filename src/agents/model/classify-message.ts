import { z } from 'zod'
import { chips } from '../../contract/chip.ts'
import { meshSchema } from '../../contract/mesh.ts'
import type { ClassifyMessage } from '../deps.ts'
import { startAgent } from './agent-loop.ts'
import type { GeminiOptions } from './gemini-options.ts'
import { classifierInstructions } from './instructions.ts'
import { costUsd, noUsage } from './usage.ts'

const deadlineMs = 10_000
const messageLength = 1000
const count = z.number().int().min(1).max(1e9)

/**
 * What a message may be classified as: questions alone. Nothing that would be recorded, adopted, taken back or stopped is among
 * them.
 */
const classifiedSchema = z.strictObject({
  intent: z.enum(['why_not', 'what_if', 'compare', 'evidence', 'help', 'question']),
  value: z
    .strictObject({
      mesh: meshSchema.optional(),
      batch_factor: z.number().positive().max(1024).optional(),
      global_batch: count.optional(),
      seq_len: count.optional(),
      microbatches: count.optional(),
      remat: z.string().max(60).optional(),
      slices: count.max(4096).optional(),
      chip: z.enum(chips).optional(),
      topology: z.string().max(30).optional(),
      cards: z
        .array(z.literal([1, 2, 3]))
        .max(3)
        .optional(),
    })
    .default({}),
})

/**
 * What the rules left open of an addressed message, read by the model; null where it may not be asked, failed, or read what was
 * not said.
 */
export function createMessageClassifier(options: GeminiOptions): ClassifyMessage {
  const { client, deps, spend } = options
  const { config } = deps
  const model = config.PROMPTS_GEMINI_MODEL
  return async ({ text, run, tenant, signal }) => {
    if ((await spend.today(tenant)) >= config.PROMPTS_SPEND_CAP_USD) return null
    const message = text.slice(0, messageLength)
    const usage = noUsage()
    try {
      const agent = startAgent({
        client,
        model,
        thinking: undefined,
        system: classifierInstructions,
        prompt: JSON.stringify({ message }),
        tools: [],
        output: classifiedSchema,
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
        usage,
        call: async () => null,
        beforeCall: async () => {},
        record: (name, data) => deps.memory.append(run, { kind: 'model_output', name: `classifier ${name}`, data }),
        firstWaitMs: options.firstWaitMs,
      })
      const classified = await agent.answer()
      return isSaid(classified.value, message) ? classified : null
    } catch (error) {
      signal.throwIfAborted()
      const reason = error instanceof Error ? error.message : String(error)
      await deps.memory.append(run, { kind: 'note', name: 'gemini failed: classify', data: { reason } })
      return null
    } finally {
      await spend.add(tenant, costUsd(model, usage))
    }
  }
}

/**
 * Whether each number of a reading stands in the message, as digits or as `32k`; words for numbers are too many languages to
 * check.
 */
function isSaid(value: z.infer<typeof classifiedSchema>['value'], message: string): boolean {
  const digits = new Set((message.match(/\d[\d.,]*k?/gi) ?? []).map((one) => one.toLowerCase().replaceAll(/[.,]/g, '')))
  if (digits.size === 0) return true
  const { mesh = {}, batch_factor: _factor, cards = [], chip: _chip, topology: _topology, remat: _remat, ...counts } = value
  const said = (number: number) => digits.has(String(number)) || digits.has(`${number / 1024}k`) || digits.has(`${number / 1000}k`)
  return [...Object.values(mesh), ...Object.values(counts), ...cards].every((number) => number === 1 || said(number))
}
