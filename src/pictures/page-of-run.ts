import { profileReportSchema } from '../contract/profile-report.ts'
import type { ShardingMemory } from '../runs/memory/sharding-memory.ts'
import { profilePage } from './profile-page/page.ts'
import { profileDetailsSchema } from './profile-page/stored-details.ts'

/** The page of a run's profile, to hand out as a file. */
export interface RunPage {
  name: string
  html: string
}

/**
 * The page of what a run's profile says, as `prompts profile --html` writes it; null where the run had none, or is another
 * tenant's.
 */
export async function pageOfRun(memory: ShardingMemory, run: string, tenant: string): Promise<RunPage | null> {
  if ((await memory.request(run))?.tenant !== tenant) return null
  const stage = (await memory.stageResult(run, 'profile')) as { value?: unknown } | null
  const report = profileReportSchema.safeParse(stage?.value)
  if (!report.success) return null
  const details = profileDetailsSchema.safeParse(await memory.stageResult(run, 'profile_details'))
  return { name: `${run}-profile.html`, html: profilePage(report.data, details.success ? details.data : null) }
}
