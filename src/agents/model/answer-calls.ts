import type { FunctionCall, Part } from '@google/genai'
import { PromptsError } from '../../errors.ts'
import { jsonSchemaOf, type Tool } from '../tools/tool.ts'

const callsPerTurn = 8
const sameCallLimit = 3

/** The declaration of a tool as Gemini takes it. */
export function declare(tool: Tool) {
  return { name: tool.name, description: tool.description, parametersJsonSchema: jsonSchemaOf(tool.input) }
}

/**
 * Runs the function calls of a model's turn, and answers each: the API wants as many answers as calls, so what is one too many
 * gets a refusal, and what a tool throws is told to the model.
 * @throws PromptsError `unavailable` for the same call over and over; what the signal carries.
 */
export function createCallAnswerer(options: {
  tools: readonly Tool[]
  call: (tool: Tool, input: unknown) => Promise<unknown>
  signal: AbortSignal
}): (calls: readonly FunctionCall[]) => Promise<Part[]> {
  const { tools, call: run, signal } = options
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  const seen = new Map<string, number>()

  async function resultOf(name: string, input: unknown): Promise<Record<string, unknown>> {
    const tool = byName.get(name)
    if (!tool) return { error: `There is no tool ${name}. Tools: ${[...byName.keys()].join(', ')}.` }
    try {
      return { result: await run(tool, input) }
    } catch (error) {
      signal.throwIfAborted()
      return { error: error instanceof Error ? error.message : String(error) }
    }
  }

  return async (calls) => {
    const parts: Part[] = []
    for (const [i, call] of calls.entries()) {
      const name = call.name ?? ''
      const key = `${name} ${JSON.stringify(call.args)}`
      const times = (seen.get(key) ?? 0) + 1
      seen.set(key, times)
      if (times > sameCallLimit) throw failed(`it called ${name} with the same arguments ${times} times`)
      const response =
        i < callsPerTurn ? await resultOf(name, call.args) : { error: `Only ${callsPerTurn} calls per turn are run: call again.` }
      parts.push({ functionResponse: { ...(call.id ? { id: call.id } : {}), name, response } })
    }
    return parts
  }
}

/** A model that gave no answer that can be used; the rules answer instead. */
export function failed(why: string, cause?: unknown): PromptsError {
  return new PromptsError('unavailable', `Gemini gave no answer that can be used: ${why.replaceAll(/\s+/g, ' ').slice(0, 300)}`, {
    hint: 'The rules answer instead.',
    cause,
  })
}
