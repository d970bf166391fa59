import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sharedData } from '../../test/support/needs.ts'
import { cases } from './cases.ts'
import { situations } from './situations.ts'

/**
 * `npm run hostile [-- ID …]`: each input of hostile.json, made by its maker and given to the product; what came of it beside
 * what should.
 */
interface Case {
  id: string
  how: string
  expected: string
}
const all = (JSON.parse(readFileSync(join(sharedData, 'hostile.json'), 'utf8')) as { cases: Case[] }).cases
const only = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'prompts-hostile-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
let broken = 0
console.log('| Input | What came of it | |\n|---|---|---|')
for (const { id } of all.filter((one) => only.length === 0 || only.includes(one.id))) {
  const [file, situation] = [cases[id], situations[id]]
  if (file !== undefined) spawnSync('python3', [join(sharedData, 'make_hostile.py'), folder, id], { stdio: 'inherit', timeout: 300_000 })
  const judged = await (file?.(join(folder, id)) ?? situation?.(folder) ?? { seen: '', wrong: ['nobody tries it'] })
  broken += judged.wrong.length > 0 ? 1 : 0
  const cells = [
    id,
    judged.seen.replaceAll('|', '\\|').replaceAll('\n', ' '),
    judged.wrong.length === 0 ? 'as it says' : `WRONG: ${judged.wrong.join('; ')}`,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
console.log(broken === 0 ? 'All as they say.' : `${broken} are not.`)
process.exit(broken === 0 ? 0 : 1)
