import { type HostCounts, recap, type RunFinished, type RunStarted, type Status, type Timed } from '../model/event.ts'
import { identity, showPath } from '../model/path.ts'
import type { Output } from '../model/output-file.ts'
import { program } from '../model/program.ts'
import { showDuration } from './clock.ts'
import { createCriticalPath, type Link } from './critical-path.ts'

/** The files that runs are kept in as pages. */
export const pageFile: Output = {
  what: 'the page of a run',
  isOne: (text) => text.slice(0, 200).includes('<meta name="generator" content="switchover">'),
}

/**
 * A run as one page of HTML that needs nothing beside it, neither scripts nor other files: how it ended, what it told,
 * when each host did what, and what held it up. It can be read on paper and on a phone.
 */
export function htmlReport(events: Iterable<Timed>): string {
  const run = folded(events)
  const { started, finished, counts, links } = run
  const title = started?.playbook ?? 'A run'
  const verdict = finished?.outcome === 'ok' ? 'ok' : 'failed'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="switchover">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${text(title)}</h1>
<p>${started?.check ? 'Check mode: nothing was changed. ' : ''}<b class="${verdict}">${text(
    finished?.outcome ?? 'broken off',
  )}</b> after ${text(showDuration(run.ended - run.began))}, begun ${text(when(run.began))}</p>
<p><code>${text([program(), ...(started?.argv ?? [])].join(' '))}</code></p>
</header>
${failures(run)}${told(run)}${timeline(run)}${critical(links)}${hosts(counts)}${tasks(run)}
</body>
</html>
`
}

/** One task on one host. */
interface Done {
  readonly title: string
  readonly id: string
  readonly host: string
  readonly from: number
  readonly to: number
  readonly status: Status
  readonly event: Extract<Timed, { readonly type: 'task-finished' }>
}

interface Run {
  readonly started: RunStarted | undefined
  readonly finished: RunFinished | undefined
  readonly began: number
  readonly ended: number
  readonly done: readonly Done[]
  readonly counts: readonly HostCounts[]
  readonly links: readonly Link[]
  /** Lines that tasks told, by task and host. */
  readonly logs: ReadonlyMap<string, readonly string[]>
}

function folded(events: Iterable<Timed>): Run {
  const all = [...events]
  const path = createCriticalPath()
  const done: Done[] = []
  const logs = new Map<string, string[]>()
  for (const event of all) {
    path.add(event)
    if (event.type === 'output' && event.stream === 'log') {
      const key = `${showPath(event.path)}\n${event.host}`
      logs.set(key, [...(logs.get(key) ?? []), ...event.text.trimEnd().split('\n')])
    }
    if (event.type !== 'task-finished' || event.status === 'skipped' || event.status === 'resumed') continue
    const { host, time: to, milliseconds, status } = event
    const title = showPath(event.path)
    done.push({ title, id: identity(event.path), host, from: to - milliseconds, to, status, event })
  }
  const started = all.find((event) => event.type === 'run-started')
  const finished = all.findLast((event) => event.type === 'run-finished')
  const began = all[0]?.time ?? 0
  const ended = all.at(-1)?.time ?? began
  return { started, finished, began, ended, done, counts: recap(all), links: path.links(), logs }
}

function failures({ done }: Run): string {
  const failed = done.filter(({ event }) => event.failure && event.status !== 'ignored')
  if (failed.length === 0) return ''
  const each = failed.map(({ title, host, status, event: { failure } }) => {
    const { reason, hint, at } = failure!
    return `<article class="${status}"><h3>${text(host)}: ${text(title)}${status === 'rescued' ? ' (rescued)' : ''}</h3>
<pre>${text(reason)}</pre><p>${text(`${at.file}:${at.line}`)}</p>${hint ? `<p>→ ${text(hint)}</p>` : ''}</article>`
  })
  return section('What failed', each.join(''))
}

function told({ logs }: Run): string {
  if (logs.size === 0) return ''
  const each = [...logs].map(([key, lines]) => {
    const [title, host] = key.split('\n')
    return `<h3>${text(title!)} <small>${text(host!)}</small></h3><pre>${text(lines.join('\n'))}</pre>`
  })
  return section('What the tasks told', each.join(''))
}

const wide = 1000
const row = 14

/** When each host did what: a band a host, a bar a task; what held the run up is drawn dark. */
function timeline({ done, began, ended, links }: Run): string {
  if (done.length === 0) return ''
  const scale = wide / Math.max(1, ended - began)
  const held = new Set(links.map(({ path, host, ended: at }) => `${identity(path)} ${host} ${at}`))
  let y = 0
  const bands = [...new Set(done.map(({ host }) => host))].sort().map((host) => {
    const lanes: number[] = []
    const bars = done
      .filter((one) => one.host === host)
      .sort((a, b) => a.from - b.from)
      .map((one) => {
        // What runs side by side on a host lies below each other.
        const free = lanes.findIndex((until) => until <= one.from)
        const lane = free < 0 ? lanes.length : free
        lanes[lane] = one.to
        const x = (one.from - began) * scale
        const width = Math.max(0.6, (one.to - one.from) * scale)
        const path = held.has(`${one.id} ${host} ${one.to}`) ? ' held' : ''
        const says = `${one.title} on ${host}: ${one.status}, ${showDuration(one.to - one.from)}`
        return `<rect class="${one.status}${path}" x="${x.toFixed(1)}" y="${y + lane * row}" width="${width.toFixed(
          1,
        )}" height="${row - 3}"><title>${text(says)}</title></rect>`
      })
    const height = Math.max(1, lanes.length) * row
    const name = `<text x="-6" y="${y + row - 4}">${text(host)}</text>`
    const line = `<line x1="0" x2="${wide}" y1="${y + height}" y2="${y + height}"/>`
    y += height + 4
    return name + bars.join('') + line
  })
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const anchor = part === 1 ? ' style="text-anchor:end"' : part === 0 ? ' style="text-anchor:start"' : ''
    return `<text class="mark" x="${part * wide}" y="-6"${anchor}>${text(showDuration((ended - began) * part))}</text>`
  })
  const box = `-130 -24 ${wide + 140} ${y + 30}`
  const legend = ['ok', 'changed', 'failed', 'held'].map(
    (kind) => `<i class="${kind}"></i>${kind === 'held' ? 'on the critical path' : kind} `,
  )
  return section(
    'Timeline',
    `<div class="scroll"><svg viewBox="${box}" role="img" aria-label="Tasks of each host over time">
${marks.join('')}${bands.join('')}</svg></div>
<p class="legend">${legend.join('')}</p>`,
  )
}

