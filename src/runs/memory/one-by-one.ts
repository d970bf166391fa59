/**
 * A writer whose writes to one key begin in the order in which they were asked for, each after the one before it has ended, well
 * or badly: one process's own order is then the order in the store.
 */
export function oneByOne<T>(write: (key: string, value: T) => Promise<void>): (key: string, value: T) => Promise<void> {
  const last = new Map<string, Promise<void>>()
  return (key, value) => {
    const mine = (last.get(key) ?? Promise.resolve()).catch(() => {}).then(() => write(key, value))
    last.set(key, mine)
    const done = () => {
      if (last.get(key) === mine) last.delete(key)
    }
    mine.then(done, done)
    return mine
  }
}
