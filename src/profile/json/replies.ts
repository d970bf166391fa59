import { basename } from 'node:path'
import { PromptsError } from '../../errors.ts'

/** Replies of XProf's server by tool, as saved files or fresh from it. */
export type Replies = Map<Tool, unknown>

const replyTools = [
  'overview_page',
  'input_pipeline_analyzer',
  'roofline_model',
  'hlo_stats',
  'op_profile',
  'memory_profile',
  'pod_viewer',
] as const
export type Tool = (typeof replyTools)[number]

const aliases: Record<string, Tool> = { input_pipeline: 'input_pipeline_analyzer' }

/** The tool and host a saved reply's name gives: HOST.TOOL.json or TOOL.json, perhaps with .gz. Null for other files. */
export function toolOfFile(file: string): { tool: Tool; host: string } | null {
  const parts = basename(file)
    .replace(/(\.json)?(\.gz)?$/, '')
    .split('.')
  const last = parts.pop() ?? ''
  const tool = aliases[last] ?? replyTools.find((each) => each === last) ?? namedWithin(last)
  return tool ? { tool, host: parts.join('.') } : null
}

/** As a browser saves them: data_RUN_TOOL_RUN.json. */
function namedWithin(name: string): Tool | undefined {
  return name.startsWith('data_') ? replyTools.find((tool) => name.includes(`_${tool}_`) || name.endsWith(`_${tool}`)) : undefined
}

/** A saved reply as JSON. @throws PromptsError bad_profile with the file and where it stops being JSON */
export function parseReply(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PromptsError('bad_profile', `${file} is not JSON: ${why}`, { hint: "Save the server's reply as it came.", cause })
  }
}
