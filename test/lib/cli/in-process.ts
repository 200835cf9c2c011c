import { exitCodeOf } from '../../../lib/cli.ts'
import type { Ended } from './project.ts'

/**
 * What a command line says, typed in a folder: without a process of its own, which takes half a second. Not where
 * types are checked, or where what builds the files of authors is to be heard.
 */
export async function typedIn(folder: string, argv: readonly string[]): Promise<Omit<Ended, 'signal'>> {
  const cwd = process.cwd()
  const env = { HOME: folder, SSH_AUTH_SOCK: '', NO_COLOR: '1' }
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const)
  const said = { stdout: '', stderr: '' }
  const written = (['stdout', 'stderr'] as const).map((name) => {
    const { write } = process[name]
    process[name].write = (text: string | Uint8Array) => {
      said[name] += String(text)
      return true
    }
    return () => void (process[name].write = write)
  })
  process.chdir(folder)
  Object.assign(process.env, env)
  try {
    return { code: await exitCodeOf(argv), ...said }
  } finally {
    process.chdir(cwd)
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    for (const giveBack of written) giveBack()
  }
}
