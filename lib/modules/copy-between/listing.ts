import path from 'node:path'
import { cannotLook, closed } from '../../kit/closed.ts'
import { sh } from '../../kit/shell.ts'
import { Advice, CommandFailed, type Reader } from '../../model/operation.ts'
import { suffix } from './ends.ts'

/** A file or directory of a host. */
export interface Entry {
  /** Below the directory that was listed. */
  readonly path: string
  readonly directory: boolean
  readonly size: number
  readonly mtime: number
  readonly mode: string
  /** Of 512 bytes. */
  readonly blocks: number
}

// A path never has two slashes in a row, so three begin an entry whatever characters the names are made of.
const format = '/// %f %s %Y %b %n'

/** All below a directory, but for what is excluded directly below it; undefined when there is none. */
export async function list(
  connection: Reader,
  root: string,
  exclude: readonly string[],
): Promise<readonly Entry[] | undefined> {
  const without = exclude.map((name) => sh`-path ${`./${escapePattern(name)}`} -prune -o`).join(' ')
  // Streamed: the names of very many files are more than one answer holds.
  const listing = await connection.stream(
    `${closed}
${sh`closed ${`${root}/.`} && exit 8; cd ${root} 2>/dev/null`} || exit 9
find . ${without} ${sh`'(' -type f -o -type d ')' -exec stat -c ${format} {} +`}`,
  )
  listing.stdin.end()
  const parts: Buffer[] = []
  for await (const part of listing.stdout) parts.push(part as Buffer)
  const { code, stderr } = await listing.ended
  if (code === 8) throw cannotLook(root, connection.host.name)
  if (code === 9) return undefined
  if (code !== 0) throw new CommandFailed(`find ${root}`, { code, stdout: '', stderr })
  return entriesOf(Buffer.concat(parts).toString(), connection)
}

/** A file with its part, as far as they are there. */
export async function look(connection: Reader, file: string): Promise<readonly Entry[]> {
  const { dir, base } = path.posix.parse(file)
  const { code, stdout } = await connection.exec(
    `${closed}
${sh`closed ${file} && exit 8; cd ${dir} 2>/dev/null || exit 0`}
${sh`for f in ${[`./${base}`, `./${base}${suffix}`]}; do [ -e "$f" ] && stat -L -c ${format} "$f"; done; :`}`,
  )
  if (code === 8) throw cannotLook(file, connection.host.name)
  return entriesOf(stdout, connection)
}

function entriesOf(said: string, connection: Reader): readonly Entry[] {
  return said
    .split(/^\/\/\/ /m)
    .slice(1)
    .flatMap((entry) => {
      const match = /^([0-9a-f]+) (\d+) (\d+) (\d+) \.(?:\/([^]*))?\n$/.exec(entry)
      if (match?.[5] === undefined) return []
      const [mode, name] = [Number.parseInt(match[1]!, 16), match[5]!]
      // A host says what it likes; what it says is written on another one.
      if (name.split('/').some((one) => one === '..' || one === '.' || one === ''))
        throw new Advice(
          `${connection.host.name} says that it has a file ${JSON.stringify(name)}, which no folder can have`,
          'see who answers there in place of find and stat before anything of it is copied',
        )
      if (name.includes('\uFFFD'))
        throw new Advice(
          `a file of ${connection.host.name} has a name that is not UTF-8: ${name}`,
          'rename it, or leave its directory out',
        )
      return [
        {
          directory: (mode & 0o170000) === 0o040000,
          mode: (mode & 0o7777).toString(8),
          size: Number(match[2]),
          mtime: Number(match[3]),
          blocks: Number(match[4]),
          path: name,
        },
      ]
    })
}

// find takes what -path is given for a pattern.
function escapePattern(name: string): string {
  return name.replace(/[\\*?[\]]/g, '\\$&')
}
