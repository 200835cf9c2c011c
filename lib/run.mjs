#!/usr/bin/env node
// The `run` command: has the library built when it is not, then hands over to cli.ts.
import { readFileSync } from 'node:fs'

if (process.argv.length === 3 && process.argv[2] === '--version') {
  // Before anything is loaded: scripts ask for it often.
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`)
} else {
  process.setSourceMapsEnabled(true)
  const { importAuthored, importLibrary } = await import('./compiled.mjs')
  const [{ main }, { authoredBy }] = [await importLibrary('cli.ts'), await importLibrary('model/authored.ts')]
  authoredBy(importAuthored)
  await main(process.argv.slice(2))
}
