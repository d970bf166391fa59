export interface PythonException {
  /** The class without its module. */
  name: string
  message: string
}

/**
 * The exception that ended a Python program, from its last traceback: the first line of it that is not indented, and those that
 * belong to it.
 */
export function lastException(text: string): PythonException | null {
  const at = text.lastIndexOf('Traceback (most recent call last)')
  if (at < 0) return null
  const lines = text.slice(at).split('\n').slice(1)
  const first = lines.findIndex((line) => /^[A-Za-z_]/.test(line))
  const found = /^(?:\w+\.)*(\w+)(?:: ?(.*))?$/.exec(lines[first] ?? '')
  if (!found) return null
  const rest = lines.slice(first + 1)
  const end = rest.findIndex((line) => line.trim() === '' || /^(?:[IWEF]\d{4} |-{5,}|={5,})/.test(line))
  const message = [found[2] ?? '', ...rest.slice(0, end < 0 ? rest.length : end)].join('\n')
  return { name: found[1]!, message: message.slice(0, 4000) }
}
