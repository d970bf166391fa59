import { type AnswerName, type Answers, answerNames } from '../contract/answers.ts'
import { slicePattern } from '../contract/chip.ts'
import { optimizerSchema, phaseSchema } from '../contract/experiment.ts'
import { axes } from '../contract/mesh.ts'
import { PromptsError } from '../errors.ts'
import { nearest } from './nearest.ts'

const otherNames: Readonly<Record<string, AnswerName>> = {
  ...{ topology: 'slice', batch: 'global_batch', seq: 'seq_len', sequence: 'seq_len', global_batch_size: 'global_batch' },
  ...{ remat_policy: 'remat', n_layers: 'layers', num_layers: 'layers', vocab_size: 'vocab' },
}
const wholeSlice = new RegExp(`^${slicePattern}$`, 'i')

/**
 * The answers among words such as `seq_len=4096 data=8 model=2`. What is no `name=value` of a known name with a value that it can
 * have is in `others`. A whole number for `model` or `seq` is the size of the axis.
 */
export function readAnswers(words: readonly string[]): { answers: Answers; others: string[] } {
  const answers: Answers = {}
  const others: string[] = []
  const mesh: string[] = []
  for (const word of words) {
    const [, given = '', value = ''] = /^([a-z_]{2,30})=(\S{1,200})$/i.exec(word) ?? []
    const name = given.toLowerCase()
    if ((axes as readonly string[]).includes(name) && /^\d{1,6}$/.test(value) && !(name === 'seq' && Number(value) >= 512)) {
      mesh.push(`${name}=${value}`)
      continue
    }
    const known = answerNames.find((one) => one === name) ?? otherNames[name]
    const read = known === undefined ? null : readValue(known, value)
    if (known === undefined || read === null) others.push(word)
    else answers[known] = read
  }
  if (mesh.length > 0) answers.mesh = mesh.join(',')
  return { answers, others }
}

/**
 * The same where every word must be an answer.
 * @throws PromptsError `bad_arguments` naming the word that is none, with the nearest name.
 */
export function readAllAnswers(words: readonly string[]): Answers {
  const { answers, others } = readAnswers(words)
  const [wrong] = others
  if (wrong === undefined) return answers
  const name = wrong.split('=')[0] ?? ''
  const near = nearest(name, [...answerNames, ...axes], 1)[0]
  throw new PromptsError('bad_arguments', `"${wrong.slice(0, 80)}" says nothing of a run`, {
    hint:
      (answerNames as readonly string[]).includes(name) || near === undefined
        ? 'It is written name=value: seq_len=4096, global_batch=64, model=llama2-7b, data=8 model=2, slice=v5e-16.'
        : `Did you mean ${near}=…?`,
  })
}

/** A value as it is kept, or null where the name cannot have it. */
function readValue(name: AnswerName, value: string): string | null {
  switch (name) {
    case 'slice':
      return wholeSlice.test(value) ? value.toLowerCase() : null
    case 'place':
      return /^[1-9]$/.test(value) ? value : null
    case 'phase':
      return phaseSchema.safeParse(value.toLowerCase()).data ?? null
    case 'optimizer':
      return optimizerSchema.safeParse(value.toLowerCase()).data ?? null
    case 'model':
      return /^[A-Za-z0-9][A-Za-z0-9._/-]{1,150}$/.test(value) ? value : null
    case 'remat':
      return /^[A-Za-z0-9_]{2,100}$/.test(value) ? value.toLowerCase() : null
    case 'mesh':
      return /^[a-z]+=\d{1,6}(,[a-z]+=\d{1,6})*$/.test(value) ? value : null
    default: {
      const [, digits, thousands] = /^(\d{1,12})(k?)$/i.exec(value) ?? []
      const number = Number(digits) * (thousands ? 1024 : 1)
      return number >= 1 ? String(number) : null
    }
  }
}
