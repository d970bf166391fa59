import { userInfo } from 'node:os'
import { exitCodes, PromptsError } from '../errors.ts'
import type { Outcome } from '../runs/adoption.ts'
import type { Context, Run } from './command.ts'
import { formatCase } from './format/format-case.ts'
import { localTenant, openService } from './open-service.ts'

export const run: Run<'outcome'> = async ({ positionals, flags, config, show }) => {
  const who = { run: positionals[0]!, by: userInfo().username, tenant: localTenant }
  const outcome = flags.undo ? null : readOutcome(flags)
  const opened = await openService(config)
  try {
    const written = outcome === null ? await opened.service.undoOutcome(who) : await opened.service.outcome({ ...who, outcome })
    show(written, formatCase)
    return exitCodes.ok
  } finally {
    await opened.close()
  }
}

/** @throws PromptsError `bad_arguments` unless exactly one outcome is given. */
function readOutcome(flags: Context<'outcome'>['flags']): Outcome {
  const said: Outcome[] = []
  if (flags.oom) said.push({ result: 'oom' })
  if (flags.failed !== undefined) said.push({ result: 'failed', why: flags.failed })
  if (flags['step-time-ms'] !== undefined) said.push({ result: 'ok', stepTimeMs: flags['step-time-ms'] })
  const [outcome] = said
  if (outcome !== undefined && said.length === 1) return outcome
  throw new PromptsError('bad_arguments', 'prompts outcome needs one of --step-time-ms, --oom, --failed or --undo', {
    hint: 'For example --step-time-ms 22900 for 22.9 s.',
  })
}
