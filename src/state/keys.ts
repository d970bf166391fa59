/**
 * Every key of the state store, so that two parts cannot mean different things by one name, and so that what belongs to a run is
 * known in one place: `forget` deletes what `ofRun` and `listedOfRun` name.
 */

interface Thread {
  team: string
  channel: string
  threadTs: string
}

/** One entry a run. */
export const ofRun = {
  record: (run: string) => `run:${run}`,
  /** How it ended. */
  end: (run: string) => `runend:${run}`,
  failure: (run: string) => `failure:${run}`,
  /** All messages of its end are written down. */
  delivered: (run: string) => `delivered:${run}`,
  /** Accepted, and not known to have ended. */
  active: (run: string) => `active:${run}`,
  compiling: (run: string) => `compiling:${run}`,
  pictures: (run: string) => `pictures:${run}`,
  /** The place among those that show progress that it holds. */
  progressSlot: (run: string) => `rootof:${run}`,
  /** Counted against its asker's day. */
  counted: (run: string) => `counted:${run}`,
  /** Who adopted which card; derived from the run's events. */
  adopted: (run: string) => `adopted:${run}`,
  adoptionLock: (run: string) => `adoptlock:${run}`,
  /** How often its adoption changed; names the messages about it. */
  adoptionChanges: (run: string) => `changes:${run}`,
  /** Put back into the queue after the state was lost. */
  restored: (run: string) => `restored:${run}`,
  reminded: (run: string) => `reminded:${run}`,
} as const

/** Many entries a run: prefixes of their keys, to be listed. */
export const listedOfRun = {
  watchers: (run: string) => `watch-${run}:`,
  marks: (run: string) => `marks-${run}:`,
  /** The page of its profile, by thread. */
  pages: (run: string) => `pages-${run}:`,
} as const

/** Prefixes that list all runs' entries of a kind. */
export const everyRun = { active: 'active:', compiling: 'compiling:', adopted: 'adopted:' } as const

export const keys = {
  /** The run that stands for a subject now. */
  openRun: (team: string, subject: string) => `open:${team}/${subject}`,
  watcher: (run: string, { channel, threadTs }: Omit<Thread, 'team'>) => `${listedOfRun.watchers(run)}${channel}/${threadTs}`,
  /** Where its page stands in a thread: the file's address. */
  pageShared: (run: string, { channel, threadTs }: Omit<Thread, 'team'>) => `${listedOfRun.pages(run)}${channel}/${threadTs}`,
  pageSharing: (run: string, { channel, threadTs }: Omit<Thread, 'team'>) => `pagesharing:${run}/${channel}/${threadTs}`,
  /** Who waits in a thread was told how long. */
  waitTold: (run: string, { channel, threadTs }: Omit<Thread, 'team'>) => `waittold:${run}/${channel}/${threadTs}`,
  adoptionMark: (run: string, mark: { user: string; rank: number; source: string }) =>
    `${listedOfRun.marks(run)}${mark.user}/${mark.rank}/${mark.source}`,

  threadRuns: ({ team, channel, threadTs }: Thread) => `thread-${team}/${channel}/${threadTs}:`,
  threadRun: (thread: Thread, run: string) => `${keys.threadRuns(thread)}${run}`,
  /** Numbers what must keep an order over processes, a workspace each. */
  order: (team: string, what: 'messages' | 'marks' | 'threads' | 'reactions') => `order:${what}/${team}`,

  /** The job of one line that a thread is about. */
  threadJob: ({ team, channel, threadTs }: Thread) => `linejob:${team}/${channel}/${threadTs}`,

  tenants: 'tenant:',
  tenant: (team: string) => `tenant:${team}`,
  quota: (team: string, user: string, day: string) => `quota:${team}/${user}/${day}`,
  guest: (team: string, user: string) => `guest:${team}/${user}`,
  sharedChannel: (team: string, channel: string) => `shared:${team}/${channel}`,
  privateChannel: (team: string, channel: string) => `private:${team}/${channel}`,
  groupMembers: (team: string, group: string) => `group:${team}/${group}`,
  progressPlace: (team: string, slot: number | string) => `rootslot:${team}/${slot}`,

  event: (eventId: string) => `event:${eventId}`,
  message: ({ team, channel, ts }: { team: string; channel: string; ts: string }) => `message:${team}/${channel}/${ts}`,
  click: (triggerId: string) => `click:${triggerId}`,
  inbox: 'inbox:',
  delivery: (id: string) => `inbox:${id}`,
  deliveryHeld: (key: string) => `replaying:${key}`,
  deliveryTries: (key: string) => `replays:${key}`,
  earlyReactions: ({ channel, ts }: { channel: string; ts: string }) => `early-${channel}-${ts}:`,
  earlyApplied: (key: string) => `applied:${key}`,

  sent: (team: string, key: string) => `sent:${team}/${key}`,
  sentSubject: (team: string, { channel, ts }: { channel: string; ts: string }) => `subject:${team}/${channel}/${ts}`,
  tried: (team: string, key: string) => `outtried:${team}/${key}`,
  givenUp: (team: string, key: string) => `outgone:${team}/${key}`,
  lease: (team: string, key: string) => `outlease:${team}/${key}`,
  senders: 'outowner:',
  sender: (owner: string) => `outowner:${owner}`,
  senderAlive: (owner: string) => `outalive:${owner}`,
  senderTakenOver: (owner: string) => `outtakeover:${owner}`,
  outbox: (owner: string) => `outbox-${owner}:`,
  /** It answered `invalid_blocks` to blocks that are newer than it knows. */
  refusesNewBlocks: (team: string) => `oldblocks:${team}`,
  refusesStreams: (team: string) => `nostreams:${team}`,
  throttled: (team: string) => `throttled:${team}`,
  reacted: ({ channel, ts, name }: { channel: string; ts: string; name: string }) => `reacted:${channel}/${ts}/${name}`,
  unreact: ({ channel, ts, name }: { channel: string; ts: string; name: string }) => `unreact:${channel}/${ts}/${name}`,
  /** Written to see whether the store takes writes. */
  probe: (process: string) => `probe:${process}`,
  /** Names of buckets. */
  pace: (lane: string) => `pace:${lane}`,

  jobs: (queue: string) => `job:${queue}/`,
  /** A bot that may not ask: its owner was told how it could. */
  botTold: (team: string, channel: string, bot: string) => `bottold:${team}/${channel}/${bot}`,
  /** Something that a person was asked to confirm. */
  offer: (id: string) => `offer:${id}`,
  offerTaken: (id: string) => `offertaken:${id}`,
  /** The last one that a person was asked in a thread. */
  openOffer: ({ team, channel, threadTs }: Thread, user: string) => `openoffer:${team}/${channel}/${threadTs}/${user}`,

  job: (queue: string, id: string) => `job:${queue}/${id}`,
  deadJobs: (queue: string) => `jobdead:${queue}/`,
  deadJob: (queue: string, id: string) => `jobdead:${queue}/${id}`,
  jobDone: (queue: string, id: string) => `jobdone:${queue}/${id}`,
  installations: 'installation:',
} as const
