import type { HloModule } from '../types.ts'

/** Whether the framework's name of some op is like this. */
export function hasOp(module: HloModule, name: RegExp): boolean {
  for (const computation of module.computations.values())
    for (const { opName } of computation.instructions) if (opName !== '' && name.test(opName)) return true
  return false
}
