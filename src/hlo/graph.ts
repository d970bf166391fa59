import type { HloComputation, HloInstruction, HloModule } from './types.ts'

/** The computations an instruction calls, those that exist. */
export function calledBy(module: HloModule, instruction: HloInstruction): HloComputation[] {
  const found: HloComputation[] = []
  for (const id of instruction.called) {
    const computation = module.computations.get(id)
    if (computation !== undefined) found.push(computation)
  }
  return found
}

/** The operands of an instruction, those that exist in its computation. */
export function operandsOf(computation: HloComputation, instruction: HloInstruction): HloInstruction[] {
  const found: HloInstruction[] = []
  for (const id of instruction.operands) {
    const operand = computation.byId.get(id)
    if (operand !== undefined) found.push(operand)
  }
  return found
}

export function operandOf(computation: HloComputation, instruction: HloInstruction, index: number): HloInstruction | null {
  const id = instruction.operands[index]
  return id === undefined ? null : (computation.byId.get(id) ?? null)
}

/** Who uses each instruction of a computation, in order. */
export function usersOf(computation: HloComputation): Map<number, HloInstruction[]> {
  const users = new Map<number, HloInstruction[]>()
  for (const instruction of computation.instructions) {
    for (const id of new Set(instruction.operands)) {
      const list = users.get(id)
      if (list === undefined) users.set(id, [instruction])
      else list.push(instruction)
    }
  }
  return users
}

/** Opcodes that only give data another name; they take no time and move nothing. */
const renaming = new Set(['bitcast', 'reshape', 'get-tuple-element', 'opt-barrier', 'optimization-barrier', 'copy-done', 'async-done'])

/** Users of an instruction with those that only rename it replaced by their own users. */
export function realUsers(users: ReadonlyMap<number, HloInstruction[]>, instruction: HloInstruction): HloInstruction[] {
  const found = new Set<HloInstruction>()
  const seen = new Set<number>()
  const queue = [instruction.id]
  while (queue.length > 0) {
    const id = queue.pop()!
    if (seen.has(id)) continue
    seen.add(id)
    for (const user of users.get(id) ?? []) {
      if (renaming.has(user.opcode)) queue.push(user.id)
      else found.add(user)
    }
  }
  return [...found]
}
