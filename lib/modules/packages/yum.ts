import { Advice } from '../../model/operation.ts'
import { answers } from '../../kit/answers.ts'
import { plainly, sh } from '../../kit/shell.ts'
import type { Manager } from './manager.ts'
import type { Wanted } from './versions.ts'

/** Red Hat's, and dnf, which takes its words. It waits by itself for another one that runs. */
export function yum(program: 'yum' | 'dnf'): Manager {
  return {
    async newest(connection, names) {
      const { told } = await answers(
        connection,
        { told: sh`${program} -q check-update ${names} 2>/dev/null` },
        { timeout: 600 },
      )
      // It ends with 100 when there is something newer.
      if (told.code !== 0 && told.code !== 100)
        throw new Advice(
          `the newest versions of ${names.join(', ')} cannot be told`,
          'ask on the host, which says why: yum check-update',
        )
      const found = told.stdout.matchAll(/^(\S+)\.[^.\s]+\s+(\S+)\s/gm)
      return Object.fromEntries([...found].map(([, name, version]) => [name!, version!]))
    },

    // rpm names the packages that would miss something, with their version and architecture.
    async dependents(connection, names) {
      const { told } = await answers(connection, { told: sh`rpm -e --test ${names} 2>&1; :` }, { timeout: 300 })
      return [...told.stdout.matchAll(/\(installed\) (.*)$/gm)].map(([, name]) => name!)
    },

    install({ wanted, there, files, latest, options: { refresh, downgrade = false } }) {
      const fresh = latest
        ? Object.keys(wanted).filter((name) => !there.includes(name))
        : rpmNames(program, wanted, files)
      const newer = latest ? Object.keys(wanted).filter((name) => there.includes(name)) : []
      const orders = [
        ...(fresh.length > 0 ? [sh`${program} -y install ${fresh}`] : []),
        ...(newer.length > 0 ? [sh`${program} -y update ${newer}`] : []),
      ]
      return {
        script:
          plainly +
          [
            ...(refresh === undefined ? [] : [sh`${program} -q clean expire-cache || exit`]),
            ...orders.map((order) => `${order} || exit`),
            ...(downgrade ? [downgraded(program, wanted)] : []),
          ].join('\n'),
        long: true,
        shown: orders.join('; '),
      }
    },

    remove(names) {
      const order = sh`${program} -y remove ${names}`
      return { script: plainly + order, long: true, shown: order }
    },
  }
}

// To install what is there in a newer version does nothing and ends well.
function downgraded(program: 'yum' | 'dnf', wanted: Wanted): string {
  const names = rpmNames(program, Object.fromEntries(Object.entries(wanted).map(([name, one]) => [name, bare(one)])))
  return sh`for p in ${names}; do rpm -q "$p" >/dev/null 2>&1 || ${program} -y downgrade "$p" || exit; done`
}

function bare(version: string): string {
  return version.replace(/^\d+:/, '')
}

/** As they are called: the epoch comes before the version for dnf, and before the name for yum. */
function rpmNames(
  program: 'yum' | 'dnf',
  wanted: Wanted,
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  return Object.entries(wanted).map(([name, asked]) => {
    if (files[name] !== undefined) return files[name]
    const version = bare(asked)
    if (version === '') return name
    const epoch = asked.slice(0, asked.length - version.length)
    return program === 'dnf' ? `${name}-${epoch}${version}` : `${epoch}${name}-${version}`
  })
}
