import { z } from 'zod'
import json from '../../../../knowledge/hf-architectures.json' with { type: 'json' }
import { PromptsError } from '../../../errors.ts'

/** `knowledge/hf-architectures.json`: names of keys, families that differ, and what is no decoder. */
export const hfArchitectures = z
  .strictObject({
    about: z.string(),
    keys: z.record(z.string(), z.array(z.string())),
    wrappers: z.array(z.string()),
    ungated: z.strictObject({ types: z.array(z.string()), activations: z.array(z.string()) }),
    learned_positions: z.array(z.string()),
    tied_by_default: z.array(z.string()),
    alternating_windows: z.record(z.string(), z.number()),
    refused: z.record(z.string(), z.array(z.string())),
    refused_patterns: z.array(z.strictObject({ pattern: z.string(), reason: z.string() })),
    without_effect: z.array(z.string()),
  })
  .parse(json)

export type Dimension = keyof (typeof json)['keys']

/** Reads one config: every key that is asked for counts as read, so that the others can be named. */
export interface ConfigReader {
  what: string
  family: string
  /** A whole number under a dimension's names, or null; where the value is a list, that of the layer. */
  count: (dimension: Dimension, layer?: number) => number | null
  /** The same under one key. */
  number: (key: string, layer?: number) => number | null
  need: (dimension: Dimension, layer?: number) => number
  flag: (key: string) => boolean | null
  text: (key: string) => string | null
  list: (key: string) => readonly unknown[] | null
  record: (key: string) => Readonly<Record<string, unknown>> | null
  /** Keys with a value that nobody asked for and that are not known to be without effect. */
  unread: () => string[]
}

const most = 1e12

/** @throws PromptsError `bad_log` from `need`, which names the dimension and the architecture. */
export function configReader(config: Readonly<Record<string, unknown>>, what: string): ConfigReader {
  const read = new Set<string>()
  const value = (key: string): unknown => {
    read.add(key)
    return config[key] ?? null
  }
  const number = (key: string, layer = 0): number | null => {
    const given = value(key)
    const one = Array.isArray(given) ? given[layer] : given
    return typeof one === 'number' && Number.isFinite(one) && one >= 0 && one <= most ? one : null
  }
  const family = typeof config.model_type === 'string' && config.model_type !== '' ? config.model_type : 'unknown'
  const count = (dimension: Dimension, layer?: number): number | null => {
    // every alias counts as read: a config may say a dimension twice
    const said = (hfArchitectures.keys[dimension] ?? []).map((key) => number(key, layer))
    return said.find((one) => one !== null) ?? null
  }
  return {
    what,
    family,
    count,
    number,
    need(dimension, layer) {
      const found = count(dimension, layer)
      if (found !== null && found >= 1) return found
      const names = hfArchitectures.keys[dimension]!
      throw new PromptsError('bad_log', `${what}: the config of a "${family}" model says no ${names[0]}`, {
        hint: `A decoder needs it; asked for: ${names.join(', ')}. What the model's class has by default must be written in; what is no decoder-only language model cannot be imported.`,
      })
    },
    flag(key) {
      const given = value(key)
      return typeof given === 'boolean' ? given : null
    },
    text(key) {
      const given = value(key)
      return typeof given === 'string' && given !== '' ? given : null
    },
    list(key) {
      const given = value(key)
      return Array.isArray(given) && given.length > 0 ? given : null
    },
    record(key) {
      const given = value(key)
      return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : null
    },
    unread: () => Object.keys(config).filter((key) => !read.has(key) && !isWithoutEffect(key) && isSaid(config[key])),
  }
}

const withoutEffect = new RegExp(hfArchitectures.without_effect.join('|'))

function isWithoutEffect(key: string): boolean {
  return withoutEffect.test(key)
}

/** Whether a value says anything: not null, false, 0, or empty. */
function isSaid(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false
  return !(Array.isArray(value) && value.length === 0)
}
