import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { chipSchema } from '../../src/contract/chip-schema.ts'
import { meshSchema } from '../../src/contract/mesh.ts'
import { readHloModule } from '../../src/hlo/read-module.ts'
import type { HloModule } from '../../src/hlo/types.ts'

/** One line of `bench/recorded/reference-program.jsonl`, what the replay needs of it. */
const resultSchema = z.object({
  id: z.string(),
  workload: z.string(),
  group: z.string(),
  chip: chipSchema,
  model: z.string(),
  request: z.object({
    target: z.object({ platform_topology: z.string(), wrap: z.array(z.boolean()).nullable(), num_slices: z.int() }),
    phase: z.string(),
    run: z.looseObject({
      global_batch: z.number(),
      seq_len: z.number(),
      remat: z.string(),
      matmul_dtype: z.string().optional(),
      microbatches: z.number().optional(),
    }),
    mesh: meshSchema,
    dcn: meshSchema,
  }),
  response: z.object({
    status: z.string(),
    required_gib: z
      .number()
      .nullish()
      .transform((gib) => gib ?? null),
    effort: z.string().nullish(),
    hlo_path: z.string().nullish(),
  }),
})
export type CompiledResult = z.infer<typeof resultSchema>

/** Every recorded compile, in file order; the last record of a case wins. */
export function compiledResults(file: string): CompiledResult[] {
  const found = new Map<string, CompiledResult>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.trim() === '') continue
    const parsed = resultSchema.safeParse(JSON.parse(line))
    if (parsed.success) found.set(parsed.data.id, parsed.data)
    else console.error(`skipped a record: ${z.prettifyError(parsed.error)}`)
  }
  return [...found.values()]
}

/** The compiled module of a record, or null where it is not on this machine (modules are too large to keep with the records). */
export function moduleOf(result: CompiledResult, folder: string): HloModule | null {
  const name = result.response.hlo_path
  const path = name ? join(folder, name) : null
  return path !== null && existsSync(path) ? readHloModule(gunzipSync(readFileSync(path))) : null
}
