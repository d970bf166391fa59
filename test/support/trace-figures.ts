import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Op } from '../../src/contract/profile-report.ts'
import type { TraceFigures } from '../../src/profile/kpis.ts'
import { traceFigures } from '../../src/profile/kpis.ts'
import { defaultLimits } from '../../src/profile/limits.ts'
import { buildOpTable } from '../../src/profile/op-table.ts'
import { topOps } from '../../src/profile/ops.ts'
import type { SpaceReading } from '../../src/profile/read-space.ts'
import { readSpace } from '../../src/profile/read-space.ts'
import { summarizeSteps } from '../../src/profile/steps.ts'
import { openByteSource } from '../../src/profile/xspace/byte-source.ts'

/** What the reader finds over all that was traced, as XProf counts, where the report is of the steps. */
export async function figuresOverTrace(run: string): Promise<TraceFigures & { meanStepMs: number | null; topOps: Op[] }> {
  const spaces: SpaceReading[] = []
  for (const file of readdirSync(run).filter((name) => name.endsWith('.xplane.pb'))) {
    const bytes = await openByteSource(join(run, file), defaultLimits)
    spaces.push(await readSpace(bytes, { host: file, limits: defaultLimits }))
    await bytes.close()
  }
  const cores = spaces.flatMap((space) => space.cores)
  const main = cores.filter((core) => !core.sparse)
  const hardware = main[0]?.hardware
  if (hardware === undefined) throw new Error(`${run} has no TPU core`)
  return {
    ...traceFigures(cores, hardware, defaultLimits.intervals),
    meanStepMs: summarizeSteps(main).meanMs,
    topOps: topOps(buildOpTable(cores, 'trace'), hardware, 50),
  }
}
