import { readFileSync } from 'node:fs'

/** The version that package.json gives, such as `0.1.0`. */
export function projectVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}
