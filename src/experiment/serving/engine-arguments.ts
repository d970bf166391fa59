/** The arguments that an engine was started with, by their names with underscores. */
export type EngineArguments = Map<string, string>

const maxValue = 500
/** Under which the module that a command starts is kept, where it says one. */
export const launcherArgument = 'launcher'

/**
 * Finds an engine's arguments in a text: its command line (`vllm serve MODEL --tensor-parallel-size 8`, `python -m
 * sgl_jax.launch_server --tp-size 8`), or what it logs at its start (vLLM's `non-default args: {…}`, sglang's
 * `server_args=ServerArgs(…)`). The last ones stand. They are data: nothing of them is run.
 */
export function readEngineArguments(text: string): EngineArguments {
  const found: EngineArguments = new Map()
  for (const line of text.split('\n')) {
    if (/non-default args: \{|ServerArgs\(|args: Namespace\(/.test(line)) readPairs(line, found)
    else if (/\bvllm\s+serve\b|api_server|\bsgl_jax\.launch_server|sglang\.launch_server|sglang\s+serve/.test(line))
      readCommand(line, found)
  }
  return found
}

/** `'tensor_parallel_size': 8` and `tp_size=8`. */
function readPairs(line: string, into: EngineArguments): void {
  for (const [, name, quoted, bare] of line.matchAll(/'?([A-Za-z][A-Za-z0-9_]{1,60})'?\s*[:=]\s*(?:'([^']*)'|([^\s,'{}()]+))/g))
    if ((quoted ?? bare ?? '').length <= maxValue) into.set(name!, quoted ?? bare!)
}

function readCommand(line: string, into: EngineArguments): void {
  const words = line.trim().split(/\s+/)
  const launcher = words.find((word) => /^(?:sgl_jax|sglang)\.launch_server$/.test(word))
  if (launcher !== undefined) into.set(launcherArgument, launcher)
  const serve = words.indexOf('serve')
  const model = serve >= 0 ? words[serve + 1] : undefined
  if (model !== undefined && !model.startsWith('-')) into.set('model', model)
  for (const [at, word] of words.entries()) {
    const match = /^--?([a-z][a-z0-9-]{0,60})(?:=(.*))?$/.exec(word)
    if (!match) continue
    const next = words[at + 1]
    const value = match[2] ?? (next === undefined || /^--?[a-z]/.test(next) ? 'true' : next)
    if (value.length <= maxValue) into.set(match[1]!.replaceAll('-', '_'), value)
  }
}

/** A whole number under any of some names; null where none has one. */
export function numberArgument(from: ReadonlyMap<string, string>, ...names: string[]): number | null {
  for (const name of names) {
    const value = Number(from.get(name) ?? Number.NaN)
    if (Number.isInteger(value) && value > 0) return value
  }
  return null
}

/** A text under any of some names; null where none has one that means something. */
export function textArgument(from: ReadonlyMap<string, string>, ...names: string[]): string | null {
  for (const name of names) {
    const value = from.get(name)
    if (value !== undefined && value !== '' && value !== 'None' && value !== 'auto') return value
  }
  return null
}
