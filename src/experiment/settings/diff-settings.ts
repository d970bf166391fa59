import { unimportant } from '../run-folder/run-record.ts'
import { shownValue } from './shown-value.ts'

/** A setting of two runs that is not the same; null where a run does not have it. */
export interface SettingChange {
  name: string
  before: string | null
  after: string | null
}

/** Settings that hold a list of flags: each flag is a setting of its own. */
const flagLists = new Set(['libtpu_init_args', 'LIBTPU_INIT_ARGS', 'compile_xla_flags', 'XLA_FLAGS'])

/** What differs between the settings of two runs, key by key, by name. Numbers that are written otherwise are the same. Pure. */
export function diffSettings(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): SettingChange[] {
  const [a, b] = [withFlags(before), withFlags(after)]
  const names = [...new Set([...a.keys(), ...b.keys()])].sort()
  return names.flatMap((name) => {
    const [was, is] = [a.get(name) ?? null, b.get(name) ?? null]
    return sameValue(was, is) ? [] : [{ name, before: was, after: is }]
  })
}

/** Whether a step's work does not depend on it: paths, names, how often something is logged. */
export function isAside({ name }: SettingChange): boolean {
  return unimportant.test(name) && !/^model/.test(name)
}

/** `remat_policy: full → minimal`. */
export function changeText({ name, before, after }: SettingChange): string {
  return `${name}: ${shownValue(name, before)} → ${shownValue(name, after)}`
}

/** The names of settings that are not the same in all of several runs; what a step's work depends on first. Pure. */
export function differingSettings(runs: readonly ReadonlyMap<string, string>[]): string[] {
  const [first, ...others] = runs
  if (first === undefined) return []
  const changes = new Map(others.flatMap((other) => diffSettings(first, other)).map((change) => [change.name, change]))
  const [telling, asides] = [[...changes.values()].filter((one) => !isAside(one)), [...changes.values()].filter(isAside)]
  return [...telling, ...asides].map(({ name }) => name).filter((name) => !/(path|dir|directory|address)$|^run_name$/.test(name))
}

function withFlags(settings: ReadonlyMap<string, string>): Map<string, string> {
  const all = new Map<string, string>()
  for (const [name, value] of settings) {
    if (!flagLists.has(name.replace(/^.*\./, ''))) {
      all.set(name, value)
      continue
    }
    for (const flag of value.split(/\s+/)) {
      const [, key, setting] = /^(--[\w.-]+)(?:=(.*))?$/.exec(flag) ?? []
      if (key !== undefined) all.set(key, setting ?? 'true')
    }
  }
  return all
}

function sameValue(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return a === b || empty.has(a ?? b ?? '')
  if (a === b || a.toLowerCase() === b.toLowerCase()) return true
  const [x, y] = [a, b].map((text) => (text.trim() === '' ? Number.NaN : Number(text)))
  return x === y
}

/** What a trainer prints where nothing is set. */
const empty = new Set(['', 'None', 'null', '[]', '{}'])
