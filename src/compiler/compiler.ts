import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { isEngine, type Phase, type Run } from '../contract/experiment.ts'
import type { Mesh } from '../contract/mesh.ts'
import type { CompilerVerdict, Effort, Physical } from '../contract/verdict.ts'
import { PromptsError } from '../errors.ts'
import type { Workload } from '../planner/workload.ts'
import { readJsonAs } from '../text/json.ts'
import { childEnvironment } from './child-environment.ts'
import { createCompileCache } from './compile-cache.ts'
import { compileRequest } from './compile-request.ts'
import { compilerPython } from './compiler-python.ts'
import { createMaxTextProgram } from './maxtext-program.ts'
import { type CompileRequest, type CompileResponse, compileResponseSchema } from './protocol.ts'
import { type ProcessOptions, type ProcessResult, runProcess } from './run-process.ts'
import { createSemaphore } from './semaphore.ts'
import type { ModuleStudy, studyModule } from './study-module.ts'
import { withoutNetwork } from './without-network.ts'

/** What is compiled: a mesh with what else changes, and how it lies on the chips. */
export interface Candidate {
  mesh: Mesh
  dcn: Mesh
  changes: Partial<Run>
  physical: Physical
  /** The card's settings in MaxText's words, for the operator's own MaxText program. */
  maxtextFlags?: readonly string[]
}

/** A verdict and what it rests on. */
export interface Compilation {
  verdict: CompilerVerdict
  memory: CompileResponse['memory']
  /** Collectives by axis, anti-patterns and the replayed step of the compiled module; null where none was kept. */
  study: ModuleStudy | null
  /** The scheduled module, gzipped; null unless the reference program compiled. */
  hloPath: string | null
}

export interface Compiler {
  /** Whether the compiler is installed and answers, and its versions. */
  status(signal: AbortSignal): Promise<{ ready: boolean; detail: string; versions: Record<string, string> }>
  /**
   * The compiler's word on one candidate: fast effort first, accepted only when it fits with `fastMargin` to spare; full effort
   * otherwise, and always with `full`. A crash, a hang or a cancelled compilation is `unknown` with the reason.
   * @throws PromptsError `unavailable` when the compiler is not installed.
   */
  compile(workload: Workload, candidate: Candidate, options: { full: boolean; signal: AbortSignal }): Promise<Compilation>
}

export interface CompilerOptions {
  /** Folder for results, modules and the installed program. */
  home: string
  /** Python with jax[tpu]; null: the one that setup:compiler installs under `home`. */
  python: string | null
  processes: number
  memoryGib: number
  timeoutMs: number
  /** The operator's own MaxText train_compile command, in words; null without one. */
  maxtextCommand: readonly string[] | null
  /** Reads a compiled module; null: modules are kept but not read. */
  study: typeof studyModule | null
}

/**
 * How far below the limit a peak at fast effort must be to stand: fast effort schedules otherwise. Training steps needed up to
 * 24% less at fast effort than at full, serving at most 1% (bench/recorded/compiled-again.jsonl, `python
 * bench/compiler/again.py`); a few points more are left.
 */
const fastMargin: Record<Phase, number> = { train: 0.28, prefill: 0.05, decode: 0.05 }
const queueLimit = 200
const maxOutputBytes = 4 * 1024 * 1024
const program = fileURLToPath(new URL('./python', import.meta.url))

