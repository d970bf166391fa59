import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const below = (folder: string) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...below('docs'), ...below('bench')].filter((name) => name.endsWith('.md'))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

it.each(pages)('every link of %s leads somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '')
  for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(?:https?:|mailto:)/.test(target)) continue
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
    expect(existsSync(file), `${page}: ${target}`).toBe(true)
    if (anchor !== undefined && file.endsWith('.md'))
      expect([...anchorsOf(readFileSync(file, 'utf8'))], `${page}: ${target}`).toContain(anchor)
  }
})

it.each(pages)('%s names no file and no script that is gone', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const paths = [...text.matchAll(/`((?:src|test|bench|scripts|knowledge|docs|deploy|bin|examples)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  )
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  const named = [...text.matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

it('the table of scripts in CONTRIBUTING.md has all of them, and no others', () => {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  const rows = [...text.slice(text.indexOf('## Scripts'), text.indexOf('## Words')).matchAll(/^\| (`[^|]+) \|/gm)].slice(1)
  const named = rows.flatMap(([, names = '']) => [...names.matchAll(/`([\w:-]+)`/g)].map(([, name = '']) => name))
  expect(named.toSorted()).toEqual(Object.keys(scripts).toSorted())
})
