import type { WebClient } from '@slack/web-api'
import { PromptsError } from '../../errors.ts'
import { keys, ofRun } from '../../state/keys.ts'
import type { SlackDeps } from '../deps.ts'

/** Someone who asks, where. */
export interface Asker {
  team: string
  channel: string
  user: string
  /** What the event's envelope says; undefined where it says nothing. */
  isSharedChannel: boolean | undefined
  /** The allowed bot or workflow that asked: no person to look up. */
  bot?: string
}

const hour = 3600_000

/** One entry of the channels' allow-list: `C123`, or `C123=llama-*`. */
export interface ChannelRule {
  channel: string
  pattern: string | null
}

export function parseChannelRules(entries: readonly string[]): ChannelRule[] {
  return entries.map((entry) => {
    const at = entry.indexOf('=')
    return at < 0 ? { channel: entry, pattern: null } : { channel: entry.slice(0, at), pattern: entry.slice(at + 1) }
  })
}

/**
 * Whether a channel may ask for an experiment; with no rules every channel may ask for every one. Direct messages follow the
 * rules too.
 */
export function isAllowed(rules: readonly ChannelRule[], channel: string, experiment: string): 'yes' | 'channel' | 'experiment' {
  if (rules.length === 0) return 'yes'
  const own = rules.filter((rule) => rule.channel === channel)
  if (own.length === 0) return 'channel'
  return own.some((rule) => rule.pattern === null || matches(rule.pattern, experiment)) ? 'yes' : 'experiment'
}

/** Whether any channel may ask for an experiment. */
export function isAllowedSomewhere(rules: readonly ChannelRule[], experiment: string): boolean {
  return rules.length === 0 || rules.some(({ channel }) => isAllowed(rules, channel, experiment) === 'yes')
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`).test(text)
}

/**
 * Guards who may ask at all: channels of the allow-list, no guests, no channels shared with other organizations, unless the
 * operator says so. What Slack says of people and channels is kept for an hour.
 * @throws PromptsError `not_allowed`, `unavailable` where Slack does not tell.
 */
export async function checkAsker(deps: SlackDeps, client: WebClient, asker: Asker): Promise<void> {
  const { config } = deps
  const rules = parseChannelRules(config.PROMPTS_CHANNELS)
  if (rules.length > 0 && !rules.some((rule) => rule.channel === asker.channel)) {
    throw new PromptsError('not_allowed', 'I do not answer in this channel', {
      hint: `Ask in ${rules
        .slice(0, 5)
        .map((rule) => rule.channel)
        .join(', ')}, or have an admin add this one to PROMPTS_CHANNELS.`,
    })
  }
  if (!config.PROMPTS_ALLOW_SHARED_CHANNELS && (await isShared(deps, client, asker))) {
    throw new PromptsError('not_allowed', 'I do not answer in channels shared with other organizations', {
      hint: 'Ask in a channel of your own workspace; an admin can set PROMPTS_ALLOW_SHARED_CHANNELS.',
    })
  }
  if (asker.bot === undefined) await checkPerson(deps, client, asker)
}

/** @throws PromptsError `not_allowed` for guests, unless the operator lets them; `unavailable`. */
export async function checkPerson(deps: SlackDeps, client: WebClient, asker: Pick<Asker, 'team' | 'user'>): Promise<void> {
  if (!deps.config.PROMPTS_ALLOW_GUESTS && (await isGuest(deps, client, asker))) {
    throw new PromptsError('not_allowed', 'I do not answer guests', {
      hint: 'Ask a member of this workspace; an admin can set PROMPTS_ALLOW_GUESTS.',
    })
  }
}

/** @throws PromptsError `not_allowed` where this channel may not ask for that experiment. */
export function checkExperiment(deps: SlackDeps, channel: string, experiment: string): void {
  if (isAllowed(parseChannelRules(deps.config.PROMPTS_CHANNELS), channel, experiment) === 'yes') return
  throw new PromptsError('not_allowed', `This channel may not ask for ${experiment}`, {
    hint: 'PROMPTS_CHANNELS says which experiments a channel may ask for; an admin can add it.',
  })
}

/**
 * Counts a run against the person's day.
 * @throws PromptsError `not_allowed` naming the quota and when it resets.
 */
export async function checkQuota(deps: SlackDeps, asker: Asker, run: string): Promise<void> {
  // counted once however often the same message is delivered
  if (!(await deps.state.claim(ofRun.counted(run), 24 * hour))) return
  const day = new Date().toISOString().slice(0, 10)
  const count = await deps.state.increment(keys.quota(asker.team, asker.user, day), 1, 48 * hour)
  const most = deps.config.PROMPTS_QUOTA_PER_PERSON
  if (count > most) {
    throw new PromptsError('not_allowed', `You've hit today's limit of ${most} ${most === 1 ? 'run' : 'runs'}`, {
      hint: 'It resets at midnight UTC; an admin can raise PROMPTS_QUOTA_PER_PERSON.',
    })
  }
}

/** What to know before a run starts: Gemini's day is spent, so rules answer. Null where there is nothing to say. */
export async function budgetNote(deps: SlackDeps, team: string): Promise<string | null> {
  const left = (await deps.budgetLeft?.(team).catch(() => null)) ?? null
  if (left === null || left > 0) return null
  return `Today's $${deps.config.PROMPTS_SPEND_CAP_USD} Gemini budget is used up; using rules until midnight UTC.`
}

async function isGuest(deps: SlackDeps, client: WebClient, asker: Pick<Asker, 'team' | 'user'>): Promise<boolean> {
  return remembered(deps, keys.guest(asker.team, asker.user), async () => {
    const { user } = await client.users.info({ user: asker.user })
    return user?.is_restricted === true || user?.is_ultra_restricted === true || user?.is_stranger === true
  })
}

async function isShared(deps: SlackDeps, client: WebClient, asker: Asker): Promise<boolean> {
  if (asker.isSharedChannel !== undefined) return asker.isSharedChannel
  if (asker.channel.startsWith('D')) return false
  return remembered(deps, keys.sharedChannel(asker.team, asker.channel), async () => {
    const { channel } = await client.conversations.info({ channel: asker.channel })
    return channel?.is_ext_shared === true || channel?.is_pending_ext_shared === true
  })
}

/** Whether a channel is one that not everyone in the workspace may read; one that Slack does not tell of is. */
export async function isPrivate(deps: SlackDeps, client: WebClient, team: string, channel: string): Promise<boolean> {
  if (!/^[CG]/.test(channel)) return true
  return remembered(deps, keys.privateChannel(team, channel), async () => {
    const { channel: info } = await client.conversations.info({ channel })
    return info?.is_private !== false
  }).catch(() => true)
}

async function remembered(deps: SlackDeps, key: string, ask: () => Promise<boolean>): Promise<boolean> {
  const known = await deps.state.get(key)
  if (known !== null) return known === 'yes'
  try {
    const answer = await ask()
    await deps.state.set(key, answer ? 'yes' : 'no', hour)
    return answer
  } catch (cause) {
    throw new PromptsError('unavailable', "Couldn't check this channel with Slack", { hint: 'Try again in a minute.', cause })
  }
}
