/**
 * Writes JSON Schemas, the reference page of every file and output, and the page of settings, from the zod schemas: `npm run
 * schemas`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { listSettings } from '../src/config.ts'
import { caseSchema } from '../src/contract/case.ts'
import { comparisonSchema, diagnosisSchema } from '../src/contract/diagnosis.ts'
import { experimentSchema } from '../src/contract/experiment.ts'
import { failureSchema } from '../src/contract/failure.ts'
import { profileReportSchema } from '../src/contract/profile-report.ts'
import { sizeSchema } from '../src/contract/size.ts'
import { planSchema, verdictSchema } from '../src/contract/verdict.ts'
import { experimentKeysText } from './experiment-keys.ts'

export const published: Record<string, { schema: z.ZodType; about: string }> = {
  experiment: { schema: experimentSchema, about: '`experiment.yaml`, what an engineer writes' },
  verdict: { schema: verdictSchema, about: '`prompts check --json`' },
  plan: { schema: planSchema, about: '`prompts plan --json`' },
  size: { schema: sizeSchema, about: '`prompts size --json`' },
  'profile-report': { schema: profileReportSchema, about: '`prompts profile --json`' },
  diagnosis: { schema: diagnosisSchema, about: '`prompts diagnose --json`' },
  comparison: { schema: comparisonSchema, about: '`prompts compare --json`' },
  case: { schema: caseSchema, about: '`prompts adopt`, `outcome`, `cases --json`' },
  failure: { schema: failureSchema, about: 'what `--json` prints when a command fails' },
}

/** The JSON Schema of one of them, as text. */
export function schemaText(name: string): string {
  const entry = published[name]
  if (!entry) throw new Error(`no schema ${name}`)
  return `${JSON.stringify({ title: name, description: entry.about, ...z.toJSONSchema(entry.schema) }, null, 2)}\n`
}

/** The reference page, as text. */
export function referenceText(): string {
  const lines = [
    '# Files and JSON',
    '',
    'Made by `npm run schemas` from `src/contract`. Times are milliseconds, memory GiB of 2^30, shares fractions of 1, money US dollars; `null` is unknown.',
    '',
  ]
  for (const [name, { schema, about }] of Object.entries(published)) {
    lines.push(`## ${name}`, '', `${about}. Schema: [${name}.json](schemas/${name}.json)`, '')
    if (name === 'experiment') lines.push(...experimentKeysText())
    lines.push('| key | type |', '|---|---|')
    const shape = z.toJSONSchema(schema) as JsonSchema
    lines.push(...rows(shape, ''), '')
  }
  return lines.join('\n')
}

interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
}

function rows(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const optional = (schema.required ?? []).includes(key) ? '' : ' (optional)'
    return `| \`${prefix}${key}\`${optional} | ${describe(value)} |`
  })
}

function describe(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return choices.map(describe).join(' or ')
  if (schema.type === 'array') return `list of ${describe(schema.items ?? {})}`
  if (schema.properties)
    return `{${Object.entries(schema.properties)
      .map(([key, value]) => `${key}: ${describe(value)}`)
      .join('; ')}}`
  return schema.type ?? 'any'
}

/** The page of settings, as text. */
export function settingsText(): string {
  const rows = listSettings().map(
    (setting) =>
      `| \`${setting.name}\` | ${setting.meaning} | ${setting.default === null || setting.default === '' ? '' : `\`${setting.default}\``} |`,
  )
  return [
    '# Settings',
    '',
    'Made by `npm run schemas` from `src/config.ts`, the only reader of the environment. All that is optional is off by default; `npx prompts doctor` reports what is on and reachable.',
    '',
    '| variable | meaning | default |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

if (import.meta.main) {
  mkdirSync('docs/schemas', { recursive: true })
  for (const name of Object.keys(published)) writeFileSync(`docs/schemas/${name}.json`, schemaText(name))
  writeFileSync('docs/reference.md', referenceText())
  writeFileSync('docs/settings.md', settingsText())
}
