import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { PromptsError } from '../../errors.ts'
import { bare } from '../../text/bare.ts'

const folder = new URL('../../../knowledge/', import.meta.url)

/** A page or file that a fact was taken from. */
export const sourceSchema = z.strictObject({ title: z.string().min(1), uri: z.string().min(1) })
export type Source = z.infer<typeof sourceSchema>

/**
 * Reads and checks one JSON file of `knowledge/` the first time it is asked for, and remembers it.
 * The files ship with the program, so one that does not match its schema is an `internal` error that names the file and the
 * field.
 */
export function lazyKnowledge<T>(file: string, schema: z.ZodType<T>): () => T {
  let value: T | undefined
  return () => {
    value ??= parse(file, readFileSync(new URL(file, folder), 'utf8'), schema)
    return value
  }
}

function parse<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new PromptsError('internal', `knowledge/${file} is not JSON.`, { hint: 'Restore the file or fix its syntax.', cause })
  }
  const result = schema.safeParse(json)
  if (result.success) return bare(result.data)
  throw new PromptsError('internal', `knowledge/${file} does not match its schema:\n${z.prettifyError(result.error)}`, {
    hint: 'docs/writing-knowledge.md describes every field.',
  })
}
