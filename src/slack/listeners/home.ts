import type { App } from '@slack/bolt'
import { z } from 'zod'
import { asPromptsError } from '../../errors.ts'
import { formatUsd } from '../../text/units.ts'
import { closedHomeView, type HomeRun, homeView } from '../blocks/home-view.ts'
import { suggestedPrompts } from '../manifest.ts'
import { checkPerson, isAllowedSomewhere, isPrivate, parseChannelRules } from '../requests/access.ts'
import type { SlackServices } from '../services.ts'
import { threadLink } from '../thread-link.ts'
import { guarded } from './guard.ts'

const shownRuns = 15

/** App Home: recent runs, adopted cards and their gains, settings. */
export function listenToHome(app: App, services: SlackServices): void {
  app.event('app_home_opened', async ({ event, body, context }) => {
    const parsed = z.object({ user: z.string(), tab: z.string().optional(), channel: z.string().optional() }).safeParse(event)
    const team = (body as { team_id?: string }).team_id ?? context.teamId
    if (parsed.data?.tab === 'messages' && parsed.data.channel !== undefined && team !== undefined)
      return suggestWhatToAsk(services, team, parsed.data.channel)
    if (!parsed.success || team === undefined || (parsed.data.tab !== undefined && parsed.data.tab !== 'home')) return
    await guarded(services, 'App Home', null, () => publishHome(services, team, parsed.data.user))
  })
}

/** The direct messages were opened: what can be asked there, of the experiments that may be asked for anywhere. */
async function suggestWhatToAsk({ deps, hints }: SlackServices, team: string, channel: string): Promise<void> {
  const rules = parseChannelRules(deps.config.PROMPTS_CHANNELS)
  const known = (await deps.experiments.examples(team, 50).catch(() => [])).filter((id) => isAllowedSomewhere(rules, id))
  await hints.suggest({ team, channel }, suggestedPrompts(known))
}

/** Draws a person's App Home anew. */
export async function publishHome(services: SlackServices, team: string, user: string): Promise<void> {
  const { deps, outbox, adoption, clients } = services
  const client = await clients.forTeam(team)
  try {
    await checkPerson(deps, client, { team, user })
  } catch (thrown) {
    const error = asPromptsError(thrown)
    return outbox.publishHome({ team, user, view: closedHomeView(error.message, error.hint) as never })
  }
  const rules = parseChannelRules(deps.config.PROMPTS_CHANNELS)
  // what was asked in a private channel or a direct message is shown to who asked alone
  const maySee = async (asked: { by: string | null; channel: string }) =>
    asked.by === user || !(await isPrivate(deps, client, team, asked.channel))
  const [runs, adopted, examples] = await Promise.all([
    recentRuns(services, team, maySee),
    visible(await adoption.list(team, shownRuns * 4), maySee),
    deps.experiments.examples(team, 50).catch(() => []),
  ])
  const view = homeView({
    runs,
    adoptions: adopted.map(({ title, mesh, by, beforeMs, predictedMs, outcome, channel, threadTs }) => ({
      ...{ title, mesh, by, beforeMs, predictedMs, measuredMs: outcome?.result === 'ok' ? outcome.stepTimeMs : null },
      link: threadLink(team, channel, threadTs),
    })),
    settings: settingsOf(services, (await deps.budgetLeft?.(team).catch(() => null)) ?? null),
    examples: examples.filter((id) => isAllowedSomewhere(rules, id)),
  })
  await outbox.publishHome({ team, user, view: view as never })
}

type MaySee = (asked: { by: string | null; channel: string }) => Promise<boolean>

/** The first of these that this person may see. */
async function visible<T extends { by: string | null; channel: string }>(all: readonly T[], maySee: MaySee): Promise<T[]> {
  const seen: T[] = []
  for (const one of all) {
    if (seen.length >= shownRuns) break
    if (await maySee(one)) seen.push(one)
  }
  return seen
}

async function recentRuns(services: SlackServices, team: string, maySee: MaySee): Promise<HomeRun[]> {
  const { deps, records } = services
  const requests = (await deps.memory.list({ tenant: team, limit: shownRuns * 4 })).map((request) => ({
    ...request,
    channel: request.thread?.channel ?? '',
  }))
  return Promise.all(
    (await visible(requests, maySee)).map(async (request) => {
      const [record, end] = await Promise.all([records.get(request.run), records.ended(request.run)])
      const title = record?.title ?? (request.subject.kind === 'experiment' ? request.subject.id : request.run)
      return {
        ...{ run: request.run, title, at: request.at, by: request.by, state: end ?? 'waiting', bottleneck: record?.bottleneck ?? null },
        link: record === null ? null : threadLink(team, record.channel, record.threadTs),
      }
    }),
  )
}

function settingsOf({ deps: { config, compiler } }: SlackServices, budgetLeft: number | null): { name: string; value: string }[] {
  const adopters = config.PROMPTS_ADOPTERS
  const group = adopters === 'anyone' ? 'anyone' : adopters === 'asker' ? 'who asked' : `user group ${adopters}`
  return [
    { name: 'Who may adopt', value: group },
    { name: 'Channels', value: config.PROMPTS_CHANNELS.length === 0 ? 'all where I am a member' : config.PROMPTS_CHANNELS.join(', ') },
    { name: 'Guests', value: config.PROMPTS_ALLOW_GUESTS ? 'may ask' : 'may not ask' },
    { name: 'Shared channels', value: config.PROMPTS_ALLOW_SHARED_CHANNELS ? 'answered' : 'not answered' },
    { name: 'Runs per person per day', value: String(config.PROMPTS_QUOTA_PER_PERSON) },
    {
      name: 'Reasoning',
      value:
        config.GEMINI_API_KEY === undefined && !config.GOOGLE_GENAI_USE_VERTEXAI
          ? 'rules; nothing leaves'
          : `Gemini, at most $${config.PROMPTS_SPEND_CAP_USD} per day${budgetLeft === null ? '' : `, ${formatUsd(Math.max(0, budgetLeft))} left today`}`,
    },
    { name: 'TPU compiler', value: compiler ? 'checks every card' : 'not installed' },
    { name: 'Runs are kept', value: `${config.PROMPTS_KEEP_DAYS} days` },
  ]
}
