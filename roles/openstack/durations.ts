import type { Operation, Value } from '../../lib/index.ts'
import { copyBetween, database, lvm, probe, shell } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf, sourceOf } from './cloud.ts'
import { foretoldFile, tookFile } from './kept.ts'
import { rootLogin } from './logins.ts'
import { inWords, together } from './look/finding.ts'

// How long the move takes: what is foretold of it from sizes and rates, and what it took.

/** What of a move lasts, in the order in which it is done; `copy` is that of files and volumes, beside the others. */
export const parts = ['dump', 'import', 'conversion', 'migration', 'copy'] as const
export type Part = (typeof parts)[number]

/** How long one part of a service's move lasts, for so many bytes: those of its dump, its files or its volumes. */
export type Lasting = {
  readonly service: string
  readonly part: Part
  readonly bytes: number
  readonly seconds: number
}

/** What is foretold, and from what. */
export type Foretold = {
  readonly lasting: readonly Lasting[]
  /** Seconds in which the cloud answers nobody. */
  readonly away: number
  /** Seconds of the way back. */
  readonly back: number
  /** Where the rates come from, a line each. */
  readonly from: readonly string[]
}

/**
 * Bytes in a second where nothing has been measured, and seconds that it lasts however little there is. Guessed to be
 * slow rather than fast (`npm run test:database` tells those of one machine): migrations of the releases' own tools
 * start Python for each database, and copy each table that they alter.
 */
const usual: Readonly<Record<Part, { readonly rate: number; readonly least: number }>> = {
  dump: { rate: 60e6, least: 1 },
  import: { rate: 15e6, least: 2 },
  conversion: { rate: 30e6, least: 1 },
  migration: { rate: 15e6, least: 5 },
  copy: { rate: 60e6, least: 1 },
}
/** Seconds beside all data: what stops and starts, and is waited for; on the way there, and on the way back. */
const steady = { there: 60, back: 60 }

/** Less tells of nothing but how a program starts. */
const worth = 4e6

/** What the move would take, told by the target from the sizes of the source. */
export async function foretell(host: CloudHost): Promise<Foretold> {
  const source = sourceOf(host)
  const [tables, own, data, before, back] = await together(
    tablesOf(source),
    tablesOf(host),
    dataOf(host),
    tookBefore(host),
    backBefore(host),
  )
  const { rates, from } = await ratesOf(host, tables, data)
  const lasting = releaseOf(host).services.flatMap(({ name, databases }): readonly Lasting[] => {
    const mine = databases.map((one) => one.name)
    const bytes = sum(tables.filter(({ schema }) => mine.includes(schema)))
    const files = sum(data.filter(({ service }) => service === name))
    return parts.flatMap((part) => {
      const size = part === 'copy' ? files : bytes
      if (part === 'copy' ? files === 0 : mine.length === 0) return []
      const last = before.find((one) => one.service === name && one.part === part)
      return { service: name, part, bytes: size, seconds: last ? likeLast(last, size) : rates(part, size) }
    })
  })
  if (before.length > 0) from.push('what the last move here took')
  const moving = lasting.filter(({ part }) => part !== 'copy').reduce(plus, 0)
  const copying = lasting.filter(({ part }) => part === 'copy').reduce(plus, 0)
  return {
    lasting,
    // Side by side; but one disk, one server and one way serve all.
    away: Math.round(steady.there + Math.max(moving, copying)),
    back: Math.round(back ?? steady.back + rates('import', sum(own))),
    from,
  }
}

/** As the last time, and longer where there is more. */
function likeLast(last: Lasting, bytes: number): number {
  return last.seconds * Math.max(1, bytes / Math.max(1, last.bytes))
}

interface Table {
  readonly schema: string
  readonly table: string
  readonly bytes: number
}

async function tablesOf(host: CloudHost): Promise<readonly Table[]> {
  const names = releaseOf(host).services.flatMap(({ databases }) => databases.map(({ name }) => `'${name}'`))
  const rows = await host.run(
    database.select(
      `SELECT table_schema, table_name, IFNULL(data_length, 0) FROM information_schema.tables
        WHERE table_schema IN (${names.join(', ')})`,
      rootLogin(host),
    ),
  )
  return rows.map(([schema, table, bytes]) => ({ schema: schema!, table: table!, bytes: Number(bytes) }))
}

/** Files and volumes of the source, and a large one of them: what a copy is measured with. */
interface Data {
  readonly service: string
  readonly bytes: number
  readonly large: string
}

async function dataOf(host: CloudHost): Promise<readonly Data[]> {
  const source = sourceOf(host)
  const found: Data[] = []
  for (const { name, folders = [], serving } of releaseOf(host).services) {
    if (folders.length > 0) {
      const { stdout } = await source.run(probe`
        du -skc ${folders} 2>/dev/null | tail -n 1 | cut -f 1
        find ${folders} -type f -exec du -k {} + 2>/dev/null | sort -rn | head -n 1 | cut -f 2-`)
      const [kB = '0', large = ''] = stdout.split('\n')
      if (Number(kB) > 0) found.push({ service: name, bytes: Number(kB) * 1024, large })
    }
    if (serving) {
      const { volumeGroup } = source.vars
      const volumes = await source.run(lvm.volumes(volumeGroup))
      const [largest] = [...volumes].sort((a, b) => b.bytes - a.bytes)
      const bytes = volumes.reduce((all, one) => all + one.bytes, 0)
      if (largest) found.push({ service: name, bytes, large: `/dev/${volumeGroup}/${largest.name}` })
    }
  }
  return found
}

/** Seconds that a part lasts for so many bytes. */
type Rates = (part: Part, bytes: number) => number

