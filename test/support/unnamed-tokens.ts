/** The bytes of a module whose inputs for tokens have names that say nothing, as a program of somebody's own has them. */
export function unnamedTokens(module: Uint8Array): Uint8Array {
  const text = Buffer.from(module).toString('latin1')
  const renamed = text.replaceAll(/batch\['(inputs|targets|positions|segments|tokens)'\]/g, (all) => 'q'.repeat(all.length))
  return Buffer.from(renamed, 'latin1')
}
