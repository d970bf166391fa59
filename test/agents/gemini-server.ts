import { LLMock } from '@copilotkit/aimock'
import { createGeminiReasoning } from '../../src/agents/model/gemini-reasoning.ts'
import { createGeminiClient } from '../../src/knowledge/gemini/client.ts'
import { createSpendLog } from '../../src/runs/memory/spend-log.ts'
import { openTestService } from '../runs/service-fixture.ts'

/** What the model is asked, as aimock hands it on, and what it is to answer. */
export type Request = Parameters<NonNullable<NonNullable<Parameters<LLMock['on']>[0]>['predicate']>>[0]
export type Reply = Exclude<Parameters<LLMock['on']>[1], (...args: never[]) => unknown>
export type Script = (request: Request, call: number) => Reply | Promise<Reply>

/** aimock as the Gemini server with a script for a model. */
export async function startGemini(script: Script) {
  const mock = new LLMock({ port: 0, logLevel: 'silent' })
  let calls = 0
  const requests: Request[] = []
  mock.on({ predicate: () => true }, (async (request: Request) => {
    requests.push(structuredClone(request))
    return script(request, ++calls)
  }) as never)
  await mock.start()
  return { url: mock.url, mock, requests, stop: () => mock.stop() }
}

/** A service whose Analyzer and Proposer are Gemini at that address. */
export async function openGeminiService(url: string, options: Parameters<typeof openTestService>[0] = {}) {
  const env = { GEMINI_API_KEY: 'test-key', GEMINI_BASE_URL: url, PROMPTS_GEMINI_SAMPLES: '1', ...options.env }
  const test = await openTestService({ ...options, env })
  const { deps } = test
  const spend = createSpendLog({ folder: deps.config.PROMPTS_HOME, now: deps.now })
  const gemini = createGeminiReasoning({ client: createGeminiClient(deps.config)!, deps, spend, firstWaitMs: 1 })
  Object.assign(test.deps, gemini)
  return test
}

/** What each answer says that it used. */
const usage = { promptTokenCount: 1000, candidatesTokenCount: 100, totalTokenCount: 1100 }

export const toolTurn = (name: string, args: object = {}): Reply =>
  ({ toolCalls: [{ name, arguments: JSON.stringify(args) }], usage }) as Reply
export const jsonTurn = (value: unknown): Reply => ({ content: JSON.stringify(value), usage }) as Reply
export const isAnalyzer = (request: Request) => JSON.stringify(request.messages).includes('You are the Analyzer')

/** Results of the tools so far in this conversation, by the tool's name. */
export function resultsOf(request: Request): Record<string, unknown> {
  const results: Record<string, unknown> = {}
  const names = new Map<string, string>()
  for (const message of request.messages) {
    for (const call of message.tool_calls ?? []) names.set(call.id, call.function.name)
    if (message.role !== 'tool' || typeof message.content !== 'string') continue
    const parsed = JSON.parse(message.content) as { result?: unknown }
    results[names.get(message.tool_call_id ?? '') ?? ''] = parsed.result
  }
  return results
}

interface Listed {
  mesh: Record<string, number>
  step_time_ms: number
  exposed_communication_ms: number
  required_gib: number
}

/** A good model: looks at the tools, then answers from what they said. */
export const goodModel: Script = (request) => {
  const seen = resultsOf(request)
  if (isAnalyzer(request)) {
    if (!seen.get_report) return toolTurn('get_report')
    return jsonTurn({ bottleneck: 'communication', notes: ['Collectives are in flight 43 % of the step, so less of the model axis pays.'] })
  }
  if (!seen.get_report) return toolTurn('get_report')
  if (!seen.list_meshes) return toolTurn('list_meshes', { limit: 12 })
  const { meshes } = seen.list_meshes as { meshes: Listed[] }
  return jsonTurn({ proposals: meshes.slice(0, 4).map((one) => ({ mesh: one.mesh, rationale: rationaleFor(one) })) })
}

export function rationaleFor(one: Listed): string {
  return `The job is communication-bound with 31 % of the step exposed. This mesh is predicted at ${(one.step_time_ms / 1000).toFixed(1)} s a step with ${one.required_gib.toFixed(1)} GiB a device.`
}
