import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchInto } from '../../../src/experiment/sources/fetch-cache.ts'

/**
 * Fetches one file of 20 MB in 40 pieces into the folder of its argument, and says whether it is whole; for two processes of one
 * id at once.
 */
const blocks = 40
const blockBytes = 500_000
async function* slowly() {
  for (let block = 0; block < blocks; block += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    yield Buffer.alloc(blockBytes, block)
  }
}
const file = { path: 'h0.xplane.pb', bytes: blocks * blockBytes, version: 'v1', open: async () => slowly() }
const folder = await fetchInto(process.argv[2] ?? '', 'test://one', [file], { signal: new AbortController().signal })
const read = readFileSync(join(folder, file.path))
const wrong = Array.from({ length: blocks }, (_, block) => block).filter((block) => read[block * blockBytes] !== block)
process.stdout.write(
  wrong.length === 0 && read.length === file.bytes ? `whole as process ${process.pid}\n` : `${wrong.length} blocks wrong\n`,
)
