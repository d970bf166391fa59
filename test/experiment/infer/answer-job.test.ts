import { describe, expect, it } from 'vitest'
import { answerJob } from '../../../src/experiment/infer/answer-job.ts'
import { experimentOfJob } from '../../../src/experiment/infer/experiment-of-job.ts'
import { questionsOf, soleModel } from '../../../src/experiment/infer/questions.ts'
import { inferJob } from '../../../src/hlo/infer/infer-job.ts'
import { sliceTable } from '../../../src/knowledge/data/slice-table.ts'
import { type Input, moduleOfInputs } from '../../support/module-of-inputs.ts'

/** Llama 2 7B on 4 x 4 devices, as far as its inputs have names. */
const all: Input[] = [
  ["params['embedding']", 'bf16', [32000, 4096], [1, 4]],
  ["params['final_norm']", 'bf16', [4096], [1]],
  ["params['layers']['norm']", 'bf16', [32, 4096], [1, 1]],
  ["params['layers']['query']", 'bf16', [32, 4096, 32, 128], [1, 4, 4, 1]],
  ["params['layers']['key']", 'bf16', [32, 4096, 32, 128], [1, 4, 4, 1]],
  ["params['layers']['wi_0']", 'bf16', [32, 4096, 11008], [1, 4, 4]],
  ["params['layers']['wi_1']", 'bf16', [32, 4096, 11008], [1, 4, 4]],
  ["batch['tokens']", 's32', [64, 2048], [4, 1]],
]
const without = (...names: string[]) =>
  inferJob(
    moduleOfInputs(
      16,
      all.filter(([name]) => !names.some((one) => name.includes(one))),
    ),
  )
const questions = (job: ReturnType<typeof inferJob>) => questionsOf(job, sliceTable.models())
const answer = (job: ReturnType<typeof inferJob>, answers: Parameters<typeof answerJob>[1]) => answerJob(job, answers, sliceTable.modelOf)
const place = { id: 'x', chip: 'v5e', topology: '4x4', slices: 1 } as const

describe('what a program leaves open', () => {
  it('asks nothing where it says everything', () => {
    expect(questions(without())).toEqual([])
    expect(experimentOfJob(without(), { ...place, model: null }).experiment).toMatchObject({ run: { global_batch: 64, seq_len: 2048 } })
  })

  it('asks for batch and sequence, and is an experiment with the answers', () => {
    const job = without('tokens')
    expect(questions(job).map(({ name, needed }) => [name, needed])).toEqual([
      ['phase', true],
      ['global_batch', true],
      ['seq_len', true],
    ])
    expect(experimentOfJob(job, { ...place, model: null }).experiment).toBeNull()
    const answered = answer(job, { phase: 'prefill', global_batch: '8', seq_len: '1024' })
    expect(questions(answered.job)).toEqual([])
    expect(experimentOfJob(answered.job, { ...place, model: null }).experiment).toMatchObject({
      ...{ phase: 'prefill', mesh: { data: 4, model: 4 }, run: { global_batch: 8, seq_len: 1024 } },
    })
  })

  it('asks for the model where dims are missing, with those of the library that have the others', () => {
    const job = without('query', 'key')
    const [question] = questions(job)
    expect(question).toMatchObject({ name: 'model', needed: true })
    expect(question!.why).toContain('heads')
    expect(question!.choices).toContain('llama2-7b')
    expect(question!.choices).not.toContain('llama2-13b')
    const { job: answered, model } = answer(job, { model: 'llama2-7b' })
    expect(questions(answered).map(({ name }) => name)).not.toContain('model')
    expect(experimentOfJob(answered, { ...place, model }).experiment?.model).toBe('llama2-7b')
    expect(() => answer(job, { model: 'llama2-13b' })).toThrow(expect.objectContaining({ message: expect.stringContaining('layers 40') }))
    expect(() => answer(job, { model: 'nonesuch' })).toThrow(expect.objectContaining({ code: 'unknown_model' }))
  })

  it('takes the one model of the library that it can be where the dims do not say the whole of it', () => {
    const inputs: Input[] = [
      ["params['embedding']", 'bf16', [102400, 2048], [1, 4]],
      ["params['final_norm']", 'bf16', [2048], [1]],
      ["params['dense_layers']['norm']", 'bf16', [1, 2048], [1, 1]],
      ["params['moe_layers']['norm']", 'bf16', [26, 2048], [1, 1]],
      ["params['moe_layers']['wkv_a']", 'bf16', [26, 2048, 576], [1, 4, 1]],
      ["params['moe_layers']['moe']['wi_0']", 'bf16', [26, 64, 2048, 1408], [1, 1, 4, 1]],
      ["batch['tokens']", 's32', [64, 2048], [4, 1]],
    ]
    expect(soleModel(inferJob(moduleOfInputs(4, inputs)), sliceTable.models())).toBe('deepseek2-16b')
    // dims that say it all need no name, and dims of several are nobody's
    expect(soleModel(without(), sliceTable.models())).toBeNull()
    expect(soleModel(without('wi_0', 'wi_1', 'embedding'), sliceTable.models())).toBeNull()
  })

  it('keeps what the program surely says against what is said, and corrects what is only likely', () => {
    const { job, notes } = answer(without(), { layers: '48', mesh: 'data=16', remat: 'full' })
    expect(job.layers?.value).toBe(32)
    expect(job.mesh?.model.value).toBe(4)
    expect(notes).toEqual([
      expect.stringContaining('layers=48 was said, but the program says 32'),
      expect.stringContaining('the mesh data=16'),
    ])
    const open = answer(without('tokens'), { mesh: 'data=4,model=4', remat: 'full' })
    expect(open.notes).toEqual([])
    expect(open.job.mesh?.data).toMatchObject({ value: 4, certainty: 'sure' })
    expect(() => answer(without('tokens'), { mesh: 'data=4' })).toThrow(expect.objectContaining({ message: expect.stringContaining('16') }))
  })
})
