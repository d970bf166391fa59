import { readFile, stat } from 'node:fs/promises'
import { parse } from 'yaml'
import type { Case } from '../contract/case.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { type CaseBook, createCaseBook } from '../knowledge/case-book.ts'
import { openLibrary } from '../knowledge/open-library.ts'
import { openRunStore } from '../runs/memory/open-memory.ts'
import { type Context, type Run, usageOf } from './command.ts'
import { formatCase, formatCases } from './format/format-case.ts'
import { localTenant } from './open-service.ts'

const maxImportBytes = 64 * 1024 * 1024
const defaultLimit = 50

type Action = (book: CaseBook, args: string[], context: Context<'cases'>) => Promise<Case | Case[] | string>

const actions: Record<string, { args: [number, number]; run: Action }> = {
  list: { args: [0, 0], run: (book, _, { flags }) => book.list({ limit: flags.limit ?? defaultLimit, own: flags.own }) },
  search: {
    args: [1, 20],
    run: async (book, words, { flags }) => (await book.search(words.join(' '), flags.limit ?? defaultLimit)).map((hit) => hit.item),
  },
  show: { args: [1, 1], run: (book, [id]) => book.show(id!) },
  add: { args: [1, 1], run: (book, [path]) => addFrom(book, path!) },
  import: { args: [1, 1], run: (book, [path]) => addFrom(book, path!) },
  edit: { args: [2, 20], run: (book, [id, ...changes]) => book.edit(id!, parseChanges(changes)) },
  remove: { args: [1, 1], run: (book, [id]) => book.remove(id!) },
  export: { args: [0, 0], run: async (book, _, { flags }) => (await book.export({ own: flags.own })).trimEnd() },
}

export const run: Run<'cases'> = async (context) => {
  const { positionals, config, print, show, note, signal } = context
  const [first, ...rest] = positionals as [string, ...string[]]
  // words that are no action are looked for, as in Slack
  const [name, ...args] = Object.hasOwn(actions, first) ? [first, ...rest] : ['search', first, ...rest]
  const action = actions[name]
  if (!action || args.length < action.args[0] || args.length > action.args[1]) {
    throw new PromptsError('bad_arguments', `prompts cases ${name} takes ${action?.args[0]} argument${action?.args[0] === 1 ? '' : 's'}`, {
      hint: `Usage: prompts ${usageOf('cases')}`,
    })
  }
  const opened = await openLibrary(config, {
    pending: openRunStore(config).pending,
    onStoreChange: (state, detail) => note(`Qdrant is ${state}: ${detail}`),
    signal,
  })
  try {
    const result = await action.run(
      createCaseBook({ library: opened.library, embedder: opened.embedder, tenant: localTenant, signal }),
      args,
      context,
    )
    if (typeof result === 'string') print(result)
    else show(result, (shown) => (Array.isArray(shown) ? formatCases(shown) : formatCase(shown)))
    return exitCodes.ok
  } finally {
    await opened.library.close()
  }
}

/** Adds the cases of a JSON or YAML file: one, or a list. Returns what was written. */
async function addFrom(book: CaseBook, path: string): Promise<Case | Case[]> {
  const info = await stat(path).catch(() => null)
  if (!info?.isFile())
    throw new PromptsError('bad_arguments', `${path}: no such file`, { hint: '`prompts cases show <id> --json` prints one to start from.' })
  if (info.size > maxImportBytes) throw new PromptsError('too_large', `${path} has ${info.size} bytes`, { hint: 'Import it in parts.' })
  const text = await readFile(path, 'utf8')
  const { added, merged } = await book.import(/\.ya?ml$/.test(path) ? JSON.stringify(parse(text, { maxAliasCount: 0 })) : text, path)
  const written = [...added, ...merged]
  return written.length === 1 ? written[0]! : written
}

/** `status=refuted` `measured_after_ms=22900`: values are JSON where they parse, words otherwise. */
function parseChanges(pairs: readonly string[]): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) throw new PromptsError('bad_arguments', `"${pair}" is not field=value`, { hint: 'For example status=refuted.' })
    changes[pair.slice(0, at)] = jsonOr(pair.slice(at + 1))
  }
  return changes
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
