import { newInstruction } from '../../src/hlo/read-instruction.ts'
import type { HloComputation, HloInstruction, HloModule, HloShape } from '../../src/hlo/types.ts'

/** An instruction of a hand-made graph: operands and computations by name. */
export interface Draft extends Partial<Omit<HloInstruction, 'operands' | 'called' | 'id' | 'shape'>> {
  name: string
  opcode: string
  on?: readonly string[]
  calls?: readonly string[]
  shape?: HloShape
  /** Estimated cycles. */
  cycles?: number
}

/** `bf16[…]` in HBM, or another memory space. */
export function array(dims: readonly number[], memorySpace = 0, type = 'bf16'): HloShape {
  return { type, dims, minorToMajor: dims.map((_, i) => dims.length - 1 - i), tiles: [], memorySpace, elements: [] }
}

export function tuple(...elements: HloShape[]): HloShape {
  return { ...array([], 0, 'tuple'), elements }
}

/** A module of computations in order of execution; the last instruction of each is its root, `main` the entry. */
export function moduleOf(computations: Record<string, readonly Draft[]>): HloModule {
  const ids = new Map(Object.keys(computations).map((name, i) => [name, i + 1]))
  const built = new Map<number, HloComputation>()
  for (const [name, drafts] of Object.entries(computations)) {
    const places = new Map(drafts.map((draft, i) => [draft.name, i + 1]))
    const instructions = drafts.map(({ on = [], calls = [], cycles, ...draft }, i) => {
      const { stackFrameId: _, ...empty } = newInstruction()
      const config = cycles === undefined ? null : { window_config: { estimated_cycles: String(cycles) } }
      return {
        ...empty,
        ...draft,
        id: i + 1,
        operands: on.map((operand) => places.get(operand)!),
        called: calls.map((called) => ids.get(called)!),
        backendConfigBytes: config && new TextEncoder().encode(JSON.stringify(config)),
      }
    })
    const byId = new Map(instructions.map((instruction) => [instruction.id, instruction]))
    built.set(ids.get(name)!, {
      id: ids.get(name)!,
      name,
      thread: '',
      isFusion: false,
      instructions,
      byId,
      root: instructions.at(-1) ?? null,
    })
  }
  return { name: 'made', entry: built.get(ids.get('main')!)!, computations: built, isScheduled: true, numPartitions: null }
}

/** A counted loop's condition: the first element of its state under `trips`. */
export function conditionOf(trips: number): Draft[] {
  return [
    { name: 'p', opcode: 'parameter' },
    { name: 'i', opcode: 'get-tuple-element', on: ['p'], tupleIndex: 0 },
    { name: 'bound', opcode: 'constant', literal: trips },
    { name: 'less', opcode: 'compare', on: ['i', 'bound'], direction: 'LT' },
  ]
}
