import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { experimentIdSchema, isEngine } from '../contract/experiment.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { parseHfConfig } from '../experiment/import/hf/read-config.ts'
import { type HfImport, importHf } from '../experiment/import/import-hf.ts'
import { importMaxText } from '../experiment/import/import-maxtext.ts'
import type { Imported } from '../experiment/import/imported.ts'
import { sliceOfWords } from '../experiment/words/translate-hardware.ts'
import { visibleLine } from '../text/visible.ts'
import { type Context, type Run, usageOf } from './command.ts'
import { formatFacts } from './format/format-facts.ts'
import { readTextArgument } from './read-text-argument.ts'
import { openSubject, saidOf } from './subject.ts'

export const run: Run<'import'> = async (context) => {
  const [kind, path] = context.positionals as [string, string]
  const imported = await readKind(kind, path, context)
  const facts = 'facts' in imported ? formatFacts(imported.facts) : []
  const comments = [...facts, ...imported.notes].map((note) => `# ${visibleLine(note)}\n`).join('')
  const yaml = `${comments}${imported.experiment === null ? '' : stringify(imported.experiment, { lineWidth: 140 })}`
  const out = context.flags.out
  if (out !== undefined) {
    if (imported.experiment === null)
      throw new PromptsError('bad_arguments', 'an experiment needs a slice: prompts import hf … --topology v5p-128 -o DIR', {
        hint: 'A config.json does not say where it runs.',
      })
    await writeExperiment(out, yaml)
    context.note(`wrote ${join(out, 'experiment.yaml')}`)
  }
  if (context.flags.json) context.print(JSON.stringify(imported))
  else if (out === undefined) context.print(yaml.trimEnd())
  return exitCodes.ok
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
async function importRun(path: string, { flags, config, signal }: Context<'import'>): Promise<Imported> {
  const { experiment, notes = [] } = await openSubject(path, config, signal, { said: saidOf(flags.topology) })
  if (experiment === null)
    throw new PromptsError('bad_log', `${path}: ${notes.join('; ') || 'only a profile is there'}`, {
      hint: 'Give the folder of a run whose trainer wrote TensorBoard events, or its log.',
    })
  const { id } = flags
  return { experiment: id !== undefined ? { ...experiment, id: experimentIdSchema.parse(id) } : experiment, notes }
}

async function isRun(path: string): Promise<boolean> {
  if (/^(gs|s3):\/\//.test(path) || /(^|[/.])[^/]*tfevents\./.test(path)) return true
  return (await stat(path).catch(() => null))?.isDirectory() ?? false
}

async function readKind(kind: string, path: string, context: Context<'import'>): Promise<Imported | HfImport> {
  const { flags } = context
  const usage = `Usage: prompts ${usageOf('import')}`
  const { topology, id } = flags
  if ((isEngine(kind) && path !== '-') || (kind === 'maxtext' && (await isRun(path)))) return importRun(path, context)
  if (kind === 'maxtext') return importMaxText(await readTextArgument(path, usage), path, { id, topology })
  if (kind !== 'hf')
    throw new PromptsError('bad_arguments', `prompts import reads maxtext, hf, vllm or sglang, not "${kind}"`, { hint: usage })
  return importHf(parseHfConfig(await readTextArgument(path, usage), path), path, {
    hardware: topology === undefined ? null : hardwareOf(topology),
    id,
    phase: flags.phase,
    globalBatch: flags['global-batch'],
    seqLen: flags['seq-len'],
  })
}

function hardwareOf(topology: string): { chip: string; topology: string } {
  return sliceOfWords(null, topology) ?? { chip: topology.split(/[-:]/)[0]!, topology }
}
