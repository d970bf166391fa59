import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomNumbers } from '../../src/numbers/random-numbers.ts'
import { readProfile } from '../../src/profile/read-profile.ts'
import type { Mix } from '../../test/support/bottleneck-mix.ts'
import { bottleneckMixes } from '../../test/support/bottleneck-mix.ts'
import { findPython, projectRoot } from '../../test/support/needs.ts'
import { syntheticProfile } from '../../test/support/synthetic-profile.ts'

/**
 * What is found of jobs with one or two things wrong, with and without noise, and what XProf says: `npm run bench:confusion`
 * writes results.md.
 */

const folder = mkdtempSync(join(tmpdir(), 'prompts-confusion-'))
const { alone, pairs } = bottleneckMixes()
const classes = ['compute', 'hbm', 'communication', 'host'] as const

function write(mix: Mix, name: string, noise: { drop: number; jitter: number }): string {
  const run = join(folder, name)
  mkdirSync(run, { recursive: true })
  for (const [index, spec] of mix.hosts.entries()) {
    const random = randomNumbers(index + 17)
    const noisy = {
      ...spec,
      jitter: Math.max(spec.jitter ?? 0, noise.jitter),
      filter: (line: string) => line === 'Steps' || random() >= noise.drop,
    }
    writeFileSync(join(run, `${spec.hostname}.xplane.pb`), syntheticProfile(noise.drop > 0 ? noisy : { ...spec, jitter: noisy.jitter }))
  }
  return run
}

interface Answer {
  mix: Mix
  run: string
  found: string
  also: string[]
  confidence: number
}

async function answers(mixes: readonly Mix[], name: string, noise = { drop: 0, jitter: 0 }): Promise<Answer[]> {
  const list: Answer[] = []
  for (const [index, mix] of mixes.entries()) {
    const run = write(mix, `${name}-${index}`, noise)
    const { bottleneck } = await readProfile(run)
    list.push({ mix, run, found: bottleneck.class, also: bottleneck.also, confidence: bottleneck.confidence })
    if (name !== 'alone') rmSync(run, { recursive: true })
  }
  return list
}

function matrix(list: readonly Answer[]): string {
  const rows = classes.map((wanted) => {
    const of = list.filter(({ mix }) => mix.expected === wanted)
    return `| **${wanted}** | ${classes.map((found) => of.filter((each) => each.found === found).length || '·').join(' | ')} |`
  })
  const right = list.filter(({ mix, found }) => mix.expected === found).length
  const near = list.filter(({ mix, found, also }) => mix.expected === found || also.includes(mix.expected as never)).length
  return `| built to be ↓, found → | ${classes.join(' | ')} |\n|---|---|---|---|---|\n${rows.join('\n')}\n\n${right} of ${list.length} right; in ${near} the class is found or stands under “also”.`
}

const single = await answers(alone, 'alone')
const python = findPython('xprof')
const xprof = python
  ? (JSON.parse(
      spawnSync(python, [join(projectRoot, 'test/support/xprof-figures.py'), ...single.map(({ run }) => run)], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        timeout: 300_000,
      }).stdout.split('==figures==')[1] ?? '{}',
    ) as Record<string, { roofline?: { program?: Record<string, unknown> }; kpis?: Record<string, unknown>; host?: { status?: string } }>)
  : {}
const xprofSays = (run: string): string => {
  const bound = String(xprof[run]?.roofline?.program?.bound_by ?? '–')
  const idle = String(xprof[run]?.kpis?.device_idle_time_percent ?? '–')
  return `${bound}${idle === '–' ? '' : `, idle ${idle}`}`
}
/** XProf's own rule for jobs that wait for their host: four conditions that must all hold. */
const xprofHost = (run: string): string => xprof[run]?.host?.status ?? '–'
const lines = single.map(
  ({ mix, run, found, confidence }) =>
    `| ${mix.name} | ${mix.expected} | ${found === mix.expected ? found : `**${found}**`} | ${Math.round(confidence * 100)}% | ${xprofSays(run)} | ${xprofHost(run)} |`,
)
const two = await answers(pairs, 'pairs')
const noisy = await answers([...alone, ...pairs], 'noisy', { drop: 0.05, jitter: 0.1 })
rmSync(folder, { recursive: true, force: true })
const wrong = [...two, ...noisy]
  .filter(({ mix, found }) => mix.expected !== found)
  .map(({ mix, found, confidence }) => `- ${mix.name}: ${mix.expected}, found ${found} (${Math.round(confidence * 100)}%)`)
writeFileSync(
  join(projectRoot, 'bench/confusion/results.md'),
  `# What is found of jobs with one or two things wrong

\`npm run bench:confusion\`: Llama 3 8B training and decoding on v6e, two hosts of two devices, made from the model's shapes
(\`test/support/bottleneck-mix.ts\`), each with what a job can have wrong. What each is built to be follows from its list of work by the
order of the classes: the host's part at least 30% of the step of whoever the others wait for, then exposed communication at least 20%, then the roofline.

## Alone

| Job | Built to be | Found | Confidence | XProf 2.24.2: bound by | and its \`check_host_boundness\` |
|---|---|---|---|---|---|
${lines.join('\n')}

${matrix(single)}

XProf's \`check_host_boundness\` says HOST_BOUND only where the idle time of the steps, the MXU's idleness and low HBM and ICI counters all agree. These
profiles hold no counters of the two last kinds, as most captures do not: it never fires on them.

## In pairs

${matrix(two)}

## Alone and in pairs, with 5% of events dropped and op times off by up to 10%

${matrix(noisy)}
${wrong.length > 0 ? `\nNot as built:\n\n${wrong.join('\n')}\n` : ''}`,
)
