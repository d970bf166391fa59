import { userInfo } from 'node:os'
import { exitCodes, PromptsError } from '../errors.ts'
import type { Command } from './command.ts'
import { formatCase } from './format/format-case.ts'
import { localTenant, openService } from './open-service.ts'

export const command: Command = {
  name: 'outcome',
  usage: 'outcome <run> --step-time-ms N [--json]',
  summary: 'record how the adopted card really ran',
  options: {
    'step-time-ms': { type: 'string', meaning: 'the measured step time, milliseconds' },
    json: { type: 'boolean', meaning: 'print the Case as JSON' },
  },
  positionals: { min: 1, max: 1 },
  async run({ positionals, flags, config, print }) {
    const stepTimeMs = Number(flags['step-time-ms'])
    if (!(stepTimeMs > 0))
      throw new PromptsError('bad_arguments', 'prompts outcome needs --step-time-ms', {
        hint: 'For example --step-time-ms 22900 for 22.9 s.',
      })
    const opened = await openService(config)
    try {
      const written = await opened.service.outcome({ run: positionals[0]!, stepTimeMs, by: userInfo().username, tenant: localTenant })
      print(flags['json'] ? JSON.stringify(written) : formatCase(written))
      return exitCodes.ok
    } finally {
      await opened.close()
    }
  },
}
