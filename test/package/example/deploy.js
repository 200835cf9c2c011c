import { Refused, runPlaybook } from 'switchover/program'

const [release] = process.argv.slice(2)
try {
  const { outcome, hosts } = await runPlaybook({
    playbook: 'site.ts',
    inventory: 'inventory.ts',
    limit: 'web',
    extraVars: release === undefined ? {} : { release },
    onEvent(event) {
      if (event.type === 'task-finished' && event.failure) console.error(`${event.host}: ${event.failure.message}`)
    },
  })
  for (const { host, changed, failed } of hosts) console.log(`${host}: ${changed} changed, ${failed} failed`)
  process.exitCode = outcome === 'ok' ? 0 : 1
} catch (error) {
  // Known to be wrong before a host was touched.
  if (!(error instanceof Refused)) throw error
  for (const { message, hint } of error.problems) console.error(hint === undefined ? message : `${message} - ${hint}`)
  process.exitCode = 2
}
