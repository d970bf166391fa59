import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { folderTexts } from '../../src/files/folder-texts.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-texts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('keeps texts under their keys, one writer of several first, and lists them in order without what is half written', async () => {
  const texts = folderTexts(folder)
  expect(await texts.get('a/2.json')).toBe(null)
  expect(await texts.list('a/', 9)).toEqual([])
  await texts.put('a/2.json', 'two')
  await texts.put('a/2.json', 'two again')
  const first = await Promise.all(['x', 'y', 'z'].map((text) => texts.putIfAbsent('a/1.json', text)))
  expect(first.filter(Boolean)).toHaveLength(1)
  expect(['x', 'y', 'z'][first.indexOf(true)]).toBe(await texts.get('a/1.json'))
  expect(await texts.putIfAbsent('a/2.json', 'late')).toBe(false)
  expect(await texts.get('a/2.json')).toBe('two again')
  writeFileSync(join(folder, 'a/3.json.0.part'), 'hal')
  expect(await texts.list('a/', 9)).toEqual(['a/1.json', 'a/2.json'])
  expect(await texts.list('a/', 1)).toEqual(['a/1.json'])
  await texts.delete(['a/1.json', 'a/no-such.json'])
  expect(readdirSync(join(folder, 'a')).sort()).toEqual(['2.json', '3.json.0.part'])
})
