import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { exitCodes, PromptsError } from '../errors.ts'
import { importHf } from '../experiment/import/import-hf.ts'
import { importMaxText } from '../experiment/import/import-maxtext.ts'
import type { Imported } from '../experiment/import/imported.ts'
import type { Command, CommandContext } from './command.ts'

const maxLogBytes = 512 * 1024 * 1024

export const command: Command = {
  name: 'import',
  usage: 'import maxtext <log> [-o DIR] | import hf <config.json>',
  summary: 'an experiment file from what you already have',
  options: {
    out: { type: 'string', short: 'o', meaning: 'write DIR/experiment.yaml (DIR is named after the id if it is a folder of experiments)' },
    id: { type: 'string', meaning: "the experiment's id" },
    topology: { type: 'string', meaning: 'the slice: v5p-128, v6e:4x8 (hf: needed; maxtext: where the log does not say)' },
    phase: { type: 'string', meaning: 'hf: train, prefill or decode' },
    'global-batch': { type: 'string', meaning: 'hf: sequences a step' },
    'seq-len': { type: 'string', meaning: 'hf: tokens a sequence' },
    json: { type: 'boolean', meaning: 'print {experiment, notes} as JSON' },
  },
  positionals: { min: 2, max: 2 },
  async run(context) {
    const [kind, path] = context.positionals as [string, string]
    const imported = await readKind(kind, path, context)
    const yaml = `${imported.notes.map((note) => `# ${note}\n`).join('')}${stringify(imported.experiment, { lineWidth: 140 })}`
    const out = context.flags['out']
    if (typeof out === 'string') {
      await mkdir(out, { recursive: true })
      const file = join(out, 'experiment.yaml')
      await writeFile(file, yaml, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST')
          throw new PromptsError('bad_arguments', `${file} is there already`, { hint: 'Choose another folder; nothing was overwritten.' })
        throw error
      })
      context.note(`wrote ${file}`)
    }
    if (context.flags['json']) context.print(JSON.stringify(imported))
    else if (typeof out !== 'string') context.print(yaml.trimEnd())
    return exitCodes.ok
  },
}

async function readKind(kind: string, path: string, { flags }: CommandContext): Promise<Imported> {
  const text = async () => {
    const info = await stat(path).catch(() => null)
    if (!info?.isFile()) throw new PromptsError('bad_arguments', `${path}: no such file`, { hint: `Usage: prompts ${command.usage}` })
    if (info.size > maxLogBytes)
      throw new PromptsError('too_large', `${path} has ${info.size} bytes`, { hint: 'Cut it down to the settings and some steps.' })
    return readFile(path, 'utf8')
  }
  const option = (name: string) => (typeof flags[name] === 'string' ? (flags[name] as string) : undefined)
  if (kind === 'maxtext') return importMaxText(await text(), path, { id: option('id'), topology: option('topology') })
  if (kind !== 'hf')
    throw new PromptsError('bad_arguments', `prompts import reads maxtext or hf, not "${kind}"`, {
      hint: `Usage: prompts ${command.usage}`,
    })
  const topology = option('topology')
  if (topology === undefined)
    throw new PromptsError('bad_arguments', 'prompts import hf needs --topology: a config.json does not say where it runs', {
      hint: 'For example --topology v5p-128 or v6e:4x8.',
    })
  const [chip, shape] = topology.includes(':') ? topology.split(':') : [topology.split('-')[0]!.replace('v5litepod', 'v5e'), topology]
  let data: unknown
  try {
    data = JSON.parse(await text())
  } catch (error) {
    if (error instanceof PromptsError) throw error
    throw new PromptsError('bad_log', `${path}: ${(error as Error).message}`, { hint: "Give the model's config.json." })
  }
  return importHf(data, path, {
    chip: chip!,
    topology: shape!,
    id: option('id'),
    phase: option('phase'),
    globalBatch: wholeNumber(option('global-batch'), 'global-batch'),
    seqLen: wholeNumber(option('seq-len'), 'seq-len'),
  })
}

function wholeNumber(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw new PromptsError('bad_arguments', `--${name} is "${value}"`, { hint: 'A whole number from 1.' })
  return number
}
