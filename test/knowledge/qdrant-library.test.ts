import { createQdrantLibrary } from '../../src/knowledge/qdrant-library.ts'
import { lacks, needing } from '../support/needs.ts'
import { startQdrant, startQdrantBridge } from '../support/qdrant-server.ts'
import { describeLibrary } from './library-suite.ts'

const real = Boolean(process.env.QDRANT_URL)
const ranOn = real ? 'a real Qdrant server at QDRANT_URL' : "the bridge to qdrant-client's local mode"

function libraryOn(server: Awaited<ReturnType<typeof startQdrant>>) {
  const library = createQdrantLibrary({ url: server.url, embedding: { name: 'suite', dimensions: 4 } })
  return {
    library,
    async close() {
      await library.close()
      await server.stop()
    },
  }
}

describeLibrary(
  real ? `the library on ${ranOn}` : needing(`the library on ${ranOn}`, 'qdrant-client'),
  async () => libraryOn(await startQdrant()),
  { skip: !real && lacks('qdrant-client') },
)

// the server's own shard, in a process of its own: payload indexes, tenants as index, approximate search
describeLibrary(
  needing("the library on Qdrant's own engine", 'qdrant-client', 'qdrant-edge'),
  async () => libraryOn(await startQdrantBridge({ engine: true })),
  { skip: lacks('qdrant-client', 'qdrant-edge') },
)
