import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { featuresOfCase } from '../../src/knowledge/case-entry.ts'
import { sectionsOfDoc } from '../../src/knowledge/doc-entry.ts'
import { countLibrary, openLibrary } from '../../src/knowledge/open-library.ts'
import { readKnowledge, shippedKnowledge } from '../../src/knowledge/read-knowledge.ts'
import { aCase } from './entries.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-knowledge-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the shipped knowledge', () => {
  it('loads whole: every case and section has an id of its own, words, and cases a signature', async () => {
    const entries = await readKnowledge([shippedKnowledge])
    const cases = entries.filter((entry) => entry.kind === 'case')
    expect(cases.length).toBeGreaterThanOrEqual(40)
    expect(entries.length - cases.length).toBeGreaterThanOrEqual(100)
    expect(new Set(entries.map((entry) => `${entry.kind} ${entry.id}`)).size).toBe(entries.length)
    expect(cases.every((entry) => entry.signature !== null)).toBe(true)
    expect(entries.every((entry) => entry.text.length > 20 && entry.tenant === 'public')).toBe(true)
    expect(entries.every((entry) => entry.kind === 'case' || /^knowledge\/docs\/.+\.md#/.test((entry.item as { uri: string }).uri))).toBe(
      true,
    )
  })
})

describe('a document', () => {
  it('is cut into sections with stable anchors, fixed ones first, made of the heading otherwise', () => {
    const sections = sectionsOfDoc(
      'x',
      '---\ntitle: T\nsources: [{title: S, uri: https://s}]\naxes: [model]\n---\n# T\nIntro.\n\n## When it pays {#when}\nA.\n\n## How far, then?\nB.\n## Empty\n',
    )
    expect(sections.map((section) => section.id)).toEqual(['x#about', 'x#when', 'x#how-far-then'])
    expect(sections[1]).toMatchObject({
      title: 'T: When it pays',
      text: 'A.',
      uri: 'knowledge/docs/x.md#when',
      sources: [{ title: 'S', uri: 'https://s' }],
      keywords: ['model'],
    })
  })

  it('with a broken header is named', () => {
    expect(() => sectionsOfDoc('x', '---\ntitle: [\n---\ntext')).toThrow(/x\.md/)
    expect(() => sectionsOfDoc('x', '---\ntitle: T\nsources: 3\n---\ntext')).toThrow(/x\.md: sources/)
  })
})

describe('a case', () => {
  it('is described by what was recorded; the rest is unknown, not guessed', () => {
    expect(featuresOfCase(aCase('a'))).toMatchObject({
      devices: 64,
      tokensPerDevice: (256 * 4096) / 64,
      seqLen: 4096,
      bottleneck: 'communication',
    })
    expect(featuresOfCase(aCase('a')).parameters).toBeGreaterThan(60e9)
    const bare = aCase('b', {
      workload: { chip: 'v5p', topology: 'unheard-of', slices: 1, model: 'nobody knows', phase: 'train', run: {} },
      from: null,
      to: { data: 16 },
    })
    expect(featuresOfCase(bare)).toMatchObject({ devices: 16, parameters: null, tokensPerDevice: null, seqLen: null })
  })
})

describe('an opened library', () => {
  it('adds what an operator’s folder says to what ships, and names a broken file', async () => {
    mkdirSync(join(folder, 'k/cases'), { recursive: true })
    mkdirSync(join(folder, 'k/docs'))
    writeFileSync(join(folder, 'k/cases/ours.json'), JSON.stringify([aCase('ours-1')]))
    writeFileSync(join(folder, 'k/docs/house-rules.md'), '# House rules\n## Naming\nWe name meshes after cheese.\n')
    const config = readConfig({ PROMPTS_HOME: folder, PROMPTS_KNOWLEDGE: join(folder, 'k') })
    const { library } = await openLibrary(config)
    expect((await library.get({ kind: 'case', tenant: 'T1', id: 'ours-1' }))?.tenant).toBe('public')
    const { hits } = await library.search({ kind: 'doc', tenant: 'T1', text: 'cheese', signature: null, embedding: null, limit: 1 })
    expect(hits[0]!.item.id).toBe('house-rules#naming')
    await library.close()
    writeFileSync(join(folder, 'k/cases/ours.json'), '[{}]')
    await expect(openLibrary(config)).rejects.toMatchObject({ code: 'bad_case', message: expect.stringContaining('ours.json') })
  })

  it('never deletes what a process with other knowledge folders loaded, and is counted without being changed', async () => {
    mkdirSync(join(folder, 'own/docs'), { recursive: true })
    mkdirSync(join(folder, 'own/cases'))
    writeFileSync(join(folder, 'own/docs/house-rules.md'), '# House rules\n## Naming\nWe name meshes after cheese.\n')
    const home = join(folder, 'home')
    const [ours, plain] = [readConfig({ PROMPTS_HOME: home, PROMPTS_KNOWLEDGE: join(folder, 'own') }), readConfig({ PROMPTS_HOME: home })]
    expect(await countLibrary(plain)).toBeNull()
    expect(existsSync(home)).toBe(false)
    await (await openLibrary(ours)).library.close()
    const before = await countLibrary(plain)
    const { library } = await openLibrary(plain)
    expect((await library.get({ kind: 'doc', tenant: 'T1', id: 'house-rules#naming' }))?.id).toBe('house-rules#naming')
    await library.close()
    expect(await countLibrary(ours)).toEqual(before)
    // the owner of the folders takes out what vanished from them
    rmSync(join(folder, 'own/docs/house-rules.md'))
    await (await openLibrary(ours)).library.close()
    expect((await countLibrary(plain))!.docs).toBe(before!.docs - 1)
  })

  it('opens on the embedded store when Qdrant is not there, and says so', async () => {
    const said: string[] = []
    const config = readConfig({ PROMPTS_HOME: folder, QDRANT_URL: 'http://127.0.0.1:9' })
    const { library } = await openLibrary(config, { onStoreChange: (state) => said.push(state) })
    const { hits, answeredBy } = await library.search({
      kind: 'doc',
      tenant: 'T1',
      text: 'tensor parallelism',
      signature: null,
      embedding: null,
      limit: 1,
    })
    expect(hits).toHaveLength(1)
    expect(answeredBy).toBe('sqlite')
    expect(said[0]).toBe('away')
    await library.close()
  })
})
