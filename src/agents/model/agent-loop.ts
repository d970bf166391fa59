import type { Content, GenerateContentConfig, GenerateContentResponse, GoogleGenAI } from '@google/genai'
import { z } from 'zod'
import { generationModel } from '../../knowledge/gemini/models.ts'
import { withRetries } from '../../knowledge/gemini/retry.ts'
import { jsonSchemaOf, type Tool } from '../tools/tool.ts'
import { createCallAnswerer, declare, failed } from './answer-calls.ts'
import { addUsage, type Usage } from './usage.ts'

export interface AgentOptions<T> {
  client: GoogleGenAI
  model: string
  /** The configured thinking level or budget; undefined: what the model's family has by default. */
  thinking: string | undefined
  system: string
  prompt: string
  tools: readonly Tool[]
  output: z.ZodType<T>
  signal: AbortSignal
  usage: Usage
  /** Runs one tool call; what it throws is told to the model. */
  call: (tool: Tool, input: unknown) => Promise<unknown>
  /** Asked before every request: throws where the budget does not cover another. */
  beforeCall: () => Promise<void>
  /** Hears every answer of the model, for the record. */
  record: (name: string, data: unknown) => Promise<void>
  firstWaitMs?: number | undefined
}

export interface Agent<T> {
  /** Runs the conversation until an answer fits the schema. */
  answer(): Promise<T>
  /** Goes on with the conversation: objections to the last answer. */
  object(objections: string): Promise<T>
}

const turnLimit = 10
const attempts = 4

/**
 * A function-calling conversation with Gemini. The model calls typed tools until it answers with JSON of the wanted schema; JSON
 * that does not fit is sent back once. Thought signatures go back unchanged, because the model's turns are kept as they came.
 * @throws PromptsError `unavailable` for a refusal, a second answer that does not fit, a loop of tool calls, or a server that
 *   goes on failing.
 */
export function startAgent<T>(options: AgentOptions<T>): Agent<T> {
  const facts = generationModel(options.model)
  const contents: Content[] = [{ role: 'user', parts: [{ text: options.prompt }] }]
  const answerCalls = createCallAnswerer(options)
  const schema = jsonSchemaOf(options.output)

  async function converse(): Promise<T> {
    let repairs = 0
    let accidentCount = 0
    for (let turn = 0; turn < turnLimit; turn++) {
      const response = await generate(repairs > 0)
      const finish = String(response.candidates?.[0]?.finishReason)
      if (accidents.has(finish)) {
        if (++accidentCount > accidentLimit) throw failed(`its turn was malformed ${accidentCount} times (${finish})`)
        continue
      }
      const content = response.candidates?.[0]?.content
      if (content) contents.push(content)
      const calls = response.functionCalls ?? []
      if (calls.length > 0) {
        contents.push({ role: 'user', parts: await answerCalls(calls) })
        continue
      }
      const text = textOf(response)
      const parsed = parseAnswer(text, options.output)
      if (parsed.ok) return parsed.value
      if (repairs++ > 0) throw failed(`its answer does not fit the schema: ${parsed.problem}`)
      contents.push({ role: 'user', parts: [{ text: `That is not an answer: ${parsed.problem}. Answer with JSON of the schema alone.` }] })
    }
    throw failed(`it called tools ${turnLimit} times without an answer`)
  }

  async function generate(repairing: boolean): Promise<GenerateContentResponse> {
    await options.beforeCall()
    const config: GenerateContentConfig = {
      systemInstruction: `${options.system}\n\nAnswer with JSON alone, of this schema:\n${JSON.stringify(schema)}`,
      temperature: 1,
      ...thinkingConfig(facts.thinking, options.thinking ?? facts.default_thinking),
      abortSignal: options.signal,
    }
    // Gemini 2.5 takes function declarations or a response schema, not both; Gemini 3 takes both
    const withTools = options.tools.length > 0 && !(repairing && facts.thinking === 'budget')
    if (withTools) config.tools = [{ functionDeclarations: options.tools.map(declare) }]
    if (facts.thinking === 'level' || !withTools) {
      config.responseMimeType = 'application/json'
      config.responseJsonSchema = schema
    }
    let response: GenerateContentResponse
    try {
      response = await withRetries(() => options.client.models.generateContent({ model: options.model, contents, config }), {
        signal: options.signal,
        attempts,
        ...(options.firstWaitMs === undefined ? {} : { firstWaitMs: options.firstWaitMs }),
      })
    } catch (cause) {
      options.signal.throwIfAborted()
      throw failed(cause instanceof Error ? cause.message : String(cause), cause)
    }
    addUsage(options.usage, response.usageMetadata)
    const candidate = response.candidates?.[0]
    await options.record(options.model, {
      parts: (candidate?.content?.parts ?? []).map(({ thoughtSignature: _, ...part }) => part),
      finish: candidate?.finishReason ?? response.promptFeedback?.blockReason ?? null,
      usage: response.usageMetadata ?? null,
    })
    const refusal =
      response.promptFeedback?.blockReason ?? (refusals.has(String(candidate?.finishReason)) ? candidate?.finishReason : undefined)
    if (refusal) throw failed(`it refused (${refusal})`)
    if (candidate?.finishReason === 'MAX_TOKENS') throw failed('its answer was cut off')
    return response
  }

  return {
    answer: converse,
    object(objections) {
      contents.push({ role: 'user', parts: [{ text: objections }] })
      return converse()
    },
  }
}

const refusals: ReadonlySet<string> = new Set(['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'])

/** Turns that went wrong by chance: they are tried again, and nothing of them is kept. */
const accidents: ReadonlySet<string> = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'OTHER'])
const accidentLimit = 2

/** A level for Gemini 3, a budget for 2.5; never both. */
export function thinkingConfig(kind: 'level' | 'budget', setting: string): Pick<GenerateContentConfig, 'thinkingConfig'> {
  if (kind === 'level') return { thinkingConfig: { thinkingLevel: (/^\d+$/.test(setting) ? 'LOW' : setting.toUpperCase()) as never } }
  const budget = Number(setting)
  return { thinkingConfig: { thinkingBudget: Number.isFinite(budget) ? budget : -1 } }
}

function textOf(response: GenerateContentResponse): string {
  const parts = response.candidates?.[0]?.content?.parts ?? []
  return parts
    .filter((part) => !part.thought)
    .map((part) => part.text ?? '')
    .join('')
}

function parseAnswer<T>(text: string, schema: z.ZodType<T>): { ok: true; value: T } | { ok: false; problem: string } {
  const body = text
    .replace(/^\s*```(?:json)?\s*\n?/, '')
    .replace(/\n?```\s*$/, '')
    .trim()
  if (body === '') return { ok: false, problem: 'it is empty' }
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { ok: false, problem: 'it is not JSON' }
  }
  const parsed = schema.safeParse(json)
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, problem: z.prettifyError(parsed.error).slice(0, 400) }
}
