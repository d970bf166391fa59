import { generationModel } from '../../knowledge/gemini/models.ts'
import type { AnswerQuestion } from '../deps.ts'
import { collectFacts, ground } from '../grounding.ts'
import { callTool } from '../tools/tool.ts'
import { figuresFor, quickTools } from '../tools/tools.ts'
import type { GeminiOptions } from './gemini-options.ts'
import { questionInstructions } from './instructions.ts'
import { addUsage, costUsd, noUsage } from './usage.ts'

const deadlineMs = 30_000
const questionLength = 1000

/** Free questions in a thread: the data of the run goes with the question, the answer comes as a stream and only what is grounded is shown. */
export function createQuestionAnswerer(options: GeminiOptions): AnswerQuestion {
  const { client, deps, spend } = options
  const { config } = deps
  return async ({ text, finished, options: { signal, onText } }) => {
    const { request, situation, analysis, proposed, diagnosis } = await finished()
    const { run, tenant } = request
    if ((await spend.today(tenant)) >= config.PROMPTS_SPEND_CAP_USD) return null
    const question = text.slice(0, questionLength)
    const context = { situation, analysis, plan: proposed.plan, tenant, deps, signal }
    const results: unknown[] = [{ cards: diagnosis.cards.map((card) => ({ rank: card.rank, ...figuresFor(situation, card) })) }]
    for (const tool of quickTools.filter(({ name }) => name !== 'evaluate_mesh')) {
      const input = tool.name.startsWith('search') ? { query: question.slice(0, 400), limit: 4 } : {}
      const result = await callTool(tool, input, context)
      results.push({ tool: tool.name, result })
      await deps.memory.append(run, { kind: 'tool_call', name: tool.name, data: { by: 'question', input, result } })
    }
    const facts = collectFacts(results)
    const usage = noUsage()
    let said = ''
    try {
      const stream = await client.models.generateContentStream({
        model: config.PROMPTS_GEMINI_MODEL,
        contents: [{ role: 'user', parts: [{ text: `${question}\n\nDATA\n${JSON.stringify(results)}` }] }],
        config: {
          systemInstruction: questionInstructions,
          abortSignal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
          ...(generationModel(config.PROMPTS_GEMINI_MODEL).thinking === 'level'
            ? { thinkingConfig: { thinkingLevel: 'LOW' as never } }
            : {}),
        },
      })
      let last: Parameters<typeof addUsage>[1]
      for await (const chunk of stream) {
        said += chunk.text ?? ''
        last = chunk.usageMetadata ?? last
        // a sentence is shown once it is whole, because only then it can be traced
        const whole = said.slice(0, Math.max(said.lastIndexOf('. '), said.lastIndexOf('\n')) + 1)
        const shown = ground(whole, facts).text
        if (shown !== '') onText?.(shown)
      }
      addUsage(usage, last)
    } catch (error) {
      signal.throwIfAborted()
      await deps.memory.append(run, {
        kind: 'note',
        name: 'gemini failed: question',
        data: { reason: error instanceof Error ? error.message : String(error) },
      })
      return null
    } finally {
      await spend.add(tenant, costUsd(config.PROMPTS_GEMINI_MODEL, usage))
    }
    const grounded = ground(said, facts)
    await deps.memory.append(run, {
      kind: 'model_output',
      name: `question ${config.PROMPTS_GEMINI_MODEL}`,
      data: { text: said, removed: grounded.removed, usage },
    })
    if (grounded.text === '') return null
    const count = grounded.removed.length
    return count === 0
      ? grounded.text
      : `${grounded.text}\n(${count} ${count === 1 ? 'sentence' : 'sentences'} removed: not in this run's data.)`
  }
}
