// What somebody else writes who has this library as a package: nothing but its two faces may be imported here.
import {
  answers,
  type Command,
  editFile,
  fact,
  look,
  type Operation,
  operation,
  output,
  perform,
  performAll,
  plainly,
  quote,
  refuse,
  sh,
  type Step,
  type Written,
} from '../../../lib/kit/index.ts'
import { Advice, masked, type Secret } from '../../../lib/index.ts'

interface Release {
  readonly folder: string
  readonly release: string
}

/** The release that FOLDER/current points to; it must be there. */
export const currentRelease = operation<Release, string, Command, { readonly release: string }>(
  ({ folder, release }) => `currentRelease ${folder} ${release}`,
  {
    read: (connection, { folder }) => output(connection, sh`readlink ${`${folder}/current`} || :`),
    plan(found, { folder, release }) {
      const [is, wanted, link] = [found.trim(), `releases/${release}`, `${folder}/current`]
      if (is === wanted) return { result: { release } }
      return {
        result: { release },
        change: {
          script: `${refuse}
[ -d ${quote(`${folder}/${wanted}`)} ] || refuse ${quote(`there is no release ${release}`)} 'upload it first'
${sh`ln -sfn ${wanted} ${`${link}.next`} && mv -fT ${`${link}.next`} ${link}`}`,
        },
        diff: { path: link, before: is && `${is}\n`, after: `${wanted}\n` },
      }
    },
    async apply(connection, command) {
      await perform(connection, command)
    },
  },
)

/** A file of accounts with their passwords, and the mark that a daemon reads it anew by: two steps. */
export const accounts = operation<
  { readonly path: string; readonly passwords: Readonly<Record<string, Secret>> },
  boolean,
  readonly Step[],
  null
>(({ path }) => `accounts ${path}`, {
  async read(connection, { path }) {
    const { exists, mode } = await look(connection, path)
    return exists && mode === '0600'
  },
  plan: (right, { path, passwords }) =>
    right
      ? { result: null }
      : {
          result: null,
          change: [
            {
              path,
              content: Object.entries(passwords)
                .map(([user, password]) => masked`${user}:${password}\n`)
                .reduce((all, line) => masked`${all}${line}`),
              meta: { mode: '0600' },
            },
            { script: plainly + sh`date > ${`${path}.changed`}` },
          ],
        },
  apply: performAll,
})

/** How many lines files have; only looks. */
export const lines = operation<readonly string[], Readonly<Record<string, number>>, Readonly<Record<string, number>>>(
  (paths) => `lines ${paths.join(' ')}`,
  {
    async read(connection, paths) {
      const found = await answers(connection, Object.fromEntries(paths.map((path) => [path, sh`wc -l < ${path}`])))
      const missing = paths.find((path) => found[path]!.code !== 0)
      if (missing !== undefined) throw new Advice(`${missing} cannot be counted`, 'look whether it is there')
      return Object.fromEntries(paths.map((path) => [path, Number(found[path]!.stdout)]))
    },
    plan: (result) => ({ result }),
  },
)

/** The words of /proc/version, asked once a run. */
export const version = fact('version', 'run', async (connection) =>
  (await output(connection, 'cat /proc/version')).trim().split(' '),
)

/** A user who may log in: a word of the line that says who may. */
export function allowed(path: string, user: string): Operation<Written> {
  return editFile(`allowed ${path} ${user}`, path, { validate: 'grep -q AllowUsers %s' }, (before) => {
    const line = /^AllowUsers(.*)$/m.exec(before)
    if (!line) return { after: `${before}AllowUsers ${user}\n` }
    return line[1]!.split(' ').includes(user)
      ? { after: before }
      : { after: before.replace(line[0], `${line[0]} ${user}`) }
  })
}
