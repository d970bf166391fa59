import type { AppsManifestCreateArguments } from '@slack/web-api'

/** The scopes that the app asks for, the fewest it can do with, and what each is for. */
export const scopeReasons = {
  'app_mentions:read': 'hears when someone mentions it',
  'channels:history': 'hears follow-ups in its threads in public channels',
  'groups:history': 'hears follow-ups in its threads in private channels',
  'im:history': 'hears direct messages',
  'mpim:history': 'hears mentions and follow-ups in group direct messages',
  'chat:write': 'answers',
  'assistant:write': 'suggests what to ask in its direct messages',
  'reactions:read': 'hears reactions: they adopt cards',
  'reactions:write': 'puts 👀 on a question while it works',
  commands: '/prompts and the message shortcut',
  'files:read': 'reads an experiment that was sent as a file',
  'files:write': 'uploads the roofline as a picture, and the page of a profile',
  'users:read': 'tells guests from members',
  'usergroups:read': 'who may adopt, where that is a user group',
  'channels:read': 'whether a public channel is shared with other organizations',
  'groups:read': 'whether a private channel is shared with other organizations',
} as const

export const botScopes = Object.keys(scopeReasons) as (keyof typeof scopeReasons)[]

export const botEvents = [
  'app_mention',
  'message.channels',
  'message.groups',
  'message.im',
  'message.mpim',
  'reaction_added',
  'reaction_removed',
  'app_home_opened',
] as const
const oauthEvents = ['tokens_revoked', 'app_uninstalled'] as const

/** What is offered for asking where someone opens the bot's direct messages; Slack shows up to four. */
export function suggestedPrompts(experiments: readonly string[]): { title: string; message: string }[] {
  const [first] = experiments
  return [
    ...(first === undefined ? [] : [{ title: `Diagnose ${first}`.slice(0, 70), message: `diagnose ${first}` }]),
    ...(first === undefined ? [] : [{ title: `Plan ${first}`.slice(0, 70), message: `plan ${first}` }]),
    { title: 'Which runs are there?', message: 'which runs are there?' },
    { title: 'What can you do?', message: 'what can you do?' },
  ]
}

type Manifest = AppsManifestCreateArguments['manifest']

export interface ManifestOptions {
  /** Public address of this server: HTTP instead of Socket Mode. */
  url?: string
  /** Many workspaces: adds the redirect address and the events of uninstalling. Needs a url. */
  oauth?: boolean
}

/** The app's manifest, as Slack's "create an app from a manifest" takes it. */
export function appManifest(options: ManifestOptions = {}): Manifest {
  const base = options.url?.replace(/\/+$/, '')
  const request = base === undefined ? undefined : `${base}/slack/events`
  const withUrl = <T extends object>(entry: T) => (request === undefined ? entry : { ...entry, url: request })
  return {
    _metadata: { major_version: 2 },
    display_information: {
      name: 'PROMPTS',
      description: 'Diagnoses TPU jobs and proposes meshes that were checked before they cost a pod.',
      background_color: '#1a3a5c',
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      agent_view: {
        agent_description: 'Diagnoses TPU jobs: what holds a step back, and which mesh to try first.',
        suggested_prompts: suggestedPrompts(['llama2-70b-v5p']),
      },
      bot_user: { display_name: 'prompts', always_online: true },
      shortcuts: [
        {
          name: 'Diagnose this experiment',
          type: 'message',
          callback_id: 'diagnose_message',
          description: 'Diagnose the experiment that this message names',
        },
      ],
      slash_commands: [
        withUrl({
          command: '/prompts',
          description: 'Diagnose a TPU job, plan a mesh, look up cases',
          usage_hint: 'diagnose exp-123 | plan exp-123 | cases llama v5p | help',
          should_escape: true,
        }),
      ],
    },
    oauth_config: {
      ...(base !== undefined && options.oauth === true ? { redirect_urls: [`${base}/slack/oauth_redirect`] } : {}),
      // the client's own list of scopes does not know assistant:write
      scopes: { bot: [...botScopes] as never[] },
    },
    settings: {
      event_subscriptions: {
        ...(request === undefined ? {} : { request_url: request }),
        bot_events: [...botEvents, ...(options.oauth === true ? oauthEvents : [])],
      },
      interactivity: { is_enabled: true, ...(request === undefined ? {} : { request_url: request }) },
      org_deploy_enabled: false,
      socket_mode_enabled: request === undefined,
      token_rotation_enabled: false,
    },
  }
}
