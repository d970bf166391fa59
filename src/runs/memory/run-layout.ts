import { z } from 'zod'
import { type Diagnosis, diagnosisSchema } from '../../contract/diagnosis.ts'
import { type RunRequest, runRequestSchema } from '../../contract/run.ts'
import { PromptsError } from '../../errors.ts'
import { newestOf, stepsFrom } from '../../layout/layout-steps.ts'

/** What a run consists of, besides its events. */
export type RecordKind = 'request' | 'stage' | 'diagnosis'

/**
 * What a version changed in the records of a run. A run is brought up to date when it is read, each record by itself: a bucket
 * may hold more runs than a start could go through.
 */
export interface RunStep {
  to: number
  upgrade: (kind: RecordKind, value: unknown) => unknown
}

/** Records without a version are of the time before, which is the first. */
const firstVersion = 1
export const runSteps: readonly RunStep[] = [{ to: firstVersion, upgrade: (_kind, value) => value }]

const versionSchema = z.looseObject({ schema: z.number().int().positive() })

/** A record as it is written: with the version that wrote it. */
export function stampedRecord(record: unknown): unknown {
  return isPlain(record) ? { ...record, schema: newestOf(runSteps) } : record
}

/** How a record is read. */
export interface RecordType<T> {
  kind: RecordKind
  /** For messages: "the diagnosis of run R". */
  what: string
  schema: z.ZodType<T>
}

export function requestOf(run: string): RecordType<RunRequest> {
  return { kind: 'request', what: `Run ${run}`, schema: runRequestSchema }
}

export function stageOf(run: string, stage: string): RecordType<unknown> {
  return { kind: 'stage', what: `The stage ${stage} of run ${run}`, schema: z.unknown() }
}

export function diagnosisOf(run: string): RecordType<Diagnosis> {
  return { kind: 'diagnosis', what: `The diagnosis of run ${run}`, schema: diagnosisSchema }
}

/** A record that this version cannot read: a newer one's (`unavailable`), or no such record (`unknown_run`). */
export class UnreadableRecord extends PromptsError {}

/**
 * A record as this version means it.
 * @throws UnreadableRecord for one of a newer version, and for one that is not what `schema` says.
 */
export function readRecord<T>(text: string, { kind, what, schema, steps = runSteps }: RecordType<T> & { steps?: readonly RunStep[] }): T {
  const unreadable = (cause: unknown) =>
    new UnreadableRecord('unknown_run', `${what} cannot be read: another version wrote it, or it is damaged`, {
      hint: 'Ask for the diagnosis again.',
      cause,
    })
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch (cause) {
    throw unreadable(cause)
  }
  const stamp = versionSchema.safeParse(stored)
  const version = stamp.success ? stamp.data.schema : firstVersion
  if (version > newestOf(steps)) {
    throw new UnreadableRecord(
      'unavailable',
      `${what} was written by a newer version (schema ${version}, this one knows ${newestOf(steps)})`,
      {
        hint: 'The processes of that version go on with it.',
      },
    )
  }
  const { schema: _stamp, ...bare } = stamp.success ? stamp.data : { schema: 0 }
  const value = stepsFrom(steps, version, what).reduce((so, step) => step.upgrade(kind, so), stamp.success ? bare : stored)
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw unreadable(parsed.error)
  return parsed.data
}

/** Of records that are read to be listed, those that this version can read. */
export async function readable<T>(reading: Promise<T>): Promise<T | null> {
  return reading.catch((error: unknown) => {
    if (error instanceof UnreadableRecord) return null
    throw error
  })
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
