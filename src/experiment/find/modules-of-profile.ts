import type { HloModule } from '../../hlo/types.ts'
import { readModules, readPrograms } from '../../profile/read-modules.ts'
import type { ProfileHandle } from '../sources/experiment-source.ts'

/** The compiled programs of a profile, from its file or from the server that has it. Empty where there are none to be had. */
export async function modulesOfProfile(profile: ProfileHandle, signal: AbortSignal): Promise<HloModule[]> {
  if (profile.programs === undefined) return readModules(await profile.open(signal), signal)
  try {
    return readPrograms(await profile.programs(signal))
  } catch {
    signal.throwIfAborted()
    // whatever the server did: the profile is worth reading without its programs
    return []
  }
}
