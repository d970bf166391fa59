/** One size for all pictures: what Slack shows at half of it stays readable, and drawn twice as large it is sharp. */
export const size = { width: 760, height: 456 } as const

/** How many pixels of the PNG a unit of the SVG gets. */
export const pixelRatio = 2

export const font = { family: 'IBM Plex Sans', title: 20, text: 15, small: 13.5 } as const

/**
 * The plate is light in light and dark Slack alike, so what is drawn on it is judged against it alone: text and marks of meaning
 * have a contrast of 4.5 or more, the grid stays faint.
 */
export const colors = {
  plate: '#ffffff',
  plateEdge: '#c9ced6',
  text: '#1b1f24',
  muted: '#545d68',
  grid: '#e4e7ec',
  axis: '#8a929d',
  roof: '#1b1f24',
  hbmRegion: '#fdf3e7',
  computeRegion: '#eaf2fd',
  before: '#5d6673',
  after: '#0b5fc4',
  better: '#0f6b39',
  worse: '#b0182d',
} as const

/** What bounds an op, or what a part of a step is spent on. */
export const kinds = {
  compute: { color: '#0b5fc4', label: 'compute' },
  hbm: { color: '#a34a00', label: 'HBM' },
  vmem: { color: '#6b3fa0', label: 'VMEM' },
  communication: { color: '#b5154f', label: 'communication' },
  host: { color: '#39705f', label: 'host' },
  other: { color: '#6a7380', label: 'other' },
} as const

export type Kind = keyof typeof kinds
