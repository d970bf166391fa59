import { PromptsError } from '../../../errors.ts'

const maxLines = 2_000_000

/** What a MaxText log says: its settings, and the seconds of each completed step. */
export interface MaxTextLog {
  settings: Map<string, string>
  /** By step number; a step logged twice keeps its last time. */
  stepSeconds: Map<number, number>
  tflopsPerDevice: Map<number, number>
}

/**
 * Reads `Config param NAME: VALUE` and `completed step: N, seconds: S, …` from a MaxText log; every other line is passed over.
 * @throws PromptsError `bad_log` when no setting is found.
 */
export function readMaxTextLog(text: string, what: string): MaxTextLog {
  const settings = new Map<string, string>()
  const stepSeconds = new Map<number, number>()
  const tflopsPerDevice = new Map<number, number>()
  let lines = 0
  for (const line of text.split('\n')) {
    if (++lines > maxLines)
      throw new PromptsError('too_large', `${what} has over ${maxLines} lines`, { hint: 'Cut it down to the settings and some steps.' })
    const setting = /Config param ([A-Za-z0-9_]+): (.*)$/.exec(line)
    if (setting) settings.set(setting[1]!, setting[2]!.trim())
    const step = /completed step: (\d+), seconds: ([0-9.]+)(?:, TFLOP\/s\/device: ([0-9.]+))?/.exec(line)
    if (step) {
      stepSeconds.set(Number(step[1]), Number(step[2]))
      if (step[3]) tflopsPerDevice.set(Number(step[1]), Number(step[3]))
    }
  }
  if (settings.size === 0) {
    throw new PromptsError('bad_log', `${what}: no line "Config param NAME: VALUE"`, {
      hint: 'Give the log of a MaxText run from its start, where it prints its settings.',
    })
  }
  return { settings, stepSeconds, tflopsPerDevice }
}
