import { PromptsError } from '../../../errors.ts'
import { plainValue } from './setting-table.ts'

/** Reads single settings. */
export interface SettingReader {
  what: string
  text: (name: string, fallback: string) => string
  optionalInt: (name: string) => number | null
  /** @throws PromptsError `bad_log` naming the setting. */
  int: (name: string) => number
  flag: (name: string) => boolean
}

export function settingReader(settings: ReadonlyMap<string, string>, what: string): SettingReader {
  const text = (name: string, fallback: string): string => {
    const value = settings.get(name)
    const plain = value === undefined ? '' : plainValue(value)
    return plain === '' ? fallback : plain
  }
  const optionalInt = (name: string): number | null => {
    const value = Number(text(name, 'NaN'))
    return Number.isInteger(value) ? value : null
  }
  return {
    what,
    text,
    optionalInt,
    int(name) {
      const value = optionalInt(name)
      if (value !== null) return value
      const is = settings.has(name) ? `"${settings.get(name)}", not a whole number` : 'missing'
      throw new PromptsError('bad_log', `${what}: setting ${name} is ${is}`, { hint: 'Give the log from the start of the run.' })
    },
    flag: (name) => text(name, 'false') === 'true',
  }
}
