/** A name as the id of an experiment: letters, digits, `.`, `_` and `-`, 128 at most; `imported` where nothing of it is left. */
export function cleanId(text: string): string {
  const clean = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 128)
  return clean === '' ? 'imported' : clean
}
