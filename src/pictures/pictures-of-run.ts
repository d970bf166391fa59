import { profileReportSchema } from '../contract/profile-report.ts'
import type { ShardingMemory } from '../runs/memory/sharding-memory.ts'
import { renderRoofline } from './render.ts'

/** A picture to upload beside a diagnosis. */
export interface RunPicture {
  name: string
  png: Uint8Array
  altText: string
}

/**
 * The pictures of a run that is done: the roofline of its profile, which no chart of Slack's can show. A run without a profile
 * has none, nor has another tenant's.
 */
export async function picturesOfRun(memory: ShardingMemory, run: string, tenant: string): Promise<RunPicture[]> {
  if ((await memory.request(run))?.tenant !== tenant) return []
  const pictures: RunPicture[] = []
  const stage = (await memory.stageResult(run, 'profile')) as { value?: unknown } | null
  const report = profileReportSchema.safeParse(stage?.value)
  if (report.success && report.data.roofline.points.length > 0) {
    const { png, alt } = await renderRoofline(report.data)
    pictures.push({ name: 'roofline.png', png, altText: alt })
  }
  return pictures
}
