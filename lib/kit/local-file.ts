import { here, localPath } from '../model/location.ts'
import { Advice, type LocalFile } from '../model/operation.ts'

/**
 * A file of the controller machine: what is said begins at the author's file that says it, wherever run was started. An
 * operation that gives it as its `local` has it looked for before the first connection.
 *
 * ```ts
 * const { path } = localFile('files/app.conf')
 * ```
 */
export function localFile(said: string): LocalFile {
  return local(said, false)
}

/** A folder of the controller machine, by the same rules. */
export function localFolder(said: string): LocalFile {
  return local(said, true)
}

function local(said: string, folder: boolean): LocalFile {
  const at = here()
  return {
    said,
    folder,
    get path() {
      return localPath(said, at)
    },
  }
}

/** The failure of a local file that cannot be `copied`, say. */
export function unusable({ said, path }: LocalFile, what: string, reason: string): Advice {
  return new Advice(
    `${said} cannot be ${what}: ${reason}`,
    said === path ? 'check the path' : `the path begins at the file that says it: it is ${path}`,
  )
}
