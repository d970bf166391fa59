import { describe, expect, it } from 'vitest'
import { answerNames, sayAnswers } from '../../src/contract/answers.ts'
import { readAllAnswers, readAnswers } from '../../src/text/read-answers.ts'

describe('what is said of a run', () => {
  it('is read by the names of an experiment file and their neighbours', () => {
    expect(readAllAnswers(['seq_len=4096', 'batch=64', 'remat_policy=Full', 'slice=v5e-16', 'vocab=32k'])).toEqual({
      ...{ seq_len: '4096', global_batch: '64', remat: 'full', slice: 'v5e-16', vocab: '32768' },
    })
  })

  it('takes a number for an axis of the mesh and a name for a model', () => {
    expect(readAllAnswers(['data=8', 'model=2'])).toEqual({ mesh: 'data=8,model=2' })
    expect(readAllAnswers(['model=llama2-7b', 'seq=4096'])).toEqual({ model: 'llama2-7b', seq_len: '4096' })
    expect(readAllAnswers(['seq=4', 'data=4'])).toEqual({ mesh: 'seq=4,data=4' })
  })

  it('leaves alone what is no answer, and says so where every word must be one', () => {
    const words = [
      'exp-1',
      'lr=3e-4',
      'seq_len=',
      'seq_len=long',
      'phase=sleep',
      'remat=a;b',
      'model=../x',
      'slice=h100-8',
      'global_batch=0',
    ]
    expect(readAnswers(words)).toEqual({ answers: {}, others: words })
    expect(() => readAllAnswers(['seqlen=4096'])).toThrow(expect.objectContaining({ hint: 'Did you mean seq_len=…?' }))
    expect(() => readAllAnswers(['seq_len=long'])).toThrow(expect.objectContaining({ hint: expect.stringContaining('name=value') }))
  })

  it('reads back what a button or an example says', () => {
    const said = {
      slice: 'v5p-128',
      model: 'llama2-7b',
      mesh: 'data=8,model=2',
      phase: 'train',
      remat: 'minimal',
      optimizer: 'lion',
      place: '2',
    }
    for (const name of answerNames) {
      const value = (said as Record<string, string>)[name] ?? '4096'
      expect(readAnswers(sayAnswers({ [name]: value }).split(' ')).answers, name).toEqual({ [name]: value })
    }
  })
})
