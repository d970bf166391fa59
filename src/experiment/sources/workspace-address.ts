/**
 * An address of PROMPTS_EXPERIMENTS, and the workspaces that it is for: `T0123=gs://runs`, `T0123+T0456=folder`, `*=folder`;
 * null: nobody said.
 */
export interface WorkspaceAddress {
  workspaces: ReadonlySet<string> | 'all' | null
  address: string
}

const prefix = /^(\*|[TE][A-Z0-9]{2,}(?:\+[TE][A-Z0-9]{2,})*)=(.+)$/s

export function workspaceAddress(entry: string): WorkspaceAddress {
  const match = prefix.exec(entry)
  if (match === null) return { workspaces: null, address: entry }
  return { workspaces: match[1] === '*' ? 'all' : new Set(match[1]!.split('+')), address: match[2]! }
}

/** Whether a workspace may reach it; where one bot serves one workspace an address without a name is its. */
export function isOf({ workspaces }: WorkspaceAddress, workspace: string): boolean {
  return workspaces === null || workspaces === 'all' || workspaces.has(workspace)
}
