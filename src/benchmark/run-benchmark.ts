import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compiledAgain } from './compiled-again.ts'
import { figuresOf } from './figures.ts'
import { judgeAll, readRegimeProfiles } from './judge-all.ts'
import { fitStatements, gainStatements } from './probabilities.ts'
import { race } from './race.ts'
import { readRegimes } from './read-regimes.ts'
import { curvesPicture } from './report/curves-picture.ts'
import { type Benchmark, overviewPage } from './report/overview.ts'
import { regimePage } from './report/regime-page.ts'
import { readProposals } from './rival-file.ts'
import { ablations, noisyConstants, worseProfiles } from './stability.ts'
import { readTruth } from './truth-file.ts'

/** The files that the benchmark reads. */
export interface BenchmarkFiles {
  regimes: string
  profiles: string
  truth: string
  again: string
  proposals: string
}

/** Judges our advice and its rivals on what is recorded. Nothing is compiled and no Python runs. */
export async function runBenchmark(files: BenchmarkFiles, clock: () => number): Promise<Benchmark> {
  const regimes = readRegimes(files.regimes)
  const recorded = readTruth(files.truth)
  const profiles = await readRegimeProfiles(regimes, files.profiles, clock)
  const judged = judgeAll(regimes, recorded, { clock, profiles })
  return {
    judged,
    figures: figuresOf(judged),
    races: race(judged, readProposals(files.proposals)),
    fits: fitStatements(judged),
    gains: gainStatements(judged, clock),
    stability: [...ablations(judged), noisyConstants(judged, clock), ...worseProfiles(judged, profiles, clock)],
    profiles,
    again: compiledAgain(recorded, readTruth(files.again)),
    versions: [...new Set(recorded.map(({ program, versions }) => versionWords(program, versions)))].toSorted(),
  }
}

/**
 * Writes the report into a folder: the first page, the picture, a page for every regime; pages of regimes that are gone are taken
 * away.
 */
export function writeReport(benchmark: Benchmark, folder: string): void {
  const pages = join(folder, 'regimes')
  mkdirSync(pages, { recursive: true })
  const names = new Set(benchmark.judged.map(({ regime }) => `${regime.id}.md`))
  for (const name of readdirSync(pages)) if (!names.has(name)) rmSync(join(pages, name))
  for (const one of benchmark.judged) writeFileSync(join(pages, `${one.regime.id}.md`), regimePage(one))
  writeFileSync(join(folder, 'curves.svg'), curvesPicture(benchmark.races))
  writeFileSync(join(folder, 'README.md'), overviewPage(benchmark))
}

function versionWords(program: string, versions: Readonly<Record<string, string>>): string {
  const named = ['maxtext', 'jax', 'libtpu'].flatMap((name) => (versions[name] === undefined ? [] : [`${name} ${versions[name]}`]))
  return `${program === 'reference' ? 'the reference program, ' : ''}${named.join(', ')}`
}
