/**
 * Runs the cases of `recordings.json` through a real MaxText and keeps what they print in test/fixtures/maxtext-compile:
 * `bin/node bench/maxtext/record.ts /path/to/python [id …]`. Linux, `pip install "maxtext[tpu]==0.2.5"` on Python 3.12 or later.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { tellingCommand } from '../../src/compiler/maxtext-command.ts'
import { maxTextEnvironment } from '../../src/compiler/maxtext-program.ts'

const fixtures = fileURLToPath(new URL('../../test/fixtures/maxtext-compile/', import.meta.url))
const { cases } = z
  .object({ cases: z.array(z.object({ id: z.string(), what: z.string(), told: z.boolean().default(false), settings: z.string() })) })
  .parse(JSON.parse(readFileSync(new URL('./recordings.json', import.meta.url), 'utf8')))

const [python, ...only] = process.argv.slice(2)
if (python === undefined) throw new Error('usage: bin/node bench/maxtext/record.ts /path/to/python [id …]')
const packageFolder = execFileSync(python, [
  '-c',
  'import importlib.util, os; print(os.path.dirname(importlib.util.find_spec("maxtext").origin))',
])
  .toString()
  .trim()
const venv = packageFolder.replace(/\/lib\/python[\d.]+\/site-packages\/maxtext$/, '')

for (const { id, told, settings } of cases) {
  if (only.length > 0 && !only.includes(id)) continue
  const folder = mkdtempSync(join(tmpdir(), 'maxtext-'))
  const words = settings.split(' ')
  const started = performance.now()
  const plain = [python, '-m', 'maxtext.trainers.pre_train.train_compile', join(packageFolder, 'configs/base.yml'), ...words]
  const [program, ...args] = told ? tellingCommand(plain) : plain
  const ran = spawnSync(program!, args, {
    cwd: folder,
    env: { ...process.env, ...maxTextEnvironment },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  rmSync(folder, { recursive: true, force: true })
  const seconds = Math.round((performance.now() - started) / 1000)
  const set = new Set(words.map((word) => word.split('=')[0]!))
  const keep = (text: string) =>
    text
      .split('\n')
      .filter((line) => set.has(/Config param (\w+):/.exec(line)?.[1] ?? [...set][0]!))
      .join('\n')
      .replaceAll(venv, '<venv>')
      .replaceAll(folder, '<folder>')
  writeFileSync(join(fixtures, `${id}.txt`), `${keep(ran.stdout)}\n${keep(ran.stderr)}`)
  process.stdout.write(`${id}: exit code ${ran.status}, ${seconds} s\n`)
}
