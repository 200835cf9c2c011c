import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyDirectory, type Here, here, type Shell } from '../../rig/here.ts'
import { type Mariadb, sql } from '../../rig/mariadb.ts'

/** A host of its own with a real database server, whose client programs can be made to fail. */
export interface DatabaseHost extends Here {
  readonly server: Mariadb
  readonly dir: string
  /** What lies in its directory of temporary files. */
  temporary(): readonly string[]
  sql(text: string, database?: string): string
  /** What `mysqldump` is from now on, as the text of an sh script; `real` in it is the real one. */
  mysqldump(script?: string): void
  /** The script that calls `mysql` with this text among its arguments is killed, before the call or after it. */
  killAt(text: string | undefined, when?: 'before' | 'after'): void
}

/** This machine in the role of a host whose database server is this one. */
export function databaseHost(name: string, server: Mariadb, shell: Shell): DatabaseHost {
  const dir = emptyDirectory()
  const [bin, tmp] = [join(dir, 'bin'), join(dir, 'tmp')]
  const at = (file: string) => join(dir, file)
  const PATH = `${bin}:${shell.env?.PATH ?? process.env.PATH ?? '/usr/bin:/bin'}`
  const connection = here({ shell, env: { PATH, TMPDIR: tmp, HOME: dir } })
  const write = (file: string, text: string) => {
    writeFileSync(file, `#!/bin/sh\n${text}\n`)
    chmodSync(file, 0o755)
  }
  const real = (program: string) => `/usr/bin/${program} "$@" --socket=${server.socket}`
  for (const made of [bin, tmp]) mkdirSync(made)
  // Tests may be run by anybody; who logs in without a name is root all the same.
  writeFileSync(at('.my.cnf'), '[client]\nuser=root\n')
  write(
    join(bin, 'mysql'),
    `
    if [ -f ${at('stop')} ]; then
      stop=$(cat ${at('stop')})
      case "$*" in *"$stop"*)
        [ "$(cat ${at('when')})" = after ] && ${real('mysql')}
        kill -9 0 ;;
      esac
    fi
    exec ${real('mysql')}`,
  )
  const host: Partial<DatabaseHost> = {
    host: { name },
    server,
    dir,
    temporary: () => readdirSync(tmp),
    sql: (text, database) => sql(server, text, database),
    mysqldump(script = 'real "$@"') {
      write(join(bin, 'mysqldump'), `real() { ${real('mysqldump')}; }\n${script}`)
    },
    killAt(text, when = 'before') {
      if (text === undefined) return rmSync(at('stop'), { force: true })
      writeFileSync(at('stop'), text)
      writeFileSync(at('when'), when)
    },
  }
  Object.assign(connection, host)
  const made = connection as DatabaseHost
  made.mysqldump()
  return made
}

/** What `relay` needs of an inventory: the target finds the source as its peer. */
export function acquainted(target: DatabaseHost, source: DatabaseHost): void {
  Object.assign(target, { peer: async () => source })
}

/** Processes whose command line, or files below a directory, in which a text stands. */
export function traces(text: string, directory: string): readonly string[] {
  const readable = (path: string) => {
    try {
      return readFileSync(path).includes(text)
    } catch {
      return false
    }
  }
  return [
    ...readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .map((pid) => `/proc/${pid}/cmdline`),
    ...readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name))),
  ].filter(readable)
}
