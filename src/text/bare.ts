/**
 * A table without what every object inherits, through and through: a word from outside that is called `constructor` or `toString`
 * is then simply not in it.
 */
export function bare<T>(table: T): T {
  if (Array.isArray(table)) return table.map(bare) as T
  if (typeof table !== 'object' || table === null || Object.getPrototypeOf(table) !== Object.prototype) return table
  return Object.assign(Object.create(null), Object.fromEntries(Object.entries(table).map(([key, value]) => [key, bare(value)]))) as T
}

/** Whether every object inherits something of this name: no key of ours is called so. */
export function isInherited(key: string): boolean {
  return key in Object.prototype
}
