import type { ProfileKind } from '../profile-kinds.ts'
import { profileKinds } from '../profile-kinds.ts'

const chosen = ['compute-dense', 'hbm-decode', 'communication-tensor', 'communication-experts', 'host-idle', 'host-infeed', 'host-offload']

/** A profile of each bottleneck, on four hosts and over twenty steps. */
export function cases(): ProfileKind[] {
  return profileKinds()
    .filter((kind) => chosen.includes(kind.name))
    .map((kind) => ({
      ...kind,
      hosts: [0, 1, 2, 3].flatMap((host) =>
        kind.hosts.map((spec) => ({ ...spec, hostname: `synthetic-${host}`, steps: 20, cores: 2, seed: host + 1 })),
      ),
    }))
}
