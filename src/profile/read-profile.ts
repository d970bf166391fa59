import type { ProfileReport } from '../contract/profile-report.ts'
import { PromptsError } from '../errors.ts'
import type { NamedAxis } from '../hlo/mesh-axes.ts'
import type { RunFiles } from './find-files.ts'
import { findRunFiles } from './find-files.ts'
import type { ProfileLimits } from './limits.ts'
import { defaultLimits } from './limits.ts'
import type { ProfileDetails } from './profile-details.ts'
import type { SpaceReading } from './read-space.ts'
import { readSpace } from './read-space.ts'
import { assembleWithDetails } from './report.ts'
import { hostNames } from './runs.ts'
import { openByteSource } from './xspace/byte-source.ts'

export interface ReadProfileOptions {
  limits?: Partial<ProfileLimits>
  signal?: AbortSignal
  /** The axes of one slice in mesh order: lets the graphs' collectives be told by axis, and finds what depends on the mesh. */
  mesh?: readonly NamedAxis[]
  /** What the report calls its source, where the path is a cache's. */
  name?: string
}

/**
 * Reads a profile into a report: an .xplane.pb (or .gz), a run folder, a logdir, or saved replies of an XProf server.
 * The hosts of a run are put together; one that cannot be read is left out and said so, unless it is the only one.
 * @throws PromptsError bad_profile naming the file and the byte, too_large, or the signal's reason
 */
export async function readProfile(source: string, options: ReadProfileOptions = {}): Promise<ProfileReport> {
  return (await readProfileDetails(source, options)).report
}

/** A report, with what a page of it shows besides; no details of a server's replies, which have no timeline. */
export interface ProfileReading {
  report: ProfileReport
  details: ProfileDetails | null
}

/** The same, with details. Throws as `readProfile` does. */
export async function readProfileDetails(source: string, options: ReadProfileOptions = {}): Promise<ProfileReading> {
  const limits = { ...defaultLimits, ...options.limits }
  const name = options.name ?? source
  const run = await findRunFiles(source)
  if (run.files.length > limits.files)
    throw new PromptsError('too_large', `${source} holds ${run.files.length} files, more than ${limits.files}`, {
      hint: 'Give one host, or raise the limit in the configuration.',
    })
  if (run.kind === 'json') {
    // Its schemas take longer to load than most profiles to read.
    const { readReplyFiles } = await import('./json/read-reply-files.ts')
    const report = await readReplyFiles(name, run.files, limits, options.signal)
    return { report: { ...report, notes: [...run.notes, ...report.notes] }, details: null }
  }
  const spaces: SpaceReading[] = []
  const failures: PromptsError[] = []
  const hosts = hostNames(run.files)
  for (const [index, file] of run.files.entries()) {
    options.signal?.throwIfAborted()
    try {
      spaces.push(await readOne(file, hosts[index] as string, limits, options.signal))
    } catch (error) {
      if (!(error instanceof PromptsError)) throw error
      if (run.files.length === 1) throw withOthers(error, run)
      failures.push(error)
    }
  }
  const [first] = failures
  if (spaces.length === 0 && first) throw withOthers(first, run)
  const notes = [...readNotes(run, spaces), ...run.notes, ...failures.map((failure) => `A host is left out: ${failure.message}`)]
  return await assembleWithDetails(name, spaces, { limits, missingHosts: failures.length, notes, mesh: options.mesh ?? null })
}

/** Which run and which hosts the report is of, where a folder was given. */
function readNotes(run: RunFiles, spaces: readonly SpaceReading[]): string[] {
  if (run.run === null) return []
  const hosts = spaces.map((space) => space.host)
  const shown = hosts.slice(0, 8).join(', ')
  return [`Run ${run.run}: host${hosts.length === 1 ? '' : 's'} ${shown}${hosts.length > 8 ? ` and ${hosts.length - 8} more` : ''}.`]
}

/** A run that cannot be read is not the end where there are others. */
function withOthers(error: PromptsError, run: RunFiles): PromptsError {
  if (run.others.length === 0) return error
  return new PromptsError(error.code, error.message, {
    hint: `Other runs are there: ${run.others.slice(0, 5).join(', ')}. ${error.hint ?? ''}`.trim(),
    cause: error,
  })
}

async function readOne(file: string, host: string, limits: ProfileLimits, signal: AbortSignal | undefined): Promise<SpaceReading> {
  const bytes = await openByteSource(file, limits, signal)
  try {
    return await readSpace(bytes, { host, limits, ...(signal ? { signal } : {}) })
  } finally {
    await bytes.close()
  }
}
