import { type Answers, dimNames } from '../../contract/answers.ts'
import { axes, type Mesh, meshSize } from '../../contract/mesh.ts'
import { PromptsError } from '../../errors.ts'
import { type Found, type InferredJob, sure } from '../../hlo/infer/inferred.ts'
import type { ResolvedModel } from '../../planner/model/resolved-model.ts'
import { parseMesh } from '../../text/parse-mesh.ts'
import { jobWords } from './job-words.ts'

/** A job with what people said in the place of what the program leaves open. */
export interface AnsweredJob {
  job: InferredJob
  /** A model of the library, by its name. */
  model: string | null
  notes: string[]
}

const from = 'someone said so'

/**
 * Puts answers where the program says nothing or only likely; what it surely says stands. Pure.
 * @throws PromptsError `bad_arguments` for a mesh of another number of devices, or a model that is not the program's.
 */
export function answerJob(job: InferredJob, answers: Answers, modelOf: (name: string) => ResolvedModel | null): AnsweredJob {
  const notes: string[] = []
  const taken = { ...job, open: job.open.filter(({ name }) => answers[name] === undefined) }
  const put = (name: string, key: keyof InferredJob, value: unknown) => {
    const found = job[key] as Found<unknown> | null
    if (found?.certainty === 'sure') {
      if (found.value !== value) notes.push(`${name}=${String(value)} was said, but the program says ${String(found.value)} (${found.how})`)
    } else Object.assign(taken, { [key]: sure(value, from) })
  }
  for (const [key, name] of jobWords) {
    const said = name === 'experts' ? undefined : answers[name]
    if (said !== undefined) put(name, key, /^\d+$/.test(said) ? Number(said) : said)
  }
  if (answers.mesh !== undefined) {
    const mesh = parseMesh(answers.mesh)
    const product = meshSize(mesh)
    if (job.devices !== null && product !== job.devices.value)
      throw new PromptsError('bad_arguments', `${answers.mesh} are ${product} devices, but the program lays out ${job.devices.value}`, {
        hint: 'The axes of a mesh multiply to the devices of the job, slices included.',
      })
    if (job.mesh === null || Object.values(job.mesh).some(({ certainty }) => certainty === 'likely')) taken.mesh = foundMesh(mesh)
    else if (axes.some((axis) => job.mesh?.[axis].value !== (mesh[axis] ?? 1)))
      notes.push(`the mesh ${answers.mesh} was said, but the program's own shardings say another`)
  }
  const model = answers.model === undefined ? null : modelOf(answers.model)
  if (answers.model !== undefined && model === null)
    throw new PromptsError('unknown_model', `There is no model named "${answers.model}"`, {
      hint: 'Say a name of the library, or the dims: layers=32 embed=4096 mlp=11008 heads=32 kv_heads=32 head_dim=128 vocab=32000.',
    })
  if (model !== null) refuseOther(job, model, answers.model!)
  if (model !== null) taken.open = taken.open.filter(({ name }) => !isDim(name))
  return { job: taken, model: answers.model ?? null, notes }
}

/** Whether a named model says it. */
export function isDim(name: string): boolean {
  return (dimNames as readonly string[]).includes(name)
}

/** Whether a model can be what the program runs: nothing that is surely read is another. */
export function couldBe(job: InferredJob, model: ResolvedModel): boolean {
  return differences(job, model).length === 0
}

function refuseOther(job: InferredJob, model: ResolvedModel, name: string): void {
  const [first] = differences(job, model)
  if (first === undefined) return
  throw new PromptsError('bad_arguments', `${name} cannot be it: it has ${first.name} ${first.has}, but the program ${first.program}`, {
    hint: 'Name another, or say the dims that the program leaves open.',
  })
}

function differences(job: InferredJob, model: ResolvedModel): { name: string; has: number; program: number }[] {
  const widths = model.kinds.flatMap(({ mlp }) => (mlp === null ? [] : [mlp.width]))
  const experts = Math.max(1, ...model.kinds.flatMap(({ mlp }) => (mlp?.kind === 'moe' ? [mlp.experts] : [])))
  const attention = model.kinds.flatMap((kind) => (kind.attention === null || kind.attention.kind === 'linear' ? [] : [kind.attention]))
  const compared: [string, Found<number> | null, number[]][] = [
    ['layers', job.layers, [model.layers]],
    ['embed', job.embed, [model.embed]],
    // a table of embeddings may be padded to what its shards divide
    ['vocab', job.vocab, [model.vocab, job.vocab !== null && isPadded(job.vocab.value, model.vocab) ? job.vocab.value : model.vocab]],
    ['mlp', job.mlp, widths],
    ['experts', job.experts, [experts]],
    ['heads', job.heads, attention.map(({ heads }) => heads)],
    ['kv_heads', job.kvHeads, attention.map((one) => (one.kind === 'mla' ? one.heads : one.kv_heads))],
  ]
  return compared.flatMap(([name, found, has]) =>
    found === null || found.certainty !== 'sure' || has.includes(found.value) ? [] : [{ name, has: has[0] ?? 0, program: found.value }],
  )
}

function isPadded(padded: number, vocab: number): boolean {
  return padded >= vocab && padded - vocab < 4096 && padded % 128 === 0
}

function foundMesh(mesh: Mesh): InferredJob['mesh'] {
  return Object.fromEntries(axes.map((axis) => [axis, sure(mesh[axis] ?? 1, from)])) as unknown as InferredJob['mesh']
}
