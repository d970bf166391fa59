/** The page's own look: nothing is loaded from elsewhere. */
export const style = `
:root { color-scheme: light dark; --text: #1b1f24; --muted: #545d68; --line: #d5d9e0; --plate: #fff; --back: #f5f6f8; --accent: #0b5fc4; --warn: #b0182d }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ee; --muted: #9aa4b1; --line: #39414c; --plate: #1c2128; --back: #14181d; --accent: #6cb0ff; --warn: #ff8093 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 60px }
h1 { font-size: 22px; margin: 0 0 4px; overflow-wrap: anywhere }
h2 { font-size: 17px; margin: 0 0 10px }
section, header { background: var(--plate); border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px; margin-bottom: 16px }
p { margin: 6px 0 }
.muted { color: var(--muted) }
.class { font-size: 18px; font-weight: 600 }
ul { margin: 6px 0; padding-left: 20px }
li { overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 10px; margin: 0 }
dt { color: var(--muted); font-size: 13px }
dd { margin: 0; font-size: 17px; font-weight: 600; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 14px }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap }
td:first-child { max-width: 340px; overflow: hidden; text-overflow: ellipsis }
th { color: var(--muted); font-weight: 500 }
.figure { text-align: right; font-variant-numeric: tabular-nums; padding-right: 14px }
.bar { display: flex; height: 26px; border-radius: 4px; overflow: hidden; margin: 4px 0 12px }
.bar span { display: block; min-width: 1px }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; padding: 0; list-style: none; margin: 0 }
.key i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px }
svg { max-width: 100%; height: auto; display: block }
.lane { margin: 0 0 8px }
.lane b { display: block; font-weight: 400; font-size: 13px; color: var(--muted); overflow-wrap: anywhere }
@media (max-width: 560px) { main { padding: 12px 10px 40px } section, header { padding: 12px } }
@media print { body { background: #fff } section, header { break-inside: avoid } }
`

/** One colour a part of the step, apart in light and dark and for those who see red and green alike. */
export const partColors: Readonly<Record<string, string>> = {
  matmul: '#0b5fc4',
  attention: '#4f8fe6',
  kernel: '#6b3fa0',
  elementwise: '#a34a00',
  copy: '#d0892f',
  collective_ici: '#b5154f',
  collective_dcn: '#e0699a',
  host_copy: '#39705f',
  infeed: '#62a58e',
  barrier: '#8a7a2e',
  idle: '#b9c0ca',
  other: '#6a7380',
}

export const partNames: Readonly<Record<string, string>> = {
  matmul: 'matrix products',
  attention: 'attention',
  kernel: 'opaque kernels',
  elementwise: 'elementwise and fusions',
  copy: 'copies',
  collective_ici: 'collectives between chips',
  collective_dcn: 'transfers between slices',
  host_copy: 'copies to and from the host',
  infeed: 'infeed and outfeed',
  barrier: 'waiting in barriers',
  idle: 'idle',
  other: 'other',
}
