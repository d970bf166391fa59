/**
 * The work's result, or the signal's reason as soon as it aborts, whether the work listens to the signal or not: a step that does
 * not listen cannot keep its caller waiting. What the work does afterwards nobody hears.
 */
export async function untilAborted<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let onAbort = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  const working = work(signal)
  working.catch(() => {})
  try {
    return await Promise.race([working, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
