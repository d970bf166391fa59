import { createQdrantLibrary } from '../../src/knowledge/qdrant-library.ts'
import { lacks, needing } from '../support/needs.ts'
import { startQdrant, startQdrantBridge } from '../support/qdrant-server.ts'
import { describeLibrary } from './library-suite.ts'

const real = Boolean(process.env.QDRANT_URL)
const ranOn = real ? 'a real Qdrant server at QDRANT_URL' : "the bridge to qdrant-client's local mode"

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

// the server's own shard, in a process of its own: payload indexes, tenants as index, approximate search
describeLibrary(
  needing("the library on Qdrant's own engine", 'qdrant-client', 'qdrant-edge'),
  async () => {
    const server = await startQdrantBridge({ engine: true })
    const library = createQdrantLibrary({ url: server.url, embedding: { name: 'suite', dimensions: 4 } })
    return {
      library,
      async close() {
        await library.close()
        await server.stop()
      },
    }
  },
  { skip: lacks('qdrant-client', 'qdrant-edge') },
)
