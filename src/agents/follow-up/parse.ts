import type { ChipName } from '../../contract/experiment.ts'
import { chips } from '../../contract/experiment.ts'
import type { Axis, Mesh } from '../../contract/mesh.ts'

/** What a message in a thread asks for, as far as words tell. */
export type Intent =
  | { kind: 'cancel' }
  | { kind: 'help' }
  | { kind: 'outcome'; stepTimeMs: number }
  | { kind: 'evidence'; card: number | null }
  | { kind: 'compare'; cards: [number, number] }
  | { kind: 'why_not'; mesh: Mesh; card: number | null }
  | { kind: 'what_if'; mesh: Mesh; changes: WhatIf }
  | { kind: 'question' }

/** What is to be different. */
export interface WhatIf {
  chip?: ChipName
  topology?: string
  slices?: number
  global_batch?: number
  /** 2 for `doubles`, 0.5 for `halves`. */
  batch_factor?: number
  seq_len?: number
  microbatches?: number
  remat?: string
}

const aliases: Record<string, Axis> = {
  replica: 'replica',
  dp: 'replica',
  stage: 'stage',
  pipeline: 'stage',
  pp: 'stage',
  data: 'data',
  fsdp: 'data',
  seq: 'seq',
  sequence: 'seq',
  context: 'seq',
  cp: 'seq',
  sp: 'seq',
  model: 'model',
  tensor: 'model',
  tp: 'model',
  mdl: 'model',
  expert: 'expert',
  ep: 'expert',
}

const maxLength = 2000

