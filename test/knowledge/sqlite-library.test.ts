import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { describeLibrary } from './library-suite.ts'

describeLibrary(
  'the library on SQLite (embedded)',
  async () => {
    const library = createSqliteLibrary({ path: ':memory:' })
    return { library, close: () => library.close() }
  },
  { skip: false },
)
