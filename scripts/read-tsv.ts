/**
 * The rows of a tab-separated table with a header line, keyed by column; lines that begin with `#` are remarks. A field may be
 * quoted, with `""` for a quote inside it.
 * Throws when a row has another number of fields than the header.
 */
export function readTsv(text: string): Record<string, string>[] {
  const [header, ...lines] = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  if (header === undefined) return []
  const columns = header.split('\t')
  return lines.map((line, index) => {
    const fields = line.split('\t').map(unquote)
    if (fields.length !== columns.length) throw new Error(`line ${index + 2} has ${fields.length} fields, the header ${columns.length}`)
    return Object.fromEntries(columns.map((column, i) => [column, fields[i]!]))
  })
}

function unquote(field: string): string {
  const trimmed = field.replace(/\r$/, '')
  return trimmed.startsWith('"') && trimmed.endsWith('"') && trimmed.length > 1 ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed
}
