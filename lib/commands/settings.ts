import { cosmiconfig } from 'cosmiconfig'
import { pathToFileURL } from 'node:url'
import { exit, Refused } from '../model/problem.ts'

/** Defaults for options of the command line, from run.config.ts and its usual relatives in this folder or one above. */
export async function readSettings(): Promise<Readonly<Record<string, unknown>>> {
  // cosmiconfig's own .ts loader wants an older TypeScript; ours is registered already.
  const load = async (file: string) => (await import(pathToFileURL(file).href) as { default: unknown }).default
  const explorer = cosmiconfig('run', {
    searchPlaces: ['run.config.ts', 'run.config.mjs', 'run.config.js', 'run.config.json', '.runrc', '.runrc.json', '.runrc.yaml', '.runrc.yml', 'package.json'],
    loaders: { '.ts': load, '.mjs': load, '.js': load },
  })
  try {
    const found = await explorer.search()
    if (!found || found.isEmpty) return {}
    if (typeof found.config !== 'object' || found.config === null) throw new Error('it must hold names of options with values')
    return found.config as Record<string, unknown>
  } catch (error) {
    throw new Refused({ message: `the settings cannot be loaded: ${error instanceof Error ? error.message : String(error)}` }, exit.load)
  }
}
