import { userInfo } from 'node:os'
import { exitCodes, PromptsError } from '../errors.ts'
import type { Run } from './command.ts'
import { formatCase } from './format/format-case.ts'
import { localTenant, openService } from './open-service.ts'

export const run: Run<'adopt'> = async ({ positionals, flags, config, show }) => {
  const [run, card] = positionals as [string, string]
  const rank = Number(card)
  if (rank !== 1 && rank !== 2 && rank !== 3)
    throw new PromptsError('bad_arguments', `There is no card "${card}"`, { hint: 'Cards are 1, 2 and 3.' })
  const opened = await openService(config)
  try {
    const input = { run, rank, by: userInfo().username, tenant: localTenant } as const
    const written = flags.undo ? await opened.service.unadopt(input) : await opened.service.adopt(input)
    if (written === null) throw new PromptsError('bad_arguments', `Card ${rank} of ${run} is not adopted`, { hint: 'Nothing was changed.' })
    show(written, formatCase)
    return exitCodes.ok
  } finally {
    await opened.close()
  }
}
