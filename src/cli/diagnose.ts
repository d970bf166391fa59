import { userInfo } from 'node:os'
import type { Diagnosis } from '../contract/diagnosis.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { newRunId } from '../runs/new-run-id.ts'
import type { Command } from './command.ts'
import { formatDiagnosis } from './format/format-diagnosis.ts'
import { hasCompiler, localTenant, openService } from './open-service.ts'
import { topologyOf, topologyOption } from './open-workload.ts'

export const command: Command = {
  name: 'diagnose',
  usage: 'diagnose <id, folder or profile> [--topology SLICE] [--json] [--compile]',
  summary: 'the bottleneck and three checked meshes',
  options: {
    topology: topologyOption,
    compile: { type: 'boolean', meaning: 'wait for the TPU compiler: a card that it refuses is replaced' },
    json: { type: 'boolean', meaning: 'print the Diagnosis as JSON' },
  },
  positionals: { min: 1, max: 1 },
  async run({ positionals, flags, config, print, note, signal }) {
    const compile = flags['compile'] === true
    const topology = topologyOf(flags)
    if (compile && !hasCompiler(config)) {
      throw new PromptsError('unavailable', 'The TPU compiler is not installed, or switched off', {
        hint: 'npm run setup:compiler installs it into the project.',
      })
    }
    const opened = await openService(config)
    try {
      const now = new Date()
      const diagnosis = await opened.service.diagnose(
        {
          run: newRunId(now),
          tenant: localTenant,
          subject: { kind: 'path', path: positionals[0]!, ...(topology === null ? {} : { topology }) },
          compile,
          by: userInfo().username,
          at: now.toISOString(),
          thread: null,
        },
        {
          onProgress: ({ stage, status, detail }) => {
            if (status !== 'started' || stage === 'compile') note(`${stage} ${status}${detail ? `: ${detail}` : ''}`)
          },
          signal,
        },
      )
      print(flags['json'] ? JSON.stringify(diagnosis) : formatDiagnosis(diagnosis))
      return exitCodeOf(diagnosis)
    } finally {
      await opened.close()
    }
  },
}

/** 3 is a true "no": no card, or the compiler refused every one. */
function exitCodeOf(diagnosis: Diagnosis): number {
  return diagnosis.cards.some((card) => card.compiler?.status !== 'oom' && card.compiler?.status !== 'error') ? exitCodes.ok : exitCodes.no
}
