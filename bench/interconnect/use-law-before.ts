/** For `--import`: every module that asks for the law of collectives gets the one before, and nothing else changes. */
import { registerHooks } from 'node:module'

const law = '/src/interconnect/collective-seconds.ts'
const before = new URL('./law-before.ts', import.meta.url).href

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    return found.url.endsWith(law) && context.parentURL !== before ? { ...found, url: before } : found
  },
})
