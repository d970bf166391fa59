import { z } from 'zod'
import { type Case, caseSchema } from '../contract/case.ts'
import { PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import { entryOfCase } from './case-entry.ts'
import type { Embedder } from './embeddings.ts'
import { embedEntries } from './index-library.ts'
import type { Hit, Library } from './library.ts'
import { shippedTenant } from './library.ts'
import { identityOf, mergeCases } from './merge-cases.ts'
import { parseCases } from './read-knowledge.ts'

/** A tenant's view of the cases, as `prompts cases` shows and edits it. Shipped cases are read only. */
export interface CaseBook {
  list(options: { limit: number; own: boolean }): Promise<Case[]>
  search(query: string, limit: number): Promise<Hit<'case'>[]>
  /** @throws PromptsError `unknown_case` with the nearest ids. */
  show(id: string): Promise<Case>
  /** Adds or, where the same change of the same workload is known, merges. */
  add(items: readonly Case[]): Promise<{ added: Case[]; merged: Case[] }>
  /**
   * Changes fields of an own case. @throws PromptsError `unknown_case`, `not_allowed` for a shipped one, `bad_case` for a field
   * that does not fit.
   */
  edit(id: string, changes: Record<string, unknown>): Promise<Case>
  remove(id: string): Promise<Case>
  /** JSON that `import` takes. */
  export(options: { own: boolean }): Promise<string>
  /** @throws PromptsError `bad_case` naming the case and the field. */
  import(text: string, what: string): Promise<{ added: Case[]; merged: Case[] }>
}

const all = 100_000
const lockedFields: readonly (keyof Case)[] = ['id', 'tenant']

export function createCaseBook(options: { library: Library; embedder: Embedder | null; tenant: string; signal: AbortSignal }): CaseBook {
  const { library, embedder, tenant, signal } = options

  async function save(items: readonly Case[]): Promise<void> {
    const entries = items.map(entryOfCase)
    // a model that cannot be reached costs the text channel, not the case
    await library.upsert(await embedEntries(entries, embedder, signal).catch(() => entries))
  }

  async function show(id: string): Promise<Case> {
    const item = await library.get({ kind: 'case', tenant, id })
    if (item) return item
    const ids = (await library.list({ kind: 'case', tenant, limit: all })).map((one) => one.id)
    const near = nearest(id, ids, 3)
    throw new PromptsError('unknown_case', `There is no case ${id.slice(0, 200)}.`, {
      hint: near.length > 0 ? `Nearest: ${near.join(', ')}` : '`prompts cases list` names them.',
    })
  }

  async function own(id: string): Promise<Case> {
    const item = await show(id)
    if (item.tenant === tenant) return item
    throw new PromptsError('not_allowed', `Case ${id} ships with the program and cannot be changed.`, {
      hint: 'Add a case of your own instead: prompts cases add.',
    })
  }

  async function add(items: readonly Case[]): Promise<{ added: Case[]; merged: Case[] }> {
    const known = new Map((await library.list({ kind: 'case', tenant, limit: all, own: true })).map((item) => [identityOf(item), item]))
    const ids = new Map([...known.values()].map((item) => [item.id, identityOf(item)]))
    const added = new Map<string, Case>()
    const merged = new Map<string, Case>()
    for (const wanted of items) {
      const identity = identityOf(wanted)
      const before = known.get(identity)
      const taken = ids.has(wanted.id) && ids.get(wanted.id) !== identity
      const item = before
        ? mergeCases(before, { ...wanted, tenant })
        : { ...wanted, tenant, id: taken ? `${wanted.id}-${identity.slice(0, 6)}` : wanted.id }
      known.set(identity, item)
      ids.set(item.id, identity)
      if (before && !added.has(identity)) merged.set(identity, item)
      else added.set(identity, item)
    }
    await save([...added.values(), ...merged.values()])
    return { added: [...added.values()], merged: [...merged.values()] }
  }

  return {
    list: ({ limit, own: mine }) => library.list({ kind: 'case', tenant, limit, own: mine }),
    async search(query, limit) {
      const embedding = embedder ? await embedder.embed([query], 'query', signal).catch(() => null) : null
      return (await library.search({ kind: 'case', tenant, text: query, signature: null, embedding: embedding?.[0] ?? null, limit })).hits
    },
    show,
    add,
    async edit(id, changes) {
      const item = await own(id)
      for (const field of lockedFields) {
        if (field in changes)
          throw new PromptsError('bad_case', `${field} cannot be changed.`, { hint: 'Export the case, change it and import it.' })
      }
      const parsed = caseSchema.safeParse({ ...item, ...changes })
      if (!parsed.success)
        throw new PromptsError('bad_case', `${id}: ${z.prettifyError(parsed.error).slice(0, 500)}`, {
          hint: '`prompts cases show --json` prints the fields.',
        })
      await save([parsed.data])
      return parsed.data
    },
    async remove(id) {
      const item = await own(id)
      await library.remove({ kind: 'case', tenant, ids: [id] })
      return item
    },
    async export({ own: mine }) {
      const items = await library.list({ kind: 'case', tenant, limit: all, own: mine })
      return `${JSON.stringify(mine ? items : items.filter((item) => item.tenant === tenant || item.tenant === shippedTenant), null, 2)}\n`
    },
    import: async (text, what) => add(parseCases(text, what)),
  }
}
