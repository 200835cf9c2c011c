import { shell } from '../../lib/modules/index.ts'
import type { CloudView } from './cloud.ts'

// Everything that is kept on the target, so that there is a way back and a way on.

/** The list of what ran on the source. */
export function runningRecord({ vars }: CloudView): string {
  return `${vars.backups}/source/running-services`
}

/** The dump of a database of the source. */
export function dumpFile({ vars }: CloudView, database: string): string {
  return `${vars.backups}/source/${database}.sql`
}

/** The dump of a database of the source, made while its services ran. */
export function earlyDump({ vars }: CloudView, database: string): string {
  return `${vars.backups}/early/${database}.sql`
}

/** The configuration of the source. */
export function sourceTrees({ vars }: CloudView): string {
  return `${vars.backups}/source/etc.tar.gz`
}

/** The target's own database as it was. */
export function savedFile({ vars }: CloudView, database: string): string {
  return `${vars.backups}/target/${database}.sql`
}

/** A directory of the target as it was. */
export function savedDirectory({ vars }: CloudView, path: string): string {
  return `${vars.backups}${path}`
}

/** Rows as they were before they were rewritten. */
export function savedRows({ vars }: CloudView, database: string, table: string): string {
  return `${vars.backups}/rows/${database}.${table}.jsonl`
}

/** Which volumes have been copied whole. */
export const copiedVolumes = '/var/lib/switchover/volumes'

/** Keeps a directory as it is now, once: what was there before the first run is what a way back needs. */
export function saved(host: CloudView, path: string) {
  const to = savedDirectory(host, path)
  const part = `${to}.part`
  return shell({ creates: to, touches: [to, part] })`
    umask 077
    mkdir -p "$(dirname ${to})" && rm -rf ${part} && cp -a ${path} ${part} && mv ${part} ${to}`
}
