import type { OpenQuestion } from '../../contract/answers.ts'
import type { InferredJob, OpenName } from '../../hlo/infer/inferred.ts'
import type { ResolvedModel } from '../../planner/model/resolved-model.ts'
import { couldBe, isDim } from './answer-job.ts'

const mostModels = 5

/** What an experiment can do without: a default stands in its place. */
const optional: ReadonlySet<OpenName> = new Set(['kv_heads', 'experts_per_token', 'remat'])

/**
 * What the program leaves open as questions. Dims that are missing are one question, for the model: those of the library that
 * have all the dims that are known are the likely answers.
 */
export function questionsOf(job: InferredJob, library: Iterable<ResolvedModel>): OpenQuestion[] {
  const missing = job.open.filter(({ name }) => isDim(name) && !optional.has(name))
  const questions: OpenQuestion[] = []
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ')
    questions.push({ name: 'model', why: `${names}: ${missing[0]!.why}`, choices: likelyModels(job, library), needed: true })
  }
  for (const { name, why, choices } of job.open) {
    if (missing.length > 0 && isDim(name)) continue
    questions.push({ name, why, choices: choices.map(String), needed: !optional.has(name) })
  }
  // what nothing can go on without comes first
  return questions.toSorted((a, b) => Number(b.needed) - Number(a.needed))
}

/** Without the width of its stream any model could be it. */
function likelyModels(job: InferredJob, library: Iterable<ResolvedModel>): string[] {
  if (job.embed === null) return []
  const names: string[] = []
  for (const model of library) {
    if (model.name !== null && couldBe(job, model)) names.push(model.name)
    if (names.length >= mostModels) break
  }
  return names
}

/**
 * The one model of the library that can be it, where the dims that are read do not say the whole of it: some are missing, or its
 * layers are not all alike. Null where there are several, none, or the dims are enough.
 */
export function soleModel(job: InferredJob, library: Iterable<ResolvedModel>): string | null {
  if (job.embed?.certainty !== 'sure' || job.layers?.certainty !== 'sure' || job.vocab === null) return null
  const could = [...library].filter((model) => couldBe(job, model))
  const [only, other] = could
  if (only === undefined || other !== undefined) return null
  const whole = job.open.every(({ name }) => !isDim(name) || optional.has(name))
  return whole && only.kinds.length === 1 && only.kinds[0]!.attention?.kind === 'full' ? null : only.name
}

/** A question as a note has it. */
export function questionText({ name, why, choices }: OpenQuestion): string {
  return `open: ${name} (${why})${choices.length > 0 ? `; likely ${choices.join(', ')}` : ''}`
}
