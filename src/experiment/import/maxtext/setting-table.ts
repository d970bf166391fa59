import { z } from 'zod'
import json from '../../../../knowledge/maxtext-settings.json' with { type: 'json' }
import { bare } from '../../../text/bare.ts'
import { shownValue } from '../../settings/shown-value.ts'

const {
  defaults,
  mapped,
  flags,
  without_effect: withoutEffect,
} = bare(
  z
    .object({
      defaults: z.record(z.string(), z.string()),
      mapped: z.array(z.string()),
      flags: z.array(z.string()),
      without_effect: z.array(z.string()),
    })
    .parse(json),
)

const isMapped = new RegExp(mapped.join('|'))
const isWithoutEffect = new RegExp(withoutEffect.join('|'))

/**
 * What a setting says, as MaxText compares it: an enum without its class, `None` and quotes as nothing, booleans in one spelling.
 */
export function plainValue(value: string): string {
  const bare = value
    .trim()
    .replace(/^(['"])(.*)\1$/, '$2')
    .replace(/^[A-Z]\w*\.(?=[A-Z][A-Z0-9_]*$)/, '')
  if (/^(none|null)$/i.test(bare)) return ''
  return /^(true|false)$/i.test(bare) ? bare.toLowerCase() : bare
}

/** Settings with MaxText's defaults where nothing is said: what a YAML or a command leaves out, and a log prints. */
export function withDefaults(given: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...Object.entries(defaults), ...given])
}

/** Settings that differ from MaxText's defaults and that an experiment carries under their own names. */
export function carriedFlags(settings: ReadonlyMap<string, string>): Record<string, string> {
  const carried: Record<string, string> = {}
  for (const name of flags) if (differs(name, settings)) carried[name] = carriedValue(name, plainValue(settings.get(name)!).toLowerCase())
  return carried
}

/** A log prints the name of a rule's file as that of an enum's member. */
function carriedValue(name: string, value: string): string {
  return name === 'custom_mesh_and_rule' ? value.replaceAll('_', '-') : value
}

/**
 * `name=value` of every setting that differs from its default, changes a step, and has no word in an experiment. Of one without a
 * known default nobody can tell: it counts where somebody wrote it, not where a log prints hundreds of them.
 */
export function unmappedSettings(
  settings: ReadonlyMap<string, string>,
  ignored: readonly string[],
  written: ReadonlySet<string>,
): string[] {
  return [...settings.keys()]
    .filter((name) => !isMapped.test(name) && !flags.includes(name) && !ignored.includes(name) && !isWithoutEffect.test(name))
    .filter(
      (name) => differs(name, settings) || (defaults[name] === undefined && written.has(name) && plainValue(settings.get(name)!) !== ''),
    )
    .map((name) => `${name}=${shownValue(name, plainValue(settings.get(name)!))}`)
}

function differs(name: string, settings: ReadonlyMap<string, string>): boolean {
  const value = settings.get(name)
  if (value === undefined) return false
  const known = defaults[name]
  if (known === undefined) return false
  const [a, b] = [plainValue(value).toLowerCase(), plainValue(known).toLowerCase()]
  return a !== b && !(a !== '' && b !== '' && Number(a) === Number(b))
}
