import { writeFile } from 'node:fs/promises'
import { exitCodes, PromptsError } from '../errors.ts'
import { compareReports } from '../profile/compare-reports.ts'
import { readProfile } from '../profile/read-profile.ts'
import type { Context, Run } from './command.ts'
import { formatComparison } from './format/format-comparison.ts'
import { openSubject } from './subject.ts'

export const run: Run<'compare'> = async (context) => {
  const [before, after] = await Promise.all(context.positionals.map((subject) => reportOf(subject, context)))
  const comparison = compareReports(before!, after!)
  const picture = context.flags.picture
  if (typeof picture === 'string') {
    // the drawing library is loaded only for this
    const { renderComparison } = await import('../pictures/render.ts')
    const { png } = await renderComparison(comparison)
    await writeFile(picture, png).catch((cause: unknown) => {
      throw new PromptsError('bad_arguments', `${picture} cannot be written: ${reasonOf(cause)}`, {
        hint: 'Name a PNG file in a folder that is there and that you may write to.',
        cause,
      })
    })
    context.note(`drew ${picture}`)
  }
  context.show(comparison, formatComparison)
  return exitCodes.ok
}

function reasonOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code
  const words: Record<string, string> = {
    ENOENT: 'there is no such folder',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOSPC: 'the disk is full',
  }
  return words[String(code)] ?? (cause instanceof Error ? cause.message : String(cause))
}

async function reportOf(subject: string, { config, signal }: Context<'compare'>) {
  const loaded = await openSubject(subject, config, signal, { profileOnly: true })
  if (loaded.profile === null)
    throw new PromptsError('bad_profile', `${subject} has no profile`, {
      hint: 'Name an .xplane.pb, a logdir, or an experiment with a profile.',
    })
  return readProfile(await loaded.profile.open(signal), { signal, name: subject })
}
