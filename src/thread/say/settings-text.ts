import type { Suggestion } from '../../contract/diagnosis.ts'

const compilerFlag = /^(xla|megascale|tpu)_/

/**
 * A suggestion's settings as they are pasted: the compiler's flags in the variable that carries them, the rest as `name=value`.
 */
export function settingsText({ settings }: Pick<Suggestion, 'settings'>): string {
  const entries = Object.entries(settings)
  const flags = entries.filter(([name]) => compilerFlag.test(name)).map(([name, value]) => `--${name}=${value}`)
  const words = entries.filter(([name]) => !compilerFlag.test(name)).map(([name, value]) => `${name}=${value}`)
  return [...(flags.length > 0 ? [`LIBTPU_INIT_ARGS="${flags.join(' ')}"`] : []), ...words].join('\n')
}

/** What a suggestion brings, and who says so; empty where nobody has measured or computed it. */
export function suggestionGain({ gain, by }: Pick<Suggestion, 'gain' | 'by'>): string {
  if (gain === null) return ''
  const less = (ratio: number) => Math.round((1 - 1 / ratio) * 100)
  const range = `${less(gain.low)} to ${less(gain.high)}%`
  return `about ${less(gain.ratio)}% less time per step (${range}), ${by === 'compiler' ? 'compiled and replayed' : 'predicted'}`
}
