import { PromptsError } from '../errors.ts'

/**
 * One change of a store's layout. It only adds, or writes again what it wrote before: two processes may do it at once, and one
 * that died over it is followed by one that does it again.
 */
export interface LayoutStep<Store, Done = void> {
  /** The version that the store has afterwards; the first step of a store leads to 1, each next one to one more. */
  to: number
  run: (store: Store) => Done
}

/** The version that a program with these steps writes and reads. */
export function newestOf(steps: readonly { to: number }[]): number {
  return steps.at(-1)?.to ?? 0
}

/**
 * The steps that a store still needs, in their order.
 * @param version What the store says of itself; 0 where it is new, or of the time before stores had versions.
 * @throws PromptsError `bad_config` for a store that a newer version laid out.
 */
export function stepsFrom<Step extends { to: number }>(steps: readonly Step[], version: number, where: string): readonly Step[] {
  const newest = newestOf(steps)
  if (version > newest) {
    throw new PromptsError('bad_config', `${where} was laid out by a newer version (schema ${version}, this one knows ${newest})`, {
      hint: 'Run that version, or one after it.',
    })
  }
  return steps.filter(({ to }) => to > version)
}
