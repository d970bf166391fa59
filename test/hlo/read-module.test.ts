import { expect, test } from 'vitest'
import { backendConfig } from '../../src/hlo/backend-config.ts'
import { expandGroups, groupSizeOf } from '../../src/hlo/replica-groups.ts'
import { shapeText } from '../../src/hlo/shape.ts'
import type { HloComputation, HloInstruction, HloShape } from '../../src/hlo/types.ts'
import { fixture, fixtureNames, type TextInstruction, textView } from './fixture.ts'
import { groupsOfText } from './text-groups.ts'

/** Layouts without tiles and memory spaces, as `shapeText` writes them. */
function plainShape(text: string): string {
  return text
    .replaceAll(/\{([\d,]*):[^}]*\}/g, '{$1}')
    .replaceAll('{}', '')
    .replaceAll('token[]{}', 'token[]')
}

function memorySpaces(shape: HloShape): number[] {
  if (shape.type === 'tuple') return shape.elements.flatMap(memorySpaces)
  return [shape.memorySpace]
}

function spacesOfText(text: string): number[] {
  return [...text.matchAll(/[a-z]\w*\[[\d,]*\](?:\{([^}]*)\})?/g)].map(([, layout]) => Number(/S\((\d+)\)/.exec(layout ?? '')?.[1] ?? 0))
}

/** The text names an asynchronous wrapper after what it wraps. */
function sameOpcode(instruction: HloInstruction, text: TextInstruction): boolean {
  const wrapper = /^async-(start|update|done)$/.exec(instruction.opcode)
  return instruction.opcode === text.opcode || (wrapper !== null && text.opcode.endsWith(`-${wrapper[1]}`))
}

test.each(fixtureNames)('%s reads as XLA itself writes it: order, opcodes, shapes, groups, cycles', (name) => {
  const module = fixture(name)
  const view = textView(name)
  expect(module.name).toBe(view.module)
  expect(module.isScheduled).toBe(view.scheduled)
  expect(module.entry.name).toBe(view.entry)
  const byName = new Map<string, HloComputation>()
  for (const computation of module.computations.values()) byName.set(computation.name, computation)
  let compared = 0
  const differences: string[] = []
  for (const [computationName, lines] of Object.entries(view.computations)) {
    const computation = byName.get(computationName)
    expect(computation, computationName).toBeDefined()
    expect(computation!.instructions.map((each) => each.name)).toEqual(lines.map((each) => each.name))
    for (const [i, line] of lines.entries()) {
      differences.push(...differencesOf(computation!.instructions[i]!, line))
      compared++
    }
  }
  expect(differences).toEqual([])
  expect(compared).toBeGreaterThan(3)
})

/** What the reader and the text say differently of an instruction. */
function differencesOf(instruction: HloInstruction, line: TextInstruction): string[] {
  const found: string[] = []
  const compare = (what: string, read: unknown, written: unknown) => {
    const [a, b] = [JSON.stringify(read), JSON.stringify(written)]
    if (a !== b) found.push(`${line.name}: ${what} ${a}, in the text ${b}`)
  }
  if (!sameOpcode(instruction, line)) compare('opcode', instruction.opcode, line.opcode)
  compare('shape', shapeText(instruction.shape), plainShape(line.shape))
  compare('memory spaces', memorySpaces(instruction.shape), spacesOfText(line.shape))
  if (line.op_name !== undefined) compare('op name', instruction.opName, line.op_name.replaceAll("\\'", "'"))
  if (line.target !== undefined) compare('target', instruction.customCallTarget, line.target)
  if (line.thread !== undefined) compare('thread', instruction.thread, line.thread)
  if (line.cycles !== undefined && line.cycles < 1e15) {
    compare('cycles', backendConfig(instruction).estimatedCycles, line.cycles > 0 ? line.cycles : null)
  }
  if (line.pairs !== undefined) compare('pairs', instruction.sourceTargetPairs, groupsOfText(line.pairs))
  if (line.groups !== undefined && line.groups !== '{}') {
    const groups = groupsOfText(line.groups)
    compare('groups', instruction.replicaGroups && expandGroups(instruction.replicaGroups), groups)
    compare('group size', instruction.replicaGroups && groupSizeOf(instruction.replicaGroups), groups[0]!.length)
  }
  return found
}

test('every form of replica groups occurs in the fixtures', () => {
  const forms = new Set<string>()
  for (const name of fixtureNames) {
    for (const computation of fixture(name).computations.values()) {
      for (const { replicaGroups } of computation.instructions) if (replicaGroups) forms.add(replicaGroups.form)
    }
  }
  expect([...forms].sort()).toEqual(['iota', 'list', 'mesh'])
})

test('sources are file and line of the program, from metadata or its stack frames', () => {
  const sources = [...fixture('fsdp_v6e').computations.values()].flatMap(({ instructions }) =>
    instructions.flatMap(({ source }) => source ?? []),
  )
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.every((source) => /^[\w./-]+\.py:\d+$/.test(source))).toBe(true)
})
