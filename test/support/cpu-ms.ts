/**
 * Milliseconds of this process's CPU that work takes: what a busy machine hardly changes, as it does the wall's time. Work in
 * another process is not counted.
 */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
