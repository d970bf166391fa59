import { createQdrantLibrary } from '../../src/knowledge/qdrant-library.ts'
import { lacks, needing } from '../support/needs.ts'
import { startQdrant } from '../support/qdrant-server.ts'
import { describeLibrary } from './library-suite.ts'

const real = Boolean(process.env.QDRANT_URL)
const ranOn = real
  ? 'a real Qdrant server at QDRANT_URL'
  : "the bridge to qdrant-client's local mode; not run: tenant and payload indexes, approximate search"

describeLibrary(
  real ? `the library on ${ranOn}` : needing(`the library on ${ranOn}`, 'qdrant-client'),
  async () => {
    const server = await startQdrant()
    const library = createQdrantLibrary({ url: server.url, embedding: { name: 'suite', dimensions: 4 } })
    return {
      library,
      async close() {
        await library.close()
        await server.stop()
      },
    }
  },
  { skip: !real && lacks('qdrant-client') },
)
