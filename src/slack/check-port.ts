import { createServer } from 'node:net'
import { PromptsError } from '../errors.ts'

/** @throws PromptsError `unavailable` where nothing can listen on this port. 0 is any that is free. */
export async function checkPort(port: number): Promise<void> {
  if (port === 0) return
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another process listens on it' : (cause.code ?? cause.message)
      reject(
        new PromptsError('unavailable', `Port ${port} cannot be used: ${why}`, {
          hint: 'Set PORT to another, or end that process.',
          cause,
        }),
      )
    })
    server.listen(port, () => server.close(() => resolve()))
  })
}
