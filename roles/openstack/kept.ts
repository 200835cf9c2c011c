import { shell } from '../../lib/modules/index.ts'
import type { CloudView } from './cloud.ts'

// Everything that is kept on the target, so that there is a way back and a way on.

/** What a service ran on one of the controllers before it was stopped there. */
export function ranFile({ vars }: CloudView, end: 'source' | 'target', service: string): string {
  return `${vars.backups}/${end}/services/${service}`
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

/** How much the source's database server had written when a database of it was dumped. */
export function writtenFile(host: CloudView, database: string): string {
  return `${dumpFile(host, database)}.written`
}

/** The exports of the source's volumes, with their logins: a start of cinder-volume rewrites them without. */
export function savedExports({ vars }: CloudView): string {
  return `${vars.backups}/source/exports`
}

/** The target's own database as it was. */
export function savedFile({ vars }: CloudView, database: string): string {
  return `${vars.backups}/target/${database}.sql`
}

/** A file or a directory of the target as it was. */
export function savedPath({ vars }: CloudView, path: string): string {
  return `${vars.backups}${path}`
}

/** What had become of it when it was put back. */
export function replacedPath({ vars }: CloudView, path: string): string {
  return `${vars.backups}/replaced${path}`
}

/** Rows as they were before they were rewritten. */
export function savedRows({ vars }: CloudView, database: string, table: string): string {
  return `${vars.backups}/rows/${database}.${table}.jsonl`
}

/** Texts as they lay in the tables before they were read anew. */
export function savedTexts({ vars }: CloudView, database: string): string {
  return `${vars.backups}/rows/${database}.texts`
}

/** Which guests have gone over to the volumes of the target; with the rows it is filed away on the way back. */
export function goneOver({ vars }: CloudView): string {
  return `${vars.backups}/rows/guests`
}

/** What was foretold of how long the move takes. */
export function foretoldFile({ vars }: CloudView): string {
  return `${vars.backups}/source/foretold`
}

/** How long a part of the last move took. A way back leaves it: the next move is foretold from it. */
export function tookFile({ vars }: CloudView, part: string): string {
  return `${vars.backups}/took/${part}`
}

/** Where `backups` was when the first of all this was kept. */
export const placeNote = '/var/lib/switchover/backups'

/** Which volumes have been copied whole, and what of the source they are copies of. */
export const copiedVolumes = '/var/lib/switchover/volumes'

/** Keeps a file or a directory as it is now, once: what was there before the first run is what a way back needs. */
export function saved(host: CloudView, path: string) {
  const to = savedPath(host, path)
  const part = `${to}.part`
  return shell({ creates: to, touches: [to, part] })`
    umask 077
    mkdir -p "$(dirname ${to})" && rm -rf ${part} && cp -a ${path} ${part} && mv ${part} ${to}`
}

/** Puts back what `saved` kept, and keeps what it replaces. Wherever it is cut off, the next time goes on there. */
export function putBack(host: CloudView, path: string) {
  const [from, replaced] = [savedPath(host, path), replacedPath(host, path)]
  const part = `${path}.switchover-part`
  return shell({ removes: from, touches: [path, from, replaced] })`
    umask 077
    if [ -e ${path} ] || [ ! -e ${part} ]; then
      rm -rf ${part} ${part}.half && cp -a ${from} ${part}.half && mv ${part}.half ${part} || exit
    fi
    if [ -e ${path} ]; then
      mkdir -p "$(dirname ${replaced})" && rm -rf ${replaced} && mv ${path} ${replaced} || exit
    fi
    mv ${part} ${path} && rm -rf ${from}`
}

/**
 * Files away all that was kept for a way back, once it has been gone: a later one must not bring back what is older
 * than it. The records of what ran go last, for with them the way back begins.
 */
export function filedAway({ vars }: CloudView) {
  const touches = [vars.backups, copiedVolumes, placeNote]
  return shell({ removes: `${vars.backups}/source`, touches })`
    umask 077
    cd ${vars.backups} && to=undone/$(date -u +%Y-%m-%dT%H%M%SZ) && mkdir -p "$to" || exit
    for d in etc root replaced rows target source; do [ ! -e "$d" ] || mv "$d" "$to/" || exit; done
    rm -rf ${copiedVolumes} ${placeNote}
    echo "$PWD/$to"`
}
