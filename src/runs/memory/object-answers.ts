import type { SliceAnswers } from '../../experiment/find/slice-answers.ts'
import { sliceAnswerSchema } from '../../experiment/find/slice-answers.ts'
import { readJsonAs } from '../../text/json.ts'
import type { BlobStore } from './blob-store.ts'

/** Answers beside the runs in object storage, so that every host knows what was said to one. */
export function createObjectAnswers({ blobs, now }: { blobs: BlobStore; now: () => Date }): SliceAnswers {
  const keyOf = (run: string) => `answers/slices/${encodeURIComponent(run)}.json`
  return {
    async recall(run) {
      const text = await blobs.get(keyOf(run))
      return text === null ? null : (readJsonAs(sliceAnswerSchema, text)?.slice ?? null)
    },
    remember: (run, slice, by) => blobs.put(keyOf(run), JSON.stringify({ slice, by, at: now().toISOString() })),
  }
}
