import { Advice } from '../../model/operation.ts'

/** When cron runs something: every minute of every day, unless said otherwise. */
export interface Schedule {
  readonly minute?: string | number
  readonly hour?: string | number
  readonly day?: string | number
  readonly month?: string | number
  readonly weekday?: string | number
  /** In place of the five others. */
  readonly special?: 'reboot' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'
}

const limits = { minute: [0, 59], hour: [0, 23], day: [1, 31], month: [1, 12], weekday: [0, 7] } as const
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const fields = Object.keys(limits) as (keyof typeof limits)[]

/** A line of a crontab; `more` stands between the times and the command. @throws when a time cannot be one */
export function jobLine(schedule: Schedule, more: readonly string[], command: string): string {
  const { special } = schedule
  const said = fields.filter((field) => schedule[field] !== undefined)
  if (special !== undefined && said.length > 0)
    throw new Advice(`give special: '${special}' or ${said.join(', ')}, not both`, 'leave one of them out')
  const times =
    special === undefined ? fields.map((field) => time(field, String(schedule[field] ?? '*'))) : [`@${special}`]
  return [...times, ...more, command].join(' ')
}

function time(field: keyof typeof limits, text: string): string {
  const [least, most] = limits[field]
  const names: readonly string[] = field === 'month' ? months : field === 'weekday' ? days : []
  const numberOf = (one: string) => {
    if (/^\d+$/.test(one)) return +one >= least && +one <= most ? +one : Number.NaN
    const at = names.indexOf(one.toLowerCase())
    return at === -1 ? Number.NaN : at + least
  }
  const good = text.split(',').every((part) => {
    const [, range, step] = /^(\*|\w+(?:-\w+)?)(?:\/(\d+))?$/.exec(part) ?? []
    if (range === undefined || (step !== undefined && (+step === 0 || !/[*-]/.test(range)))) return false
    if (range === '*') return true
    const [from = Number.NaN, to = from] = range.split('-').map(numberOf)
    // Backwards, as in sat-sun, cron takes it and never runs it.
    return from <= to
  })
  if (!good) {
    const why = `${JSON.stringify(text)} cannot be a ${field} of a job`
    const like =
      field === 'weekday' ? '*, */2, 1-5, mon-fri or 0,6' : `*, */5, ${least}-${least + 4} or ${least},${most}`
    throw new Advice(why, `it goes from ${least} to ${most}, and ranges go up: write it like ${like}`)
  }
  return text
}

/** The crontab with the job below its marker; the very same string when nothing changes. */
export function withJob(text: string, { name, line }: { readonly name: string; readonly line: string }): string {
  const { lines, at } = parts(text, name)
  if (at === -1) return join([...lines, marker(name), line])
  const others = join(lines.slice(entryEnd(lines, at)))
  return join([...lines.slice(0, at), marker(name), line]) + withoutJob(others, name)
}

/** The crontab without the job and its marker. */
export function withoutJob(text: string, name: string): string {
  const { lines, at } = parts(text, name)
  if (at === -1) return text
  return withoutJob(join([...lines.slice(0, at), ...lines.slice(entryEnd(lines, at))]), name)
}

// Whoever took the line below the marker away took the job away.
function entryEnd(lines: readonly string[], at: number): number {
  return at + (isJob(lines[at + 1]) ? 2 : 1)
}

/** The crontab with the variable where it was, or before all else. */
export function withEnv(text: string, name: string, value: string): string {
  const { lines } = parts(text, '')
  const line = `${name}="${value}"`
  const at = lines.findIndex((one) => assigns(one, name))
  if (at !== -1 && valueIn(lines[at]!) === value) return text
  if (at !== -1) return join(lines.with(at, line))
  const first = lines.findIndex((one) => !/^\s*(#(?! switchover: |Ansible: )|$)/.test(one))
  return join(lines.toSpliced(first === -1 ? lines.length : first, 0, line))
}

/** The crontab without the variable. */
export function withoutEnv(text: string, name: string): string {
  const { lines } = parts(text, '')
  const kept = lines.filter((line) => !assigns(line, name))
  return kept.length === lines.length ? text : join(kept)
}

function parts(text: string, name: string): { readonly lines: readonly string[]; readonly at: number } {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  return { lines, at: lines.findIndex((line) => isMarker(line, name)) }
}

function join(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

// Ansible's entries are found by the same names: after a move from there no job must run twice. Blanks at the end are
// seen by nobody.
function isMarker(line: string, name: string): boolean {
  return [marker(name), `#Ansible: ${name}`].some((one) => one.trimEnd() === line.trimEnd())
}

function marker(name: string): string {
  return `# switchover: ${name}`
}

function isJob(line: string | undefined): boolean {
  return line !== undefined && line.trim() !== '' && !/^#(\s|Ansible: )/.test(line)
}

function assigns(line: string, name: string): boolean {
  return new RegExp(`^\\s*(["']?)${name}\\1\\s*=`).test(line)
}

function valueIn(line: string): string {
  return line
    .slice(line.indexOf('=') + 1)
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
}
