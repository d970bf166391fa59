import { basename } from 'node:path'
import type { ProfileReport } from '../contract/profile-report.ts'
import { PromptsError } from '../errors.ts'
import type { NamedAxis } from '../hlo/mesh-axes.ts'
import { findRunFiles } from './find-files.ts'
import type { ProfileLimits } from './limits.ts'
import { defaultLimits } from './limits.ts'
import type { SpaceReading } from './read-space.ts'
import { readSpace } from './read-space.ts'
import { assemble } from './report.ts'
import { fromBytes, openByteSource } from './xspace/byte-source.ts'

export interface ReadProfileOptions {
  limits?: Partial<ProfileLimits>
  signal?: AbortSignal
  /** The axes of one slice in mesh order: lets the graphs' collectives be told by axis, and finds what depends on the mesh. */
  mesh?: readonly NamedAxis[]
}

/**
 * Reads a profile into a report: an .xplane.pb (or .gz), a run folder, a logdir, or saved replies of an XProf server.
 * The hosts of a run are put together; one that cannot be read is left out and said so, unless it is the only one.
 * @throws PromptsError bad_profile naming the file and the byte, too_large, or the signal's reason
 */
export async function readProfile(source: string, options: ReadProfileOptions = {}): Promise<ProfileReport> {
  const limits = { ...defaultLimits, ...options.limits }
  const run = await findRunFiles(source)
  if (run.files.length > limits.files)
    throw new PromptsError('too_large', `${source} holds ${run.files.length} files, more than ${limits.files}`, {
      hint: 'Give one host, or raise the limit in the configuration.',
    })
  if (run.kind === 'json') {
    // Its schemas take longer to load than most profiles to read.
    const { readReplyFiles } = await import('./json/read-reply-files.ts')
    return await readReplyFiles(source, run.files, limits, options.signal)
  }
  const spaces: SpaceReading[] = []
  const failures: PromptsError[] = []
  for (const file of run.files) {
    options.signal?.throwIfAborted()
    try {
      spaces.push(await readOne(file, limits, options.signal))
    } catch (error) {
      if (!(error instanceof PromptsError) || run.files.length === 1) throw error
      failures.push(error)
    }
  }
  const [first] = failures
  if (spaces.length === 0 && first) throw first
  const notes = [...run.notes, ...failures.map((failure) => `A host is left out: ${failure.message}`)]
  return await assemble(source, spaces, { limits, missingHosts: failures.length, notes, mesh: options.mesh ?? null })
}

/** Reads one host's XSpace that is already in memory; `name` is what errors call it. Throws as `readProfile` does. */
export async function readProfileBytes(name: string, bytes: Uint8Array, options: ReadProfileOptions = {}): Promise<ProfileReport> {
  const limits = { ...defaultLimits, ...options.limits }
  const space = await readSpace(fromBytes(name, bytes), { host: name, limits, ...(options.signal ? { signal: options.signal } : {}) })
  return await assemble(name, [space], { limits, missingHosts: 0, notes: [], mesh: options.mesh ?? null })
}

async function readOne(file: string, limits: ProfileLimits, signal: AbortSignal | undefined): Promise<SpaceReading> {
  const bytes = await openByteSource(file, limits, signal)
  try {
    return await readSpace(bytes, { host: basename(file).replace(/\.xplane\.pb(\.gz)?$/, ''), limits, ...(signal ? { signal } : {}) })
  } finally {
    await bytes.close()
  }
}
