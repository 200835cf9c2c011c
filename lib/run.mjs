#!/usr/bin/env node
// The `run` command: registers the TypeScript loader, then hands over to cli.ts.
import { readFileSync } from 'node:fs'

if (process.argv.length === 3 && process.argv[2] === '--version') {
  // Before anything is loaded: scripts ask for it often.
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`)
} else {
  const [tsx, node] = await Promise.all([import('tsx/esm/api'), import('node:module')])
  tsx.register()
  if (node.registerHooks) node.registerHooks({ resolve: (await import('./module-format.mjs')).resolveSync })
  else node.register('./module-format.mjs', import.meta.url)
  const { main } = await import('./cli.ts')
  await main(process.argv.slice(2))
}
