import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { chipSchema } from '../../src/contract/chip-schema.ts'
import { phaseSchema } from '../../src/contract/experiment.ts'
import { axisSchema } from '../../src/contract/mesh.ts'
import { bottleneckClassSchema } from '../../src/contract/profile-report.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { sectionsOfDoc } from '../../src/knowledge/doc-entry.ts'
import { docRuleSchema } from '../../src/knowledge/doc-rule.ts'
import { projectRoot } from '../support/needs.ts'
import { shippedCases } from './shipped-cases.ts'

const headerSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(10),
  topics: z.array(z.string().min(2)).min(1),
  chips: z.array(chipSchema),
  phases: z.array(phaseSchema).min(1),
  bottlenecks: z.array(bottleneckClassSchema),
  axes: z.array(axisSchema),
  sources: z.array(z.strictObject({ title: z.string().min(3), uri: z.url() })).min(1),
  rules: z.array(docRuleSchema).default([]),
  reviewed: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
})

const folder = join(projectRoot, 'knowledge', 'docs')
const docs = readdirSync(folder)
  .filter((file) => file.endsWith('.md'))
  .map((file) => {
    const markdown = readFileSync(join(folder, file), 'utf8')
    const [, header, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(markdown) ?? []
    return { name: file.slice(0, -3), markdown, header: headerSchema.parse(parse(header ?? '')), body: body ?? '' }
  })

test.each(docs)('$name: a rule names a section of its own and an axis that the document is about', ({ header, body }) => {
  for (const { section, axis } of header.rules) {
    expect(body).toContain(`{#${section}}`)
    expect(header.axes).toContain(axis)
  }
})

test('there are documents on every chip, axis, phase and bottleneck', () => {
  expect(docs.length).toBeGreaterThanOrEqual(28)
  const covered = (field: 'chips' | 'axes' | 'phases' | 'bottlenecks') => new Set<string>(docs.flatMap(({ header }) => header[field]))
  expect([...covered('axes')].sort()).toEqual([...axisSchema.options].sort())
  expect([...covered('phases')].sort()).toEqual([...phaseSchema.options].sort())
  expect(covered('bottlenecks')).toEqual(new Set(['compute', 'hbm', 'communication', 'host', 'capacity']))
  for (const chip of chipSchema.options) expect(docs.some(({ name }) => name === `chip-${chip}`)).toBe(true)
})

test.each(docs)('$name: its id is its file name, its length is right, its heading its title', ({ name, header, body }) => {
  expect(header.id).toBe(name)
  expect(body).toMatch(new RegExp(`^# ${header.title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'm'))
  const words = body.split(/\s+/).filter((word) => word !== '' && !word.startsWith('#')).length
  expect(words).toBeGreaterThanOrEqual(230)
  expect(words).toBeLessThanOrEqual(700)
})

test.each(docs)('$name: every section has an anchor of its own', ({ name, markdown, body }) => {
  const anchors = [...body.matchAll(/^## (.*)$/gm)].map(([, heading]) => /\{#([a-z0-9-]+)\}$/.exec(heading!)?.[1])
  expect(anchors.length).toBeGreaterThanOrEqual(3)
  expect(anchors, 'a heading without {#anchor}').not.toContain(undefined)
  expect(new Set(anchors).size).toBe(anchors.length)
  const sections = sectionsOfDoc(name, markdown)
  expect(sections.map(({ id }) => id)).toEqual([`${name}#about`, ...anchors.map((anchor) => `${name}#${anchor}`)])
})

test.each(docs)('$name: the cases and documents that it names exist', ({ body }) => {
  const cases = new Set(shippedCases.cases.map(({ id }) => id))
  for (const [id] of body.matchAll(/public-gt\d+(?:-to-gt\d+)?/g)) expect(cases.has(id), id).toBe(true)
  const names = new Set(docs.map(({ name }) => name))
  for (const [, name] of body.matchAll(/`((?:anti|axis|chip|dialect)-[a-z0-9-]+)`/g)) expect(names.has(name!), name).toBe(true)
})

test.each(docs)('$name: a case that it names is among its sources', ({ header, body }) => {
  const uris = new Set(header.sources.map(({ uri }) => uri))
  for (const [id] of body.matchAll(/public-gt\d+(?:-to-gt\d+)?/g)) {
    const entry = shippedCases.cases.find((known) => known.id === id)!
    expect(
      entry.sources.some(({ uri }) => uris.has(uri)),
      `${id} of ${entry.experiment}`,
    ).toBe(true)
  }
})

test('the figures that documents of a chip repeat are those of chips.json', () => {
  for (const chip of chipSchema.options) {
    const facts = findChip(chip)
    const body = docs.find(({ name }) => name === `chip-${chip}`)!.body
    expect(body).toContain(`${facts.bf16_tflops}`)
    expect(body).toContain(`${facts.hbm_gbps} GB/s of HBM`)
    expect(body).toContain(`${facts.hbm_available_gib_per_device} GiB`)
    const [, ridge] = /≈ (\d+) FLOP/.exec(body)!
    expect(Number(ridge) / ((facts.bf16_tflops * 1e3) / facts.hbm_gbps), chip).toBeCloseTo(1, 2)
  }
})

test('the ridges that the roofline document lists follow from chips.json', () => {
  const { body } = docs.find(({ name }) => name === 'roofline')!
  for (const chip of chipSchema.options) {
    const { bf16_tflops, hbm_gbps, ici_one_way_gbps_per_link } = findChip(chip)
    const hbm = (bf16_tflops * 1e3) / hbm_gbps
    const ici = (bf16_tflops * 1e3) / (2 * ici_one_way_gbps_per_link)
    const [listedHbm, listedIci] = [...body.matchAll(new RegExp(`${chip} (\\d+)`, 'g'))].map(([, value]) => Number(value))
    expect(listedHbm! / hbm, `${chip} HBM`).toBeCloseTo(1, 2)
    expect(listedIci! / ici, `${chip} ICI`).toBeCloseTo(1, 2)
  }
})

test('no document carries a template, a machine path or a word left open', () => {
  for (const { name, markdown } of docs) expect(markdown, name).not.toMatch(/TODO|FIXME|XXX|\/(?:work|tmp|root)\//)
})
