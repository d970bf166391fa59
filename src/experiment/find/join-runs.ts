import { PromptsError } from '../../errors.ts'
import type { FoundRun } from '../sources/experiment-source.ts'

/**
 * One run of what several sources have under its name: an experiment that someone wrote stands first, then what the trainer left,
 * in the sources' order; a profile, a slice and links come from whoever has them.
 * @param place which of several is meant, from 1, where someone said it
 * @throws PromptsError `ambiguous_experiment` when two sources have an experiment that was written out, or two have a trainer's
 *   records.
 */
export function joinRuns(id: string, all: readonly FoundRun[], place: number | null = null): FoundRun | null {
  const rivals = rivalsOf(all)
  const meant = place === null ? undefined : rivals[place - 1]
  if (rivals.length > 1 && meant === undefined)
    throw new PromptsError(
      'ambiguous_experiment',
      `${id} is in ${rivals.length} places: ${rivals.map((one) => one.origin).join(' and ')}`,
      {
        hint: `Say which: diagnose ${id} place=1, or name it by its path.`,
        choices: rivals.map((one, i) => ({ label: `${i + 1}: ${one.origin.split(' ')[0]}`, value: `place=${i + 1}` })),
      },
    )
  if (rivals.length > 1) meant?.notes.push(`it is in ${rivals.length} places; number ${place} was meant, as someone said`)
  const hits = rivals.length > 1 ? all.filter((hit) => hit === meant || !rivals.includes(hit)) : all
  const [first] = hits
  if (first === undefined) return null
  const written = hits.filter((hit) => hit.experiment !== null)
  const drafts = hits.filter((hit) => hit.experiment === null && hit.draft !== null)
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

/** Runs of one name that are not one run: two that someone wrote out, or what a trainer left in two stores. */
function rivalsOf(hits: readonly FoundRun[]): FoundRun[] {
  const written = hits.filter((hit) => hit.experiment !== null)
  return written.length > 0 ? written : hits.filter((hit) => hit.draft !== null && isStore(hit))
}

function isStore(hit: FoundRun): boolean {
  return hit.origin.startsWith('folder ') || hit.origin.startsWith('bucket ')
}
