import type { Module } from './read-imports.ts'
import type { Rule } from './rules.ts'

/** What imports what it may not, one line each: the file, what it imports, and the rule that says no. */
export function findViolations(modules: readonly Module[], rules: Readonly<Record<string, Rule>>): string[] {
  return modules.flatMap((module) => violationsOf(module, rules))
}

function violationsOf({ file, files, packages }: Module, rules: Readonly<Record<string, Rule>>): string[] {
  const owner = ownerOf(file, rules)
  const rule = owner === null ? undefined : rules[owner]
  if (owner === null || rule === undefined) return [`${file} lies in no folder of the table: add a line to scripts/imports/rules.ts`]
  const found: string[] = []
  for (const target of files) {
    if (target.startsWith('..')) {
      if (!isData(target)) found.push(`${file} imports ${target}, which is outside src`)
      continue
    }
    const other = ownerOf(target, rules)
    if (other !== owner && !rule.imports.some((allowed) => liesIn(target, allowed)))
      found.push(`${file} imports ${target}: ${owner} may not`)
  }
  for (const name of packages) {
    if (rule.packages !== undefined && !rule.packages.includes(name)) found.push(`${file} imports ${name}: ${owner} is pure`)
  }
  return found
}

/** The longest path of the table that a file lies under. */
function ownerOf(file: string, rules: Readonly<Record<string, Rule>>): string | null {
  const owners = Object.keys(rules).filter((path) => liesIn(file, path))
  return owners.sort((a, b) => b.length - a.length)[0] ?? null
}

function liesIn(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`)
}

/** `../knowledge/x.json`, the data that people edit, and package.json. */
function isData(target: string): boolean {
  return /^\.\.\/(?:knowledge\/[\w/-]+|package)\.json$/.test(target)
}
