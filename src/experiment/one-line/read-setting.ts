import { frameworkSchema, objectiveSchema, optimizerSchema, phaseSchema } from '../../contract/experiment.ts'
import { axisSchema } from '../../contract/mesh.ts'
import { experimentWords } from '../words/experiment-words.ts'
import type { LineDraft } from './line-draft.ts'
import { numberOf } from './line-tokens.ts'
import { refuse } from './read-names.ts'

/** Words before or behind a number, and the setting of a run that it is. */
const counted: Readonly<Record<string, string>> = {
  ...{
    seq: 'seq_len',
    seq_len: 'seq_len',
    seqlen: 'seq_len',
    context: 'seq_len',
    ctx: 'seq_len',
    length: 'seq_len',
    max_target_length: 'seq_len',
  },
  ...{
    batch: 'global_batch',
    bs: 'global_batch',
    gbs: 'global_batch',
    global_batch: 'global_batch',
    sequences: 'global_batch',
    seqs: 'global_batch',
  },
  ...{ in: 'input_len', input: 'input_len', isl: 'input_len', prompt: 'input_len', input_len: 'input_len' },
  ...{ out: 'output_len', output: 'output_len', osl: 'output_len', output_len: 'output_len' },
  ...{ inflight: 'concurrency', concurrency: 'concurrency', concurrent: 'concurrency', requests: 'concurrency', users: 'concurrency' },
  ...{
    microbatches: 'microbatches',
    microbatch: 'microbatches',
    accumulation: 'microbatches',
    per_device_batch_size: 'per_device_batch_size',
    pdbs: 'per_device_batch_size',
  },
}
const typed: Readonly<Record<string, string>> = {
  ...{ weight: 'weight_dtype', weights: 'weight_dtype', kv: 'kv_dtype', activations: 'activation_dtype', gradients: 'gradient_dtype' },
  ...{ gradient: 'gradient_dtype', matmul: 'matmul_dtype', matmuls: 'matmul_dtype', mu: 'optimizer_dtype' },
}
const plainTypes = ['f32', 'bf16', 'int8', 'fp8', 'int4', 'fp4']
const objectives: Readonly<Record<string, string>> = { cheapest: 'cost', cheap: 'cost', fastest: 'latency' }

/**
 * Reads the setting that starts at a word into the draft.
 * @returns how many words it took; 0 for a word that starts no setting.
 */
export function readSetting(words: readonly string[], at: number, draft: LineDraft): number {
  const [word, next, third] = [words[at]!.toLowerCase(), words[at + 1]?.toLowerCase(), words[at + 2]?.toLowerCase()]
  return (
    readLatency([word, next, third, words[at + 3]?.toLowerCase()], draft) ||
    readNumber([word, next, third, words[at + 3]?.toLowerCase()], draft) ||
    readType(word, next, draft) ||
    readChoice(word, next, draft)
  )
}

function readLatency([word, next, third, fourth]: (string | undefined)[], draft: LineDraft): number {
  const early = word === 'p99' && (next === 'tpot' || next === 'ttft')
  const name = early ? next : word
  if (name !== 'tpot' && name !== 'ttft') return 0
  const late = !early && next === 'p99'
  const skip = early || late ? 1 : 0
  const value = numberOf(skip === 1 ? third : next)
  if (value === null) return 0
  const unit = skip === 1 ? fourth : third
  draft.slo[`${name}${skip === 1 ? '_p99' : ''}_ms`] = unit === 's' ? value * 1000 : value
  return 2 + skip + (unit === 's' || unit === 'ms' ? 1 : 0)
}

function readNumber([word, next, third, fourth]: [string, ...(string | undefined)[]], draft: LineDraft): number {
  const after = numberOf(next)
  const setting = counted[word]
  // "in 4k context": the number belongs to the word behind it
  if (word === 'in' && third !== undefined && counted[third] !== undefined && numberOf(fourth) === null) return 0
  if (setting !== undefined && after !== null) {
    if (setting === 'global_batch' && third === 'tokens') {
      draft.batchTokens = after
      return 3
    }
    return setCount(draft, setting, next!, after)
  }
  const axis = axisOf(word)
  if (axis !== null && after !== null) {
    draft.mesh[word] = after
    return 2
  }
  const [, input, output] = /^(\d+k?)\/(\d+k?)$/.exec(word) ?? []
  if (input !== undefined) {
    setCount(draft, 'input_len', input, numberOf(input)!)
    return setCount(draft, 'output_len', output!, numberOf(output)!) - 1
  }
  const times = /^(\d+)[x×]$/.exec(word)?.[1]
  if (times !== undefined) return setSlices(draft, Number(times), 1)
  const value = numberOf(word)
  if (value === null || next === undefined) return 0
  if (next === 'chips' || next === 'chip') draft.chips = value
  else if (next === 'tokens') draft.budget.tokens = value
  else if (/^(d|days?)$/.test(next)) draft.budget.days = value
  else if (/^(h|hours?)$/.test(next)) draft.budget.days = value / 24
  else if (next === 'slices' || next === 'slice' || next === 'x') return setSlices(draft, value, 2)
  else if (counted[next] !== undefined) return setCount(draft, counted[next], word, value)
  else return 0
  return 2
}

function setCount(draft: LineDraft, setting: string, word: string, value: number): number {
  const before = draft.run[setting]
  if (before !== undefined && before !== value) refuse(`says ${setting} twice: ${before} and ${value}`, 'Say it once.')
  if (/k/i.test(word)) draft.notes.push(`${word} is read as ${value}`)
  draft.run[setting] = value
  return 2
}

function setSlices(draft: LineDraft, slices: number, words: number): number {
  draft.slices = slices
  return words
}

function axisOf(word: string): string | null {
  return axisSchema.safeParse(word).success || experimentWords.axes[word] !== undefined ? word : null
}

function typeOf(word: string | undefined): string | null {
  if (word === undefined) return null
  return plainTypes.includes(word) ? word : (experimentWords.values.dtype[word] ?? null)
}

function readType(word: string, next: string | undefined, draft: LineDraft): number {
  const before = typeOf(word)
  const [name, type] = before === null ? [typed[word], typeOf(next)] : [next === undefined ? undefined : typed[next], before]
  if (name !== undefined && type !== null) {
    draft.run[name] = type
    return 2
  }
  if (before === null) return 0
  draft.dtype = before
  return 1
}

function readChoice(word: string, next: string | undefined, draft: LineDraft): number {
  if (word === 'remat' && next !== undefined) {
    draft.run.remat = next
    return 2
  }
  if (phaseSchema.safeParse(word).success || experimentWords.values.phase[word] !== undefined) draft.phase = word
  else if (frameworkSchema.safeParse(word).success) draft.framework = word
  else if (optimizerSchema.safeParse(word).success && word !== 'none') draft.run.optimizer = word
  else if (word === 'adam') draft.run.optimizer = 'adamw'
  else if (word === 'dropless' || word === 'dropping') draft.run.moe = word
  else if (word === 'flash') draft.run.attention = word
  else if (objectiveSchema.safeParse(word).success || objectives[word] !== undefined) draft.objective = objectives[word] ?? word
  else return 0
  return 1
}
