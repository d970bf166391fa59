import { z } from 'zod'
import { type AnswerName, type Answers, answerNames } from '../../contract/answers.ts'
import { readJsonAs } from '../../text/json.ts'

/** Named texts that outlive the process: files below a folder, or objects in a bucket. */
export interface AnswerStore {
  get(key: string): Promise<string | null>
  put(key: string, text: string): Promise<void>
  /** Keys with this prefix. */
  list(prefix: string, limit: number): Promise<string[]>
}

/** What people said of runs that nothing else says. */
export interface RunAnswers {
  /** What was said of a run; empty when nobody has said anything. */
  recall(run: string): Promise<Answers>
  /** Keeps answers; a later one replaces an earlier one of its name. */
  remember(run: string, answers: Answers, by: string | null): Promise<void>
}

const kept = z.object({ value: z.string().min(1).max(200), by: z.string().max(200).nullable(), at: z.string().max(50) })
/** As the slice alone was kept before there were other answers. */
const keptSlice = z.object({ slice: z.string().min(1).max(100) })

/** Every answer in a text of its own, so that two that are given at the same time both stand. */
export function createRunAnswers({ store, now }: { store: AnswerStore; now: () => Date }): RunAnswers {
  const folderOf = (run: string) => `answers/runs/${encodeURIComponent(run)}/`
  return {
    async recall(run) {
      const answers: Answers = {}
      const slice = await store.get(`answers/slices/${encodeURIComponent(run)}.json`)
      const said = slice === null ? null : readJsonAs(keptSlice, slice)
      if (said !== null) answers.slice = said.slice
      for (const key of await store.list(folderOf(run), answerNames.length * 2)) {
        const name = answerNames.find((one) => key === `${folderOf(run)}${one}.json`)
        const text = name === undefined ? null : await store.get(key)
        const value = text === null ? undefined : readJsonAs(kept, text)?.value
        if (name !== undefined && value !== undefined) answers[name] = value
      }
      return answers
    },
    async remember(run, answers, by) {
      const at = now().toISOString()
      for (const [name, value] of Object.entries(answers) as [AnswerName, string][])
        await store.put(`${folderOf(run)}${name}.json`, JSON.stringify({ value, by, at }))
    },
  }
}

/** The answers of people who share runs of these names with no others. */
export function scopedAnswers(answers: RunAnswers, scope: string): RunAnswers {
  return {
    recall: (run) => answers.recall(`${scope} ${run}`),
    remember: (run, said, by) => answers.remember(`${scope} ${run}`, said, by),
  }
}
