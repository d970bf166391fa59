import { exitCodes, PromptsError } from '../errors.ts'
import { readProfile } from '../profile/read-profile.ts'
import type { Command } from './command.ts'
import { formatReport } from './format/format-report.ts'
import { openSubject } from './subject.ts'

export const command: Command = {
  name: 'profile',
  usage: 'profile <xplane.pb, logdir, id or server run> [--json]',
  summary: 'KPIs, bottleneck, top ops, roofline, collectives, anti-patterns',
  options: { json: { type: 'boolean', meaning: 'print the ProfileReport as JSON' } },
  positionals: { min: 1, max: 1 },
  async run({ positionals, flags, config, print, signal }) {
    const subject = positionals[0]!
    const loaded = await openSubject(subject, config, signal)
    if (loaded.profile === null) {
      throw new PromptsError('bad_profile', `${subject} has no profile`, {
        hint: 'Name an .xplane.pb or a logdir, or plan without one: prompts plan.',
      })
    }
    const report = await readProfile(await loaded.profile.open(signal), { signal, name: subject })
    print(flags['json'] ? JSON.stringify(report) : formatReport(report))
    return exitCodes.ok
  },
}
