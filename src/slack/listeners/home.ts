import type { App } from '@slack/bolt'
import { z } from 'zod'
import { type HomeRun, homeView } from '../blocks/home-view.ts'
import type { SlackServices } from '../services.ts'
import { threadLink } from '../thread-link.ts'
import { guarded } from './guard.ts'

const shownRuns = 15

/** App Home: recent runs, adopted cards and their gains, settings. */
export function listenToHome(app: App, services: SlackServices): void {
  app.event('app_home_opened', async ({ event, body, context }) => {
    const parsed = z.object({ user: z.string(), tab: z.string().optional() }).safeParse(event)
    const team = (body as { team_id?: string }).team_id ?? context.teamId
    if (!parsed.success || team === undefined || (parsed.data.tab !== undefined && parsed.data.tab !== 'home')) return
    await guarded(services, 'App Home', null, () => publishHome(services, team, parsed.data.user))
  })
}

/** Draws a person's App Home anew. */
export async function publishHome(services: SlackServices, team: string, user: string): Promise<void> {
  const { deps, outbox, adoption } = services
  const [runs, adopted, examples] = await Promise.all([
    recentRuns(services, team),
    adoption.list(team),
    deps.experiments.examples(3).catch(() => []),
  ])
  const view = homeView({
    runs,
    adoptions: adopted.slice(0, shownRuns).map(({ title, mesh, by, beforeMs, predictedMs, measuredMs, channel, threadTs }) => ({
      ...{ title, mesh, by, beforeMs, predictedMs, measuredMs },
      link: threadLink(team, channel, threadTs),
    })),
    settings: settingsOf(services),
    examples,
  })
  await outbox.publishHome({ team, user, view: view as never })
}

async function recentRuns(services: SlackServices, team: string): Promise<HomeRun[]> {
  const { deps, records } = services
  const requests = await deps.memory.list({ tenant: team, limit: shownRuns })
  return Promise.all(
    requests.map(async (request) => {
      const [record, end] = await Promise.all([records.get(request.run), records.ended(request.run)])
      const title = record?.title ?? (request.subject.kind === 'experiment' ? request.subject.id : request.run)
      return {
        ...{ run: request.run, title, at: request.at, by: request.by, state: end ?? 'waiting', bottleneck: record?.bottleneck ?? null },
        link: record === null ? null : threadLink(team, record.channel, record.threadTs),
      }
    }),
  )
}

function settingsOf({ deps: { config, compiler } }: SlackServices): { name: string; value: string }[] {
  const adopters = config.PROMPTS_ADOPTERS
  const group = adopters === 'anyone' ? 'anyone' : adopters === 'asker' ? 'who asked' : `user group ${adopters}`
  return [
    { name: 'Who may adopt', value: group },
    { name: 'Channels', value: config.PROMPTS_CHANNELS.length === 0 ? 'all where I am a member' : config.PROMPTS_CHANNELS.join(', ') },
    { name: 'Guests', value: config.PROMPTS_ALLOW_GUESTS ? 'may ask' : 'may not ask' },
    { name: 'Shared channels', value: config.PROMPTS_ALLOW_SHARED_CHANNELS ? 'answered' : 'not answered' },
    { name: 'Runs a person and a day', value: String(config.PROMPTS_QUOTA_PER_PERSON) },
    {
      name: 'Reasoning',
      value:
        config.GEMINI_API_KEY === undefined && !config.GOOGLE_GENAI_USE_VERTEXAI
          ? 'rules; nothing leaves'
          : `Gemini, at most $${config.PROMPTS_SPEND_CAP_USD} a day`,
    },
    { name: 'TPU compiler', value: compiler ? 'checks every card' : 'not installed' },
    { name: 'Runs are kept', value: `${config.PROMPTS_KEEP_DAYS} days` },
  ]
}
