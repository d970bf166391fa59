import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Jobs that differ in model, slice and batch, as a team's do; none has a profile, and all fit, so that each has three cards. */
const models = ['llama3-8b', 'gemma-2b', 'llama3.2-3b', 'mistral-7b', 'qwen3-4b']
const slices = ['v5e 8x8', 'v5p 4x4x4', 'v6e 8x8', 'v5e 16x16', 'v6e 4x8']

/** Writes `count` experiments under `folder`. @returns Their ids. */
export function writeExperiments(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const id = `load-${at}`
    const [chip = '', topology = ''] = slices[at % slices.length]!.split(' ')
    const chips = topology.split('x').reduce((product, side) => product * Number(side), 1)
    const model = models[Math.floor(at / slices.length) % models.length]!
    mkdirSync(join(folder, id), { recursive: true })
    const lines = [
      `id: ${id}`,
      'framework: maxtext',
      `hardware: { chip: ${chip}, topology: ${topology}, slices: 1 }`,
      'phase: train',
      `model: ${model}`,
      `run: { global_batch: ${4 * chips}, microbatches: 4, seq_len: ${1024 * 2 ** (at % 3)}, remat: full }`,
    ]
    writeFileSync(join(folder, id, 'experiment.yaml'), `${lines.join('\n')}\n`)
    return id
  })
}