/** A bounded pool of compiler processes with a cache on disk. */
export function createCompiler(options: CompilerOptions): Compiler {
  // it runs in a folder of its own, where relative paths mean nothing
  const home = resolve(options.home)
  const python = resolvePython(compilerPython({ ...options, home }))
  const cacheFolder = join(home, 'compile-cache')
  const cache = createCompileCache(cacheFolder)
  const places = createSemaphore(options.processes, queueLimit)
  const environment = childEnvironment(process.env)
  const limits = { timeoutMs: options.timeoutMs, memoryGib: options.memoryGib, maxOutputBytes }
  const maxtext = options.maxtextCommand === null ? null : createMaxTextProgram({ command: options.maxtextCommand, limits, places })
  let known: Promise<Record<string, string>> | null = null

  const readVersions = async (signal: AbortSignal): Promise<Record<string, string>> => {
    if (python.includes('/') && !existsSync(python)) throw notInstalled(`${python} is not there`)
    const result = await runAlone([python, program, '--versions'], { limits: { ...limits, timeoutMs: 60_000 }, signal, env: environment })
    const parsed = readJsonAs(z.record(z.string(), z.unknown()), result.stdout)
    if (parsed === null) throw notInstalled(failure(result))
    return Object.fromEntries(Object.entries(parsed).map(([name, version]) => [name, String(version)]))
  }
  const versionsOnce = (signal: AbortSignal) => {
    known ??= readVersions(signal).catch((error: unknown) => {
      known = null
      throw error
    })
    return known
  }

  const compileOnce = async (
    request: CompileRequest,
    signal: AbortSignal,
  ): Promise<{ response: CompileResponse | null; unknown: string | null; seconds: number }> => {
    const versions = await versionsOnce(signal)
    const key = cache.key(request, versions)
    const hloPath = cache.hloPath(key)
    const cached = await cache.get(key)
    if (cached) return { response: cached, unknown: null, seconds: (cached.seconds.lower ?? 0) + (cached.seconds.compile ?? 0) }
    const release = await places.acquire(signal)
    try {
      await mkdir(cacheFolder, { recursive: true })
      const result = await runAlone([python, program], {
        input: JSON.stringify({ ...request, hlo_path: hloPath }),
        limits,
        signal,
        env: environment,
      })
      const response = readJsonAs(compileResponseSchema, result.stdout)
      if (response === null) {
        await rm(hloPath, { force: true })
        return { response: null, unknown: failure(result), seconds: result.seconds }
      }
      if (response.status === 'fits' || response.status === 'oom') await cache.put(key, response)
      return { response, unknown: null, seconds: result.seconds }
    } finally {
      release()
    }
  }

  /** `broke`: the compiler failed by its own fault, which says nothing of the mesh. */
  const attempt = async (
    workload: Workload,
    candidate: Candidate,
    effort: Effort,
    signal: AbortSignal,
  ): Promise<{ compilation: Compilation; broke: boolean }> => {
    const request = compileRequest(workload, candidate, { effort, hloPath: null })
    const { response, unknown, seconds } = await compileOnce(request, signal)
    const hloPath = response?.hlo_path ?? null
    const broke = response?.status === 'error' && isOwnFailure(response.message ?? '')
    let message = response === null ? unknown : broke ? `the compiler itself failed: ${response.message}` : response.message
    let study: ModuleStudy | null = null
    if (hloPath !== null && options.study !== null) {
      study = await options.study(hloPath, workload, candidate, effort).catch((error: Error) => {
        message = [message, `its module could not be read: ${error.message}`].filter(Boolean).join('; ')
        return null
      })
    }
    const verdict: CompilerVerdict = {
      status: response === null || response.status === 'unsupported' || broke ? 'unknown' : response.status,
      required_gib: response?.required_gib ?? null,
      available_gib: response?.available_gib ?? null,
      step_time_ms: study?.stepTimeMs ?? null,
      effort,
      program: 'reference',
      versions: response?.versions ?? {},
      seconds,
      message,
    }
    return { compilation: { verdict, memory: response?.memory ?? null, study, hloPath }, broke }
  }

  return {
    async status(signal) {
      try {
        const versions = await versionsOnce(signal)
        return {
          ready: true,
          detail: Object.entries(versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(', '),
          versions,
        }
      } catch (error) {
        return { ready: false, detail: (error as Error).message, versions: {} }
      }
    },
    async compile(workload, candidate, { full, signal }) {
      if (maxtext !== null && workload.framework === 'maxtext' && candidate.maxtextFlags) {
        return {
          verdict: await maxtext.compile(candidate.maxtextFlags, workload.chip.hbm_available_gib_per_device, signal),
          memory: null,
          study: null,
          hloPath: null,
        }
      }
      if (!full) {
        const { compilation: fast, broke } = await attempt(workload, candidate, 'fast', signal)
        const { status } = fast.verdict
        if ((status === 'unknown' && !broke) || status === 'error' || clear(fast.verdict, workload.phase)) return fast
      }
      return ofEngine(workload, (await attempt(workload, candidate, 'full', signal)).compilation)
    },
  }
}

/**
 * An engine lays one KV head on a device, keeps windows short and allots its cache from what weights leave: it needs no more than
 * the reference program. That this fits says that the engine does; that it does not says nothing.
 */
function ofEngine({ framework, phase }: Workload, compilation: Compilation): Compilation {
  const { verdict } = compilation
  if (phase === 'train' || !isEngine(framework) || verdict.status !== 'oom') return compilation
  const needs = verdict.required_gib === null ? 'more than there is' : `${verdict.required_gib.toFixed(1)} GiB`
  const message = `the reference program needs ${needs}, which says nothing of ${framework}: its cache takes what weights leave of the memory`
  return { ...compilation, verdict: { ...verdict, status: 'unknown', message } }
}

/** A program name as it stands, a path from this process's folder. */
function resolvePython(python: string): string {
  return python.includes('/') ? resolve(python) : python
}

/**
 * Runs the compiler in an empty folder of its own, without a network where the platform can; nothing that it leaves there stays.
 */
async function runAlone(command: readonly string[], options: ProcessOptions): Promise<ProcessResult> {
  const folder = await mkdtemp(join(tmpdir(), 'prompts-compile-'))
  try {
    return await runProcess(withoutNetwork(command), { ...options, env: { ...options.env, TMPDIR: folder }, folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** An assertion inside the compiler, as opposed to what it says of a program. */
function isOwnFailure(message: string): boolean {
  return /\bINTERNAL: |RET_CHECK failure|\bCheck failed: /.test(message)
}

/** Fits with enough to spare that full effort cannot need more than there is. */
function clear(verdict: CompilerVerdict, phase: Phase): boolean {
  return (
    verdict.status === 'fits' &&
    verdict.required_gib !== null &&
    verdict.available_gib !== null &&
    verdict.required_gib <= verdict.available_gib * (1 - fastMargin[phase])
  )
}

function notInstalled(detail: string): PromptsError {
  return new PromptsError('unavailable', `The TPU compiler is not installed: ${detail}`, {
    hint: 'npm run setup:compiler installs it into the project.',
  })
}

function failure(result: ProcessResult): string {
  const last = result.stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
  switch (result.reason) {
    case 'timeout':
      return `the compiler did not answer in ${Math.round(result.seconds)} s and was stopped`
    case 'memory':
      return 'the compiler took more memory than it may and was stopped'
    case 'cancelled':
      return 'cancelled'
    case 'output':
      return 'the compiler printed more than it may and was stopped'
    default:
      return `the compiler process ended ${result.signalName ? `by ${result.signalName}` : `with exit code ${result.exitCode}`}${last ? `: ${last}` : ''}`
  }
}
