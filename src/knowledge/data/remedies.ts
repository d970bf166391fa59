import { z } from 'zod'
import { lazyKnowledge } from './read-data.ts'

/** The section of a document that explains a remedy. */
const explained = { doc: z.string().regex(/^[a-z0-9-]+#[a-z0-9-]+$/) }
const flagsByChip = z.record(z.string(), z.record(z.string(), z.string()))

const remediesSchema = z.strictObject({
  about: z.string(),
  offload_together: z.strictObject({ ...explained, flags: flagsByChip }),
  /** Gathers of weights fused into products, for chips that have no SparseCores to offload them to. */
  async_gathers: z.strictObject({ ...explained, flags: flagsByChip }),
  collective_matmul: z.strictObject({ ...explained, flags: flagsByChip }),
  fewer_microbatches: z.strictObject(explained),
  states_on_device: z.strictObject(explained),
  experts_on_fsdp: z.strictObject(explained),
  expert_tiles: z.strictObject({ ...explained, default_tile: z.int().positive(), lanes: z.int().positive() }),
})

/** What answers an anti-pattern beside the mesh; `knowledge/remedies.json`. */
export const remedyData = lazyKnowledge('remedies.json', remediesSchema)
