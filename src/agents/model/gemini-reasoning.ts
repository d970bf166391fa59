import { z } from 'zod'
import { bottleneckClassSchema } from '../../contract/profile-report.ts'
import { PromptsError } from '../../errors.ts'
import { generationModel } from '../../knowledge/gemini/models.ts'
import { untilAborted } from '../../until-aborted.ts'
import type { AnswerQuestion, ClassifyMessage } from '../deps.ts'
import { collectFacts, ground } from '../grounding.ts'
import type { AnalyzeStage, ProposeInput, ProposeStage, Reasoning } from '../reasoning.ts'
import { ruleReasoning } from '../reasoning.ts'
import type { Analysis, Situation } from '../situation.ts'
import { callTool, type Tool, type ToolContext } from '../tools/tool.ts'
import { quickTools } from '../tools/tools.ts'
import { type Agent, startAgent } from './agent-loop.ts'
import { createQuestionAnswerer } from './answer-question.ts'
import { createMessageClassifier } from './classify-message.ts'
import type { GeminiOptions } from './gemini-options.ts'
import { analyzerInstructions, proposerInstructions } from './instructions.ts'
import { pickCards, type Sample, sampleProposals } from './samples.ts'
import { costUsd, noUsage, type Usage } from './usage.ts'

/** Shares of a run's time that the model may take; then the rules answer. */
const timeShare = { analyze: 0.25, propose: 0.6 }

const analysisSchema = z.strictObject({
  bottleneck: bottleneckClassSchema,
  /** What that reading rests on, a figure in each. */
  evidence: z.array(z.string().max(500)).max(4).default([]),
  notes: z.array(z.string().max(500)).max(5),
})

/**
 * Gemini in the roles of Analyzer and Proposer, and for free questions. Whatever goes wrong ends in the rules' answer and a note
 * that says why.
 * @throws PromptsError `bad_config` for a model that is not known.
 */
export function createGeminiReasoning(options: GeminiOptions): {
  reasoning: (run: { run: string; tenant: string }) => Reasoning
  answerQuestion: AnswerQuestion
  classifyMessage: ClassifyMessage
} {
  generationModel(options.deps.config.PROMPTS_GEMINI_MODEL)
  return {
    reasoning: ({ run, tenant }) => geminiFor({ ...options, run, tenant }),
    answerQuestion: createQuestionAnswerer(options),
    classifyMessage: createMessageClassifier(options),
  }
}

interface RunOptions extends GeminiOptions {
  run: string
  tenant: string
}

