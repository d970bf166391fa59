import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Installation, InstallationQuery, InstallationStore } from '@slack/bolt'
import { PromptsError } from '../../errors.ts'
import { keys } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'

const keepMs = 10 * 365 * 24 * 3600_000

/** What is sealed: the installation, and when it came, so that news of an older one's end is told from its own. */
interface Stored {
  installation: Installation<'v1' | 'v2', boolean>
  storedAt: number
}

/**
 * Installations (and so tokens) in the state store, encrypted with AES-256-GCM; the keys never leave the environment. Written
 * with the first key, read with any of them: so a key is replaced by putting the new one in front, and dropping the old one when
 * `reseal` has run.
 */
export class EncryptedInstallationStore implements InstallationStore {
  readonly #state: StateStore
  readonly #keys: Buffer[]
  readonly #workspaces: readonly string[]

  /**
   * @param keys 32 bytes in base64, several with commas between. @param workspaces Teams that may install; all where there are
   *   none.
   * @throws PromptsError `bad_config` for another length.
   */
  constructor(state: StateStore, keys: string, workspaces: readonly string[] = []) {
    this.#state = state
    this.#workspaces = workspaces
    this.#keys = keys.split(',').map((key) => Buffer.from(key.trim(), 'base64'))
    for (const { length } of this.#keys) {
      if (length === 32) continue
      throw new PromptsError('bad_config', `PROMPTS_INSTALLATION_KEY has a key of ${length} bytes, 32 are needed`, {
        hint: 'openssl rand -base64 32',
      })
    }
  }

  /** @throws PromptsError `not_allowed` for a workspace that is not one of the operator's. */
  async storeInstallation<V extends 'v1' | 'v2'>(installation: Installation<V, boolean>): Promise<void> {
    const name = nameOf(installation.isEnterpriseInstall === true, installation.enterprise?.id, installation.team?.id)
    if (!this.#mayInstall(installation.team?.id)) {
      throw new PromptsError('not_allowed', `${name} may not install this app`, {
        hint: 'Whoever runs it can add the workspace to PROMPTS_WORKSPACES.',
      })
    }
    const stored = { installation: installation as Installation, storedAt: Date.now() } satisfies Stored
    await this.#state.set(keyOf(name), this.#seal(name, JSON.stringify(stored)), keepMs)
  }

  async fetchInstallation(query: InstallationQuery<boolean>): Promise<Installation<'v1' | 'v2', boolean>> {
    const name = nameOf(query.isEnterpriseInstall, query.enterpriseId, query.teamId)
    const sealed = this.#mayInstall(query.teamId) ? await this.#state.get(keyOf(name)) : null
    if (sealed === null)
      throw new PromptsError('not_allowed', `The app is not installed in ${name}`, { hint: 'Install it again at /slack/install.' })
    return this.#stored(name, sealed).installation
  }

  /** When the installation that stands was stored; null where there is none. */
  async storedAt(query: InstallationQuery<boolean>): Promise<number | null> {
    const name = nameOf(query.isEnterpriseInstall, query.enterpriseId, query.teamId)
    const sealed = await this.#state.get(keyOf(name))
    return sealed === null ? null : this.#stored(name, sealed).storedAt
  }

  /** Writes with the first key what an older one sealed. @returns How many were. */
  async reseal(): Promise<number> {
    let count = 0
    for (const { key, value } of await this.#state.list(keyOf(''), 100_000)) {
      const name = key.slice(keyOf('').length)
      if (this.#openWith(this.#keys[0]!, name, value) !== null) continue
      const text = this.#read(name, value)
      // sealed with a key that is gone: whoever asks for it is told
      if (text === null) continue
      await this.#state.set(key, this.#seal(name, text), keepMs)
      count += 1
    }
    return count
  }

  async deleteInstallation(query: InstallationQuery<boolean>): Promise<void> {
    await this.#state.delete(keyOf(nameOf(query.isEnterpriseInstall, query.enterpriseId, query.teamId)))
  }

  /** iv, tag and text; bound to its name, so that one workspace's cannot be put in another's place. */
  #seal(name: string, text: string): string {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0]!, iv)
    cipher.setAAD(Buffer.from(name))
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64')
  }

  #stored(name: string, sealed: string): Stored {
    return JSON.parse(this.#open(name, sealed)) as Stored
  }

  #read(name: string, sealed: string): string | null {
    for (const key of this.#keys) {
      const text = this.#openWith(key, name, sealed)
      if (text !== null) return text
    }
    return null
  }

  #open(name: string, sealed: string): string {
    const text = this.#read(name, sealed)
    if (text !== null) return text
    throw new PromptsError('bad_config', 'A stored installation cannot be read with PROMPTS_INSTALLATION_KEY', {
      hint: 'Set the key that it was stored with (behind the new one, with a comma between), or install the app again.',
    })
  }

  /** Null where the key is another, or the text was changed. */
  #openWith(key: Buffer, name: string, sealed: string): string | null {
    const bytes = Buffer.from(sealed, 'base64')
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(Buffer.from(name))
      decipher.setAuthTag(bytes.subarray(12, 28))
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
    } catch {
      return null
    }
  }

  #mayInstall(team: string | undefined): boolean {
    return this.#workspaces.length === 0 || (team !== undefined && this.#workspaces.includes(team))
  }
}

function nameOf(isEnterprise: boolean, enterpriseId: string | undefined, teamId: string | undefined): string {
  return isEnterprise ? `enterprise ${enterpriseId}` : `team ${teamId}`
}

function keyOf(name: string): string {
  return `${keys.installations}${name}`
}
