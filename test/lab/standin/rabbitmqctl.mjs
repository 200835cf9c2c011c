// rabbitmqctl [-q] [-p VHOST] COMMAND ARGUMENT...: works on the running broker only, as the real one does.
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { controlSocket, lines } from './broker.mjs'

const args = process.argv.slice(2)
let quiet = false
let vhost = '/'
const rest = []
while (args.length) {
  const arg = args.shift()
  if (arg === '-q') quiet = true
  else if (arg === '-p') vhost = args.shift()
  else if (arg === '-n') args.shift()
  else rest.push(arg)
}
const [command, ...given] = rest
if (!command) {
  process.stderr.write('Error: could not recognise command\n')
  process.exit(1)
}
const short = hostname().split('.')[0]
const socket = connect(controlSocket())
socket.on('error', () => {
  process.stderr.write(`Error: unable to connect to node 'rabbit@${short}': nodedown\n`)
  process.exitCode = 2
})
const say = lines(socket, ({ done, failed }) => {
  const title = done?.title ?? ''
  if (failed !== undefined) {
    process.stderr.write(`Error: ${failed}\n`)
    process.exitCode = 2
    return
  }
  if (!quiet) process.stdout.write(`${title} ...\n`)
  for (const row of done.rows ?? []) process.stdout.write(`${row.join('\t')}\n`)
  if (!quiet) process.stdout.write('...done.\n')
})
say({ command, args: given, vhost })
