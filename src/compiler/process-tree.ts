import { readdir, readFile } from 'node:fs/promises'

/** One process as /proc has it. */
interface Seen {
  parent: number
  group: number
  session: number
  /** In clock ticks since the machine's start: with the id it names a process for good. */
  started: string
}

const pageGib = 4096 / 1024 ** 3

/**
 * The processes that one started, however they were forked: its group, its session, its descendants, and those once seen among
 * them that have left all three since. On a system without /proc it knows of none, and the bound is the operator's container.
 */
export class ProcessTree {
  readonly #root: number
  readonly #known = new Map<number, string>()

  /** @param root The first process, leader of a group and session of its own. */
  constructor(root: number) {
    this.#root = root
  }

  /** What they hold together, GiB: what each has alone, and what they share once. */
  async memoryGib(): Promise<number> {
    const members = await this.#members()
    let alone = 0
    let shared = 0
    for (const pid of members) {
      const [, resident = 0, common = 0] = (await readProc(pid, 'statm')).split(' ').map(Number)
      alone += Math.max(0, resident - common)
      shared = Math.max(shared, common)
    }
    return (alone + shared) * pageGib
  }

  /** Ends all of them at once. */
  async kill(): Promise<void> {
    signal(-this.#root)
    for (const pid of await this.#members()) signal(pid)
  }

  async #members(): Promise<number[]> {
    const all = await readAll()
    for (const [pid, started] of this.#known) if (all.get(pid)?.started !== started) this.#known.delete(pid)
    const root = this.#root
    for (let before = -1; before !== this.#known.size; ) {
      before = this.#known.size
      for (const [pid, { parent, group, session, started }] of all) {
        if (pid === root || group === root || session === root || this.#known.has(parent)) this.#known.set(pid, started)
      }
    }
    return [...this.#known.keys()]
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself in the meantime
  }
}

async function readAll(): Promise<Map<number, Seen>> {
  const names = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    names.map(async (name): Promise<[number, Seen] | null> => {
      const text = await readProc(Number(name), 'stat')
      // the second field is the program's name, which may hold anything; what follows its last bracket is numbers
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const [, parent, group, session] = fields.map(Number)
      if (parent === undefined || group === undefined || session === undefined) return null
      return [Number(name), { parent, group, session, started: fields[19] ?? '' }]
    }),
  )
  return new Map(found.filter((one) => one !== null))
}

async function readProc(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
}
