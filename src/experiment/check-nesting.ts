import { PromptsError } from '../errors.ts'

/** Deeper than any experiment; a parser that calls itself for each level ends well within its stack. */
const deepest = 64

/**
 * Before YAML is parsed: nesting by brackets, by indentation and by dashes on one line. Linear in the text.
 * @throws PromptsError `bad_experiment` for more than 64 levels, naming the line.
 */
export function checkNesting(text: string, what: string): void {
  const indents: number[] = []
  let brackets = 0
  for (const [at, line] of text.split('\n').entries()) {
    const start = /^[ \t]*(?:[-?:][ \t]+)*/.exec(line)?.[0] ?? ''
    if (start.length === line.length) continue
    while ((indents.at(-1) ?? -1) >= start.length) indents.pop()
    indents.push(start.length)
    const dashes = start.length - start.replaceAll(/[-?:]/g, '').length
    brackets = Math.max(0, brackets)
    let most = brackets
    for (const char of line) {
      if (char === '[' || char === '{') most = Math.max(most, ++brackets)
      else if (char === ']' || char === '}') brackets -= 1
    }
    if (indents.length + dashes + most <= deepest) continue
    throw new PromptsError('bad_experiment', `${what}: line ${at + 1} is nested more than ${deepest} levels deep`, {
      hint: 'An experiment needs four or five levels.',
    })
  }
}
