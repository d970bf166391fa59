import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, freemem, loadavg, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPython } from '../../test/support/needs.ts'

/**
 * Reads generated profiles of growing size with this reader and with XProf, side by side, each in a fresh process with nothing
 * cached, and writes results.md. Sizes in MB may be given: `npm run bench:profile -- 1 100`.
 */

interface Run {
  wall: number
  cpuSeconds: number
  peakMib: number
  step_time_ms: number
}

const here = dirname(fileURLToPath(import.meta.url))
const given = process.argv.slice(2).map(Number)
const sizes = given.length > 0 ? given : [1, 5, 20, 100, 250, 500]
const python = findPython('xprof')
/** XProf holds some twenty times the file in memory; it is left out where the machine has less. */
const xprofBytesPerByte = 22

const rows: string[] = []
const folder = mkdtempSync(join(tmpdir(), 'prompts-bench-'))
try {
  // The largest first: what takes too long is seen at once.
  for (const size of sizes.toSorted((a, b) => b - a)) {
    rows.unshift(measure(size))
    // After each size, so that a run that is cut short leaves what it has.
    writeFileSync(join(here, 'results.md'), results())
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(results())

function results(): string {
  const loads = loadavg().map((load) => load.toFixed(1))
  return [
    '# Reading a profile: this reader beside XProf',
    '',
    '`npm run bench:profile` generates training profiles of eight cores in a temporary folder and reads each one twice with this reader and twice',
    'with XProf 2.24.2 (once from 20 MB on), every time in a fresh process with nothing cached; the faster run counts. XProf runs what',
    '`get_kpi_metrics`, `get_top_hlo_ops` and `get_roofline_model` do, in one process. Ratios are XProf over ours.',
    '',
    '| Size, MB | Ours: wall s | CPU s | peak MiB | XProf: wall s | CPU s | peak MiB | Wall ratio | CPU ratio | Memory ratio |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `The machine has ${availableParallelism()} cores; its load averages at the end were ${loads.join(', ')}. Both readers start with the file in the page cache.`,
    '',
  ].join('\n')
}

function measure(size: number): string {
  const run = join(folder, String(size), 'plugins', 'profile', 'run')
  mkdirSync(run, { recursive: true })
  const made = spawnSync(process.execPath, [join(here, 'make-one.ts'), join(run, 'host.xplane.pb'), String(size)], { encoding: 'utf8' })
  const bytes = Number(made.stdout)
  const times = size >= 20 ? 1 : 2
  const ours = best([1, 2].map(() => once(process.execPath, [join(here, 'read-once.ts'), run], {})))
  let theirs: Run | null = null
  if (python !== null && freemem() > bytes * xprofBytesPerByte) {
    theirs = best(
      Array.from({ length: times }, () => {
        for (const name of readdirSync(run)) if (!name.endsWith('.xplane.pb')) rmSync(join(run, name))
        const cache = mkdtempSync(join(folder, 'cache-'))
        return once(python, [join(here, 'xprof-once.py'), run], { TMPDIR: cache })
      }),
    )
  }
  rmSync(join(folder, String(size)), { recursive: true })
  const cell = (value: number | undefined, digits: number): string => (value === undefined ? '–' : value.toFixed(digits))
  const ratio = (key: 'wall' | 'cpuSeconds' | 'peakMib'): string => cell(theirs ? theirs[key] / ours[key] : undefined, 1)
  const row = `| ${(bytes / 1e6).toFixed(1)} | ${cell(ours.wall, 2)} | ${cell(ours.cpuSeconds, 2)} | ${cell(ours.peakMib, 0)} | ${cell(theirs?.wall, 2)} | ${cell(theirs?.cpuSeconds, 2)} | ${cell(theirs?.peakMib, 0)} | ${ratio('wall')} | ${ratio('cpuSeconds')} | ${ratio('peakMib')} |`
  console.error(row)
  return row
}

function once(program: string, args: string[], env: Record<string, string>): Run {
  const start = performance.now()
  const done = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 26, timeout: 1_500_000 })
  const wall = (performance.now() - start) / 1000
  const last = done.stdout.trim().split('\n').at(-1) ?? ''
  if (done.status !== 0) throw new Error(`${program} ${args[0]} failed: ${done.stderr.slice(-500)}`)
  return { wall, ...(JSON.parse(last) as Omit<Run, 'wall'>) }
}

function best(runs: Run[]): Run {
  return runs.reduce((least, run) => (run.wall < least.wall ? run : least))
}
