import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { McpTool } from '../agents/mcp-server.ts'
import { namedExperiment, subjectOf } from '../agents/named-experiment.ts'
import { experimentIdSchema } from '../contract/experiment.ts'
import type { RunRequest } from '../contract/run.ts'
import { PromptsError } from '../errors.ts'
import { isOneLine, readOneLine } from '../experiment/one-line/read-one-line.ts'
import type { OpenedService } from '../runs/open-service.ts'
import { readAllAnswers } from '../text/read-answers.ts'
import { headlineOf } from '../thread/say/headline.ts'
import { compareSides, type Side } from './compare-sides.ts'
import { lineVocabulary } from './open-line.ts'

const id = experimentIdSchema.describe(
  'the id of an experiment or run under the configured roots (PROMPTS_EXPERIMENTS); no path, no address',
)
const subject = namedExperiment.describe('the id of an experiment under the configured roots, or the YAML of one')
const said = z
  .string()
  .max(1000)
  .optional()
  .describe('what a profile alone leaves open, as the notes ask for it: "global_batch=64 seq_len=4096 slice=v5e-16"')
const shownByDefault = 10

/**
 * Whole commands for coding agents: diagnose, plan, compare, and reading a profile. Of runs only ids are taken, so nothing
 * outside the roots is read.
 */
export function wholeCommands({ service, deps }: Pick<OpenedService, 'service' | 'deps'>, tenant: string): McpTool[] {
  async function sideOf(run: string, signal: AbortSignal): Promise<Side> {
    const loaded = await deps.loadExperiment({ kind: 'experiment', id: run }, signal)
    if (loaded.profile === null) {
      throw new PromptsError('unknown_experiment', `${run} has no profile`, {
        hint: 'Name a run with a profile/ folder beside its experiment.',
      })
    }
    const { report } = await deps.readProfile(await loaded.profile.open(signal), signal, loaded.experiment?.mesh ?? null)
    return { loaded, report }
  }

  return [
    {
      name: 'diagnose',
      description: 'What holds a TPU job back and up to three meshes to try, each checked; `advice` says what to do. Takes some seconds.',
      input: z.strictObject({ experiment: subject, said }),
      async run({ experiment, said: words }, signal) {
        const named = subjectOf(String(experiment))
        const answers = readAllAnswers(typeof words === 'string' ? words.split(/[\s,]+/).filter((word) => word !== '') : [])
        const about = named.kind === 'experiment' ? { ...named, said: answers } : named
        const request: RunRequest = {
          ...{ run: `run-${randomUUID()}`, tenant, subject: about, compile: false, by: 'mcp' },
          ...{ at: deps.now().toISOString(), thread: null },
        }
        const diagnosis = await service.diagnose(request, { onProgress: () => {}, signal })
        return { ...headlineOf(diagnosis), diagnosis }
      },
    },
    {
      name: 'plan',
      description: 'Every legal mesh of a job ranked by memory and predicted time, without a profile. The job may be said in one line.',
      input: z.strictObject({
        experiment: subject.describe(
          'an id, the YAML of an experiment, or a job in one line: "llama2-70b on v5p-128, batch 256, seq 4096"',
        ),
        top: z.int().min(1).max(200).optional(),
      }),
      async run({ experiment, top }, signal) {
        const said = String(experiment).trim()
        // YAML may stand in one line too: {id: …, hardware: …}
        if (isOneLine(said) && !/^\{|\bid\s*:/.test(said)) {
          const line = readOneLine(said, lineVocabulary(deps.config))
          const plan = await deps.plan({ workload: deps.resolve(line.experiment), top: Number(top ?? shownByDefault) }, signal)
          return { ...plan, assumptions: line.assumptions, experiment_file: line.file }
        }
        const loaded = await deps.loadExperiment(subjectOf(String(experiment)), signal)
        if (loaded.experiment === null) {
          throw new PromptsError('bad_experiment', 'That is a profile without an experiment.', { hint: 'Give the YAML of an experiment.' })
        }
        return deps.plan({ workload: deps.resolve(loaded.experiment), top: Number(top ?? shownByDefault) }, signal)
      },
    },
    {
      name: 'compare',
      description:
        'Two profiled runs side by side: what each part of the step and each operation gained or lost, and which settings differ.',
      input: z.strictObject({ before: id, after: id }),
      async run({ before, after }, signal) {
        const [a, b] = await Promise.all([sideOf(String(before), signal), sideOf(String(after), signal)])
        return compareSides(a, b)
      },
    },
    {
      name: 'read_profile',
      description: 'KPIs, bottleneck, top operations, roofline, collectives and anti-patterns of a profiled run.',
      input: z.strictObject({ run: id }),
      run: async ({ run }, signal) => (await sideOf(String(run), signal)).report,
    },
  ]
}