function geminiFor(options: RunOptions): Reasoning {
  const { deps, run, tenant } = options
  const { config } = deps
  const model = config.PROMPTS_GEMINI_MODEL

  /** Whether the day's budget covers another request beside what this stage has used so far. */
  async function withinBudget(usage: Usage): Promise<void> {
    if ((await options.spend.today(tenant)) + costUsd(model, usage) >= config.PROMPTS_SPEND_CAP_USD)
      throw new PromptsError('unavailable', `today's $${config.PROMPTS_SPEND_CAP_USD} Gemini budget is used up`)
  }

  /** Runs the model's part of a stage; null and a reason where the rules have to answer. */
  async function attempt<T>(what: keyof typeof timeShare, signal: AbortSignal, usage: Usage, work: (signal: AbortSignal) => Promise<T>) {
    try {
      await withinBudget(usage)
      const ms = config.PROMPTS_RUN_DEADLINE_SECONDS * 1000 * timeShare[what]
      const late = AbortSignal.timeout(ms)
      const value = await untilAborted(AbortSignal.any([signal, late]), work).catch((error: unknown) => {
        throw late.aborted ? new PromptsError('timeout', `${what} with Gemini did not finish in ${Math.round(ms / 1000)} s`) : error
      })
      return { value, reason: null }
    } catch (error) {
      signal.throwIfAborted()
      const reason = error instanceof Error ? error.message : String(error)
      await deps.memory.append(run, { kind: 'note', name: `gemini failed: ${what}`, data: { reason } })
      return { value: null, reason }
    } finally {
      await options.spend.add(tenant, costUsd(model, usage))
    }
  }

  function agentFor<T>(input: {
    instructions: string
    prompt: string
    output: z.ZodType<T>
    context: Omit<ToolContext, 'signal'>
    signal: AbortSignal
    usage: Usage
    label: string
  }): { agent: Agent<T>; results: unknown[] } {
    const { instructions, prompt, output, context, signal, usage, label } = input
    const results: unknown[] = []
    const call = async (tool: Tool, input: unknown) => {
      const result = await callTool(tool, input, { ...context, signal })
      results.push(result)
      await deps.memory.append(run, { kind: 'tool_call', name: tool.name, data: { by: label, input, result } })
      return result
    }
    const agent = startAgent({
      client: options.client,
      model,
      thinking: config.PROMPTS_GEMINI_THINKING,
      system: instructions,
      prompt,
      tools: quickTools,
      output,
      signal,
      usage,
      call,
      beforeCall: () => withinBudget(usage),
      record: (name, data) => deps.memory.append(run, { kind: 'model_output', name: `${label} ${name}`, data }),
      firstWaitMs: options.firstWaitMs,
    })
    return { agent, results }
  }

  async function analyze(situation: Situation, byRules: Analysis, signal: AbortSignal): Promise<AnalyzeStage> {
    const usage = noUsage()
    const context = { situation, analysis: byRules, plan: emptyPlan(situation), tenant, deps }
    const { value, reason } = await attempt('analyze', signal, usage, async (inner) => {
      const { agent, results } = agentFor({
        ...{ instructions: analyzerInstructions, prompt: 'Analyze this job.', output: analysisSchema, label: 'analyzer' },
        ...{ context, signal: inner, usage },
      })
      const said = await agent.answer()
      return { said, results }
    })
    if (value === null) {
      const stage = await ruleReasoning.analyze(situation, byRules, signal)
      return {
        ...stage,
        analysis: withNotes(byRules, [`Gemini did not analyze (${reason}): the rules did.`]),
        cost_usd: costUsd(model, usage),
      }
    }
    const notes: string[] = []
    let removed = 0
    const facts = collectFacts(value.results)
    for (const note of value.said.notes) {
      const grounded = ground(note, facts)
      removed += grounded.removed.length
      if (grounded.text !== '') notes.push(`Gemini: ${grounded.text}`)
    }
    const grounds: string[] = []
    for (const line of value.said.evidence) {
      const grounded = ground(line, facts)
      removed += grounded.removed.length
      if (grounded.text !== '' && /\d/.test(grounded.text)) grounds.push(grounded.text)
    }
    const differs = value.said.bottleneck !== byRules.bottleneck.class && value.said.bottleneck !== 'unknown'
    const secondReading = differs && grounds.length > 0 ? { class: value.said.bottleneck, evidence: grounds } : null
    if (differs && secondReading === null)
      notes.push(`Gemini reads the bottleneck as ${value.said.bottleneck} without a figure that stands for it: not taken up.`)
    if (removed > 0) notes.push(removedNote(removed))
    await deps.memory.append(run, { kind: 'note', name: 'grounding: analyzer', data: { removed } })
    return { analysis: withNotes(byRules, notes), secondReading, cost_usd: costUsd(model, usage) }
  }

  async function propose(input: ProposeInput, signal: AbortSignal): Promise<ProposeStage> {
    const usage = noUsage()
    const byRules = await ruleReasoning.propose(input, signal)
    const { situation, analysis, plan } = input
    const context = { situation, analysis, plan, tenant, deps }
    const { value, reason } = await attempt('propose', signal, usage, async (inner) => {
      const settled = await Promise.allSettled(
        Array.from({ length: config.PROMPTS_GEMINI_SAMPLES }, (_, i) =>
          sampleProposals(situation, (output) =>
            agentFor({
              ...{ instructions: proposerInstructions, prompt: 'Propose meshes for this job.', output, label: `proposer ${i + 1}` },
              ...{ context, signal: inner, usage },
            }),
          ),
        ),
      )
      inner.throwIfAborted()
      const samples = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      const failures = settled.flatMap((one) => (one.status === 'rejected' ? [String((one.reason as Error).message ?? one.reason)] : []))
      if (samples.length === 0) throw new PromptsError('unavailable', failures[0] ?? 'no sample answered')
      return { samples, failures }
    })
    if (value === null) {
      return { ...byRules, notes: [`Gemini did not propose (${reason}): the rules did.`], cost_usd: costUsd(model, usage) }
    }
    return finish(input, value.samples, value.failures, costUsd(model, usage))
  }

  async function finish(input: ProposeInput, samples: Sample[], failures: string[], cost: number): Promise<ProposeStage> {
    const picked = pickCards(input, samples)
    const notes: string[] = []
    if (failures.length > 0)
      notes.push(`${failures.length} of ${config.PROMPTS_GEMINI_SAMPLES} samples of Gemini gave no answer (${failures[0]}).`)
    if (picked.rejected > 0) notes.push(`The verifier rejected ${picked.rejected} of Gemini's proposals.`)
    if (picked.removed > 0) notes.push(removedNote(picked.removed))
    await deps.memory.append(run, {
      kind: 'note',
      name: 'grounding: proposer',
      data: { removed: picked.removed, rejected: picked.rejected, samples: samples.length, failures },
    })
    const { chosen, chosenBy, rationales } = picked
    const reasoning = chosenBy.includes('agent') ? 'gemini' : 'rules'
    if (reasoning === 'rules') notes.push("Gemini's proposals are the cards that the planner has, or what ran.")
    return { plan: input.plan, chosen, chosenBy, rationales, notes, reasoning, cost_usd: cost }
  }

  return { analyze, propose }
}

function emptyPlan({ workload, baseline }: Situation): ToolContext['plan'] {
  return {
    nearest: null,
    assumptions: [],
    experiment_file: null,
    experiment: workload.id,
    space: { total: 0, legal: 0, fitting: 0 },
    baseline,
    ranked: [],
    elapsed_ms: 0,
  }
}

function withNotes(analysis: Analysis, notes: string[]): Analysis {
  return { ...analysis, notes: [...analysis.notes, ...notes] }
}

function removedNote(count: number): string {
  return `${count === 1 ? 'A sentence' : `${count} sentences`} of Gemini's ${count === 1 ? 'was' : 'were'} removed: a number, name or citation in it is not in what the tools said.`
}
