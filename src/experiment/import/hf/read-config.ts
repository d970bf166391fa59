import { PromptsError } from '../../../errors.ts'
import { hfArchitectures } from './config-reader.ts'

/** A `config.json` with what wraps its text decoder taken off. */
export interface HfConfig {
  /** The decoder's own keys; those of the wrapper stand where the decoder has none of that name. */
  config: Readonly<Record<string, unknown>>
  /** The wrapper's other parts: towers that are not counted. */
  towers: string[]
  name: string | null
}

/**
 * Parses the text of a config.json, which may hold the bare tokens Infinity and NaN that Python writes.
 * @throws PromptsError `bad_log` when it is no JSON object.
 */
export function parseHfConfig(text: string, what: string): unknown {
  const plain = text.replace(/("(?:[^"\\]|\\.)*")|-?\bInfinity\b|\bNaN\b/g, (_, quoted: string | undefined) => quoted ?? 'null')
  try {
    return JSON.parse(plain)
  } catch (error) {
    throw new PromptsError('bad_log', `${what} is not JSON: ${(error as Error).message}`, {
      hint: "Give the model's config.json.",
      cause: error,
    })
  }
}

export function unwrapHfConfig(data: unknown, what: string): HfConfig {
  if (!isRecord(data)) throw new PromptsError('bad_log', `${what} is no JSON object`, { hint: "Give the model's config.json." })
  let config: Record<string, unknown> = data
  const towers = new Set<string>()
  // a wrapper within a wrapper at most a few times: thinker_config holds text_config
  for (let depth = 0; depth < 4; depth++) {
    const key = hfArchitectures.wrappers.find((name) => isRecord(config[name]))
    if (key === undefined) break
    for (const [name, value] of Object.entries(config))
      if (isRecord(value) && /_config$/.test(name) && !hfArchitectures.wrappers.includes(name)) towers.add(name)
    const { [key]: inner, ...outer } = config
    config = { ...outer, ...dropNulls(inner as Record<string, unknown>), architectures: outer.architectures }
  }
  const path = typeof data._name_or_path === 'string' ? data._name_or_path : ''
  const name = path.split('/').findLast((part) => part !== '') ?? null
  return { config, towers: [...towers].filter((tower) => tower !== 'quantization_config'), name }
}

/** An inner null says nothing that could stand over the wrapper's value. */
function dropNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
