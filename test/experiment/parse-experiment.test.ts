import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import { parseExperiment } from '../../src/experiment/parse-experiment.ts'

const good = `
id: exp-123
hardware: {chip: v5p, topology: 4x4x4}
phase: train
model: llama2-70b
run: {global_batch: 256, seq_len: 4096}
mesh: {data: 16, model: 4}
`

function failure(text: string): PromptsError {
  try {
    parseExperiment(text, 'experiment.yaml')
  } catch (error) {
    if (error instanceof PromptsError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('parseExperiment', () => {
  it('reads what an engineer writes', () => {
    expect(parseExperiment(good, 'experiment.yaml')).toMatchObject({
      id: 'exp-123',
      mesh: { data: 16, model: 4 },
      run: { global_batch: 256 },
    })
  })

  it.each([
    ['an unknown key names the nearest', good.replace('phase:', 'fase:'), /unknown key "fase"/, /phase/],
    ['an unknown key inside run', good.replace('seq_len', 'seqlen'), /unknown key "seqlen" at run|seq_len is missing/, /./],
    ['an unknown axis', good.replace('model: 4}', 'tensr: 4}'), /unknown key "tensr" at mesh/, /./],
    ['a wrong chip', good.replace('chip: v5p', 'chip: v5q'), /hardware.chip is "v5q"/, /v5[pe]/],
    ['a fraction', good.replace('global_batch: 256', 'global_batch: 2.5'), /run.global_batch is 2.5/, /.*/],
    ['an id with a slash', good.replace('exp-123', '../exp'), /id is "..\/exp"/, /.*/],
    ['a key twice', `${good}phase: decode\n`, /stands twice/, /.*/],
    ['an alias', good.replace('model: llama2-70b', 'model: &a llama2-70b\nprofile: *a'), /alias/i, /.*/],
    ['no YAML', '{{{{', /experiment.yaml/, /.*/],
    ['a list', '- 1\n- 2', /experiment.yaml/, /.*/],
  ])('refuses %s', (_, text, message, hint) => {
    const error = failure(text)
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
    expect(error.exitCode).toBe(2)
  })

  it('refuses what is too long', () => {
    expect(failure('#'.repeat(300_000)).code).toBe('too_large')
  })

  it('answers any text with an experiment or a coded error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 400 }), fc.json({ maxDepth: 3 })), (text) => {
        const error = failure(text)
        expect(['bad_experiment', 'too_large']).toContain(error.code)
      }),
      { numRuns: 200 },
    )
  })
})
