import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { experimentIdSchema } from '../contract/experiment.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { parseHfConfig } from '../experiment/import/hf/read-config.ts'
import { type HfImport, importHf } from '../experiment/import/import-hf.ts'
import { importMaxText } from '../experiment/import/import-maxtext.ts'
import type { Imported } from '../experiment/import/imported.ts'
import type { Command, CommandContext } from './command.ts'
import { formatFacts } from './format/format-facts.ts'
import { readTextArgument } from './read-text-argument.ts'
import { openSubject } from './subject.ts'

export const command: Command = {
  name: 'import',
  usage: 'import maxtext <log, YAML, command, run folder or -> [-o DIR] | import hf <config.json or ->',
  summary: 'an experiment file from what you already have',
  options: {
    out: { type: 'string', short: 'o', meaning: 'write DIR/experiment.yaml (DIR is named after the id if it is a folder of experiments)' },
    id: { type: 'string', meaning: "the experiment's id" },
    topology: { type: 'string', meaning: 'the slice: v5p-128, v6e:4x8 (hf: without it the facts alone; maxtext: where nothing says it)' },
    phase: { type: 'string', meaning: 'hf: train, prefill or decode' },
    'global-batch': { type: 'string', meaning: 'hf: sequences a step' },
    'seq-len': { type: 'string', meaning: 'hf: tokens a sequence' },
    json: { type: 'boolean', meaning: 'print {experiment, notes} as JSON, for hf with facts' },
  },
  positionals: { min: 2, max: 2 },
  async run(context) {
    const [kind, path] = context.positionals as [string, string]
    const imported = await readKind(kind, path, context)
    const facts = 'facts' in imported ? formatFacts(imported.facts) : []
    const comments = [...facts, ...imported.notes].map((note) => `# ${note}\n`).join('')
    const yaml = `${comments}${imported.experiment === null ? '' : stringify(imported.experiment, { lineWidth: 140 })}`
    const out = context.flags['out']
    if (typeof out === 'string') {
      if (imported.experiment === null)
        throw new PromptsError('bad_arguments', 'an experiment needs a slice: prompts import hf … --topology v5p-128 -o DIR', {
          hint: 'A config.json does not say where it runs.',
        })
      await writeExperiment(out, yaml)
      context.note(`wrote ${join(out, 'experiment.yaml')}`)
    }
    if (context.flags['json']) context.print(JSON.stringify(imported))
    else if (typeof out !== 'string') context.print(yaml.trimEnd())
    return exitCodes.ok
  },
}

async function writeExperiment(folder: string, yaml: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'experiment.yaml')
  await writeFile(file, yaml, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST')
      throw new PromptsError('bad_arguments', `${file} is there already`, { hint: 'Choose another folder; nothing was overwritten.' })
    throw error
  })
}

/** What a run's folder, event file or address holds. */
async function importRun(path: string, { flags, config, signal }: CommandContext): Promise<Imported> {
  const topology = typeof flags['topology'] === 'string' ? flags['topology'] : null
  const { experiment, notes = [] } = await openSubject(path, config, signal, topology)
  if (experiment === null)
    throw new PromptsError('bad_log', `${path}: ${notes.join('; ') || 'only a profile is there'}`, {
      hint: 'Give the folder of a run whose trainer wrote TensorBoard events, or its log.',
    })
  const id = flags['id']
  return { experiment: typeof id === 'string' ? { ...experiment, id: experimentIdSchema.parse(id) } : experiment, notes }
}

async function isRun(path: string): Promise<boolean> {
  if (/^(gs|s3):\/\//.test(path) || /(^|[/.])[^/]*tfevents\./.test(path)) return true
  return (await stat(path).catch(() => null))?.isDirectory() ?? false
}

async function readKind(kind: string, path: string, context: CommandContext): Promise<Imported | HfImport> {
  const { flags } = context
  const option = (name: string) => (typeof flags[name] === 'string' ? (flags[name] as string) : undefined)
  const usage = `Usage: prompts ${command.usage}`
  const topology = option('topology')
  if (kind === 'maxtext' && (await isRun(path))) return importRun(path, context)
  if (kind === 'maxtext') return importMaxText(await readTextArgument(path, usage), path, { id: option('id'), topology })
  if (kind !== 'hf') throw new PromptsError('bad_arguments', `prompts import reads maxtext or hf, not "${kind}"`, { hint: usage })
  return importHf(parseHfConfig(await readTextArgument(path, usage), path), path, {
    hardware: topology === undefined ? null : hardwareOf(topology),
    id: option('id'),
    phase: option('phase'),
    globalBatch: wholeNumber(option('global-batch'), 'global-batch'),
    seqLen: wholeNumber(option('seq-len'), 'seq-len'),
  })
}

function hardwareOf(topology: string): { chip: string; topology: string } {
  const [chip, shape] = topology.includes(':') ? topology.split(':') : [topology.split('-')[0]!.replace('v5litepod', 'v5e'), topology]
  return { chip: chip!, topology: shape! }
}

function wholeNumber(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw new PromptsError('bad_arguments', `--${name} is "${value}"`, { hint: 'A whole number from 1.' })
  return number
}
