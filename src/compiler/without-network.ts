import { spawnSync } from 'node:child_process'

const words = ['unshare', '--user', '--map-current-user', '--net', '--']
let isAllowed: boolean | null = null

/** Whether this platform lets a process have a network of its own, which is none; found out once. */
export function canBeWithoutNetwork(): boolean {
  isAllowed ??= spawnSync(words[0]!, [...words.slice(1), 'true'], { stdio: 'ignore', timeout: 5000 }).status === 0
  return isAllowed
}

/**
 * The command in a network namespace of its own, where nothing can be reached, not even this machine; as it is where the platform
 * has none.
 */
export function withoutNetwork(command: readonly string[]): readonly string[] {
  return canBeWithoutNetwork() ? [...words, ...command] : command
}
