import type { Versions } from '../../facts/packages.ts'
import { answers } from '../../kit/answers.ts'
import { plainly, sh } from '../../kit/shell.ts'
import { Advice } from '../../model/operation.ts'
import type { Manager } from './manager.ts'

/** Debian's and Ubuntu's. */
export const apt: Manager = {
  async newest(connection, names) {
    const { policy } = await answers(connection, { policy: sh`apt-cache policy ${names}` }, { timeout: 600 })
    if (policy.code !== 0)
      throw new Advice(
        `the newest versions of ${names.join(', ')} cannot be told`,
        'ask on the host, which says why: apt-cache policy',
      )
    return candidatesIn(policy.stdout)
  },

  async dependents(connection, names) {
    const { told } = await answers(connection, { told: sh`apt-get -s -y remove ${names} 2>&1` }, { timeout: 300 })
    if (told.code !== 0) {
      throw new Advice(
        `${names.join(', ')} cannot be removed: ${errorsIn(told.stdout)}`,
        `see why, on the host: apt-get -s remove ${names.join(' ')}`,
      )
    }
    return [...told.stdout.matchAll(/^Remv (\S+)/gm)].map(([, name]) => name!)
  },

  install({ wanted, files, options: { recommends, refresh, downgrade = false, lockTimeout = 300 } }) {
    const names = Object.entries(wanted).map(
      ([name, version]) => files[name] ?? (version === '' ? name : `${name}=${version}`),
    )
    const paths = Object.keys(wanted).flatMap((name) => files[name] ?? [])
    const flags = [
      ...(recommends === undefined ? [] : [recommends ? '--install-recommends' : '--no-install-recommends']),
      'install',
      ...names,
    ]
    return {
      script: [
        waiting(lockTimeout),
        ...(refresh === undefined ? [] : [refreshed(refresh)]),
        ...(downgrade ? [downgrading] : []),
        ...(paths.length === 0 ? [] : [filesByHand(paths)]),
        `locked ${keepingConfiguration} ${downgrade ? '$d ' : ''}${sh`${flags}`}`,
      ].join('\n'),
      long: true,
      shown: sh`apt-get ${flags}`,
    }
  },

  remove(names, { purge = false, lockTimeout = 300 }) {
    const argv = [purge ? 'purge' : 'remove', ...names]
    return {
      script: `${waiting(lockTimeout)}\nlocked ${keepingConfiguration} ${sh`${argv}`}`,
      long: true,
      shown: sh`apt-get ${argv}`,
    }
  },
}

function candidatesIn(policy: string): Versions {
  const found = policy.matchAll(/^(\S+):\n(?: .*\n)*? {2}Candidate: (\S+)/gm)
  return Object.fromEntries([...found].map(([, name, version]) => [name!, version!]))
}

function errorsIn(said: string): string {
  return said
    .split('\n')
    .filter((line) => line.startsWith('E:'))
    .map((line) => line.replace(/^E: /, ''))
    .join('\n')
}

// A question on the terminal would hang; edited configuration files stay.
const keepingConfiguration = 'apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'

// Old ones know only the word that allows all sorts of things.
const downgrading = `case $(apt-get --version | head -n 1) in
  'apt '0.*|'apt 1.0'*) d=--force-yes ;;
  *) d=--allow-downgrades ;;
esac`

// An old apt-get takes no files: what they need comes behind them.
function filesByHand(paths: readonly string[]): string {
  return `case $(apt-get --version | head -n 1) in
  'apt '0.*|'apt 1.0'*) ${sh`locked dpkg --force-confdef --force-confold -i ${paths}`}
    locked ${keepingConfiguration} -f install; exit ;;
esac`
}

function refreshed(age: number): string {
  return sh`s=$(stat -c %Y /var/lib/apt/lists 2>/dev/null || echo 0)
if [ $(( $(date +%s) - s )) -ge ${age} ]; then
  locked apt-get -q -y update || exit
  touch /var/lib/apt/lists
fi`
}

/** Begins a script in which `locked` runs apt-get; that of the time gives up at once when another one runs. */
export function waiting(seconds: number): string {
  return `${plainly}DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
busy='Could not get lock|Unable to (acquire|lock)|Resource temporarily unavailable'
left=${seconds} told=
said=$(mktemp) || exit; trap 'rm -f "$said"' EXIT; trap 'exit 1' HUP INT TERM
locked() {
  while :; do
    "$@" </dev/null 2>"$said"; c=$?
    if [ $c -ne 0 ] && [ $left -gt 0 ] && grep -Eq "$busy" "$said"; then
      [ "$told" ] || echo 'waiting for another run of the package manager'
      told=1; left=$((left - 3)); sleep 3
      continue
    fi
    cat "$said" >&2
    return $c
  done
}`
}
