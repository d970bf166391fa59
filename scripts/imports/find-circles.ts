import type { Module } from './read-imports.ts'

/**
 * Groups of files that import each other in a circle, types counted too; each group is one strongly connected component (Tarjan).
 */
export function findCircles(modules: readonly Module[]): string[][] {
  const imports = new Map(modules.map(({ file, files }) => [file, files]))
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []

  const visit = (file: string): void => {
    order.set(file, order.size)
    lowest.set(file, order.size - 1)
    open.push(file)
    for (const target of imports.get(file) ?? []) {
      if (!imports.has(target)) continue
      if (!order.has(target)) visit(target)
      if (open.includes(target)) lowest.set(file, Math.min(lowest.get(file) as number, lowest.get(target) as number))
    }
    if (lowest.get(file) !== order.get(file)) return
    const group = open.splice(open.indexOf(file))
    if (group.length > 1 || imports.get(file)?.includes(file)) circles.push(group.sort())
  }
  for (const { file } of modules) if (!order.has(file)) visit(file)
  return circles
}
