import type { Card } from '../../contract/diagnosis.ts'
import type { Framework } from '../../contract/experiment.ts'
import { sglangSnippet, vllmSnippet } from './engines.ts'
import { jaxSnippet } from './jax.ts'
import { maxtextSnippet } from './maxtext.ts'
import { paxSnippet } from './pax.ts'
import type { SnippetInput } from './snippet-input.ts'

const writers = {
  maxtext: maxtextSnippet,
  pax: paxSnippet,
  jax: jaxSnippet,
  vllm: vllmSnippet,
  sglang: sglangSnippet,
} satisfies Record<Framework, (input: SnippetInput) => string>

/** A proposal in the words of the experiment's own framework. */
export function writeSnippet(framework: Framework, input: SnippetInput): Card['snippets'] {
  return { [framework]: writers[framework](input) }
}
