import { join } from 'node:path'
import { findCircles } from './imports/find-circles.ts'
import { findViolations } from './imports/find-violations.ts'
import { readImports } from './imports/read-imports.ts'
import { rules } from './imports/rules.ts'

/** Checks what the folders of src import against the table of rules.ts, and that no files import each other in a circle. */
const root = join(import.meta.dirname, '../src')
const modules = readImports(root)
const problems = [
  ...findViolations(modules, rules),
  ...findCircles(modules).map((group) => `import each other in a circle: ${group.join(', ')}`),
]
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
