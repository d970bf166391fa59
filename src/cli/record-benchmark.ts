import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Programs } from '../benchmark/compile-mesh.ts'
import { knownMaxText } from '../benchmark/known-maxtext.ts'
import { knownReference } from '../benchmark/known-reference.ts'
import { openMaxTextWorker } from '../benchmark/maxtext-worker.ts'
import { benchmarkPaths } from '../benchmark/paths.ts'
import { readRegimes } from '../benchmark/read-regimes.ts'
import { recordTruth } from '../benchmark/record-truth.ts'
import type { Config } from '../config.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import type { Context } from './command.ts'
import { compilerOf } from './compile.ts'

/** `prompts bench record`: compiles what the tables lack, with MaxText where it is installed and with the reference program. */
export async function recordBenchmark({ flags, config, note, signal }: Context<'bench'>): Promise<number> {
  const all = readRegimes(benchmarkPaths.regimes)
  const regimes = flags.only === undefined ? all : all.filter(({ id }) => id === flags.only)
  if (regimes.length === 0) {
    const near = nearest(
      flags.only ?? '',
      all.map(({ id }) => id),
      1,
    )[0]
    throw new PromptsError('bad_arguments', `There is no regime ${flags.only}`, {
      hint: near ? `Did you mean ${near}?` : 'They stand in bench/regimes.',
    })
  }
  const home = resolve(config.PROMPTS_HOME)
  const folder = join(home, 'benchmark-modules')
  mkdirSync(folder, { recursive: true })
  const python = join(home, 'maxtext/bin/python')
  const maxtext = existsSync(python) ? await openMaxTextWorker({ python, script: benchmarkPaths.maxtextScript, folder }) : null
  if (maxtext === null) note('MaxText is not installed (npm run setup:maxtext): its regimes are left out')
  const compiler = compilerOf({ ...config, PROMPTS_MAXTEXT_COMMAND: undefined, ...(flags.again ? withoutCache(config, home) : {}) })
  const { ready, detail } = await compiler.status(signal)
  if (!ready) note(`the reference program is left out: ${detail}`)
  const programs: Programs = {
    maxtext,
    compiler: ready ? compiler : null,
    known: flags.again ? () => null : knownMaxText(benchmarkPaths.maxtextVerdicts, join(home, 'maxtext-modules')),
    knownReference: knownReference(benchmarkPaths.referenceVerdicts, benchmarkPaths.referenceModules),
    folder,
  }
  try {
    const added = await recordTruth({
      regimes,
      path: flags.out ?? (flags.again ? benchmarkPaths.again : benchmarkPaths.truth),
      programs,
      again: flags.again,
      untilMs: flags.minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + flags.minutes * 60_000,
      clock: () => performance.now(),
      now: () => new Date().toISOString(),
      note,
      signal,
    })
    note(`${added} rows added`)
  } finally {
    maxtext?.close()
  }
  return exitCodes.ok
}

/** A home of its own, so that what is compiled again is compiled and not looked up, with the compiler that is installed. */
function withoutCache(config: Config, home: string): Partial<Config> {
  const fresh = mkdtempSync(join(tmpdir(), 'prompts-again-'))
  process.once('exit', () => rmSync(fresh, { recursive: true, force: true }))
  return { PROMPTS_HOME: fresh, PROMPTS_COMPILER_PYTHON: config.PROMPTS_COMPILER_PYTHON ?? join(home, 'compiler/bin/python') }
}
