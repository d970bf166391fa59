import { z } from 'zod'
import json from '../../../knowledge/experiment-words.json' with { type: 'json' }
import { axisSchema } from '../../contract/mesh.ts'
import { bare } from '../../text/bare.ts'

const words = z.record(z.string(), z.string())

/** `knowledge/experiment-words.json`. */
export const experimentWords = bare(
  z
    .strictObject({
      about: z.string(),
      axes: z.record(z.string(), axisSchema),
      maxtext_only: z.array(z.string()),
      sizes: z.record(z.string(), axisSchema),
      run: words,
      hardware: words,
      values: z.strictObject({ phase: words, dtype: words }),
    })
    .parse(json),
)

export type Data = Record<string, unknown>

export function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
