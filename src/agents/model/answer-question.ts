import type { Content, FunctionCall, GenerateContentConfig, Part } from '@google/genai'
import { generationModel } from '../../knowledge/gemini/models.ts'
import type { AnswerQuestion } from '../deps.ts'
import { collectFacts, ground } from '../grounding.ts'
import { boundedCompileTool } from '../tools/compile-tool.ts'
import { figuresFor } from '../tools/mesh-figures.ts'
import { getWorkload } from '../tools/mesh-tools.ts'
import { getReport } from '../tools/report-tools.ts'
import { callTool, type Tool } from '../tools/tool.ts'
import { quickTools } from '../tools/tools.ts'
import { thinkingConfig } from './agent-loop.ts'
import { createCallAnswerer, declare, failed } from './answer-calls.ts'
import type { GeminiOptions } from './gemini-options.ts'
import { historyOf } from './history.ts'
import { deepInstructions, questionInstructions } from './instructions.ts'
import { addUsage, costUsd, noUsage } from './usage.ts'

/** What a question may cost: turns of tool calls, compilations, time beside them, and what the model may think. */
const effort = {
  plain: { turns: 4, compilations: 0, ms: 45_000, thinking: 'LOW' },
  deep: { turns: 12, compilations: 2, ms: 120_000, thinking: 'HIGH' },
}
const questionLength = 1000

/**
 * Free questions in a thread. What was said in it before goes with the question, the model has the tools, and of its streamed
 * answer only what is grounded is shown. A deeper question may compile two meshes; its answer ends with what it cost. null where
 * the budget is used up or it failed.
 */
export function createQuestionAnswerer(options: GeminiOptions): AnswerQuestion {
  const { client, deps, spend } = options
  const { config } = deps
  const model = config.PROMPTS_GEMINI_MODEL
  return async ({ text, deep = false, finished, options: { signal: caller, onText } }) => {
    const { request, situation, analysis, proposed, diagnosis } = await finished()
    const { run, tenant } = request
    const before = await spend.today(tenant)
    if (before >= config.PROMPTS_SPEND_CAP_USD) return null
    const bounds =
      deep && deps.compiler !== null ? effort.deep : { ...effort.plain, ...(deep ? { turns: effort.deep.turns, thinking: 'HIGH' } : {}) }
    const ms = bounds.ms + bounds.compilations * config.PROMPTS_COMPILER_TIMEOUT_SECONDS * 1000
    const signal = AbortSignal.any([caller, AbortSignal.timeout(ms)])
    const context = { situation, analysis, plan: proposed.plan, tenant, deps, signal }
    const compile = boundedCompileTool(bounds.compilations)
    const tools = bounds.compilations > 0 ? [...quickTools, compile.tool] : quickTools
    const results: unknown[] = [{ cards: diagnosis.cards.map((card) => ({ rank: card.rank, ...figuresFor(situation, card) })) }]
    const call = async (tool: Tool, input: unknown) => {
      const result = await callTool(tool, input, context)
      results.push({ tool: tool.name, result })
      await deps.memory.append(run, { kind: 'tool_call', name: tool.name, data: { by: 'question', input, result } })
      return result
    }
    // these take no input and go with the question
    for (const tool of [getReport, getWorkload]) await call(tool, {})
    const answerCalls = createCallAnswerer({ tools, call, signal })
    const question = text.slice(0, questionLength)
    const contents: Content[] = [
      ...historyOf(await deps.memory.events(run)),
      { role: 'user', parts: [{ text: `${question}\n\nDATA\n${JSON.stringify(results)}` }] },
    ]
    const usage = noUsage()
    let said = ''
    try {
      for (let turn = 0; ; turn++) {
        if (before + costUsd(model, usage) >= config.PROMPTS_SPEND_CAP_USD) throw failed("today's budget is used up")
        const last = turn >= bounds.turns
        const { parts, calls } = await streamTurn(contents, last ? [] : tools)
        if (calls.length === 0) break
        if (last) throw failed(`it called tools ${turn} times without an answer`)
        contents.push({ role: 'model', parts }, { role: 'user', parts: await answerCalls(calls) })
        said = ''
      }
    } catch (error) {
      caller.throwIfAborted()
      const reason = error instanceof Error ? error.message : String(error)
      await deps.memory.append(run, { kind: 'note', name: 'gemini failed: question', data: { reason } })
      return null
    } finally {
      await spend.add(tenant, costUsd(model, usage))
    }
    const grounded = ground(said, collectFacts(results))
    await deps.memory.append(run, {
      kind: 'model_output',
      name: `question ${model}`,
      data: { text: said, removed: grounded.removed, usage },
    })
    if (grounded.text === '') return null
    const count = grounded.removed.length
    const lines = [grounded.text]
    if (count > 0) lines.push(`(${count} ${count === 1 ? 'sentence' : 'sentences'} removed: not in this run's data.)`)
    if (deep) lines.push(spentLine(costUsd(model, usage), before, compile.used()))
    return lines.join('\n')

    async function streamTurn(turnContents: Content[], offered: readonly Tool[]): Promise<{ parts: Part[]; calls: FunctionCall[] }> {
      const settings: GenerateContentConfig = {
        systemInstruction: deep ? deepInstructions : questionInstructions,
        abortSignal: signal,
        ...thinkingConfig(generationModel(model).thinking, bounds.thinking),
        ...(offered.length > 0 ? { tools: [{ functionDeclarations: offered.map(declare) }] } : {}),
      }
      const stream = await client.models.generateContentStream({ model, contents: turnContents, config: settings })
      const parts: Part[] = []
      const calls: FunctionCall[] = []
      const facts = collectFacts(results)
      let metadata: Parameters<typeof addUsage>[1]
      for await (const chunk of stream) {
        // kept as they came: thought signatures go back with them
        parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
        calls.push(...(chunk.functionCalls ?? []))
        said += chunk.candidates?.[0]?.content?.parts?.map((part) => (part.thought ? '' : (part.text ?? ''))).join('') ?? ''
        metadata = chunk.usageMetadata ?? metadata
        // a sentence is shown once it is whole, because only then it can be traced
        const whole = said.slice(0, Math.max(said.lastIndexOf('. '), said.lastIndexOf('\n')) + 1)
        const shown = calls.length > 0 ? '' : ground(whole, facts).text
        if (shown !== '') onText?.(shown)
      }
      addUsage(usage, metadata)
      return { parts, calls }
    }

    function spentLine(usd: number, earlier: number, compiled: number): string {
      const meshes = compiled === 0 ? '' : `, ${compiled} ${compiled === 1 ? 'mesh' : 'meshes'} compiled`
      return `(This answer cost $${usd.toFixed(3)}${meshes}; $${(earlier + usd).toFixed(2)} of today's $${config.PROMPTS_SPEND_CAP_USD} are spent.)`
    }
  }
}
