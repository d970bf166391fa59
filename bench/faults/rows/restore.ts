import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { readAlone, restoreAlone } from '../../../test/support/recorded-stores.ts'
import type { Row } from '../row.ts'

export const restoreRows: Row[] = [
  {
    name: 'Restored from a backup',
    how: 'one process; PROMPTS_HOME copied while it runs (state.db by SQLite’s backup), kill -9, the folder deleted and put back from the copy',
    async run(stage) {
      const server = await stage.serve()
      const question = await stage.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered')
      const copy = join(stage.folder, 'backup')
      mkdirSync(copy)
      cpSync(stage.home, copy, { recursive: true, filter: (path) => !/state\.db(?:-\w+)?$/.test(path) })
      const database = new DatabaseSync(join(stage.home, 'state.db'), { readOnly: true })
      await backup(database, join(copy, 'state.db'))
      database.close()
      await stage.ask()
      await stage.settle(60)
      await server.end('SIGKILL')
      rmSync(stage.home, { recursive: true })
      const started = performance.now()
      cpSync(copy, stage.home, { recursive: true })
      await stage.serve()
      const seconds = (performance.now() - started) / 1000
      await stage.forwarder.say({ person: 0, channel: question.channel, text: 'why not model=8?', threadTs: question.ts })
      if (!(await stage.until(30, async () => /model=8/.test(await stage.read(question))))) wrong.push('no follow-up to the run before')
      const [, card] = await stage.slack.answers(question.channel, question.ts)
      await stage.forwarder.react({ person: 1, channel: question.channel, ts: card!.ts, name: 'one' })
      if (!(await stage.until(30, async () => (await stage.read(question)).includes('adopted card 1'))))
        wrong.push('no adoption of the run before')
      await stage.ask()
      if (!(await stage.settle(60))) wrong.push('the next question was not answered')
      return {
        saw: `up ${seconds.toFixed(0)} s after the restore began; a follow-up and an adoption of the run before it, and a new run, as ever`,
        wrong,
      }
    },
  },
  {
    name: 'Stores of an earlier version',
    how: 'serve started on what an earlier version left in PROMPTS_HOME (test/fixtures/stores/first)',
    async run(stage) {
      restoreAlone(readAlone('first'), stage.home)
      const server = await stage.serve()
      const wrong: string[] = []
      const answer = await stage.ask()
      if (!(await stage.settle(60))) wrong.push('not answered')
      const version = versionOf(join(stage.home, 'state.db'))
      if (version < 2) wrong.push(`state.db is of version ${version}`)
      await server.end('SIGTERM')
      // an older program on what a newer one laid out
      const newer = new DatabaseSync(join(stage.home, 'state.db'))
      newer.exec('PRAGMA user_version = 99')
      newer.close()
      const older = stage.spawn('serve')
      await older.ended(30_000)
      const said =
        older.lines
          .findLast((line) => line.startsWith('prompts: '))
          ?.replace('prompts: ', '')
          .replace(/\/\S*\//g, '') ?? ''
      if (older.child.exitCode !== 2) wrong.push(`on a newer one exit code ${older.child.exitCode}`)
      if (!(await stage.read(answer)).includes('load-0')) wrong.push('another answer')
      return { saw: `state.db from version 1 to ${version} by itself, answered; on a newer one exit 2: "${said}"`, wrong }
    },
  },
]

function versionOf(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true })
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  db.close()
  return version
}
