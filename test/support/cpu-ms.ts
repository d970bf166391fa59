/**
 * Milliseconds of CPU that this process took since `start`, of `process.cpuUsage()`: what a busy machine hardly changes, as it
 * does the wall's time. Work in another process is not counted.
 */
export function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** The same for a piece of work. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const start = process.cpuUsage()
  await work()
  return cpuMsSince(start)
}
