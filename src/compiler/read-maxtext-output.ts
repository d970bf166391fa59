import type { CompilerVerdict } from '../contract/verdict.ts'
import { lastException, type PythonException } from './python-exception.ts'

export interface MaxTextOutput {
  status: CompilerVerdict['status']
  requiredGib: number | null
  availableGib: number | null
  versions: Record<string, string>
  message: string | null
}

const gibBytes = 2 ** 30

/**
 * Reads what MaxText's `train_compile` prints. A program that compiled says so, with the compiler's peak where
 * `python/tell_peak.py` told it and else with argument + output − alias + temp, which is a few percent more. One that did not
 * ends in a Python exception: out of memory with its two figures, or a refusal (`error`). What failed before anything was judged
 * (a missing module or file, no network), and everything else, is `unknown`.
 */
export function readMaxTextOutput(text: string): MaxTextOutput {
  const nothing = { requiredGib: null, availableGib: null, versions: readVersions(text), message: null }
  if (/^(?:Jitting and compilation complete|Finished train_compile\.py successfully)/m.test(text)) {
    const peak = readPeak(text)
    const sum = readSum(text)
    if (peak)
      return {
        ...nothing,
        status: 'fits',
        requiredGib: peak.gib,
        message: peak.exact ? null : 'at most: the compiler tells the peak of what is offloaded',
      }
    const message = sum === null ? null : 'the sum of its buffers: the peak is a few percent less'
    return { ...nothing, status: 'fits', requiredGib: sum, message }
  }
  const vmem = readScopedVmem(text)
  if (vmem !== null) return { ...nothing, status: 'error', message: vmem }
  const outOfMemory = readOutOfMemory(text)
  if (outOfMemory) return { ...nothing, status: 'oom', ...outOfMemory }
  const exception = lastException(text) ?? configError(text)
  if (exception === null) return { ...nothing, status: 'unknown' }
  return { ...nothing, status: isSetup(exception) ? 'unknown' : 'error', message: messageOf(exception) }
}

/** A kernel beyond its share of VMEM: the compiler calls it exhausted too, but no HBM ran out, and other settings mend it. */
function readScopedVmem(text: string): string | null {
  const at = text.search(/CompileTimeScopedVmemOom|Ran out of memory in memory space vmem/)
  if (at < 0) return null
  const around = text.slice(at, at + 4000)
  const kernel = /allocating on stack for %?([\w.-]{1,80})/.exec(around)?.[1]
  const sizes = /size ([\d.]+[KMG]) and limit ([\d.]+[KMG])/.exec(around) ?? /Used ([\d.]+[KMG]) of ([\d.]+[KMG]) vmem/.exec(around)
  const what = `${kernel ? `the kernel ${kernel}` : 'a kernel'} needs ${sizes ? `${sizes[1]} of scoped VMEM and may have ${sizes[2]}` : 'more scoped VMEM than it may have'}`
  return `${what}: smaller blocks for it, or a larger --xla_tpu_scoped_vmem_limit_kib; it says nothing of HBM`
}

function readOutOfMemory(text: string): { requiredGib: number | null; availableGib: number | null; message: string } | null {
  const at = text.search(/RESOURCE_EXHAUSTED|CompileTimeHbmOom/)
  if (at < 0) return null
  const around = text.slice(at, at + 4000)
  const used =
    /Used ([\d.]+)([KMGT]) of ([\d.]+)([KMGT]) hbm/.exec(around) ??
    /\(([\d.]+)([KMGT])\) exceeds available HBM \(([\d.]+)([KMGT])\)/.exec(around)
  const firstLine = /^[^\n]*/.exec(around)![0]
  return {
    requiredGib: used ? toGib(used[1]!, used[2]!) : null,
    availableGib: used ? toGib(used[3]!, used[4]!) : null,
    message: cut(firstLine),
  }
}

