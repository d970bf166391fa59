import { z } from 'zod'
import { type ErrorCode, PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'

/**
 * Checks untrusted data against a schema.
 * @param what how messages call the data, with where it came from (`experiment.yaml`)
 * @throws PromptsError with `code`: which field is wrong and why; for an unknown key the nearest known one.
 */
export function parseWithSchema<T>(schema: z.ZodType<T>, data: unknown, what: string, code: ErrorCode = 'bad_experiment'): T {
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  const issue = mostTelling(parsed.error.issues)
  const at = issue.path.length > 0 ? issue.path.join('.') : 'the top level'
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    const near = nearest(key, knownKeys(schema, issue.path), 1)[0]
    throw new PromptsError(code, `${what}: unknown key "${clip(key)}" at ${at}`, {
      hint: near ? `Did you mean "${near}"?` : `Known keys: ${knownKeys(schema, issue.path).join(', ')}`,
    })
  }
  const got = valueAt(data, issue.path)
  const shown = got === undefined ? 'is missing' : `is ${clip(JSON.stringify(got) ?? String(got))}`
  throw new PromptsError(code, `${what}: ${at} ${shown}: ${issue.message}`, { hint: suggestValue(issue, got) })
}

/**
 * An unknown key first, since it is often the missing one misspelt; of a union's failures, the one of the branch that came
 * furthest.
 */
function mostTelling(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const issue = issues.find((one) => one.code === 'unrecognized_keys') ?? issues[0]!
  if (issue.code !== 'invalid_union') return issue
  const branches = issue.errors.filter(
    (branch) => branch.length > 0 && !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  )
  const inner = branches[0]?.[0]
  return inner ? { ...mostTelling([inner]), path: [...issue.path, ...inner.path] } : issue
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrap(schema)
  const [head, ...rest] = path
  if (inner instanceof z.ZodUnion) return (inner.options as z.ZodType[]).flatMap((option) => knownKeys(option, path))
  if (inner instanceof z.ZodObject) {
    if (head === undefined) return Object.keys(inner.shape)
    const next = (inner.shape as Record<string, z.ZodType>)[String(head)]
    return next ? knownKeys(next, rest) : []
  }
  if (inner instanceof z.ZodArray && head !== undefined) return knownKeys(inner.element as z.ZodType, rest)
  return []
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault)
    inner = inner.unwrap() as z.ZodType
  return inner
}

function suggestValue(issue: z.core.$ZodIssue, got: unknown): string {
  if (issue.code !== 'invalid_value' || typeof got !== 'string') return ''
  const near = nearest(got, issue.values.map(String), 1)[0]
  return near ? `Did you mean "${near}"?` : `One of: ${issue.values.map(String).join(', ')}`
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data
  for (const key of path) value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined
  return value
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
