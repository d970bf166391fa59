import { findRunFiles } from './find-files.ts'
import { defaultLimits } from './limits.ts'
import { readProfile } from './read-profile.ts'
import { openByteSource } from './xspace/byte-source.ts'
import { indexSpace } from './xspace/space-index.ts'
import { Window } from './xspace/window.ts'
import { WireError } from './xspace/wire.ts'

/**
 * The kind of device that a profile was taken on (`TPU v5 lite`), by its planes' own words and without reading its events; null
 * where it shows no TPU. @throws PromptsError as `readProfile` does.
 */
export async function readDeviceType(source: string, signal: AbortSignal): Promise<string | null> {
  const { kind, files } = await findRunFiles(source)
  const [file] = files
  if (file === undefined) return null
  if (kind === 'json') return (await readProfile(source, { signal })).device.type || null
  const bytes = await openByteSource(file, defaultLimits, signal)
  try {
    const { planes } = await indexSpace(new Window(bytes, signal))
    for (const plane of planes) {
      const type = plane.name.startsWith('/device:TPU:') ? plane.stats.get('device_type_string') : undefined
      if (typeof type === 'string' && type !== '') return type
    }
    return null
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  } finally {
    await bytes.close()
  }
}
