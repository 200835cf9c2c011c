import { pipeline } from 'node:stream/promises'
import { type HostRef, role } from '../../lib/index.ts'
import { type Connection, type Operation, operation, output, type Reader, sh } from '../../lib/kit/index.ts'
import { database, file, shell } from '../../lib/modules/index.ts'
import { type CloudHost, cloud, releaseOf, sourceOf } from './cloud.ts'
import { earlyDump, foretoldFile, sourceTrees } from './kept.ts'
import { rootLogin } from './logins.ts'
import { foretold } from './look.ts'

/**
 * The article's «Setting up»: the configuration of the source, its openrc and its databases, saved on the target while
 * everything still runs. What the upgrade itself imports is dumped anew when the source has stopped; what it changes on
 * the target and on compute nodes it saves itself.
 */
export const backup = role('backup', cloud, ({ task, ensure }) => {
  ensure('Make the folder of the saved files', { tags: ['backup'] }, (host) =>
    file.directory(`${host.vars.backups}/source`, { mode: '0700' }),
  )
  task('Save the configuration of the source', { tags: ['backup'] }, (host) => {
    const { services, openrc } = releaseOf(host)
    return keptTrees(host.vars.source, [...services.map(({ etc }) => etc), openrc], sourceTrees(host))
  })
  const known = (host: CloudHost) => Boolean(host.resultIfRun(foretold)?.foretold)
  task('Keep what was foretold', { tags: ['backup'], when: known }, (host) => {
    const [path, text] = [foretoldFile(host), JSON.stringify(host.resultIfRun(foretold)?.foretold)]
    return shell({ touches: [path] })`umask 077; printf '%s\\n' ${text} > ${path}`
  })
})

/** The databases too, as they are while the services run. */
export const earlyDumps = role('backup.databases', cloud, ({ task }) => {
  task('Save the databases of the source as they are now', { tags: ['backup', 'database'] }, async (host) => {
    await host.run(file.directory(`${host.vars.backups}/early`, { mode: '0700' }))
    for (const { name } of releaseOf(host).services.flatMap(({ databases }) => databases)) {
      const login = rootLogin(sourceOf(host))
      await host.run(database.dump({ database: name, from: host.vars.source, to: earlyDump(host, name), login }))
    }
  })
})

type Trees = { readonly from: HostRef; readonly paths: readonly string[]; readonly to: string }

/** Keeps files and folders of another host in an archive here, for root alone. */
function keptTrees(from: HostRef, paths: readonly string[], to: string): Operation<{ readonly archive: string }> {
  return keepTrees({ from, paths, to })
}

const keepTrees = operation<Trees, { theirs: string; ours: string }, { sum: string }, { readonly archive: string }>(
  ({ from, to }) => `keep files of ${from.name} in ${to}`,
  {
    async read(connection, { from, paths, to }) {
      const source = await connection.peer(from)
      const theirs = await output(source, summing(paths))
      const ours = await output(connection, sh`cat ${`${to}.sum`} 2>/dev/null; :`)
      return { theirs: theirs.trim(), ours: ours.trim() }
    },
    plan({ theirs, ours }, { from, paths, to }) {
      const result = { archive: to }
      if (theirs === ours) return { result }
      const diff = { path: to, before: '', after: paths.map((path) => `${from.name}:${path}\n`).join('') }
      return { result, change: { sum: theirs }, diff }
    },
    async apply(connection, { sum }, { from, paths, to }) {
      await stream(await connection.peer(from), connection, paths, to)
      await connection.write(`${to}.sum`, `${sum}\n`, { mode: '0600' })
    },
  },
)

/** A sum over names and contents; what is not there does not count. */
function summing(paths: readonly string[]): string {
  return `find ${paths.map((path) => sh`${path}`).join(' ')} -type f 2>/dev/null | sort | xargs sha256sum | sha256sum`
}

async function stream(source: Reader, target: Connection, paths: readonly string[], to: string): Promise<void> {
  const names = paths.map((path) => sh`${path.slice(1)}`).join(' ')
  const there = await source.stream(`cd / && tar -czf - $(ls -d ${names} 2>/dev/null)`)
  const here = await target.stream(sh`umask 077 && cat > ${`${to}.part`} && mv ${`${to}.part`} ${to}`)
  await pipeline(there.stdout, here.stdin)
  for (const { ended } of [there, here]) {
    const { code, stderr } = await ended
    if (code !== 0) throw new Error(`the archive could not be made: ${stderr.trim()} (exit code ${code})`)
  }
}
