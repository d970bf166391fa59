import { operandOf, operandsOf } from './graph.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

/** A loop around the instruction at hand: where it stands and its body. */
export interface Frame {
  computation: HloComputation
  loop: HloInstruction
  body: HloComputation
}

const maxSteps = 2000

/**
 * The instruction that started what a `-done` waits for: its operand, or where the operand's value comes from through tuples, the
 * fusions that carry a collective along, and the state of loops (a loop may end what was started before it, or in its own
 * previous iteration). Null when none that is still under way is found.
 */
export function startOf(
  done: HloInstruction,
  { module, computation, frames }: { module: HloModule; computation: HloComputation; frames: readonly Frame[] },
  isUnderWay: (candidate: HloInstruction) => boolean,
): HloInstruction | null {
  const search = new Search(module, frames, isUnderWay)
  for (const operand of operandsOf(computation, done)) search.add(computation, operand, null, frames.length)
  return search.run()
}

interface Step {
  computation: HloComputation
  instruction: HloInstruction
  element: number | null
  depth: number
}

class Search {
  readonly #queue: Step[] = []
  readonly #seen = new Set<string>()
  readonly #module: HloModule
  readonly #frames: readonly Frame[]
  readonly #isUnderWay: (candidate: HloInstruction) => boolean

  constructor(module: HloModule, frames: readonly Frame[], isUnderWay: (candidate: HloInstruction) => boolean) {
    this.#module = module
    this.#frames = frames
    this.#isUnderWay = isUnderWay
  }

  add(computation: HloComputation, instruction: HloInstruction | null, element: number | null, depth: number): void {
    if (instruction === null) return
    const key = `${computation.id} ${instruction.id} ${element} ${depth}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#queue.push({ computation, instruction, element, depth })
  }

  run(): HloInstruction | null {
    for (let steps = 0; steps < maxSteps; steps++) {
      const step = this.#queue.shift()
      if (step === undefined) return null
      if (this.#isUnderWay(step.instruction)) return step.instruction
      this.#follow(step)
    }
    return null
  }

  #follow({ computation, instruction, element, depth }: Step): void {
    const { opcode } = instruction
    const operand = (index: number) => operandOf(computation, instruction, index)
    if (opcode === 'get-tuple-element') this.add(computation, operand(0), instruction.tupleIndex, depth)
    else if (opcode === 'tuple') this.add(computation, element === null ? null : operand(element), null, depth)
    else if (opcode === 'while') {
      const body = this.#module.computations.get(instruction.called[0] ?? Number.NaN)
      this.add(computation, operand(0), element, depth)
      if (body) this.add(body, body.root, element, depth + 1)
    } else if (opcode === 'parameter') this.#outOf(depth, computation, element)
    else if (opcode === 'fusion') for (const each of operandsOf(computation, instruction)) this.#onlyTuples(computation, each, depth)
    else if (['bitcast', 'copy', 'async-update', 'opt-barrier', 'optimization-barrier'].includes(opcode))
      this.add(computation, operand(0), element, depth)
  }

  /** A fusion passes a collective on through elements of tuples. */
  #onlyTuples(computation: HloComputation, instruction: HloInstruction, depth: number): void {
    if (instruction.opcode === 'get-tuple-element') this.add(computation, instruction, null, depth)
  }

  /** The parameter of a loop's body: what the body returned last time, or what the loop began with. */
  #outOf(depth: number, computation: HloComputation, element: number | null): void {
    const frame = this.#frames[depth - 1]
    if (frame === undefined || frame.body !== computation || element === null) return
    this.add(frame.body, frame.body.root, element, depth)
    this.add(frame.computation, operandOf(frame.computation, frame.loop, 0), element, depth - 1)
  }
}
