import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '../../files/atomic-file.ts'
import type { AnswerStore } from './run-answers.ts'

/** Answers as small files below a folder. */
export function answerFiles(folder: string): AnswerStore {
  return {
    get: (key) => readFile(join(folder, key), 'utf8').catch(() => null),
    put: (key, text) => writeFileAtomically(join(folder, key), text),
    async list(prefix, limit) {
      const names = await readdir(join(folder, prefix)).catch(() => [])
      return names
        .filter((name) => name.endsWith('.json'))
        .slice(0, limit)
        .map((name) => `${prefix}${name}`)
    },
  }
}
