import type { z } from 'zod'

/** What JSON text says; undefined where it is not JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** JSON text as a schema takes it; null where it is not JSON, or something else. */
export function readJsonAs<T>(schema: z.ZodType<T>, text: string): T | null {
  return schema.safeParse(readJson(text)).data ?? null
}

/** What the last line of a program's output says; undefined where it is not JSON. */
export function readLastLine(text: string): unknown {
  return readJson(text.trimEnd().split('\n').at(-1) ?? '')
}
