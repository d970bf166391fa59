import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { freePort } from '../../../test/support/redis-server.ts'
import type { Row } from '../row.ts'

export const restoreRows: Row[] = [
  {
    name: 'Restored from a backup',
    how: 'one process; PROMPTS_HOME copied while it runs (state.db by SQLite’s backup), kill -9, the folder deleted and put back from the copy',
    async run(stage) {
      const port = String(await freePort())
      const server = await stage.serve({ env: { PORT: port } })
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
      await stage.serve({ env: { PORT: port } })
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
]
