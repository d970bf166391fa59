import { readHloProto } from '../hlo/read-module.ts'
import type { HloModule } from '../hlo/types.ts'
import { findRunFiles } from './find-files.ts'
import { defaultLimits } from './limits.ts'
import { openByteSource } from './xspace/byte-source.ts'
import { readProgramGraphs } from './xspace/program-graphs.ts'
import { indexSpace } from './xspace/space-index.ts'
import { Window } from './xspace/window.ts'

/** Programs of a profile that are opened, the largest first: a step's is larger than those that prepare it. */
const maxPrograms = 4

/**
 * The compiled programs that a profile holds, the largest first, without reading its events. Empty where it holds none (saved
 * replies of a server, a profile without HLO). Programs that cannot be read are left out.
 */
export async function readModules(source: string, signal: AbortSignal): Promise<HloModule[]> {
  const run = await findRunFiles(source).catch(() => null)
  const file = run?.kind === 'xspace' ? run.files[0] : undefined
  if (file === undefined) return []
  const bytes = await openByteSource(file, defaultLimits, signal)
  try {
    const window = new Window(bytes, signal)
    const { planes } = await indexSpace(window)
    const plane = planes.find((one) => one.name === '/host:metadata')
    if (plane === undefined) return []
    const graphs = await readProgramGraphs(window, plane, null, defaultLimits.hloBytes)
    graphs.sort((a, b) => b.bytes.length - a.bytes.length)
    return readPrograms(graphs.slice(0, maxPrograms).map((graph) => graph.bytes))
  } catch {
    signal.throwIfAborted()
    return []
  } finally {
    await bytes.close()
  }
}

/** The programs among these bytes of HloProto; what cannot be read is left out. */
export function readPrograms(programs: readonly Uint8Array[]): HloModule[] {
  return programs.flatMap(moduleOf)
}

function moduleOf(bytes: Uint8Array): HloModule[] {
  try {
    return [readHloProto(bytes, { maxBytes: defaultLimits.hloBytes })]
  } catch {
    return []
  }
}
