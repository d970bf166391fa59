import { isMainThread } from 'node:worker_threads'

/**
 * Loaded before the product (`--import`): CPU milliseconds that the main thread's event loop was held at most between two beats
 * of a few milliseconds. SIGUSR2 prints it and begins anew. CPU of the one thread, so that other programs on the machine do not
 * count.
 */
const beatMs = 5

if (isMainThread) {
  let last = process.threadCpuUsage()
  let most = 0
  const cpuMs = (since: NodeJS.CpuUsage) => {
    const { user, system } = process.threadCpuUsage(since)
    return (user + system) / 1000
  }
  setInterval(() => {
    most = Math.max(most, cpuMs(last))
    last = process.threadCpuUsage()
  }, beatMs).unref()
  let told = 0
  process.on('SIGUSR2', () => {
    told += 1
    process.stderr.write(`loop ${told}: ${most.toFixed(1)} ms\n`)
    most = 0
    last = process.threadCpuUsage()
  })
}
