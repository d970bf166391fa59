import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomically } from '../../files/atomic-file.ts'
import { readJsonAs } from '../../text/json.ts'

export const sliceAnswerSchema = z.object({ slice: z.string().min(1).max(100), by: z.string().max(200).nullable(), at: z.string().max(50) })

/** Which slice a run ran on, as someone said once where nothing else says it. */
export interface SliceAnswers {
  /** The slice of a run, or null when nobody has said. */
  recall(run: string): Promise<string | null>
  /** Keeps an answer; a later one replaces it. */
  remember(run: string, slice: string, by: string | null): Promise<void>
}

/** Answers in one small file a run, below `folder`. */
export function createSliceAnswers({ folder, now }: { folder: string; now: () => Date }): SliceAnswers {
  const fileOf = (run: string) => join(folder, 'slices', `${encodeURIComponent(run)}.json`)
  return {
    async recall(run) {
      const text = await readFile(fileOf(run), 'utf8').catch(() => null)
      return text === null ? null : (readJsonAs(sliceAnswerSchema, text)?.slice ?? null)
    },
    remember: (run, slice, by) => writeFileAtomically(fileOf(run), JSON.stringify({ slice, by, at: now().toISOString() })),
  }
}
