import { exitCodes, PromptsError } from '../errors.ts'
import { readProfile } from '../profile/read-profile.ts'
import type { Run } from './command.ts'
import { formatReport } from './format/format-report.ts'
import { openSubject } from './subject.ts'

export const run: Run<'profile'> = async ({ positionals, config, show, signal }) => {
  const subject = positionals[0]!
  const loaded = await openSubject(subject, config, signal, { profileOnly: true })
  if (loaded.profile === null) {
    throw new PromptsError('bad_profile', `${subject} has no profile`, {
      hint: 'Name an .xplane.pb or a logdir, or plan without one: prompts plan.',
    })
  }
  const report = await readProfile(await loaded.profile.open(signal), { signal, name: subject })
  show(report, formatReport)
  return exitCodes.ok
}
