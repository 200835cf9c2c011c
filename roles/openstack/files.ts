import { copyBetween, database, probe } from '../../lib/modules/index.ts'
import { type CloudHost, serviceOf, sourceOf } from './cloud.ts'
import { rootLogin } from './logins.ts'

// Files of data that rows of a service's databases name, where the release says which.

type Files = readonly (readonly string[])[]

/** Files (id, path) that a service should have here and has not; `lost` are those that the source had not either. */
export async function missingFiles(host: CloudHost, name: string) {
  const { files } = serviceOf(host, name)
  const all: Files = files === undefined ? [] : await host.run(database.select(files, rootLogin(host)))
  const missing = await missingOf(host, all)
  const lost = missing.length === 0 ? [] : await missingOf(sourceOf(host), missing)
  return { all, lost, left: missing.filter(([id]) => !lost.some(([one]) => one === id)) }
}

/** Brings the files that are missing here; what is here may have been written to since. */
export async function bringMissing(host: CloudHost, name: string): Promise<void> {
  for (const [, path] of (await missingFiles(host, name)).left)
    await host.run(copyBetween.file({ from: host.vars.source, path: path! }))
}

async function missingOf(host: CloudHost, files: Files): Promise<Files> {
  const stdin = files.map(([, path]) => `${path}\n`).join('')
  const { stdout } = await host.run(
    probe({ stdin })`while IFS= read -r path; do [ -f "$path" ] || printf '%s\\n' "$path"; done`,
  )
  const missing = stdout.split('\n')
  return files.filter(([, path]) => missing.includes(path!))
}
