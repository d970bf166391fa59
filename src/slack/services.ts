import { PromptsError } from '../errors.ts'
import { Adoption } from './adoption/adoption.ts'
import { Reactions } from './adoption/reactions.ts'
import { Clients } from './clients.ts'
import type { SlackDeps } from './deps.ts'
import { EncryptedInstallationStore } from './oauth/installation-store.ts'
import { Offers } from './offers/offers.ts'
import { Hints } from './outbox/hints.ts'
import { Outbox } from './outbox/outbox.ts'
import { Delivery } from './runs/delivery.ts'
import { RunRecords } from './runs/run-records.ts'
import { uploadPictures } from './runs/upload-pictures.ts'

/** The parts that listeners and workers share. */
export interface SlackServices {
  deps: SlackDeps
  installations: EncryptedInstallationStore | null
  clients: Clients
  outbox: Outbox
  records: RunRecords
  delivery: Delivery
  adoption: Adoption
  reactions: Reactions
  offers: Offers
  hints: Hints
}

/** Wires the parts; starts nothing. */
export function createServices(deps: SlackDeps): SlackServices {
  const { config, state, log } = deps
  const installations = createInstallations(deps)
  const clients = new Clients(config, log, installations)
  const keepDays = config.PROMPTS_KEEP_DAYS
  const records = new RunRecords(state, { keepDays })
  let reactions: Reactions | null = null
  const outbox = new Outbox({
    state,
    clock: deps.clock,
    clientFor: (team) => clients.forTeam(team),
    log,
    keepDays,
    alone: deps.alone,
    onSent: async (_team, record) => reactions?.applyEarly(record.channel, record.ts),
    onPause: (kind) => deps.metrics.slackAskedForPause(kind),
    onTokenRefused: async (team, error) => {
      log.error('Slack does not take the token', { team, error })
      clients.forget(team)
      // the operator's own token is replaced by a restart, whose process sends what waits; a workspace that removed the app is
      // gone
      return installations === null
    },
  })
  const adoption = new Adoption({ deps, outbox, records, delivery: () => delivery })
  const delivery = new Delivery({
    deps,
    outbox,
    records,
    adopted: (team, run) => adoption.current(team, run),
    pictures: (record) => uploadPictures(deps, clients, record),
  })
  const clientFor = (team: string) => clients.forTeam(team)
  const offers = new Offers({ deps, outbox, records, adoption, clientFor })
  reactions = new Reactions({ deps, outbox, records, adoption, offers, clientFor })
  const hints = new Hints({ clientFor, log })
  return { deps, installations, clients, outbox, records, delivery, adoption, reactions, offers, hints }
}

export function createInstallations({ config, state }: Pick<SlackDeps, 'config' | 'state'>): EncryptedInstallationStore | null {
  if (config.SLACK_CLIENT_ID === undefined) return null
  if (
    config.SLACK_CLIENT_SECRET === undefined ||
    config.SLACK_STATE_SECRET === undefined ||
    config.PROMPTS_INSTALLATION_KEY === undefined
  ) {
    throw new PromptsError('bad_config', 'SLACK_CLIENT_ID is set, but not all that OAuth needs', {
      hint: 'Set SLACK_CLIENT_SECRET, SLACK_STATE_SECRET and PROMPTS_INSTALLATION_KEY too; for one workspace set SLACK_BOT_TOKEN alone.',
    })
  }
  if (config.SLACK_STATE_SECRET.length < 16) {
    throw new PromptsError('bad_config', 'SLACK_STATE_SECRET is too short: whoever guesses it can forge an installation', {
      hint: 'openssl rand -base64 32',
    })
  }
  return new EncryptedInstallationStore(state, config.PROMPTS_INSTALLATION_KEY, config.PROMPTS_WORKSPACES)
}
