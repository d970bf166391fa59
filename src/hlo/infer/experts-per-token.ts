import type { HloModule } from '../types.ts'
import { type Found, likely } from './inferred.ts'

/** How many experts a token visits: the last dimension of what the program's top-k gives, less than the number of experts. */
export function expertsPerToken(module: HloModule, experts: number): Found<number> | null {
  const counts = new Map<number, number>()
  for (const computation of module.computations.values())
    for (const { opName, customCallTarget, shape } of computation.instructions) {
      if (!/top_?k/i.test(opName) && !/top_?k/i.test(customCallTarget)) continue
      for (const one of shape.elements.length > 0 ? shape.elements : [shape]) {
        const k = one.dims.at(-1)
        if (k !== undefined && one.dims.length >= 2 && k < experts) counts.set(k, (counts.get(k) ?? 0) + 1)
      }
    }
  const most = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]
  return most ? likely(most[0], 'the program selects so many of the experts') : null
}
