import { writeFile } from 'node:fs/promises'
import { namedAxes } from '../contract/mesh.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { readProfileDetails } from '../profile/read-profile.ts'
import type { Run } from './command.ts'
import { formatReport } from './format/format-report.ts'
import { openSubject } from './subject.ts'

export const run: Run<'profile'> = async ({ positionals, flags, config, show, note, signal }) => {
  const subject = positionals[0]!
  const loaded = await openSubject(subject, config, signal, { profileOnly: true })
  if (loaded.profile === null) {
    throw new PromptsError('bad_profile', `${subject} has no profile`, {
      hint: 'Name an .xplane.pb or a logdir, or plan without one: prompts plan.',
    })
  }
  const ran = loaded.experiment?.mesh
  // Where the mesh is known, collectives are told by its axes.
  const mesh = ran && namedAxes(ran)
  const { report, details } = await readProfileDetails(await loaded.profile.open(signal), {
    signal,
    name: subject,
    ...(mesh ? { mesh } : {}),
  })
  const file = flags.html
  if (typeof file === 'string') {
    // drawing is loaded only for this
    const { profilePage } = await import('../pictures/profile-page/page.ts')
    await writeFile(file, profilePage(report, details)).catch((cause: unknown) => {
      throw new PromptsError('bad_arguments', `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
        hint: 'Name an HTML file in a folder that is there and that you may write to.',
        cause,
      })
    })
    note(`wrote ${file}`)
  }
  show(report, formatReport)
  return exitCodes.ok
}
