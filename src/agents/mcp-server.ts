import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { asPromptsError, PromptsError } from '../errors.ts'
import { analyze } from './analyzer.ts'
import { ownMeasurements } from './case-match.ts'
import { createSituation } from './create-situation.ts'
import type { AgentDeps } from './deps.ts'
import { findMovers } from './evidence/movers.ts'
import { namedExperiment, subjectOf } from './named-experiment.ts'
import { rankSpace } from './proposer.ts'
import { retrieve } from './retrieval.ts'
import { compileTool } from './tools/compile-tool.ts'
import { callTool, jsonSchemaOf, type Tool, type ToolContext } from './tools/tool.ts'
import { quickTools } from './tools/tools.ts'

const subject = namedExperiment.describe('the id of an experiment in the configured sources, or the YAML of one')
const rememberedExperiments = 8

/** A tool that is a whole command: its input is its own, and it opens what it needs. */
export interface McpTool {
  name: string
  description: string
  input: z.ZodObject
  run(input: Record<string, unknown>, signal: AbortSignal): Promise<object>
}

export interface McpOptions {
  deps: AgentDeps
  tenant: string
  version: string
  more?: readonly McpTool[]
}

/**
 * The tools that Gemini's roles use, for coding agents: each takes the experiment it is about besides its own fields. Read only:
 * nothing that is called here changes the library or opens a path or an address.
 */
export function createMcpServer(options: McpOptions): Server {
  const { deps, tenant, more = [] } = options
  const tools = new Map<string, Tool>([...quickTools, ...(deps.compiler ? [compileTool] : [])].map((tool) => [tool.name, tool]))
  const contexts = new Map<string, Promise<Omit<ToolContext, 'signal'>>>()
  const server = new Server({ name: 'prompts', version: options.version }, { capabilities: { tools: {} } })

  function contextOf(experiment: string, signal: AbortSignal): Promise<Omit<ToolContext, 'signal'>> {
    let context = contexts.get(experiment)
    if (context === undefined) {
      context = openContext(deps, tenant, experiment, signal)
      contexts.set(experiment, context)
      context.catch(() => contexts.delete(experiment))
      if (contexts.size > rememberedExperiments) contexts.delete(contexts.keys().next().value!)
    }
    return context
  }

  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [
      ...more.map(({ name, description, input }) => ({
        name,
        description,
        inputSchema: { ...jsonSchemaOf(input), type: 'object' } as never,
      })),
      ...[...tools.values()].map((tool) => ({
        name: tool.name,
        description: tool.description,
        inputSchema: schemaWithExperiment(tool) as never,
      })),
    ],
  }))

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    try {
      const whole = more.find(({ name }) => name === params.name)
      if (whole) {
        const input = whole.input.safeParse(params.arguments ?? {})
        if (!input.success) throw new PromptsError('bad_arguments', z.prettifyError(input.error))
        const result = await whole.run(input.data, signal)
        return { content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: result as Record<string, unknown> }
      }
      const tool = tools.get(params.name)
      if (!tool) {
        const names = [...more.map(({ name }) => name), ...tools.keys()].join(', ')
        throw new PromptsError('bad_arguments', `There is no tool ${params.name}.`, { hint: `Tools: ${names}.` })
      }
      const { experiment, ...input } = params.arguments ?? {}
      const parsed = subject.safeParse(experiment)
      if (!parsed.success) throw new PromptsError('bad_arguments', 'experiment is missing: an id, or the YAML of one.')
      const result = await callTool(tool, input, { ...(await contextOf(parsed.data, signal)), signal })
      return { content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: result as Record<string, unknown> }
    } catch (thrown) {
      const { code, message, hint, id } = asPromptsError(thrown)
      return { isError: true, content: [{ type: 'text', text: JSON.stringify({ error: { code, message, hint, id } }) }] }
    }
  })
  return server
}

/** Serves until the other side closes or the signal aborts. */
export async function serveMcp(options: McpOptions & { transport: Transport; signal: AbortSignal }): Promise<void> {
  const server = createMcpServer(options)
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve
    options.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await server.connect(options.transport)
  await closed
  await server.close()
}

async function openContext(deps: AgentDeps, tenant: string, text: string, signal: AbortSignal): Promise<Omit<ToolContext, 'signal'>> {
  const loaded = await deps.loadExperiment(subjectOf(text), signal)
  if (loaded.experiment === null)
    throw new PromptsError('bad_experiment', 'That is a profile without an experiment.', { hint: 'Give the YAML of an experiment.' })
  const reading = loaded.profile ? await deps.readProfile(await loaded.profile.open(signal), signal, loaded.experiment?.mesh ?? null) : null
  const cases = await deps.library.list({ kind: 'case', tenant, limit: 2000, own: true })
  const situation = createSituation(deps, loaded.experiment, reading?.report ?? null, cases)
  const analysis = analyze(situation)
  const retrieved = await retrieve(situation, analysis, { ...deps, tenant, signal })
  const movers = await findMovers(deps.library, { tenant, workload: situation.workload, cases: retrieved.cases })
  const plan = await rankSpace(deps, situation, { measurements: ownMeasurements(situation.workload, tenant, cases), movers }, signal)
  return { situation, analysis, plan, tenant, deps }
}

function schemaWithExperiment(tool: Tool): Record<string, unknown> {
  const schema = jsonSchemaOf(tool.input) as { properties?: Record<string, unknown>; required?: string[] }
  return {
    ...schema,
    type: 'object',
    properties: { experiment: jsonSchemaOf(subject), ...schema.properties },
    required: ['experiment', ...(schema.required ?? [])],
  }
}
