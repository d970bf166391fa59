import type { Card } from '../../contract/diagnosis.ts'
import { jaxSnippet } from './jax.ts'
import { maxtextSnippet } from './maxtext.ts'
import { paxSnippet } from './pax.ts'
import type { SnippetInput } from './snippet-input.ts'

/** A proposal in every framework's own words. */
export function writeSnippets(input: SnippetInput): Card['snippets'] {
  return { maxtext: maxtextSnippet(input), pax: paxSnippet(input), jax: jaxSnippet(input) }
}
