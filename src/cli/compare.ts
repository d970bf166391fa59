import { writeFile } from 'node:fs/promises'
import { exitCodes, PromptsError } from '../errors.ts'
import { readProfile } from '../profile/read-profile.ts'
import type { Context, Run } from './command.ts'
import { compareSides, type Side } from './compare-sides.ts'
import { formatComparison } from './format/format-comparison.ts'
import { openSubject } from './subject.ts'

export const run: Run<'compare'> = async (context) => {
  const limit = percentOf(context.flags['fail-above'])
  const [before, after] = await Promise.all(context.positionals.map((subject) => sideOf(subject, context)))
  const comparison = compareSides(before!, after!)
  if (limit !== null && comparison.step_time_ratio === null)
    throw new PromptsError('bad_profile', 'The step times cannot be compared, so --fail-above has nothing to judge by', {
      hint: 'Give two profiles with step markers, or whose main program repeats.',
    })
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
  const { step_time_ratio: ratio } = comparison
  if (limit === null || ratio === null) return exitCodes.ok
  const slowerBy = (ratio - 1) * 100
  if (slowerBy <= limit) return exitCodes.ok
  context.note(`the step takes ${slowerBy.toFixed(1)}% more time, above the ${limit}% of --fail-above`)
  return exitCodes.no
}

/** How much slower is too slow, percent. */
function percentOf(given: string | boolean | undefined): number | null {
  if (given === undefined || given === false) return null
  const percent = typeof given === 'string' && given.trim() !== '' ? Number(given.replace(/%$/, '')) : Number.NaN
  if (!Number.isFinite(percent) || percent < 0)
    throw new PromptsError('bad_arguments', `--fail-above ${String(given)} is no percentage`, {
      hint: 'For example --fail-above 5: fail when a step takes over 5% more time.',
    })
  return percent
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

async function sideOf(subject: string, { config, signal }: Context<'compare'>): Promise<Side> {
  const loaded = await openSubject(subject, config, signal)
  if (loaded.profile === null)
    throw new PromptsError('bad_profile', `${subject} has no profile`, {
      hint: 'Name an .xplane.pb, a logdir, or an experiment with a profile.',
    })
  return { loaded, report: await readProfile(await loaded.profile.open(signal), { signal, name: subject }) }
}
