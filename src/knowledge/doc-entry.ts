import { parse } from 'yaml'
import { z } from 'zod'
import { PromptsError } from '../errors.ts'
import { hashOf } from './case-entry.ts'
import { docRuleSchema } from './doc-rule.ts'
import type { DocSection, LibraryEntry } from './library.ts'
import { shippedTenant } from './library.ts'

const headerSchema = z.looseObject({
  title: z.string().min(1),
  sources: z.array(z.object({ title: z.string(), uri: z.string() })).default([]),
  topics: z.array(z.string()).default([]),
  chips: z.array(z.string()).default([]),
  phases: z.array(z.string()).default([]),
  bottlenecks: z.array(z.string()).default([]),
  axes: z.array(z.string()).default([]),
  rules: z.array(docRuleSchema).default([]),
})

/**
 * The sections of a document of `knowledge/docs`: a YAML header (`title`, `sources`), then sections under `##` headings. A
 * heading may fix its anchor as `## When it pays {#when}`; without, the anchor is made of its words. What stands before the first
 * heading belongs to `#about`.
 * @param name the file's name without `.md`
 * @throws PromptsError `bad_case` naming the file for a header that cannot be read.
 */
export function sectionsOfDoc(name: string, markdown: string): DocSection[] {
  const { header, body } = splitHeader(name, markdown)
  const sections: DocSection[] = []
  const seen = new Set<string>()
  for (const part of body.split(/^(?=## )/m)) {
    const heading = /^## +(.+?)(?: *\{#([A-Za-z0-9._-]+)\})? *$/m.exec(part.split('\n', 1)[0]!)
    const text = (heading ? part.slice(part.indexOf('\n') + 1) : part.replace(/^# .*$/m, '')).trim()
    if (text === '') continue
    let anchor = heading ? (heading[2] ?? slug(heading[1]!)) : 'about'
    while (seen.has(anchor)) anchor = `${anchor}-2`
    seen.add(anchor)
    sections.push({
      id: `${name}#${anchor}`,
      title: heading ? `${header.title}: ${heading[1]}` : header.title,
      text,
      uri: `knowledge/docs/${name}.md#${anchor}`,
      sources: header.sources.map(({ title, uri }) => ({ title, uri })),
      keywords: [...header.topics, ...header.chips, ...header.bottlenecks, ...header.axes],
      chips: header.chips,
      phases: header.phases,
      rules: header.rules.filter((rule) => rule.section === anchor),
    })
  }
  return sections
}

/** What a section is found by: its words. */
export function entryOfSection(item: DocSection, tenant = shippedTenant): LibraryEntry<'doc'> {
  return {
    kind: 'doc',
    id: item.id,
    tenant,
    text: `${item.title}\n${item.keywords.join(' ')}\n${item.text}`,
    signature: null,
    embedding: null,
    hash: hashOf(item),
    item,
  }
}

function splitHeader(name: string, markdown: string): { header: z.infer<typeof headerSchema>; body: string } {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(markdown)
  const heading = /^# +(.+)$/m.exec(markdown)?.[1]
  let values: unknown = {}
  try {
    values = match ? parse(match[1]!, { maxAliasCount: 0 }) : {}
  } catch (cause) {
    throw new PromptsError('bad_case', `${name}.md: its header is not YAML.`, { hint: 'The header holds title and sources.', cause })
  }
  const parsed = headerSchema.safeParse({ title: heading ?? name, ...(values as object) })
  if (parsed.success) return { header: parsed.data, body: match ? match[2]! : markdown }
  throw new PromptsError('bad_case', `${name}.md: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`, {
    hint: 'The header holds title, sources: [{title, uri}] and rules; docs/writing-knowledge.md has their form.',
  })
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