/** Reads a message without a model. Nothing that it says is ever run, opened or fetched; numbers are bounded by the schemas that use them. */
export function parseFollowUp(message: string): Intent {
  const text = message
    .slice(0, maxLength)
    .toLowerCase()
    .replaceAll(/<[@#!][^>]*>/g, ' ')
    .replaceAll(/[`*_~“”"'’]/g, (mark) => (mark === '_' ? '_' : ''))
    .replaceAll(/\s+/g, ' ')
    .trim()
  if (/^(please )?(cancel|stop|abort|nevermind|never mind)\b[ .!]*(it|this|that|the run|please)?[ .!]*$/.test(text))
    return { kind: 'cancel' }
  if (/^(help|\?|what can (you|i) (do|ask))/.test(text)) return { kind: 'help' }
  const stepTimeMs = outcomeOf(text)
  if (stepTimeMs !== null) return { kind: 'outcome', stepTimeMs }
  const cards = [...text.matchAll(/\b(?:card |option |proposal |number |#)?([123])\b(?! ?[=x×.\d])/g)].map((match) => Number(match[1]))
  if (/\b(compare|versus|vs\.?|difference between|better, )\b/.test(text) && cards.length >= 2 && cards[0] !== cards[1]) {
    return { kind: 'compare', cards: [cards[0]!, cards[1]!] }
  }
  if (/\b(evidence|sources?|citations?|references?|which cases?|what cases?)\b/.test(text))
    return { kind: 'evidence', card: cardNamed(text) }
  const mesh = meshOf(text)
  if (/\bwhy (not|isnt|dont|didnt|wouldnt|arent|no)\b|\bwhat about\b|\bhow about\b/.test(text) && Object.keys(mesh).length > 0) {
    return { kind: 'why_not', mesh, card: null }
  }
  if (/\bwhy (not )?(card|option|number|#)? ?([123])\b/.test(text))
    return { kind: 'why_not', mesh: {}, card: cardNamed(text) ?? cards[0] ?? null }
  const changes = changesOf(text)
  if (Object.keys(changes).length > 0 || Object.keys(mesh).length > 0) return { kind: 'what_if', mesh, changes }
  return { kind: 'question' }
}

/** `it ran at 22.9 s`, `step time is 22,900 ms now`, `we measured 1.2 seconds per step`. */
function outcomeOf(text: string): number | null {
  if (/\b(what if|why|would|could|should|predict)/.test(text)) return null
  const said = /\b(ran|runs|running|measured|measures|took|takes|step time|came out|got|gets|now at|its at|is at)\b/.test(text)
  const match = /(\d[\d,]*(?:\.\d+)?) ?(ms|milliseconds?|msec|s|sec|secs|seconds?|min|minutes?)\b/.exec(text)
  if (!said || !match) return null
  const value = Number(match[1]!.replaceAll(',', ''))
  const unit = match[2]!
  const factor = unit.startsWith('ms') || unit.startsWith('milli') ? 1 : unit.startsWith('min') ? 60_000 : 1000
  return value > 0 ? value * factor : null
}

function meshOf(text: string): Mesh {
  const mesh: Mesh = {}
  const pattern = /\b(?:ici_)?([a-z]+)(?:_parallelism)?(?: axis| parallelism)? ?(?:=|:|of|at|to|×|-)? ?(\d{1,6})\b(?![.\d])/g
  for (const match of text.matchAll(pattern)) {
    const axis = aliases[match[1]!]
    const size = Number(match[2])
    if (axis !== undefined && size >= 1 && !isSequenceLength(axis, match[1]!, size)) mesh[axis] = size
  }
  const without = /\bwithout (?:any )?(tensor|model|fsdp|data|pipeline|stage|context|sequence|expert)\b/.exec(text)
  if (without) mesh[aliases[without[1]!]!] = 1
  return mesh
}

/** `sequence 8192` means the length of the sequence, not an axis of 8192. */
function isSequenceLength(axis: Axis, word: string, size: number): boolean {
  return axis === 'seq' && (word === 'sequence' || word === 'context') && size >= 256
}

function changesOf(text: string): WhatIf {
  const changes: WhatIf = {}
  const number = (pattern: RegExp) => {
    const match = pattern.exec(text)
    if (!match) return undefined
    const value = Number(match[1]!.replaceAll(',', '')) * (match[2] === 'k' ? 1024 : 1)
    return Number.isInteger(value) && value > 0 ? value : undefined
  }
  const batch = number(/\bbatch(?:[ _]size)?(?: is| was| were| becomes| goes to| of| at| to)? ?(?:=|:)? ?(\d[\d,]*)\b(?! ?(?:x|×|times))/)
  const seq = number(
    /\b(?:seq(?:uence)?(?:[ _]len(?:gth)?)?|context(?: length)?)(?: is| was| of| at| to)? ?(?:=|:)? ?(\d{3,}|\d+(?=k))(k?)\b/,
  )
  const microbatches = number(/\b(?:micro-?batches|gradient accumulation(?: steps)?|grad accum)(?: of| to)? ?(?:=|:)? ?(\d+)\b/)
  if (batch !== undefined && !/micro-?batch(es)? ?=? ?\d/.test(text)) changes.global_batch = batch
  if (seq !== undefined) changes.seq_len = seq
  if (microbatches !== undefined) changes.microbatches = microbatches
  const factor = batchFactor(text)
  if (factor !== null && changes.global_batch === undefined) changes.batch_factor = factor
  const remat = /\bremat(?:_policy| policy)?(?: is| was| to| of)? ?(?:=|:)? ?([a-z][a-z0-9_]{2,60})\b/.exec(text)?.[1]
  if (remat !== undefined && !/^(was|were|were|changes?|instead|policy|off)$/.test(remat)) changes.remat = remat
  if (/\b(no|without) remat\b|\bremat off\b/.test(text)) changes.remat = 'none'
  if (/\bfull remat\b/.test(text)) changes.remat = 'full'
  return { ...changes, ...hardwareOf(text) }
}

function batchFactor(text: string): number | null {
  if (!/\bbatch\b/.test(text)) return null
  if (/\b(doubles?|doubled|twice)\b/.test(text)) return 2
  if (/\b(halves|halved?|half)\b/.test(text)) return 0.5
  if (/\b(triples?|tripled)\b/.test(text)) return 3
  if (/\bquadruples?\b/.test(text)) return 4
  const times = /\b(\d{1,3}) ?(?:x|×|times)\b/.exec(text)
  return times ? Number(times[1]) : null
}

function hardwareOf(text: string): WhatIf {
  const found: WhatIf = {}
  const named = new RegExp(`\\b(${chips.join('|')}|v5litepod)-(\\d{1,6})\\b`).exec(text)
  const chip = new RegExp(`\\b(${chips.join('|')}|trillium|ironwood)\\b`).exec(text)
  const shape = /\b(\d{1,3}x\d{1,3}(?:x\d{1,3})?)\b/.exec(text)
  const names: Record<string, ChipName> = { trillium: 'v6e', ironwood: 'tpu7x', v5litepod: 'v5e' }
  if (named) {
    found.chip = names[named[1]!] ?? (named[1] as ChipName)
    found.topology = `${found.chip}-${named[2]}`
  } else if (chip) {
    found.chip = names[chip[1]!] ?? (chip[1] as ChipName)
    if (shape) found.topology = shape[1]!
  } else if (shape) found.topology = shape[1]!
  const slices = /\b(\d{1,4}) slices\b/.exec(text)
  if (slices) found.slices = Number(slices[1])
  return found
}

function cardNamed(text: string): number | null {
  const match = /\b(?:card|option|proposal|number|#) ?([123])\b/.exec(text) ?? /\b(?:for|of) ([123])\b/.exec(text)
  return match ? Number(match[1]) : null
}
