#!/usr/bin/env node
'use strict'
// The `run` command: has the library built when it is not, then hands over to cli.ts. No ES module, which Node is slower to start.
const argv = process.argv.slice(2)

if (argv.length === 1 && argv[0] === '--version') {
  // Before anything is loaded: scripts ask for it often.
  process.stdout.write(`${require('../package.json').version}\n`)
} else {
  const { importAuthored, library, placeOf } = require('./compiled.cjs')
  void library(argv).then((door) => {
    door('model/authored.ts').authoredBy(importAuthored)
    door('model/location.ts').builtFrom(placeOf)
    return door('cli.ts').main(argv)
  })
}
