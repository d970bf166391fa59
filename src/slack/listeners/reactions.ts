import type { App } from '@slack/bolt'
import { keys } from '../../state/keys.ts'
import { replayFlag } from '../receivers/inbox.ts'
import type { SlackServices } from '../services.ts'
import { guarded } from './guard.ts'
import { envelopeSchema, reactionEventSchema } from './payloads.ts'

const claimMs = 24 * 3600_000

/** Reactions added and taken away; what is on others' messages is looked at and forgotten. */
export function listenToReactions(app: App, services: SlackServices): void {
  for (const name of ['reaction_added', 'reaction_removed'] as const) {
    app.event(name, async ({ event, body, context }) => {
      const parsed = reactionEventSchema.safeParse(event)
      const envelope = envelopeSchema.safeParse(body)
      if (!parsed.success || !envelope.success) return
      const { item, user, reaction } = parsed.data
      const team = envelope.data.team_id ?? context.teamId
      if (item.type !== 'message' || item.channel === undefined || item.ts === undefined || team === undefined) return
      const eventId = envelope.data.event_id ?? `${name}/${item.channel}/${item.ts}/${user}/${reaction}`
      const isReplay = context[replayFlag] === true
      if (!isReplay && !(await services.deps.state.claim(keys.event(eventId), claimMs))) return
      const { channel, ts } = item
      await guarded(services, 'a reaction', null, () =>
        services.reactions.handle({ team, channel, ts, user, name: reaction, added: name === 'reaction_added', eventId }),
      )
    })
  }
}
