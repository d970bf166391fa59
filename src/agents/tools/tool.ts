import { z } from 'zod'
import type { Plan } from '../../contract/verdict.ts'
import { PromptsError } from '../../errors.ts'
import type { AgentDeps } from '../deps.ts'
import type { Analysis, Situation } from '../situation.ts'

/** What a tool may look at: one job, one tenant. */
export interface ToolContext {
  situation: Situation
  analysis: Analysis
  /** The space as ranked for this job. */
  plan: Plan
  tenant: string
  deps: Pick<AgentDeps, 'library' | 'embedder' | 'compiler'>
  signal: AbortSignal
}

/** A typed tool, the same for Gemini's function calls and for MCP: a schema for what goes in and one for what comes out. */
export interface Tool<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> {
  name: string
  description: string
  input: In
  output: Out
  run(input: z.infer<In>, context: ToolContext): Promise<z.infer<Out>>
}

/** Keeps the types of one tool's schemas together. */
export function defineTool<In extends z.ZodType, Out extends z.ZodType>(tool: Tool<In, Out>): Tool {
  return tool as unknown as Tool
}

/** The JSON Schema of a tool's input, as function declarations and MCP take it. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' }) as Record<
    string,
    unknown
  >
  return rest
}

/**
 * Runs a tool on untrusted input. @throws PromptsError `bad_arguments` naming the tool and the field for input that does not fit
 * its schema.
 */
export async function callTool(tool: Tool, input: unknown, context: ToolContext): Promise<unknown> {
  const parsed = tool.input.safeParse(input ?? {})
  if (!parsed.success) {
    throw new PromptsError('bad_arguments', `${tool.name}: ${z.prettifyError(parsed.error).slice(0, 500)}`, {
      hint: 'Call it again with the fields of its schema.',
    })
  }
  return tool.output.parse(await tool.run(parsed.data, context))
}
