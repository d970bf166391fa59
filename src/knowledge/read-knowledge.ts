import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Case, caseSchema } from '../contract/case.ts'
import { PromptsError } from '../errors.ts'
import { entryOfCase } from './case-entry.ts'
import { entryOfSection, sectionsOfDoc } from './doc-entry.ts'
import { withLesson } from './lesson-of-case.ts'
import type { LibraryEntry } from './library.ts'
import { shippedTenant } from './library.ts'

/** The knowledge that ships with the program. */
export const shippedKnowledge = fileURLToPath(new URL('../../knowledge/', import.meta.url))

const casesSchema = z.union([z.array(caseSchema), z.looseObject({ cases: z.array(caseSchema) }).transform((file) => file.cases)])

/**
 * Every case of `cases.json` and `cases/*.json`, and every section of `docs/*.md` of folders laid out like `knowledge/`. What an
 * operator's folder says replaces what ships under the same id; everyone sees both.
 * @throws PromptsError `bad_case` naming the file and what is wrong in it.
 */
export async function readKnowledge(folders: readonly string[]): Promise<LibraryEntry[]> {
  const entries = new Map<string, LibraryEntry>()
  for (const folder of folders) {
    for (const file of [...(await filesOf(folder, 'cases.json')), ...(await filesOf(join(folder, 'cases'), '.json'))]) {
      for (const item of parseCases(await readFile(file, 'utf8'), file)) {
        entries.set(`case ${item.id}`, entryOfCase(withLesson({ ...item, tenant: shippedTenant })))
      }
    }
    for (const file of await filesOf(join(folder, 'docs'), '.md')) {
      const name = file.slice(file.lastIndexOf('/') + 1, -'.md'.length)
      for (const section of sectionsOfDoc(name, await readFile(file, 'utf8'))) entries.set(`doc ${section.id}`, entryOfSection(section))
    }
  }
  return [...entries.values()]
}

/** @throws PromptsError `bad_case` naming the case and the field. */
export function parseCases(text: string, what: string): Case[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new PromptsError('bad_case', `${what} is not JSON.`, { hint: 'A list of cases, as `prompts cases export` prints it.', cause })
  }
  const parsed = casesSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new PromptsError('bad_case', `${what}: ${z.prettifyError(parsed.error).slice(0, 1000)}`, {
    hint: 'Each case has the fields that `prompts cases show --json` prints.',
  })
}

async function filesOf(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith(ending) && name !== 'README.md')
    .sort()
    .map((name) => join(folder, name))
}
