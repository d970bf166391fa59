import type { ProfileReport } from '../../src/contract/profile-report.ts'
import { defaultLimits } from '../../src/profile/limits.ts'
import { readSpace } from '../../src/profile/read-space.ts'
import { assemble } from '../../src/profile/report.ts'
import { fromBytes } from '../../src/profile/xspace/byte-source.ts'

/** Reads one host's XSpace that is already in memory, as `readProfile` reads a file; `name` is what errors call it. */
export async function readProfileBytes(name: string, bytes: Uint8Array): Promise<ProfileReport> {
  const space = await readSpace(fromBytes(name, bytes), { host: name, limits: defaultLimits })
  return await assemble(name, [space], { limits: defaultLimits, missingHosts: 0, notes: [], mesh: null })
}
