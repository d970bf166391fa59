/** What a command line says: settings, the slice that a launcher around it names, and compiler flags of its environment. */
export interface MaxTextCommand {
  settings: Map<string, string>
  topology: string | null
  slices: number | null
  compilerFlags: string | null
}

/**
 * Reads `python3 -m maxtext.trainers… key=value …`, also where it is the `--command` of xpk or the argument of `bash -c`. null
 * where the text is no such command.
 */
export function readMaxTextCommand(text: string): MaxTextCommand | null {
  const found: MaxTextCommand = { settings: new Map(), topology: null, slices: null, compilerFlags: null }
  if (!/\b(maxtext|MaxText|train\.py|train_compile|xpk)\b/i.test(text) || !/\w=\S/.test(text)) return null
  collect(splitWords(text), found, 0)
  return found.settings.size > 0 ? found : null
}

/** Words of a shell line: quotes, escapes, continuation lines and comments; nothing is expanded. */
function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | null = null
  let quote: string | null = null
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!
    if (letter === '\\' && quote !== "'") {
      const next = text[++i]
      if (next !== '\n' && next !== undefined) word = (word ?? '') + next
    } else if (quote !== null) {
      if (letter === quote) quote = null
      else word = (word ?? '') + letter
    } else if (letter === "'" || letter === '"') {
      quote = letter
      word ??= ''
    } else if (letter === '#' && word === null) {
      while (i < text.length && text[i] !== '\n') i++
    } else if (/[\s;&|()]/.test(letter)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + letter
  }
  if (word !== null) words.push(word)
  return words
}

function collect(words: readonly string[], found: MaxTextCommand, depth: number): void {
  for (const [i, word] of words.entries()) {
    const option = /^--([\w-]+)(?:=([\s\S]*))?$/.exec(word)
    if (option) {
      const value = option[2] ?? words[i + 1] ?? ''
      if (/^(tpu-type|device-type|accelerator-type)$/.test(option[1]!)) found.topology = value
      else if (option[1] === 'num-slices') found.slices = Number(value)
      else if (option[1] === 'command' && depth < 3) collect(splitWords(value), found, depth + 1)
      continue
    }
    const setting = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word)
    if (!setting) {
      // bash -c "python3 …"
      if (/\s/.test(word) && /=/.test(word) && depth < 3) collect(splitWords(word), found, depth + 1)
      continue
    }
    const [, name, value] = setting
    if (name === 'LIBTPU_INIT_ARGS') found.compilerFlags = value!
    else if (!/^[A-Z][A-Z0-9_]*$/.test(name!)) found.settings.set(name!, value!)
  }
}
