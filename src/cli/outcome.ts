import { userInfo } from 'node:os'
import { exitCodes, PromptsError } from '../errors.ts'
import type { Outcome } from '../runs/adoption.ts'
import type { Command, CommandContext } from './command.ts'
import { formatCase } from './format/format-case.ts'
import { localTenant, openService } from './open-service.ts'

export const command: Command = {
  name: 'outcome',
  usage: 'outcome <run> --step-time-ms N | --oom | --failed WHY [--undo] [--json]',
  summary: 'record how the adopted card really ran',
  options: {
    'step-time-ms': { type: 'string', meaning: 'the measured step time, milliseconds' },
    oom: { type: 'boolean', meaning: 'it ran out of memory' },
    failed: { type: 'string', meaning: 'it did not run, and why' },
    undo: { type: 'boolean', meaning: 'take the last outcome back' },
    json: { type: 'boolean', meaning: 'print the Case as JSON' },
  },
  positionals: { min: 1, max: 1 },
  async run({ positionals, flags, config, print }) {
    const who = { run: positionals[0]!, by: userInfo().username, tenant: localTenant }
    const outcome = flags['undo'] === true ? null : readOutcome(flags)
    const opened = await openService(config)
    try {
      const written = outcome === null ? await opened.service.undoOutcome(who) : await opened.service.outcome({ ...who, outcome })
      print(flags['json'] ? JSON.stringify(written) : formatCase(written))
      return exitCodes.ok
    } finally {
      await opened.close()
    }
  },
}

/** @throws PromptsError `bad_arguments` unless exactly one outcome is given. */
function readOutcome(flags: CommandContext['flags']): Outcome {
  const said: Outcome[] = []
  if (flags['oom'] === true) said.push({ result: 'oom' })
  if (typeof flags['failed'] === 'string') said.push({ result: 'failed', why: flags['failed'] })
  if (flags['step-time-ms'] !== undefined) said.push({ result: 'ok', stepTimeMs: Number(flags['step-time-ms']) })
  const [outcome] = said
  if (outcome !== undefined && said.length === 1 && !(outcome.result === 'ok' && !(outcome.stepTimeMs > 0))) return outcome
  throw new PromptsError('bad_arguments', 'prompts outcome needs one of --step-time-ms, --oom, --failed or --undo', {
    hint: 'For example --step-time-ms 22900 for 22.9 s.',
  })
}
