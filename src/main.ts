import { enableCompileCache } from 'node:module'
import { endProcess, onStopSignals } from './end-process.ts'

enableCompileCache()
// runs, messages and secrets' neighbours are nobody else's to read
process.umask(0o077)

const signal = onStopSignals()
const { main } = await import('./cli/main.ts')
const code = await main(process.argv.slice(2), {
  env: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  signal,
})
endProcess(code)