function critical(links: readonly Link[]): string {
  if (links.length === 0) return ''
  const rows = links
    .filter(({ milliseconds }) => milliseconds >= 100)
    .map(
      ({ path, host, milliseconds }) =>
        `<tr><td class="n">${text(showDuration(milliseconds))}</td><td>${text(showPath(path))}</td><td>${text(
          host ?? 'the operator',
        )}</td></tr>`,
    )
  return section(
    'Critical path',
    `<p>Each began because the one before it had ended; only what stands here is worth making faster.</p>
${table(['time', 'task', 'host'], rows)}`,
  )
}

function hosts(counts: readonly HostCounts[]): string {
  const words = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const
  const rows = counts.map(
    (one) => `<tr><td>${text(one.host)}</td>${words.map((word) => `<td class="n">${one[word]}</td>`).join('')}</tr>`,
  )
  return section('Hosts', table(['host', ...words], rows))
}

function tasks({ done }: Run): string {
  const all = new Map<string, Done[]>()
  for (const one of done) all.set(one.title, [...(all.get(one.title) ?? []), one])
  const rows = [...all].map(([title, each]) => {
    const changed = each.filter(({ status }) => status === 'changed').length
    const longest = Math.max(...each.map(({ from, to }) => to - from))
    const numbers = [each.length, changed, showDuration(longest)]
    return `<tr><td>${text(title)}</td>${numbers.map((one) => `<td class="n">${one}</td>`).join('')}</tr>`
  })
  return section('Tasks', table(['task', 'hosts', 'changed', 'longest'], rows))
}

function section(title: string, content: string): string {
  return `<section><h2>${title}</h2>${content}</section>`
}

function table(head: readonly string[], rows: readonly string[]): string {
  const names = head.map((name) => `<th>${name}</th>`).join('')
  return `<div class="scroll"><table><tr>${names}</tr>${rows.join('')}</table></div>`
}

function when(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function text(raw: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return raw.replace(/[&<>"]/g, (found) => names[found]!)
}

const style = `
:root { font: 15px/1.45 system-ui, sans-serif; color: #1c1c1c; background: #fff }
body { max-width: 72rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.15rem; margin: 1.8rem 0 .4rem }
h3 { font-size: 1rem; margin: .8rem 0 .2rem }
small { color: #666; font-weight: normal }
code, pre { font: 12.5px/1.4 ui-monospace, monospace }
pre { background: #f5f5f3; padding: .6rem; margin: .2rem 0; overflow-x: auto; white-space: pre-wrap;
  overflow-wrap: anywhere }
code { overflow-wrap: anywhere }
.scroll { overflow-x: auto }
table { border-collapse: collapse }
th, td { text-align: left; padding: .15rem .7rem .15rem 0; border-bottom: 1px solid #ddd }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
article { border-left: 4px solid #b3261e; padding-left: .8rem }
article.rescued { border-color: #b06c00 }
b.ok { color: #17692b }
b.failed { color: #b3261e }
svg { width: 100%; min-width: 40rem }
svg text { font: 11px system-ui, sans-serif; text-anchor: end }
svg text.mark { text-anchor: middle; fill: #666 }
svg line { stroke: #e3e3e3 }
.ok { fill: #9bb8a0 }
.changed { fill: #d9a441 }
.failed, .unreachable { fill: #b3261e }
.rescued, .ignored { fill: #b06c00 }
rect.held { stroke: #111; stroke-width: 1.2 }
.legend i { display: inline-block; width: .9em; height: .9em; margin: 0 .3em 0 1em; vertical-align: -1px;
  background: #9bb8a0 }
.legend i.changed { background: #d9a441 }
.legend i.failed { background: #b3261e }
.legend i.held { background: #fff; border: 1.5px solid #111 }
@media print { body { max-width: none; padding: 0 }
section { break-inside: auto }
pre, tr, article { break-inside: avoid }
  .scroll { overflow: visible }
svg { min-width: 0 } }
`
