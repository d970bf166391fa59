import { PromptsError } from '../../errors.ts'
import type { FoundRun } from '../sources/experiment-source.ts'

/**
 * One run of what several sources have under its name: an experiment that someone wrote stands first, then what the trainer left,
 * in the sources' order; a profile, a slice and links come from whoever has them.
 * @throws PromptsError `ambiguous_experiment` when two sources have an experiment that was written out, or two have a trainer's
 *   records.
 */
export function joinRuns(id: string, hits: readonly FoundRun[]): FoundRun | null {
  const [first] = hits
  if (first === undefined) return null
  const written = hits.filter((hit) => hit.experiment !== null)
  const drafts = hits.filter((hit) => hit.experiment === null && hit.draft !== null)
  for (const rivals of [written, written.length === 0 ? drafts.filter((hit) => isStore(hit)) : []]) {
    if (rivals.length > 1)
      throw new PromptsError('ambiguous_experiment', `${id} is in two places: ${rivals.map((one) => one.origin).join(' and ')}`, {
        hint: 'Name the one you mean by its path, or rename one.',
      })
  }
  const main = written[0] ?? drafts[0] ?? hits.find((hit) => hit.profile !== null) ?? first
  const others = hits.filter((hit) => hit !== main)
  if (others.length === 0) return main
  const withProfile = main.profile === null ? others.find((hit) => hit.profile !== null) : undefined
  const withSlice = main.slice === null ? others.find((hit) => hit.slice !== null) : undefined
  return {
    ...main,
    profile: main.profile ?? withProfile?.profile ?? null,
    slice: main.slice ?? withSlice?.slice ?? null,
    links: [...main.links, ...others.flatMap((hit) => hit.links)],
    origin: withProfile ? `${main.origin}, profile from ${withProfile.origin}` : main.origin,
    notes: [
      ...main.notes,
      ...(withProfile?.notes ?? []),
      ...others
        .filter((hit) => hit !== withProfile)
        .map((hit) => `${hit.origin} has a run of this name too${hit === withSlice ? ', and the slice is from there' : ''}`),
    ],
  }
}

function isStore(hit: FoundRun): boolean {
  return hit.origin.startsWith('folder ') || hit.origin.startsWith('bucket ')
}
