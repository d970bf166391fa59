import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'

/** A module of a tree and what it imports: files by their path below the tree, packages and Node's own by their name. */
export interface Module {
  file: string
  files: string[]
  packages: string[]
}

/** Static, dynamic and type imports, re-exports, and workers that are started from a URL. */
const patterns = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]/g,
]

/** Every TypeScript module below a folder with its imports. */
export function readImports(root: string): Module[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
    .map((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))
}

function importsOf(file: string, source: string): Module {
  const bare = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const names = new Set(patterns.flatMap((pattern) => [...bare.matchAll(pattern)].map((match) => match[1] as string)))
  const isFile = (name: string) => name.startsWith('.')
  return {
    file,
    files: [...names].filter(isFile).map((name) => posix.normalize(posix.join(posix.dirname(file), name))),
    packages: [...names].filter((name) => !isFile(name)).map(packageName),
  }
}

/** `zod/v4` is of `zod`, `@slack/bolt/x` of `@slack/bolt`; Node's own keep their `node:`. */
function packageName(name: string): string {
  if (name.startsWith('node:')) return name
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}
