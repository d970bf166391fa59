import type { ApiCall } from './relay.ts'

/** A message that one person sees. */
export interface Whisper {
  ts: string
  channel: string
  user: string
  threadTs: string | null
  text: string
  blocks: unknown[]
}

export interface OpenView {
  id: string
  hash: string
  view: Record<string, unknown>
}

const mostWhispers = 100

/** What one person alone sees: ephemeral messages, the modal that is open, App Home. Read off the calls that the bot makes. */
export class PrivateState {
  #whispers: Whisper[] = []
  #modals = new Map<string, OpenView>()
  #homes = new Map<string, OpenView>()

  /** `triggers` says whose click a trigger id came from. */
  note(call: ApiCall, triggers: ReadonlyMap<string, string>): void {
    const { method, body, answer } = call
    if (method === 'chat.postEphemeral') {
      this.whisper({
        ts: String(answer.message_ts),
        channel: String(body.channel),
        user: String(body.user),
        threadTs: typeof body.thread_ts === 'string' ? body.thread_ts : null,
        text: String(body.text ?? ''),
        blocks: Array.isArray(body.blocks) ? body.blocks : [],
      })
    }
    const view = answer.view as Record<string, unknown> | undefined
    if (view === undefined) return
    const open = { id: String(view.id), hash: String(view.hash ?? ''), view }
    if (method === 'views.publish') this.#homes.set(String(body.user_id), open)
    if (method === 'views.open') {
      const user = triggers.get(String(body.trigger_id))
      if (user !== undefined) this.#modals.set(user, open)
    }
  }

  whisper(whisper: Whisper): void {
    this.#whispers = [...this.#whispers, whisper].slice(-mostWhispers)
  }

  dismiss(user: string, ts: string): void {
    this.#whispers = this.#whispers.filter((whisper) => whisper.user !== user || whisper.ts !== ts)
  }

  whispersOf(user: string): Whisper[] {
    return this.#whispers.filter((whisper) => whisper.user === user)
  }

  modalOf(user: string): OpenView | null {
    return this.#modals.get(user) ?? null
  }

  closeModal(user: string): void {
    this.#modals.delete(user)
  }

  homeOf(user: string): OpenView | null {
    return this.#homes.get(user) ?? null
  }
}
