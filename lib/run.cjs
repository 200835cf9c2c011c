#!/usr/bin/env node
'use strict'
// The `run` command: has the library built when it is not, then hands over to cli.ts. No ES module, which Node is slower
// to start; and nothing that an old Node cannot read, which is to be told so.
const argv = process.argv.slice(2)
const oldest = [20, 19]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  process.stderr.write(`switchover needs Node ${oldest.join('.')} or later, and this is ${process.versions.node} - `)
  process.stderr.write('install one from https://nodejs.org, or choose another with your version manager\n')
  process.exitCode = 1
} else if (argv.length === 1 && argv[0] === '--version') {
  // Before anything is loaded: scripts ask for it often.
  process.stdout.write(`${require('../package.json').version}\n`)
} else {
  const { library } = require('./compiled.cjs')
  void library(argv).then((door) => door('cli.ts').main(argv), untold)
}

// Before there is anything that could tell it better.
function untold(error) {
  if (error.syscall === undefined) throw error
  process.stderr.write(
    `this program cannot be built: ${error.message} - make room there: df -h ${require('node:os').tmpdir()} ~\n`,
  )
  process.exitCode = 6
}
