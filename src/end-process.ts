/** Longer than `serve` and `worker` take to drain; a container's grace must be longer still. */
const graceMs = 25_000
/** What is left after a command's end (a connection that will not close) gets this long. */
const afterEndMs = 1000

/**
 * Aborts on SIGINT and SIGTERM. The first asks the process to stop; it ends for certain when its grace is over, and at once at
 * the second, whatever holds it.
 */
export function onStopSignals(): AbortSignal {
  const abort = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (abort.signal.aborted) kill()
      abort.abort(new Error(name))
      setTimeout(kill, graceMs).unref()
    })
  }
  return abort.signal
}

/** Ends the process with this code once its output is written, even where something still holds it. */
export function endProcess(code: number): void {
  process.exitCode = code
  const ended = performance.now()
  const timer = setInterval(() => {
    const isWritten = process.stdout.writableLength === 0 && process.stderr.writableLength === 0
    if (!isWritten && performance.now() - ended < graceMs) return
    // an exit handler may itself wait for what hangs
    setTimeout(kill, afterEndMs)
    process.exit(code)
  }, afterEndMs)
  timer.unref()
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL')
}
