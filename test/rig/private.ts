import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { has, needs } from './needs.ts'

/**
 * Runs the calling test file again in mount and network namespaces of its own, where it may mount and set what it
 * likes, and ends this process with its result. Returns only inside of them.
 */
export function inPrivateNamespaces(url: string): void {
  const outer = process.env.SWITCHOVER_TEST_OUTER_MOUNTS
  const mine = readlinkSync('/proc/self/ns/mnt')
  if (outer !== undefined && outer !== mine) {
    process.on('exit', leaveDirectories)
    return
  }
  if (outer !== undefined) throw new Error('this test must not run among the mounts of the machine')
  needs('namespaces')
  const argv = [has('root') ? '-mn' : '-rmn', process.execPath, ...process.execArgv, fileURLToPath(url)]
  const env = {
    ...process.env,
    SWITCHOVER_TEST_OUTER_MOUNTS: mine,
    ...(has('root') ? {} : { SWITCHOVER_TEST_PRETENDED_ROOT: 'yes' }),
  }
  const { status, error } = spawnSync('/usr/bin/unshare', argv, { stdio: 'inherit', env })
  if (error) throw error
  process.exit(status ?? 1)
}

// A directory that something is mounted on cannot be removed, and is removed when the test ends.
function leaveDirectories(): void {
  const mounted = readFileSync('/proc/self/mounts', 'utf8').matchAll(/^\S+ (\S*\/switchover-test-\S*)/gm)
  for (const [, at] of [...mounted].reverse()) spawnSync('umount', ['-l', at!.replaceAll('\\040', ' ')])
}