/** The way from the source is tried with its largest table, and with its largest file. */
async function ratesOf(host: CloudHost, tables: readonly Table[], data: readonly Data[]) {
  const source = sourceOf(host)
  const from: string[] = []
  const measured: Partial<Record<Part, number>> = {}
  const [table] = [...tables].sort((a, b) => b.bytes - a.bytes)
  if (table && table.bytes > worth) {
    const { schema, table: name } = table
    const login = rootLogin(source)
    note('dump', await host.run(database.pace({ from: source, database: schema, table: name, login })), name)
  }
  const [most] = [...data].sort((a, b) => b.bytes - a.bytes)
  if (most && most.bytes > worth && most.large !== '')
    note('copy', await host.run(copyBetween.pace({ from: source, path: most.large })), most.large)
  const rates: Rates = (part, bytes) => usual[part].least + bytes / (measured[part] ?? usual[part].rate)
  return { rates, from }

  function note(part: Part, { bytes, seconds }: copyBetween.Pace, what: string): void {
    if (bytes < worth || seconds === 0) return
    measured[part] = bytes / seconds
    from.push(`a ${part} of ${what} brings ${(bytes / seconds / 1e6).toFixed(0)} MB/s here`)
  }
}

/**
 * Does a part of the move of a database, or of other data, and keeps on the target how long it took; `work` gives the
 * bytes, and 0 where there was nothing to do.
 */
export async function timed(
  host: CloudHost,
  service: string,
  data: string,
  part: Part,
  work: () => Promise<number>,
): Promise<void> {
  const began = performance.now()
  const bytes = await work()
  if (bytes === 0) return
  const path = tookFile(host, `${service}.${data}.${part}`)
  const line = `${bytes} ${((performance.now() - began) / 1000).toFixed(2)}`
  await host.run(shell({ touches: [path] })`mkdir -p -m 700 "$(dirname ${path})" && echo ${line} > ${path}`)
}

/** What the parts of the last move took: of each service all its data together. */
export async function tookBefore(host: CloudHost): Promise<readonly Lasting[]> {
  const { stdout } = await host.run(probe`
    cd ${tookFile(host, '')} 2>/dev/null && for f in *.*; do echo "$f $(cat "$f")"; done; :`)
  const all = new Map<string, Lasting>()
  for (const line of stdout.split('\n')) {
    const [, service = '', part, bytes, seconds] = /^(\w+)\.\w+\.(\w+) (\d+) ([\d.]+)$/.exec(line) ?? []
    const known = parts.find((one) => one === part)
    if (!known) continue
    const more = all.get(`${service}.${known}`) ?? { bytes: 0, seconds: 0 }
    const now = { bytes: more.bytes + Number(bytes), seconds: more.seconds + Number(seconds) }
    all.set(`${service}.${known}`, { service, part: known, ...now })
  }
  return [...all.values()].sort((a, b) => parts.indexOf(a.part) - parts.indexOf(b.part))
}

/** Seconds of the last way back. */
async function backBefore(host: CloudHost): Promise<number | undefined> {
  const { stdout } = await host.run(probe`cat ${tookFile(host, 'back')} 2>/dev/null; :`)
  return stdout.trim() === '' ? undefined : Number(stdout)
}

/** Keeps how many seconds the way back took: the next one is foretold from it. */
export function keepBack(host: CloudHost, seconds: number): Operation<Value> {
  const path = tookFile(host, 'back')
  return shell({ touches: [path] })`
    umask 077; mkdir -p "$(dirname ${path})" && echo ${seconds.toFixed(1)} > ${path}`
}

/** What was foretold before the move, where it is kept. */
export async function keptForetold(host: CloudHost): Promise<Foretold | undefined> {
  const { stdout } = await host.run(probe`cat ${foretoldFile(host)} 2>/dev/null; :`)
  return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as Foretold)
}

/** Each service in a line: what its move lasts, part by part. */
export function inParts(lasting: readonly Lasting[]): readonly string[] {
  return [...new Set(lasting.map(({ service }) => service))].map((service) => {
    const mine = lasting.filter((one) => one.service === service)
    const told = mine.map(({ part, seconds }) => `${part} ${lasts(seconds)}`)
    return `${service} takes about ${lasts(mine.reduce(plus, 0))}: ${told.join(', ')}`
  })
}

/** What each part was foretold to last and what it lasted, a line each. */
export function beside(foretold: readonly Lasting[], took: readonly Lasting[]): readonly string[] {
  const services = [...new Set([...foretold, ...took].map(({ service }) => service))]
  return services.flatMap((service) =>
    parts.flatMap((part) => {
      const of = (all: readonly Lasting[]) => all.find((one) => one.service === service && one.part === part)
      const [before, now] = [of(foretold), of(took)]
      if (!before && !now) return []
      const size = now ? `, ${inWords(now.bytes)}` : ''
      return [
        `${service.padEnd(10)} ${part.padEnd(10)} ` +
          `foretold ${before ? lasts(before.seconds) : 'nothing'}, took ${now ? lasts(now.seconds) : 'nothing'}${size}`,
      ]
    }),
  )
}

/** Seconds as people say them. */
export function lasts(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`
  const all = Math.round(seconds)
  if (all < 60) return `${all} s`
  if (all < 3600) return `${Math.floor(all / 60)} min ${all % 60} s`
  return `${Math.floor(all / 3600)} h ${Math.round((all % 3600) / 60)} min`
}

const plus = (all: number, { seconds }: Lasting) => all + seconds
const sum = (tables: readonly { readonly bytes: number }[]) => tables.reduce((all, { bytes }) => all + bytes, 0)