function toGib(value: string, unit: string): number {
  return Number(value) * ({ K: 2 ** -20, M: 2 ** -10, G: 1, T: 1024 }[unit] ?? 1)
}

/** The largest, should more than one thing have been compiled. */
function readPeak(text: string): { gib: number; exact: boolean } | null {
  let largest = { gib: 0, exact: true }
  for (const [, bound, bytes] of text.matchAll(/^prompts: peak_memory_in_bytes(_at_most)?=(\d{1,18})$/gm)) {
    const gib = Number(bytes) / gibBytes
    if (gib > largest.gib) largest = { gib, exact: bound === undefined }
  }
  return largest.gib > 0 ? largest : null
}

function readSum(text: string): number | null {
  const stats = /CompiledMemoryStats\(([^)\n]*)\)/.exec(text)?.[1]
  if (stats === undefined) return null
  const read = (name: string) => Number(new RegExp(`(?:^|[ ,])${name}=(\\d{1,18})`).exec(stats)?.[1] ?? Number.NaN)
  const sum = read('argument_size_in_bytes') + read('output_size_in_bytes') - read('alias_size_in_bytes') + read('temp_size_in_bytes')
  return Number.isFinite(sum) ? sum / gibBytes : null
}

/** What `tell_peak.py` says first; without it, what MaxText logs of jax. */
function readVersions(text: string): Record<string, string> {
  const versions: Record<string, string> = {}
  const lines = [
    ...text.matchAll(/^prompts: (maxtext|jax|jaxlib|libtpu) ([\w.+-]{1,60})$/gm),
    ...text.matchAll(/System Information: (Jax|Jaxlib) Version: ([\w.+-]{1,60})/g),
  ]
  for (const [, name, version] of lines) versions[name!.toLowerCase()] ??= version!
  return versions
}

/**
 * MaxText's settings are read before anything is compiled; on some machines it says what is wrong with them in this way alone.
 */
function configError(text: string): PythonException | null {
  const message = /MAXTEXT CONFIG ERROR: ((?:(?!\n[IWEF]\d{4} )[\s\S]){1,2000})/.exec(text)?.[1]
  return message === undefined ? null : { name: 'ConfigError', message }
}

const setupErrors = new Set([
  'ModuleNotFoundError',
  'ImportError',
  'FileNotFoundError',
  'NotADirectoryError',
  'PermissionError',
  'OSError',
  'ConnectionError',
  'ConnectionRefusedError',
  'TimeoutError',
  'MemoryError',
  'KeyboardInterrupt',
  'UnsupportedInterpolationType',
])

/** Says nothing of the program: the installation, the machine or the network is at fault, and no card is. */
function isSetup({ name, message }: PythonException): boolean {
  return (
    setupErrors.has(name) ||
    /\b(?:UNAVAILABLE|ABORTED|DEADLINE_EXCEEDED|CANCELLED)\b|Unable to initialize backend|already in use/.test(message)
  )
}

function messageOf({ name, message }: PythonException): string {
  const setting = /^'(\w+)' not in '/.exec(message)?.[1]
  if (setting !== undefined) return `MaxText has no setting ${setting}`
  const uneven = /key path (\S+) [\s\S]*axis (\d+) is partitioned (\d+) times, but the dimension size is (\d+)/.exec(message)
  if (uneven) return cut(`${name}: axis ${uneven[2]} of ${uneven[1]} is ${uneven[4]} long, which ${uneven[3]} does not divide`)
  const validation = /^\d+ validation errors? for \w+\n([\s\S]*)/.exec(message)?.[1]
  const body = (validation ?? message).replace(/\[type=[\s\S]*$/, '').replace(/^\s*Value error, /, '')
  const tidy = body.replace(/\s+/g, ' ').trim()
  if (validation !== undefined || name === 'ConfigError') return cut(`MaxText refuses its settings: ${tidy}`)
  return cut(tidy === '' ? name : `${name}: ${tidy}`)
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text
}
