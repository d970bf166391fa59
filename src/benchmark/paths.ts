import { fileURLToPath } from 'node:url'

const project = new URL('../../', import.meta.url)

function inProject(path: string): string {
  return fileURLToPath(new URL(path, project))
}

/** Where the benchmark's data lies in the project. */
export const benchmarkPaths = {
  project: inProject('./'),
  regimes: inProject('bench/regimes/'),
  profiles: inProject('bench/regimes/profiles/'),
  truth: inProject('bench/recorded/benchmark-truth.jsonl'),
  again: inProject('bench/recorded/benchmark-again.jsonl'),
  proposals: inProject('bench/recorded/benchmark-rivals.jsonl'),
  maxtextVerdicts: inProject('bench/recorded/maxtext-memory.jsonl'),
  referenceVerdicts: inProject('bench/recorded/reference-program.jsonl'),
  referenceModules: inProject('bench/recorded/modules/'),
  maxtextScript: inProject('bench/maxtext/compile_programs.py'),
  report: inProject('bench/report/'),
}
