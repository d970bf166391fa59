import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { compilerVerdictSchema } from '../../../src/contract/verdict.ts'
import { programSchema } from './program-cases.ts'

const path = fileURLToPath(new URL('../../../bench/recorded/maxtext-memory.jsonl', import.meta.url))

/**
 * One program that MaxText compiled ahead of time: `fits` and `oom` (`space: host` for the host's memory), `vmem` for a kernel
 * beyond the scoped VMEM limit, `error` for a program that MaxText or the compiler refuses. Sizes are GiB a device;
 * `required_gib` leaves out what is on the host.
 */
const verdictSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  program: programSchema,
  settings: z.array(z.string()),
  versions: z.record(z.string(), z.string()),
  effort: z.literal('full'),
  status: z.enum(['fits', 'oom', 'vmem', 'error', 'unknown']),
  required_gib: z.number().nullish(),
  exact: z.boolean().optional(),
  available_gib: z.number().nullish(),
  space: z.enum(['hbm', 'host']).optional(),
  memory: z.record(z.string(), z.number()).optional(),
  message: z.string().optional(),
  seconds: z.number(),
  cpu_seconds: z.number(),
})
export type RecordedVerdict = z.infer<typeof verdictSchema>

/** Every recorded verdict; the last of an id and jax version counts. */
export function recordedVerdicts(): RecordedVerdict[] {
  const rows = new Map<string, RecordedVerdict>()
  for (const line of linesOf(path)) {
    const row = verdictSchema.parse(JSON.parse(line))
    rows.set(`${row.id} ${row.versions.jax}`, row)
  }
  return [...rows.values()]
}

export function recordVerdict(row: RecordedVerdict): void {
  appendFileSync(path, `${JSON.stringify(verdictSchema.parse(row))}\n`)
}

const programsPath = fileURLToPath(new URL('../../../bench/maxtext/programs.jsonl', import.meta.url))
const rowSchema = z.object({ id: z.string(), flags: z.array(z.string()), verdict: compilerVerdictSchema })

/** The verdicts on `programs.json`, by MaxText (`user`) and by the reference program; the last of an id counts. */
export function recordedPrograms(): z.infer<typeof rowSchema>[] {
  const rows = linesOf(programsPath).map((line) => rowSchema.parse(JSON.parse(line)))
  return [...new Map(rows.map((row) => [`${row.id} ${row.verdict.program}`, row])).values()]
}

export function recordProgram(row: z.infer<typeof rowSchema>): void {
  appendFileSync(programsPath, `${JSON.stringify(row)}\n`)
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
}
