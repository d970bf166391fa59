import type { CompilerVerdict } from '../contract/verdict.ts'

export interface MaxTextOutput {
  status: CompilerVerdict['status']
  requiredGib: number | null
  availableGib: number | null
  versions: Record<string, string>
  message: string | null
}

const gibBytes = 2 ** 30

/**
 * Reads what MaxText's `train_compile` prints: the compiler's out-of-memory error with its two figures, or the memory statistics of a program
 * that compiled (`CompiledMemoryStats(… peak_memory_in_bytes=…)`; without a peak, argument + output − alias + temp). Anything else is `unknown`.
 */
export function readMaxTextOutput(text: string): MaxTextOutput {
  const versions = readVersions(text)
  const none = { requiredGib: null, availableGib: null, versions, message: null }
  const oom = readOutOfMemory(text)
  if (oom) return { status: 'oom', ...oom, versions }
  const stats = readMemoryStats(text)
  if (stats !== null) return { ...none, status: 'fits', requiredGib: stats }
  if (/Jitting and compilation complete|Finished train_compile/.test(text)) return { ...none, status: 'fits' }
  const error = /^(?:[\w.]*(?:Error|Exception)): (.{1,300})/m.exec(text)
  return error ? { ...none, status: 'error', message: error[0] } : { ...none, status: 'unknown' }
}

function readOutOfMemory(text: string): { requiredGib: number | null; availableGib: number | null; message: string } | null {
  const line = /RESOURCE_EXHAUSTED[^\n]*/.exec(text)?.[0]
  if (line === undefined) return null
  const around = text.slice(text.indexOf(line), text.indexOf(line) + 4000)
  const used =
    /Used ([\d.]+)([KMGT]) of ([\d.]+)([KMGT]) hbm/.exec(around) ??
    /\(([\d.]+)([KMGT])\) exceeds available HBM \(([\d.]+)([KMGT])\)/.exec(around)
  return {
    requiredGib: used ? toGib(used[1]!, used[2]!) : null,
    availableGib: used ? toGib(used[3]!, used[4]!) : null,
    message: line.slice(0, 500),
  }
}

function toGib(value: string, unit: string): number {
  return Number(value) * ({ K: 2 ** -20, M: 2 ** -10, G: 1, T: 1024 }[unit] ?? 1)
}

function readMemoryStats(text: string): number | null {
  const stats = /CompiledMemoryStats\(([^)]*)\)/.exec(text)?.[1]
  if (stats === undefined) return null
  const read = (name: string) => Number(new RegExp(`(?:^|[ ,])${name}=(\\d+)`).exec(stats)?.[1] ?? Number.NaN)
  const peak = read('peak_memory_in_bytes')
  if (peak > 0) return peak / gibBytes
  const sum = read('argument_size_in_bytes') + read('output_size_in_bytes') - read('alias_size_in_bytes') + read('temp_size_in_bytes')
  return Number.isFinite(sum) ? sum / gibBytes : null
}

/** `jax 0.10.2`-like lines, and MaxText's `Config param` of the topology are not versions: only names we know. */
function readVersions(text: string): Record<string, string> {
  const versions: Record<string, string> = {}
  for (const [, name, version] of text.matchAll(/\b(jax|jaxlib|libtpu|maxtext)(?:[ =:]+(?:version )?)v?(\d+\.\d+[\w.]*)/gi))
    versions[name!.toLowerCase()] ??= version!
  return versions
}
