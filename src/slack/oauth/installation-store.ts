import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Installation, InstallationQuery, InstallationStore } from '@slack/bolt'
import { PromptsError } from '../../errors.ts'
import type { StateStore } from '../../state/state-store.ts'

const keepMs = 10 * 365 * 24 * 3600_000

/** Installations (and so tokens) in the state store, encrypted with AES-256-GCM; the key never leaves the environment. */
export class EncryptedInstallationStore implements InstallationStore {
  readonly #state: StateStore
  readonly #key: Buffer

  /** @param key 32 bytes in base64. @throws PromptsError `bad_config` for another length. */
  constructor(state: StateStore, key: string) {
    this.#state = state
    this.#key = Buffer.from(key, 'base64')
    if (this.#key.length !== 32) {
      throw new PromptsError('bad_config', `PROMPTS_INSTALLATION_KEY has ${this.#key.length} bytes, 32 are needed`, {
        hint: 'openssl rand -base64 32',
      })
    }
  }

  async storeInstallation<V extends 'v1' | 'v2'>(installation: Installation<V, boolean>): Promise<void> {
    const name = nameOf(installation.isEnterpriseInstall === true, installation.enterprise?.id, installation.team?.id)
    await this.#state.set(keyOf(name), this.#seal(name, JSON.stringify(installation)), keepMs)
  }

  async fetchInstallation(query: InstallationQuery<boolean>): Promise<Installation<'v1' | 'v2', boolean>> {
    const name = nameOf(query.isEnterpriseInstall, query.enterpriseId, query.teamId)
    const sealed = await this.#state.get(keyOf(name))
    if (sealed === null)
      throw new PromptsError('not_allowed', `The app is not installed in ${name}`, { hint: 'Install it again at /slack/install.' })
    return JSON.parse(this.#open(name, sealed)) as Installation<'v1' | 'v2', boolean>
  }

  async deleteInstallation(query: InstallationQuery<boolean>): Promise<void> {
    await this.#state.delete(keyOf(nameOf(query.isEnterpriseInstall, query.enterpriseId, query.teamId)))
  }

  /** iv, tag and text; bound to its name, so that one workspace's cannot be put in another's place. */
  #seal(name: string, text: string): string {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv)
    cipher.setAAD(Buffer.from(name))
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64')
  }

  #open(name: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64')
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12))
      decipher.setAAD(Buffer.from(name))
      decipher.setAuthTag(bytes.subarray(12, 28))
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw new PromptsError('bad_config', 'A stored installation cannot be read with PROMPTS_INSTALLATION_KEY', {
        hint: 'Set the key that it was stored with, or install the app again.',
        cause,
      })
    }
  }
}

function nameOf(isEnterprise: boolean, enterpriseId: string | undefined, teamId: string | undefined): string {
  return isEnterprise ? `enterprise ${enterpriseId}` : `team ${teamId}`
}

function keyOf(name: string): string {
  return `installation:${name}`
}
